"""Seeing what a customer sees: with a reason, for a while, changing nothing, and the customer can read of it."""

from __future__ import annotations

import uuid

from flask import g, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.desk import VIEW_AS_ALLOWED
from blueprints.desk.forms import ReasonForm, refuse
from blueprints.desk.pages import pages, say
from blueprints.desk.queries import customers as queries
from blueprints.desk.services import start_viewing, stop_viewing
from saas.languages import N_
from saas.permissions import SIGNED_IN, allow
from saas.refusals import Refusal
from tenants import roles
from tenants.loading import VIEWING
from tenants.look import render

Answer = str | Response | tuple[str, int]


@pages.get("/customers/<uuid:customer_id>/view")
@allow(roles.VIEW_AS)
def ask_to_view(customer_id: uuid.UUID) -> Answer:
    """Say why, before looking."""
    return _page(customer_id, ReasonForm(formdata=None))


@pages.post("/customers/<uuid:customer_id>/view")
@allow(roles.VIEW_AS)
def view(customer_id: uuid.UUID) -> Answer:
    queries.customer(customer_id)  # a stranger is not found, before anything typed is judged
    if not g.tenant.setting(VIEW_AS_ALLOWED):
        raise Refusal(N_("Your organisation has switched this off."))
    form = ReasonForm()
    if not form.validate():
        return _page(customer_id, form), 422
    try:
        start_viewing(g.viewer.session_id, customer_id, reason=form.reason.data, actor=g.viewer.actor())
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return _page(customer_id, form), 422
    return redirect("/", 303)


@pages.post("/stop-viewing", endpoint="stop_viewing")
@allow(SIGNED_IN)
def _stop_viewing() -> Answer:
    """Back to the desk; also for somebody whose right to look was taken away meanwhile."""
    customer_id = g.viewer.viewing_customer_id
    if customer_id is None:
        return redirect(url_for("desk.start") if g.viewer.is_staff else "/", 303)
    stop_viewing(g.viewer.session_id, customer_id, actor=g.viewer.actor())
    say(_("You no longer see %(name)s's pages.", name=g.viewer.viewing_customer_name))
    return redirect(url_for("desk.customer", customer_id=customer_id), 303)


def _page(customer_id: uuid.UUID, form: ReasonForm) -> str:
    return render(
        "desk/view.html",
        customer=queries.customer(customer_id),
        form=form,
        minutes=int(VIEWING.total_seconds() // 60),
    )
