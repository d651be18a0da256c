"""Refunds at the desk: one payment with all that became of it, request, a second person, what came back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from blueprints.auth.sessions import leave_notice
from blueprints.payments import refund_queries as queries
from blueprints.payments import refund_rules
from blueprints.payments import refund_words as words
from blueprints.payments.desk_blueprint import pages
from blueprints.payments.desk_files import refunds_file
from blueprints.payments.disputes import is_disputed
from blueprints.payments.refund_forms import NoteForm, RefundForm, refuse
from blueprints.payments.refundable import refundable, ways_back
from blueprints.payments.refunds import (
    NewRefund,
    approve,
    conclude,
    reject,
    request_refund,
    take_up,
)
from blueprints.payments.titles import method_title
from saas.clock import now
from saas.money import as_decimal, parse_amount
from saas.outbox import enqueue
from saas.permissions import allow, recently_confirmed
from saas.refusals import Refusal
from tenants import roles
from tenants.exports import wanted
from tenants.look import render
from tenants.page_context import locale

Answer = str | Response | tuple[str, int]
STATES = ("", "waiting", *words.REFUND_STATES)
CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class Box:
    """One amount to give back: where it lies, how much there is, what was typed, what is wrong with it."""

    name: str
    label: str
    most: int
    typed: str
    error: str = ""


@pages.get("/received/<uuid:payment_id>")
@allow(roles.PAYMENTS)
def payment(payment_id: uuid.UUID) -> str:
    """One payment: what it paid, what went back, what is disputed."""
    row = queries.payment(payment_id)
    return render(
        "payments/desk/payment.html",
        row=row,
        method=method_title(row.method),
        invoices=queries.paid_invoices(payment_id),
        credits=queries.credits_of(payment_id),
        refunds=queries.refunds_of(payment_id),
        disputes=queries.disputes_of(payment_id),
        words=words,
        left=row.amount - row.returned,
    )


@pages.get("/received/<uuid:payment_id>/refund")
@allow(roles.PAYMENTS)
@recently_confirmed
def new_refund(payment_id: uuid.UUID) -> Answer:
    """How much of it goes back, from where and how. `again` fills in what could not be done at the provider."""
    boxes, form = _boxes(payment_id, None), RefundForm(formdata=None)
    earlier = _earlier()
    if earlier is not None:
        form.way.data, form.reason.data = refund_rules.OUTSIDE, earlier.reason
        wanted = {str(part.invoice_id or CREDIT): part.amount for part in queries.refund_parts(earlier.id)}
        boxes = _filled(boxes, wanted, earlier.currency)
    elif request.args.get("of") == CREDIT:
        row = queries.payment(payment_id)
        boxes = _filled(boxes, {box.name: box.most for box in boxes if box.name == CREDIT}, row.currency)
    return _new_page(payment_id, form, boxes)


@pages.post("/received/<uuid:payment_id>/refund", endpoint="request_refund")
@allow(roles.PAYMENTS)
@recently_confirmed
def ask_for_refund(payment_id: uuid.UUID) -> Answer:
    form = RefundForm()
    boxes = _boxes(payment_id, request.form)
    whole = form.validate() and not any(box.error for box in boxes)
    if whole:
        row = queries.payment(payment_id)
        amounts = [
            (None if box.name == CREDIT else uuid.UUID(box.name), _read(box.typed, row.currency))
            for box in boxes
            if box.typed
        ]
        new = NewRefund(payment_id, amounts, form.way.data, form.reason.data, form.reference.data or "")
        try:
            refund_id = request_refund(new, actor=g.viewer.actor(), now=now())
            earlier = _earlier()
            if earlier is not None:
                note = _("Given back another way.")
                reject(earlier.id, note, actor=g.viewer.actor(), now=now(), tell=False)
        except Refusal as refusal:
            refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        else:
            return _to_refund(refund_id)
    return _new_page(payment_id, form, boxes), 422


@pages.get("/refunds")
@allow(roles.PAYMENTS)
def refunds() -> str | Response:
    state = request.args.get("state", "waiting")
    state = state if state in STATES else ""
    if (file := wanted()) is not None:
        return refunds_file(file, state)
    return render(
        "payments/desk/refunds.html",
        page=queries.refunds(state, request.args.get("after")),
        state=state,
        words=words,
        waiting=queries.waiting(),
        later="after" in request.args,
    )


@pages.get("/refunds/<uuid:refund_id>")
@allow(roles.PAYMENTS)
def refund(refund_id: uuid.UUID) -> str:
    return _page(refund_id)


@pages.post("/refunds/<uuid:refund_id>/approve", endpoint="approve_refund")
@allow(roles.PAYMENTS)
@recently_confirmed
def agree(refund_id: uuid.UUID) -> Answer:
    """The second person says yes."""
    queries.refund(refund_id)
    try:
        approve(refund_id, actor=g.viewer.actor(), now=now())
    except Refusal as refusal:
        return _page(refund_id, problem=_(refusal.msgid, **refusal.facts)), 422
    return _to_refund(refund_id)


@pages.post("/refunds/<uuid:refund_id>/reject", endpoint="reject_refund")
@allow(roles.PAYMENTS)
def refuse_refund(refund_id: uuid.UUID) -> Answer:
    if queries.refund(refund_id).state not in queries.NEEDS_STAFF:
        return _decided(refund_id)
    form = NoteForm()
    if form.validate():
        try:
            reject(refund_id, form.note.data, actor=g.viewer.actor(), now=now())
        except Refusal as refusal:
            refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        else:
            _say(_("Nothing is given back."), "info")
            return redirect(url_for("payments_desk.refunds"), 303)
    return _page(refund_id, note=form), 422


@pages.post("/refunds/<uuid:refund_id>/take-up", endpoint="take_up_refund")
@allow(roles.PAYMENTS)
@recently_confirmed
def fulfil(refund_id: uuid.UUID) -> Answer:
    """Say how what a customer asked for is given back."""
    if queries.refund(refund_id).state != refund_rules.ASKED:
        return _decided(refund_id)
    form = RefundForm()
    if form.validate():
        try:
            take_up(
                refund_id,
                way=form.way.data,
                reason=form.reason.data,
                reference=form.reference.data or "",
                actor=g.viewer.actor(),
                now=now(),
            )
        except Refusal as refusal:
            refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        else:
            return _to_refund(refund_id)
    return _page(refund_id, form=form), 422


@pages.post("/refunds/<uuid:refund_id>/ask", endpoint="ask_about_refund")
@allow(roles.PAYMENTS)
def ask(refund_id: uuid.UUID) -> Answer:
    """Have the provider asked now what became of it."""
    row = queries.refund(refund_id)
    payment_row = queries.payment(row.payment_id)
    if payment_row.attempt_id is not None:
        enqueue(
            "payments.ask",
            {"attempt_id": str(payment_row.attempt_id)},
            key=f"desk:{refund_id}:{now().isoformat(timespec='minutes')}",
        )
        _say(_("The provider is being asked. Look again in a moment."), "info")
    return redirect(url_for("payments_desk.refund", refund_id=refund_id), 303)


@pages.post("/refunds/<uuid:refund_id>/conclude", endpoint="conclude_refund")
@allow(roles.PAYMENTS)
@recently_confirmed
def settle_by_hand(refund_id: uuid.UUID) -> Answer:
    """Staff saw at the provider's own pages what became of it."""
    if queries.refund(refund_id).state not in (refund_rules.SENT, refund_rules.PENDING):
        return _decided(refund_id)
    form = NoteForm()
    if form.validate():
        try:
            conclude(
                refund_id,
                done=request.form.get("outcome") == "done",
                note=form.note.data,
                actor=g.viewer.actor(),
                now=now(),
            )
        except Refusal as refusal:
            refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        else:
            return _to_refund(refund_id)
    return _page(refund_id, note=form), 422


def _decided(refund_id: uuid.UUID) -> Answer:
    """Somebody was faster."""
    return _page(refund_id, problem=_("Somebody has decided this already.")), 422


def _page(
    refund_id: uuid.UUID,
    *,
    form: RefundForm | None = None,
    note: NoteForm | None = None,
    problem: str = "",
) -> str:
    row = queries.refund(refund_id)
    note = note or NoteForm(formdata=None)
    if problem:
        note.form_errors.append(problem)
    if row.state == refund_rules.ASKED:
        form = form or RefundForm(formdata=None)
        _offer(form, row.attempt_id, but=refund_rules.CREDIT)
    return render(
        "payments/desk/refund.html",
        row=row,
        parts=queries.refund_parts(refund_id),
        words=words,
        form=form if form is not None and form.errors else note,
        how=form,
        note=note,
        own=row.requested_by == g.viewer.user_id,
    )


def _new_page(payment_id: uuid.UUID, form: RefundForm, boxes: list[Box]) -> str:
    row = queries.payment(payment_id)
    _offer(form, row.attempt_id)
    return render(
        "payments/desk/refund_new.html",
        row=row,
        form=form,
        boxes=boxes,
        box_errors=[{"text": box.error, "target": f"amount-{box.name}"} for box in boxes if box.error],
        disputed=is_disputed(payment_id),
        again=request.values.get("again", ""),
        words=words,
    )


def _offer(form: RefundForm, attempt_id: uuid.UUID | None, *, but: str = "") -> None:
    possible = [way for way in ways_back(attempt_id) if way != but]
    form.way.choices = [SelectChoice(way, (_(words.WAYS[way][0]), _(words.WAYS[way][1]))) for way in possible]
    form.way.data = form.way.data if form.way.data in possible else possible[0]


def _boxes(payment_id: uuid.UUID, typed: Mapping[str, str] | None) -> list[Box]:
    """An amount for every place where the payment's money lies: all of it, until something else is typed."""
    row = queries.payment(payment_id)
    free = refundable(payment_id)
    places = [
        (str(line.id), _("Invoice %(number)s", number=line.number), free.get(line.id, 0))
        for line in queries.paid_invoices(payment_id)
    ]
    places.append((CREDIT, _("Credit of the account"), free.get(None, 0)))
    boxes = []
    for name, label, most in places:
        if not most:
            continue
        text = _plain(most, row.currency)
        error = ""
        if typed is not None:
            text = typed.get(f"amount-{name}", "").strip()[:64]
            error = _problem(text, row.currency)
        boxes.append(Box(name, label, most, text, error))
    return boxes


def _filled(boxes: list[Box], wanted: Mapping[str, int], currency: str) -> list[Box]:
    return [
        Box(
            box.name,
            box.label,
            box.most,
            _plain(min(wanted[box.name], box.most), currency) if wanted.get(box.name) else "",
        )
        for box in boxes
    ]


def _plain(amount: int, currency: str) -> str:
    """An amount as it may be typed: no symbol, no grouping."""
    text = str(as_decimal(amount, currency))
    return text if locale().startswith("en") else text.replace(".", ",")


def _read(text: str, currency: str) -> int:
    return parse_amount(text, currency, locale())


def _problem(text: str, currency: str) -> str:
    try:
        if text:
            _read(text, currency)
    except Refusal as refusal:
        return str(_(refusal.msgid, **refusal.facts))
    return ""


def _earlier() -> queries.Line | None:
    """The refund that failed and is done another way now."""
    try:
        earlier = queries.refund(uuid.UUID(request.values.get("again", "")))
    except ValueError:
        return None
    return earlier if earlier.state == refund_rules.FAILED else None


def _to_refund(refund_id: uuid.UUID) -> Response:
    state = queries.refund(refund_id).state
    sentences = {
        refund_rules.REQUESTED: _("Requested. Somebody else must agree before anything is given back."),
        refund_rules.APPROVED: _("Agreed. The provider is told now."),
        refund_rules.DONE: _("Done, and booked."),
    }
    _say(sentences.get(state, _("Noted.")))
    return redirect(url_for("payments_desk.refund", refund_id=refund_id), 303)


def _say(text: str, tone: str = "success") -> None:
    leave_notice(g.viewer.session_id, text, tone)
