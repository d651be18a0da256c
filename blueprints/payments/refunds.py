"""Giving money back: asked for by a customer or requested by staff, agreed to by a second person, then done.

Nothing leaves the books before it has left the house: a refund at a provider is booked when the provider says so.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from blueprints.ledger import rules as books
from blueprints.ledger.services import post
from blueprints.payments import refund_rules as rules
from blueprints.payments.credit import add_credit, settle_again
from blueprints.payments.disputes import is_disputed
from blueprints.payments.refund_models import Credit, Refund, RefundPart
from blueprints.payments.refundable import LONGEST, check_refund, needs_second, refundable
from blueprints.payments.returning import (
    PaymentRow,
    Place,
    hold_payment,
    hold_payments,
    places,
    rebalance,
    shrink,
)
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from saas.languages import N_
from saas.outbox import enqueue
from saas.refusals import NotFound, Refusal
from tenants.loading import serving


@dataclass(frozen=True, slots=True)
class NewRefund:
    """`parts` are (invoice, or None for the payment's credit, amount in minor units). `reference` says how it was
    paid when that was outside the provider."""

    payment_id: uuid.UUID
    parts: Sequence[tuple[uuid.UUID | None, int]]
    way: str
    reason: str
    reference: str = ""

    @property
    def amount(self) -> int:
        return sum(amount for _place, amount in self.parts)


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A refund, locked."""

    id: uuid.UUID
    payment_id: uuid.UUID
    amount: int
    currency: str
    way: str | None
    state: str
    reason: str
    reference: str | None
    requested_by: uuid.UUID | None


def request_refund(new: NewRefund, *, actor: Actor, now: datetime.datetime) -> uuid.UUID:
    """Staff want to give money back. Returns the refund's id; where no second person is needed it is agreed to at
    once. Raises NotFound, or Refusal for more than there is, a disputed payment, a way that is not possible.
    """
    payment = hold_payment(new.payment_id)
    check_refund(payment, new.way, new.amount, new.reason, new.reference)
    free = refundable(payment.id)
    if not new.parts or any(amount <= 0 for _place, amount in new.parts):
        raise Refusal(N_("Say how much is given back."), field="amount")
    if len({place for place, _amount in new.parts}) != len(new.parts) or any(
        amount > free.get(place, 0) for place, amount in new.parts
    ):
        raise Refusal(N_("That is more than can be given back of this payment."), field="amount")
    if new.way == rules.CREDIT and any(place is None for place, _amount in new.parts):
        raise Refusal(N_("That money is on the account already."), field="way")
    refund_id = _write(payment, new, state=rules.REQUESTED, requested_by=actor.user_id, now=now)
    audit.record(
        "refund.requested",
        actor=actor,
        subject=("refund", refund_id),
        customer_id=payment.customer_id,
        data=_facts(payment, new.amount, new.way, new.reason, new.reference),
    )
    if not needs_second(payment, refund_id, new.amount, new.way):
        _agree(payment, _refund(refund_id), actor, now)
    return refund_id


def ask_back(
    ask_id: uuid.UUID,
    account_id: uuid.UUID,
    amount: int,
    *,
    actor: Actor,
    now: datetime.datetime,
    since: datetime.date | None = None,
) -> int:
    """A customer wants an account's credit back: one refund for each payment that it came with, the oldest first.

    `ask_id` comes with the form and counts once. The caller has checked that the account is the customer's.
    Returns what was asked for now. Raises Refusal when the credit does not hold so much.
    """
    came_with = select(Credit.payment_id).where(Credit.account_id == account_id, Credit.remaining > 0)
    payments = [
        payment
        for payment in hold_payments(db.session.execute(came_with.distinct()).scalars())
        if since is None or payment.paid_on >= since
    ]
    first = uuid.uuid5(ask_id, "0")
    if db.session.execute(select(Refund.id).where(Refund.id == first)).scalar() is not None:
        return 0
    left, wishes = amount, []
    for payment in payments:
        part = min(left, refundable(payment.id).get(None, 0))
        if part > 0:
            wishes.append((payment, part))
            left -= part
    if left:
        raise Refusal(N_("The credit does not hold so much."), field="amount")
    for number, (payment, part) in enumerate(wishes):
        refund_id = first if number == 0 else new_id()
        wish = NewRefund(payment.id, [(None, part)], "", "")
        _write(payment, wish, state=rules.ASKED, asked_by=actor.user_id, now=now, refund_id=refund_id)
        audit.record(
            "refund.asked",
            actor=actor,
            subject=("refund", refund_id),
            customer_id=payment.customer_id,
            data=_facts(payment, part, None, "", ""),
        )
    return amount


def take_up(
    refund_id: uuid.UUID,
    *,
    way: str,
    reason: str,
    reference: str,
    actor: Actor,
    now: datetime.datetime,
) -> None:
    """Staff say how a customer's wish is fulfilled. Raises NotFound or Refusal."""
    payment, refund = _held(refund_id)
    if refund.state != rules.ASKED:
        raise Refusal(N_("Somebody has decided this already."))
    check_refund(payment, way, refund.amount, reason, reference)
    if way == rules.CREDIT:
        raise Refusal(N_("That money is on the account already."), field="way")
    db.session.execute(
        update(Refund)
        .where(Refund.id == refund_id)
        .values(
            state=rules.REQUESTED,
            way=way,
            reason=reason.strip(),
            reference=reference.strip() or None,
            requested_by=actor.user_id,
        )
        .execution_options(synchronize_session=False)
    )
    audit.record(
        "refund.requested",
        actor=actor,
        subject=("refund", refund_id),
        customer_id=payment.customer_id,
        data=_facts(payment, refund.amount, way, reason, reference),
    )
    if not needs_second(payment, refund_id, refund.amount, way):
        _agree(payment, _refund(refund_id), actor, now)


def approve(refund_id: uuid.UUID, *, actor: Actor, now: datetime.datetime) -> None:
    """A second person agrees. Raises NotFound, or Refusal for the first person, a dispute, a decided refund."""
    payment, refund = _held(refund_id)
    if refund.state != rules.REQUESTED:
        raise Refusal(N_("Somebody has decided this already."))
    second = needs_second(payment, refund_id, refund.amount, refund.way or "")
    if second and (actor.user_id is None or actor.user_id == refund.requested_by):
        raise Refusal(N_("Somebody else must agree to this refund: not the person who requested it."))
    if is_disputed(payment.id):
        raise Refusal(N_("This payment is disputed at the bank: it cannot be given back as well."))
    _agree(payment, refund, actor, now)


def reject(
    refund_id: uuid.UUID, note: str, *, actor: Actor, now: datetime.datetime, tell: bool = True
) -> None:
    """Nothing is given back, or no more is tried of what failed. A customer who had asked is told, unless (not `tell`)
    it is done another way. Raises NotFound, or Refusal when it is decided or no reason is given."""
    payment, refund = _held(refund_id)
    if refund.state not in (*rules.UNDECIDED, rules.FAILED):
        raise Refusal(N_("Somebody has decided this already."))
    words = note.strip()
    if not words:
        raise Refusal(N_("Say why."), field="note")
    _decide(refund_id, rules.REJECTED, actor, now, decision=words[:LONGEST], finished_at=now)
    audit.record(
        "refund.rejected",
        actor=actor,
        subject=("refund", refund_id),
        customer_id=payment.customer_id,
        data={"payment": str(payment.id), "amount": refund.amount, "note": words[:LONGEST]},
    )
    if tell:
        enqueue("payments.refund-rejected-letter", {"refund_id": str(refund_id)}, key=str(refund_id))


def conclude(refund_id: uuid.UUID, *, done: bool, note: str, actor: Actor, now: datetime.datetime) -> None:
    """Staff found out at the provider what became of a refund that nobody answers for. A later word of the provider
    still counts. Raises NotFound, or Refusal when it is not on its way."""
    payment, refund = _held(refund_id)
    if refund.state not in (rules.SENT, rules.PENDING):
        raise Refusal(N_("Somebody has decided this already."))
    words = note.strip()
    if not words:
        raise Refusal(N_("Say how you know."), field="note")
    state = rules.DONE if done else rules.FAILED
    db.session.execute(
        update(Refund)
        .where(Refund.id == refund_id)
        .values(state=state, problem=words[:LONGEST], finished_at=now)
        .execution_options(synchronize_session=False)
    )
    rebalance(payment, now)
    if done:
        enqueue("payments.refund-letter", {"refund_id": str(refund_id)}, key=str(refund_id))
    audit.record(
        "refund.concluded",
        actor=actor,
        subject=("refund", refund_id),
        customer_id=payment.customer_id,
        data={"payment": str(payment.id), "state": state, "note": words[:LONGEST]},
    )


def _agree(payment: PaymentRow, refund: RefundRow, actor: Actor, now: datetime.datetime) -> None:
    """It is agreed: what needs no provider happens now, the rest goes to the outbox."""
    free = places(payment.id)
    if sum(place.amount for place in free.values()) < refund.amount:
        raise Refusal(N_("That is more than can be given back of this payment."))
    if refund.way == rules.PROVIDER:
        _decide(refund.id, rules.APPROVED, actor, now)
        enqueue("payments.refund", {"refund_id": str(refund.id)}, key=f"{refund.id}:0")
    else:
        _decide(refund.id, rules.DONE, actor, now, finished_at=now)
        if refund.way == rules.CREDIT:
            _turn_into_credit(payment, refund, free, now)
        else:
            rebalance(payment, now)
        enqueue("payments.refund-letter", {"refund_id": str(refund.id)}, key=str(refund.id))
    audit.record(
        "refund.approved",
        actor=actor,
        subject=("refund", refund.id),
        customer_id=payment.customer_id,
        data=_facts(payment, refund.amount, refund.way, refund.reason, refund.reference or ""),
    )


def _turn_into_credit(
    payment: PaymentRow, refund: RefundRow, free: Mapping[uuid.UUID, Place], now: datetime.datetime
) -> None:
    """The money stays, on the account: the invoices are open again."""
    lines: list[books.Line] = []
    items: list[tuple[uuid.UUID, int, int]] = []
    parts = db.session.execute(
        select(RefundPart.invoice_id, RefundPart.amount)
        .where(RefundPart.refund_id == refund.id)
        .order_by(RefundPart.invoice_id)
    ).all()
    for part in parts:
        place = free.get(part.invoice_id)
        if place is None or place.amount < part.amount:
            raise Refusal(N_("That is more than can be given back of this payment."))
        surcharge = min(place.surcharge, part.amount)
        lines += books.turn_into_credit(
            account_id=place.account_id,
            invoice_id=part.invoice_id,
            amount=part.amount,
            surcharge=surcharge,
        )
        before = shrink(payment.id, part.invoice_id, part.amount, surcharge)
        add_credit(payment.id, place.account_id, part.amount, payment.currency, now)
        items.append((part.invoice_id, before, before - part.amount + surcharge))
    key, today = f"refund:{refund.id}:1", serving().today()
    post(key, "credited", lines, currency=payment.currency, occurred_on=today)
    emit(
        "payment.reversed",
        payment_id=payment.id,
        source=key,
        items=[item for item in items if item[1] != item[2]],
        currency=payment.currency,
        paid_on=payment.paid_on,
        occurred_on=today,
    )
    settle_again([invoice_id for invoice_id, _before, _after in items])


def _held(refund_id: uuid.UUID) -> tuple[PaymentRow, RefundRow]:
    payment_id = db.session.execute(select(Refund.payment_id).where(Refund.id == refund_id)).scalar()
    if payment_id is None:
        raise NotFound()
    payment = hold_payment(payment_id)
    return payment, _refund(refund_id)


def _refund(refund_id: uuid.UUID) -> RefundRow:
    row = db.session.execute(
        select(
            Refund.id,
            Refund.payment_id,
            Refund.amount,
            Refund.currency,
            Refund.way,
            Refund.state,
            Refund.reason,
            Refund.reference,
            Refund.requested_by,
        )
        .where(Refund.id == refund_id)
        .with_for_update()
    ).one()
    return RefundRow(*row)


def _write(
    payment: PaymentRow,
    new: NewRefund,
    *,
    state: str,
    now: datetime.datetime,
    requested_by: uuid.UUID | None = None,
    asked_by: uuid.UUID | None = None,
    refund_id: uuid.UUID | None = None,
) -> uuid.UUID:
    refund_id = refund_id or new_id()
    db.session.execute(
        insert(Refund).values(
            id=refund_id,
            payment_id=payment.id,
            amount=new.amount,
            currency=payment.currency,
            way=new.way or None,
            state=state,
            reason=new.reason.strip(),
            reference=new.reference.strip() or None,
            asked_by=asked_by,
            requested_by=requested_by,
            requested_at=now,
            tries=0,
            event="",
            told="",
        )
    )
    db.session.execute(
        insert(RefundPart).values(
            [
                {"id": new_id(), "refund_id": refund_id, "invoice_id": invoice_id, "amount": amount}
                for invoice_id, amount in new.parts
            ]
        )
    )
    return refund_id


def _decide(refund_id: uuid.UUID, state: str, actor: Actor, now: datetime.datetime, **values: object) -> None:
    db.session.execute(
        update(Refund)
        .where(Refund.id == refund_id)
        .values(state=state, decided_by=actor.user_id, decided_at=now, **values)
        .execution_options(synchronize_session=False)
    )


def _facts(
    payment: PaymentRow, amount: int, way: str | None, reason: str, reference: str
) -> dict[str, object]:
    return {
        "payment": str(payment.id),
        "amount": amount,
        "currency": payment.currency,
        "way": way,
        "reason": reason,
        "reference": reference,
    }
