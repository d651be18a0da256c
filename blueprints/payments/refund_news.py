"""What a provider says of refunds: of ours, and of those that somebody made at the provider's own pages."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update

from blueprints.payments import refund_rules, rules
from blueprints.payments.interface import REFUNDED, Observation
from blueprints.payments.refund_models import Refund
from blueprints.payments.returning import PaymentRow, rebalance
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.ids import new_id
from saas.outbox import enqueue

QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Known:
    """A refund as it stands before the news."""

    id: uuid.UUID
    amount: int
    state: str
    told: str
    event: str


def hear_of_refund(payment: PaymentRow, said: Observation, actor: Actor, now: datetime.datetime) -> str:
    """Take a refund's news in; the payment is locked. Returns the effect: "moved", "same-state" or
    "quarantined:<why>"."""
    known = _known(payment.id, said)
    if known is not None and known.amount != said.amount:
        return f"{QUARANTINED}:{rules.AMOUNT_DIFFERS}"
    if known is not None and not refund_rules.hears(known.told, said.kind):
        return rules.SAME
    if said.kind == REFUNDED and _given_back(payment.id, known) + said.amount > payment.amount:
        return f"{QUARANTINED}:{rules.REFUND_EXCEEDS}"
    if known is None:
        known = _made_elsewhere(payment, said, now)
    state = refund_rules.STATE_OF[said.kind]
    db.session.execute(
        update(Refund)
        .where(Refund.id == known.id)
        .values(
            state=state,
            told=said.kind,
            event=said.event or known.event,
            finished_at=now if state in (refund_rules.DONE, refund_rules.FAILED) else None,
            **({"problem": None} if state == refund_rules.DONE else {}),
        )
        .execution_options(synchronize_session=False)
    )
    rebalance(payment, now)
    if state == refund_rules.DONE:
        enqueue("payments.refund-letter", {"refund_id": str(known.id)}, key=str(known.id))
    if state == refund_rules.PENDING:
        enqueue(
            "payments.refund-watch",
            {"refund_id": str(known.id), "looks": 0},
            due_at=now + refund_rules.next_look(0),
            key=f"{known.id}:0",
        )
    audit.record(
        f"refund.{state}",
        actor=actor,
        subject=("refund", known.id),
        customer_id=payment.customer_id,
        data={
            "payment": str(payment.id),
            "amount": said.amount,
            "currency": said.currency,
            "from": known.state,
            "event": said.event,
            "evidence": said.evidence,
        },
    )
    return rules.MOVED


def _known(payment_id: uuid.UUID, said: Observation) -> Known | None:
    """The refund that is spoken of: by our own id, by the provider's number, else one of ours (or another that
    was heard of) with this amount, which the provider has not numbered yet and which this is news of."""
    rows = [
        Known(*row)
        for row in db.session.execute(
            select(Refund.id, Refund.amount, Refund.state, Refund.told, Refund.event)
            .where(Refund.payment_id == payment_id, Refund.way == refund_rules.PROVIDER)
            .order_by(Refund.id)
        )
    ]
    if said.refund_id is not None:
        own = next((row for row in rows if row.id == said.refund_id), None)
        if own is not None:
            return _unbound(own, said)
    if said.event:
        found = next((row for row in rows if row.event == said.event), None)
        if found is not None:
            return found
    return next(
        (
            row
            for row in rows
            if not row.event
            and row.amount == said.amount
            and (row.state in refund_rules.ON_THE_WAY or row.told)
            and refund_rules.hears(row.told, said.kind)
        ),
        None,
    )


def _unbound(own: Known, said: Observation) -> Known:
    """Our refund. When another one of the same amount had been taken for it, that one gets a row of its own."""
    if not said.event or own.event in ("", said.event):
        return own
    row = db.session.execute(select(Refund).where(Refund.id == own.id)).scalar_one()
    other = {
        "payment_id": row.payment_id,
        "amount": row.amount,
        "currency": row.currency,
        "way": row.way,
        "state": row.state,
        "reason": "",
        "requested_at": row.requested_at,
        "tries": 0,
        "event": row.event,
        "told": row.told,
        "finished_at": row.finished_at,
    }
    db.session.execute(
        update(Refund)
        .where(Refund.id == own.id)
        .values(event="", told="", state=refund_rules.SENT, finished_at=None)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(insert(Refund).values(id=new_id(), **other))
    db.session.expire(row)
    return Known(own.id, own.amount, refund_rules.SENT, "", "")


def _given_back(payment_id: uuid.UUID, but: Known | None) -> int:
    """What other refunds have given back of a payment."""
    query = select(func.coalesce(func.sum(Refund.amount), 0)).where(
        Refund.payment_id == payment_id,
        Refund.state == refund_rules.DONE,
        Refund.way != refund_rules.CREDIT,
    )
    if but is not None:
        query = query.where(Refund.id != but.id)
    return int(db.session.execute(query).scalar_one())


def _made_elsewhere(payment: PaymentRow, said: Observation, now: datetime.datetime) -> Known:
    """Somebody gave money back at the provider's own pages, or a machine of theirs did."""
    refund_id = new_id()
    db.session.execute(
        insert(Refund).values(
            id=refund_id,
            payment_id=payment.id,
            amount=said.amount,
            currency=said.currency,
            way=refund_rules.PROVIDER,
            state=refund_rules.SENT,
            reason="",
            requested_at=now,
            tries=0,
            event=said.event,
            told="",
        )
    )
    return Known(refund_id, said.amount, refund_rules.SENT, "", said.event)
