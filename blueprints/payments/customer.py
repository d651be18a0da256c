"""Paying: look at what is chosen, be sure, leave for the provider, come back to what we know ourselves."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import g, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.accounts.reach import reach_of
from blueprints.auth.services import leave_notice
from blueprints.invoices.customer import other_ways
from blueprints.payments import queries, rules
from blueprints.payments.blueprint import pages
from blueprints.payments.choosing import Choice, ChosenInvoice, InProcess, choose
from blueprints.payments.coupon_pages import coupon_page
from blueprints.payments.grace import has_lapsed
from blueprints.payments.interface import Form, Redirect, Step
from blueprints.payments.leaving import leave
from blueprints.payments.part_form import part_box, part_rules, typed_part, with_part
from blueprints.payments.payers import user_as_payer
from blueprints.payments.starting import Started, keep_step, refuse_attempt, start
from blueprints.payments.titles import invoice_title
from blueprints.payments.way_form import WayForm
from blueprints.payments.ways import as_offered, ways_for
from blueprints.payments.wire import current_wire, patient_wire
from saas.clock import now
from saas.permissions import SIGNED_IN, allow
from saas.refusals import NotFound, Refusal
from tenants.frame import commit_so_far, own_origin
from tenants.look import render
from tenants.page_context import language, locale

Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of the bill as components/pay.html draws it."""

    label: str
    note: str
    amount: int


@pages.route("/payments/summary", methods=["GET", "POST"])
@allow(SIGNED_IN)
def summary() -> Answer:
    """What was chosen and what it comes to (S0.18). A plain GET, so Back and reload are harmless."""
    if request.method == "POST":
        return _asked_again("payments.summary")
    try:
        whole = choose(reach_of(g.viewer, g.tenant), _ids(), today=g.tenant.today())
    except Refusal as refusal:
        return _refused(refusal)
    choice, wrong = whole, None
    try:
        choice = with_part(whole)
    except Refusal as refusal:
        wrong = refusal
    page = render(
        "payments/summary.html",
        choice=choice,
        whole=whole,
        lines=_bill(choice),
        invoice_ids=_ids(),
        box=part_box(whole, wrong),
        ways=as_offered(ways_for(choice)),
        other_ways=other_ways(),
    )
    return (page, 422) if wrong else page


@pages.route("/payments/confirm", methods=["GET", "POST"])
@allow(SIGNED_IN)
def confirm() -> Answer:
    """“Are you sure?” (S0.19): who gets how much, by which way (S4.12), and that the payer leaves the site."""
    if request.method == "POST":
        return _asked_again("payments.confirm")
    try:
        choice = _choice()
    except Refusal as refusal:
        return _refused(refusal)
    return _confirm_page(choice)


def _confirm_page(choice: Choice, problem: str = "") -> str:
    """The preferred way is chosen already; without any the page says how to pay otherwise (S4.3)."""
    ways = as_offered(ways_for(choice))
    form = WayForm(formdata=None)
    form.offer(ways)
    if problem:
        form.way.errors = [problem]
    return render(
        "payments/confirm.html",
        choice=choice,
        lines=_bill(choice),
        invoice_ids=_ids(),
        ways=ways,
        form=form,
        part=typed_part(),
        other_ways=other_ways(),
    )


@pages.post("/payments/start", endpoint="start")
@allow(SIGNED_IN)
def begin() -> Answer:
    """Freeze the attempt and send the payer away (S0.20). Pressed twice it is still one attempt.

    Nothing but the invoices' ids and the chosen way is read from the form, and where the tenant takes parts the
    amount: what each invoice gets of it comes from the books.
    """
    try:
        reach = reach_of(g.viewer, g.tenant)
        choice = with_part(choose(reach, _ids(), today=g.tenant.today(), lock=True))
        started = start(user_as_payer(g.viewer), choice, now(), way=_way(), origin=own_origin())
        step = fetched(started)
    except Refusal as refusal:
        if refusal.field == "way":
            return _confirm_page(_choice(), _(refusal.msgid, **refusal.facts)), 422
        return _refused(refusal)
    return leave_for(started, step, url_for("payments.status", attempt_id=started.attempt_id))


def fetched(started: Started) -> Step | None:
    """The step of an attempt, from the provider when it is not known yet: the attempt is committed first.
    Raises Refusal when the provider cannot take it; then nothing is under way any more."""
    if started.errand is None:
        return started.step
    commit_so_far()
    try:
        step = started.errand.run(current_wire())
    except Refusal as refusal:
        refuse_attempt(started.attempt_id, refusal, now())
        commit_so_far()
        raise
    keep_step(started.attempt_id, step)
    return step


@pages.get("/payments/<uuid:attempt_id>")
@allow(SIGNED_IN)
def status(attempt_id: uuid.UUID) -> str:
    """Where a payment stands. Whatever the browser brings along is not read: only our own books say."""
    found = queries.attempt(reach_of(g.viewer, g.tenant), attempt_id)
    if found is None:
        raise NotFound()
    if (paper := coupon_page(found)) is not None:
        return paper
    lapsed = has_lapsed(found.state, found.expires_at, found.step, now())
    return render(
        "payments/status.html",
        attempt=found,
        lapsed=lapsed,
        going_on=found.state in rules.OPEN_STATES and not lapsed,
        unfinished=found.state == rules.CREATED and g.viewer.viewing_customer_id is None,
        over=found.expires_at <= now(),
        in_parts=part_rules().allowed,
        grace=found.expires_at + rules.GRACE,
    )


status.quiet = True  # type: ignore[attr-defined]  # a page that waits must not keep a session alive


@pages.post("/payments/<uuid:attempt_id>/leave", endpoint="leave")
@allow(SIGNED_IN)
def give_up(attempt_id: uuid.UUID) -> Response:
    """Leave a payment that was not finished and choose again at once; one that has money is shown instead."""
    if leave(attempt_id, g.viewer, now(), wire=patient_wire()) != rules.CANCELED:
        return redirect(url_for("payments.status", attempt_id=attempt_id), 303)
    leave_notice(g.viewer.session_id, _("You left that payment. Choose what you want to pay now."), "info")
    return redirect(url_for("invoices.pending"), 303)


@pages.get("/payments/<uuid:attempt_id>/status")
@allow(SIGNED_IN)
def status_data(attempt_id: uuid.UUID) -> Response:
    """The same as data, for scripts."""
    found = queries.attempt(reach_of(g.viewer, g.tenant), attempt_id)
    if found is None:
        raise NotFound()
    return jsonify(
        state=found.state,
        done=found.state not in rules.OPEN_STATES,
        receipt=url_for("payments.receipt", receipt_id=found.receipt_id) if found.receipt_id else None,
    )


status_data.quiet = True  # type: ignore[attr-defined]


def _ids() -> list[uuid.UUID]:
    """The chosen invoices' ids; one that is no id is nobody's invoice."""
    try:
        return list(dict.fromkeys(uuid.UUID(text) for text in request.values.getlist("invoice")))
    except ValueError:
        raise NotFound() from None


def _way() -> uuid.UUID | None:
    """The way that the payer chose; None where there was none to choose. What is no id is nobody's way."""
    typed = request.form.get("way", "")
    try:
        return uuid.UUID(typed) if typed else None
    except ValueError:
        raise NotFound() from None


def _choice() -> Choice:
    return with_part(choose(reach_of(g.viewer, g.tenant), _ids(), today=g.tenant.today()))


def _asked_again(endpoint: str) -> Response:
    ids = [str(invoice_id) for invoice_id in _ids()]
    return redirect(url_for(endpoint, invoice=ids, part=typed_part() or None), 303)


def leave_for(started: Started, step: Step | None, status_url: str) -> Answer:
    """Off to the provider; an attempt that the provider already knows to be pending is shown instead."""
    if started.state == rules.CREATED and isinstance(step, Redirect):
        return redirect(step.url, 303)
    if started.state == rules.CREATED and isinstance(step, Form):
        return render("payments/leave.html", step=step)
    return redirect(status_url, 303)


def _refused(refusal: Refusal) -> Answer:
    """Say why no payment starts. One's own payment under way is shown instead of explained."""
    if isinstance(refusal, InProcess) and refusal.attempt_id is not None:
        return redirect(url_for("payments.status", attempt_id=refusal.attempt_id), 303)
    sentence = _(refusal.msgid, **refusal.facts)
    busy = isinstance(refusal, InProcess)
    return render("payments/refused.html", sentence=sentence, busy=busy, other_ways=other_ways()), 422


def _bill(choice: Choice) -> list[BillLine]:
    return [
        BillLine(
            invoice_title(item.type_names, item.period, language(), locale()),
            _note(item, choice),
            item.amount,
        )
        for item in choice.items
    ]


def _note(item: ChosenInvoice, choice: Choice) -> str:
    """The invoice's number; the account where there are several; why it costs more than it did."""
    parts = [_("Invoice %(number)s", number=item.number)]
    if len({other.account_id for other in choice.items}) > 1:
        parts.append(f"{g.tenant.word('account', language())} {item.account_number}")
    if item.surcharge:
        parts.append(_("with the amount of the second due date"))
    return " · ".join(parts)
