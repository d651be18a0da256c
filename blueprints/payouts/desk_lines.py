"""One owner's line of a run: what is held, what stays, take it out, say what the bank's own pages said."""

from __future__ import annotations

import uuid

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.auth.sessions import leave_notice
from blueprints.payouts import queries, rules, words
from blueprints.payouts.answers import mark_by_hand
from blueprints.payouts.desk_blueprint import pages
from blueprints.payouts.forms import MarkForm, NoteForm
from blueprints.payouts.runs import take_out
from saas.clock import now
from saas.dates import format_short, parse_date
from saas.languages import N_
from saas.permissions import allow, recently_confirmed
from saas.refusals import Refusal
from tenants import roles
from tenants.look import render
from tenants.page_context import locale

Answer = str | Response | tuple[str, int]


@pages.get("/lines/<uuid:payout_line_id>", endpoint="line")
@allow(roles.PAYOUTS)
def one(payout_line_id: uuid.UUID) -> str:
    return _page(payout_line_id)


@pages.post("/lines/<uuid:payout_line_id>/take-out", endpoint="take_line_out")
@allow(roles.PAYOUTS)
def leave_out(payout_line_id: uuid.UUID) -> Answer:
    row = queries.line(payout_line_id)
    form = NoteForm()
    if form.validate():
        try:
            take_out(payout_line_id, form.note.data, actor=g.viewer.actor(), now=now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            leave_notice(g.viewer.session_id, _("%(name)s is left out of this run.", name=row.owner), "info")
            return redirect(url_for("payouts_desk.run", payout_run_id=row.run_id), 303)
    return _page(payout_line_id, note=form), 422


@pages.post("/lines/<uuid:payout_line_id>/mark", endpoint="mark_line")
@allow(roles.PAYOUTS)
@recently_confirmed
def mark(payout_line_id: uuid.UUID) -> Answer:
    """Staff saw at the bank what became of it."""
    if queries.line(payout_line_id).state not in (rules.UNDER_WAY, rules.PAID):
        raise Refusal(N_("Somebody has decided this already."))
    form = MarkForm()
    if form.validate():
        try:
            mark_by_hand(
                payout_line_id,
                paid=request.form.get("outcome") == "paid",
                on=parse_date(form.on.data, locale(), field="on"),
                reference=form.reference.data or "",
                note=form.note.data,
                actor=g.viewer.actor(),
                now=now(),
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            leave_notice(g.viewer.session_id, _("Noted, and booked."))
            return redirect(url_for("payouts_desk.line", payout_line_id=payout_line_id), 303)
    return _page(payout_line_id, mark=form), 422


def _page(line_id: uuid.UUID, *, note: NoteForm | None = None, mark: MarkForm | None = None) -> str:
    note = note or NoteForm(formdata=None)
    mark = mark or MarkForm(formdata=None, data={"on": format_short(g.tenant.today())})
    return render(
        "payouts/desk/line.html",
        row=queries.line(line_id),
        note=note,
        mark=mark,
        form=mark if mark.errors else note,
        words=words,
    )
