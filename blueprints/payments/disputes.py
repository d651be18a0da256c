"""Disputes: the payer's bank takes a payment back until it is decided who is right.

From the first word on the invoice is open again and the owner's money is held; a dispute that is won restores both.
"""

from __future__ import annotations

import datetime
import uuid

from sqlalchemy import insert, select, update

from blueprints.payments import refund_rules, rules
from blueprints.payments.interface import EVIDENCE_DUE, Observation
from blueprints.payments.refund_models import Dispute
from blueprints.payments.returning import PaymentRow, rebalance
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import NotFound, Refusal


def hear_of_dispute(payment: PaymentRow, said: Observation, actor: Actor, now: datetime.datetime) -> str:
    """Take a dispute's news in; the payment is locked. Returns the effect: "moved" or "same-state"."""
    row = db.session.execute(
        select(Dispute.id, Dispute.state, Dispute.amount).where(
            Dispute.payment_id == payment.id, Dispute.event == said.event
        )
    ).first()
    before = row.state if row is not None else ""
    if not refund_rules.moves_dispute(before, said.kind):
        return rules.SAME
    state = refund_rules.DISPUTE_STATES[said.kind]
    closed_at = None if state == refund_rules.OPEN else now
    if row is None:
        dispute_id = new_id()
        db.session.execute(
            insert(Dispute).values(
                id=dispute_id,
                payment_id=payment.id,
                event=said.event,
                state=state,
                amount=said.amount,
                currency=said.currency,
                opened_at=min(said.occurred_at, now),
                evidence_due=_moment(said.facts.get(EVIDENCE_DUE, "")),
                closed_at=closed_at,
            )
        )
    else:
        dispute_id = row.id
        db.session.execute(
            update(Dispute)
            .where(Dispute.id == dispute_id)
            .values(state=state, closed_at=closed_at)
            .execution_options(synchronize_session=False)
        )
    rebalance(payment, now)
    audit.record(
        f"dispute.{state}",
        actor=actor,
        subject=("dispute", dispute_id),
        customer_id=payment.customer_id,
        data={
            "payment": str(payment.id),
            "amount": said.amount,
            "currency": said.currency,
            "from": before,
            "event": said.event,
            "evidence": said.evidence,
        },
    )
    return rules.MOVED


def _moment(text: str) -> datetime.datetime | None:
    """A moment that an adapter noted in ISO form; None when it noted none that can be read."""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def is_disputed(payment_id: uuid.UUID) -> bool:
    """Whether a dispute of the payment waits to be decided."""
    found = db.session.execute(
        select(Dispute.id)
        .where(Dispute.payment_id == payment_id, Dispute.state == refund_rules.OPEN)
        .limit(1)
    ).scalar()
    return found is not None


def answer_dispute(dispute_id: uuid.UUID, note: str, *, actor: Actor, now: datetime.datetime) -> None:
    """Staff note what they sent to the provider. Raises NotFound, or Refusal when it is decided."""
    row = db.session.execute(
        select(Dispute.state, Dispute.payment_id).where(Dispute.id == dispute_id).with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    if row.state != refund_rules.OPEN:
        raise Refusal(N_("This dispute is decided already."))
    db.session.execute(
        update(Dispute)
        .where(Dispute.id == dispute_id)
        .values(answered_at=now, answered_by=actor.user_id, answer=note)
        .execution_options(synchronize_session=False)
    )
    audit.record(
        "dispute.answered",
        actor=actor,
        subject=("dispute", dispute_id),
        data={"payment": str(row.payment_id), "note": note},
    )
