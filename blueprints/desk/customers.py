"""Customers: find one, open one, invite one."""

from __future__ import annotations

import uuid

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.auth.services import invite_user
from blueprints.desk import VIEW_AS_ALLOWED, words
from blueprints.desk.files import customers_file
from blueprints.desk.forms import InviteForm, refuse
from blueprints.desk.pages import asked, pages, say
from blueprints.desk.queries import customers as queries
from blueprints.desk.queries import evidence
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.exports import wanted
from tenants.look import render

Answer = str | Response | tuple[str, int]


@pages.get("/customers")
@allow(roles.CUSTOMERS)
def customers() -> Answer:
    question, no_login = asked("q"), asked("login") == "none"
    if (file := wanted()) is not None:
        return customers_file(file, question, no_login=no_login)
    page = queries.find_customers(question, request.args.get("after"), no_login=no_login)
    return render(
        "desk/customers.html",
        page=page,
        owed=queries.owed_by_customer([row.id for row in page.rows]),
        question=question,
        no_login=no_login,
        later="after" in request.args,
        may_invite=no_login and not question and g.viewer.may(roles.INVITE),
    )


@pages.get("/customers/<uuid:customer_id>")
@allow(roles.CUSTOMERS)
def customer(customer_id: uuid.UUID) -> str:
    row = queries.customer(customer_id)
    accounts = queries.accounts_of(customer_id)
    return render(
        "desk/customer.html",
        customer=row,
        accounts=accounts[: queries.ACCOUNTS_SHOWN],
        more_accounts=len(accounts) > queries.ACCOUNTS_SHOWN,
        owed=queries.owed_by_account([account.id for account in accounts]),
        users=queries.users_of(customer_id),
        events=evidence.last_of_customer(customer_id),
        words=words,
        may_view=g.viewer.may(roles.VIEW_AS) and g.tenant.setting(VIEW_AS_ALLOWED),
        may_invite=g.viewer.may(roles.INVITE),
        may_read_evidence=g.viewer.may(roles.AUDIT),
    )


@pages.get("/customers/<uuid:customer_id>/invite")
@allow(roles.INVITE)
def ask_to_invite(customer_id: uuid.UUID) -> str:
    row = queries.customer(customer_id)
    return render("desk/invite.html", customer=row, form=InviteForm(formdata=None, data={"email": row.email}))


@pages.post("/customers/<uuid:customer_id>/invite")
@allow(roles.INVITE)
def invite(customer_id: uuid.UUID) -> Answer:
    """Whoever holds this address gets a link, and with it the customer's accounts."""
    row = queries.customer(customer_id)
    form = InviteForm()
    if not form.validate():
        return render("desk/invite.html", customer=row, form=form), 422
    try:
        invited = invite_user(
            email=form.email.data, name=row.name, actor=g.viewer.actor(), customer_id=customer_id
        )
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return render("desk/invite.html", customer=row, form=form), 422
    if invited.token is None:
        say(_("%(email)s already has a password, and now sees these accounts too.", email=form.email.data))
    else:
        say(_("The invitation is on its way to %(email)s.", email=form.email.data))
    return redirect(url_for("desk.customer", customer_id=customer_id), 303)
