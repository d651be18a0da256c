"""Refunds on their way: sent to the provider once per refund, asked about until it is known what became of them."""

from __future__ import annotations

import datetime
import uuid

from sqlalchemy import and_, func, select, update

from blueprints.payments import refund_rules as rules
from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.applying import apply
from blueprints.payments.attempts import read_attempt
from blueprints.payments.disputes import is_disputed
from blueprints.payments.interface import CaptureView, RefundNotPossible, RefundView, Unreachable, Wire
from blueprints.payments.models import Payment
from blueprints.payments.polling import poll
from blueprints.payments.refund_models import Refund
from blueprints.payments.returning import hold_attempt
from saas import audit
from saas.audit import SYSTEM, Actor
from saas.database import db
from saas.languages import N_
from saas.outbox import enqueue
from tenants.provider_account_services import OpenedAccount, open_account

LONGEST = 300
DISPUTED = N_("The payment is disputed at the bank: it was not given back as well.")


def send(refund_id: uuid.UUID, *, wire: Wire, now: datetime.datetime) -> str:
    """Tell the provider to give the money back. Returns the state that the refund has then.

    No answer means unknown: the same call with the same id is repeated for a day, afterwards the provider is only
    asked, because it may have forgotten the id. What it cannot do comes back to staff with its own words.
    """
    row = db.session.execute(
        select(
            Refund.amount,
            Refund.state,
            Refund.reason,
            Refund.event,
            Refund.sent_at,
            Refund.tries,
            Payment.id.label("payment_id"),
            Payment.attempt_id,
            Payment.paid_at,
            Payment.created_at,
        )
        .join(Payment, and_(Payment.tenant_id == Refund.tenant_id, Payment.id == Refund.payment_id))
        .where(Refund.id == refund_id)
    ).one()
    if row.state not in (rules.APPROVED, rules.SENT):
        return str(row.state)
    if row.sent_at is None and is_disputed(row.payment_id):
        return _fail(refund_id, DISPUTED, now)
    if row.sent_at is not None and now - row.sent_at > rules.RESEND:
        return _look_later(refund_id, 0, now)
    attempt = read_attempt(row.attempt_id)
    account = open_account(attempt.provider_account_id)
    capture = CaptureView(
        attempt_id=attempt.id,
        reference=attempt.reference,
        amount=attempt.amount,
        currency=attempt.currency,
        provider_reference=attempt.provider_reference or "",
        captured_at=row.paid_at or row.created_at,
        facts=attempt.facts,
    )
    try:
        said = adapter_of(account).refund(
            view_of(account), capture, RefundView(refund_id, row.amount, row.reason, row.event), wire
        )
    except Unreachable as problem:
        return _try_again(refund_id, row.tries, str(problem), now)
    except RefundNotPossible as problem:
        return _fail(refund_id, str(problem), now, account)
    hold_attempt(attempt.id)  # before the refund's row, as whoever hears of it from the provider does
    _sent(refund_id, now)
    apply(said, account=account, now=now)
    state = db.session.execute(select(Refund.state).where(Refund.id == refund_id)).scalar_one()
    # What was said did not settle it (or was put aside): it is watched like any other.
    return _look_later(refund_id, 0, now) if state in (rules.APPROVED, rules.SENT) else str(state)


def look(refund_id: uuid.UUID, looks: int, *, wire: Wire, now: datetime.datetime) -> None:
    """Ask the provider what became of a refund that is on its way; ask again later when it is still not known."""
    row = db.session.execute(
        select(Refund.state, Refund.requested_at, Payment.attempt_id)
        .join(Payment, and_(Payment.tenant_id == Refund.tenant_id, Payment.id == Refund.payment_id))
        .where(Refund.id == refund_id)
    ).one()
    if row.state not in rules.ON_THE_WAY:
        return
    try:
        poll(row.attempt_id, wire=wire, now=now, jitter=0, told=True)
    except Unreachable as problem:
        _note(refund_id, str(problem))
    state = db.session.execute(select(Refund.state).where(Refund.id == refund_id)).scalar_one()
    if state in rules.ON_THE_WAY and now - row.requested_at < rules.WATCHED:
        _look_later(refund_id, looks + 1, now)


def _look_later(refund_id: uuid.UUID, looks: int, now: datetime.datetime) -> str:
    enqueue(
        "payments.refund-watch",
        {"refund_id": str(refund_id), "looks": looks},
        due_at=now + rules.next_look(looks),
        key=f"{refund_id}:{looks}",
    )
    return rules.SENT


def _try_again(refund_id: uuid.UUID, tries: int, problem: str, now: datetime.datetime) -> str:
    """Nobody answered: what was sent may have arrived."""
    _sent(refund_id, now, problem=problem[:LONGEST])
    enqueue(
        "payments.refund",
        {"refund_id": str(refund_id)},
        due_at=now + rules.next_try(tries),
        key=f"{refund_id}:{tries + 1}",
    )
    return rules.SENT


def _sent(refund_id: uuid.UUID, now: datetime.datetime, **values: object) -> None:
    db.session.execute(
        update(Refund)
        .where(Refund.id == refund_id, Refund.state.in_((rules.APPROVED, rules.SENT)))
        .values(
            state=rules.SENT,
            sent_at=func.coalesce(Refund.sent_at, now),
            tries=Refund.tries + 1,
            **{"problem": None, **values},
        )
        .execution_options(synchronize_session=False)
    )


def _note(refund_id: uuid.UUID, problem: str) -> None:
    db.session.execute(
        update(Refund)
        .where(Refund.id == refund_id)
        .values(problem=problem[:LONGEST])
        .execution_options(synchronize_session=False)
    )


def _fail(
    refund_id: uuid.UUID, problem: str, now: datetime.datetime, account: OpenedAccount | None = None
) -> str:
    """Back to staff, who may give it back another way."""
    db.session.execute(
        update(Refund)
        .where(Refund.id == refund_id)
        .values(state=rules.FAILED, problem=problem[:LONGEST], finished_at=now)
        .execution_options(synchronize_session=False)
    )
    audit.record(
        "refund.failed",
        actor=Actor("gateway", None, account.name) if account else SYSTEM,
        subject=("refund", refund_id),
        data={"problem": problem[:LONGEST]},
    )
    return rules.FAILED
