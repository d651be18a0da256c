"""Disputes at the desk: which ones wait for evidence, until when, and what was sent."""

from __future__ import annotations

import uuid

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.auth.sessions import leave_notice
from blueprints.payments import refund_queries as queries
from blueprints.payments import refund_words as words
from blueprints.payments.desk_blueprint import pages
from blueprints.payments.desk_files import disputes_file
from blueprints.payments.disputes import answer_dispute
from blueprints.payments.refund_forms import NoteForm, refuse
from saas.clock import now
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.exports import wanted
from tenants.look import render

Answer = str | Response | tuple[str, int]


@pages.get("/disputes")
@allow(roles.PAYMENTS)
def disputes() -> str | Response:
    closed = request.args.get("state") == "closed"
    if (file := wanted()) is not None:
        return disputes_file(file, closed)
    return render(
        "payments/desk/disputes.html",
        page=queries.disputes(closed, request.args.get("after")),
        closed=closed,
        words=words,
        moment=now(),
        later="after" in request.args,
    )


@pages.get("/disputes/<uuid:dispute_id>")
@allow(roles.PAYMENTS)
def dispute(dispute_id: uuid.UUID) -> str:
    return _page(dispute_id, NoteForm(formdata=None))


@pages.post("/disputes/<uuid:dispute_id>", endpoint="answer_dispute")
@allow(roles.PAYMENTS)
def answer(dispute_id: uuid.UUID) -> Answer:
    """Note what was sent to the provider: the evidence itself goes through the provider's own pages."""
    queries.dispute(dispute_id)
    form = NoteForm()
    if form.validate():
        try:
            answer_dispute(dispute_id, form.note.data, actor=g.viewer.actor(), now=now())
        except Refusal as refusal:
            refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        else:
            leave_notice(g.viewer.session_id, _("Noted."), "success")
            return redirect(url_for("payments_desk.dispute", dispute_id=dispute_id), 303)
    return _page(dispute_id, form), 422


def _page(dispute_id: uuid.UUID, form: NoteForm) -> str:
    row = queries.dispute(dispute_id)
    return render(
        "payments/desk/dispute.html",
        row=row,
        payment=queries.payment(row.payment_id),
        invoices=queries.paid_invoices(row.payment_id),
        words=words,
        form=form,
        moment=now(),
    )
