"""Owners' bank accounts at the desk: what waits, what is frozen, and entering one for an owner."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.auth.sessions import leave_notice
from blueprints.payouts import account_queries as queries
from blueprints.payouts import bank_accounts as verbs
from blueprints.payouts import words
from blueprints.payouts.account_form import account_form, country_hint, typed_account
from blueprints.payouts.contacts import find_owner, former_phones
from blueprints.payouts.desk_blueprint import pages
from blueprints.payouts.forms import NoteForm
from blueprints.payouts.queries import waiting
from saas.clock import now
from saas.permissions import allow, recently_confirmed
from saas.refusals import Refusal
from saas.sheets import Column
from tenants import roles
from tenants.exports import Listing, every, export, wanted
from tenants.look import render

Answer = str | Response | tuple[str, int]


@pages.get("/bank-accounts", endpoint="bank_accounts")
@allow(roles.PAYOUTS)
def all_accounts() -> Answer:
    narrow = request.args.get("state", "")
    narrow = narrow if narrow in queries.NARROW else ""
    moment = now()
    if (file := wanted()) is not None:
        columns = [
            Column(_("Owner"), width=28),
            Column(_("Bank"), width=24),
            Column(_("Account")),
            Column(_("Holder"), width=28),
            Column(_("State"), width=24),
            Column(_("Entered"), "moment"),
            Column(_("Used from"), "moment"),
        ]
        listing = Listing("bank-accounts", _("Bank accounts of owners"), columns)
        return export(file, listing, every(lambda at: queries.accounts(narrow, at, moment), _cells))
    return render(
        "payouts/desk/bank_accounts.html",
        page=queries.accounts(narrow, request.args.get("after"), moment),
        narrow=narrow,
        waiting=waiting(moment),
        later="after" in request.args,
        words=words,
    )


def _cells(one: queries.Account) -> tuple[Any, ...]:
    row = one.row
    return (
        row.owner,
        row.bank_name,
        f"····{row.last_four}",
        row.holder_name,
        _(words.ACCOUNT_STATES[one.state][0]),
        row.entered_at,
        row.usable_from,
    )


@pages.get("/bank-accounts/<uuid:bank_account_id>", endpoint="bank_account")
@allow(roles.PAYOUTS)
def one(bank_account_id: uuid.UUID) -> str:
    return _page(bank_account_id)


@pages.get("/owners/<uuid:customer_id>/bank-account", endpoint="ask_bank_account")
@allow(roles.PAYOUTS)
@recently_confirmed
def ask_for(customer_id: uuid.UUID) -> str:
    """An owner who cannot do it alone: the same hold, and somebody else of the staff confirms."""
    owner = find_owner(customer_id)
    return _new_page(owner, account_form(owner, empty=True))


@pages.post("/owners/<uuid:customer_id>/bank-account", endpoint="enter_bank_account")
@allow(roles.PAYOUTS)
@recently_confirmed
def enter_for(customer_id: uuid.UUID) -> Answer:
    owner = find_owner(customer_id)
    form = account_form(owner)
    if form.validate():
        try:
            account_id = verbs.enter_account(
                customer_id, typed_account(form), actor=g.viewer.actor(), by_staff=True, now=now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            leave_notice(
                g.viewer.session_id, _("Entered. The owner was written to, where an e-mail is known.")
            )
            return redirect(url_for("payouts_desk.bank_account", bank_account_id=account_id), 303)
    return _new_page(owner, form), 422


def _new_page(owner: Any, form: Any) -> str:
    return render("payouts/desk/bank_account_new.html", owner=owner, form=form, hint=country_hint())


@pages.post("/bank-accounts/<uuid:bank_account_id>/vouch", endpoint="vouch")
@allow(roles.PAYOUTS)
@recently_confirmed
def called(bank_account_id: uuid.UUID) -> Answer:
    return _decide(bank_account_id, verbs.vouch, _("Noted."))


@pages.post("/bank-accounts/<uuid:bank_account_id>/approve-holder", endpoint="approve_holder")
@allow(roles.APPROVE_PAYOUTS)
@recently_confirmed
def another_holder(bank_account_id: uuid.UUID) -> Answer:
    return _decide(bank_account_id, verbs.approve_holder, _("Agreed."))


@pages.post("/bank-accounts/<uuid:bank_account_id>/release", endpoint="release_bank_account")
@allow(roles.APPROVE_PAYOUTS)
@recently_confirmed
def release(bank_account_id: uuid.UUID) -> Answer:
    return _decide(bank_account_id, verbs.release, _("Released: the 72 hours begin again."))


@pages.post("/bank-accounts/<uuid:bank_account_id>/reject", endpoint="reject_bank_account")
@allow(roles.PAYOUTS)
@recently_confirmed
def reject(bank_account_id: uuid.UUID) -> Answer:
    return _decide(bank_account_id, verbs.reject, _("Rejected: nothing is paid to it."))


@pages.post("/bank-accounts/<uuid:bank_account_id>/freeze", endpoint="freeze_bank_account")
@allow(roles.PAYOUTS)
def freeze(bank_account_id: uuid.UUID) -> Answer:
    queries.account(bank_account_id, now())
    try:
        verbs.freeze(bank_account_id, actor=g.viewer.actor(), now=now())
    except Refusal as refusal:
        form = NoteForm(formdata=None)
        form.refuse(refusal)
        return _page(bank_account_id, form), 422
    leave_notice(g.viewer.session_id, _("Frozen: nothing is paid to this owner now."), "warning")
    return redirect(url_for("payouts_desk.bank_account", bank_account_id=bank_account_id), 303)


def _decide(bank_account_id: uuid.UUID, verb: Callable[..., object], said: str) -> Answer:
    queries.account(bank_account_id, now())
    form = NoteForm()
    if form.validate():
        try:
            verb(bank_account_id, form.note.data, actor=g.viewer.actor(), now=now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            leave_notice(g.viewer.session_id, said)
            return redirect(url_for("payouts_desk.bank_account", bank_account_id=bank_account_id), 303)
    return _page(bank_account_id, form), 422


def _page(account_id: uuid.UUID, form: NoteForm | None = None) -> str:
    found = queries.account(account_id, now())
    return render(
        "payouts/desk/bank_account.html",
        one=found,
        row=found.row,
        story=queries.story([account_id], words.STORY),
        phones_before=former_phones(found.row.customer_id),
        form=form or NoteForm(formdata=None),
        own=found.row.entered_by == g.viewer.user_id,
        may_approve=g.viewer.may(roles.APPROVE_PAYOUTS),
        words=words,
    )
