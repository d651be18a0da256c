"""The bills behind charges: that whoever did the work was paid, recorded once for each charge, taken back once."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update

from blueprints.ledger import rules as books
from blueprints.ledger.queries import entry_lines
from blueprints.ledger.services import post
from blueprints.owners.models import OwnerCharge, SupplierPayment
from saas import audit
from saas.audit import SYSTEM, Actor
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import NotFound, Refusal

PAID, UNPAID = "supplier-paid", "supplier-payment-reversed"
OLDEST = datetime.timedelta(days=400)


@dataclass(frozen=True, slots=True)
class NewPayment:
    """How the bill of a charge was paid, all of it."""

    paid_on: datetime.date
    method: str
    reference: str = ""


def record_supplier_payment(
    charge_id: uuid.UUID,
    new: NewPayment,
    *,
    today: datetime.date,
    now: datetime.datetime,
    actor: Actor = SYSTEM,
) -> bool:
    """The supplier of a charge was paid. False when that is in the books already: sent twice it counts once.

    Raises NotFound, and Refusal for a charge that was taken back or a day that cannot be.
    """
    charge = _held_charge(charge_id)
    if charge.reversed_on is not None:
        raise Refusal(N_("This charge was taken back: nobody is to be paid for it."))
    if in_force(charge_id) is not None:
        return False
    if new.paid_on > today:
        raise Refusal(N_("The day is in the future."), field="paid_on")
    if today - new.paid_on > OLDEST:
        raise Refusal(N_("The date is more than a year away."), field="paid_on")
    if not new.method:
        raise Refusal(N_("Say how it was paid."), field="method")
    payment_id = new_id()
    db.session.add(
        SupplierPayment(
            id=payment_id,
            charge_id=charge_id,
            amount=charge.amount,
            currency=charge.currency,
            paid_on=new.paid_on,
            method=new.method,
            reference=new.reference,
            made_by=actor.user_id if actor.kind == "staff" else None,
            made_at=now,
        )
    )
    db.session.flush()
    post(
        key_of(payment_id),
        PAID,
        books.pay_supplier(amount=charge.amount),
        currency=charge.currency,
        occurred_on=new.paid_on,
    )
    _tell(
        "owner-charge.supplier-paid",
        charge_id,
        charge,
        actor,
        {"on": new.paid_on.isoformat(), "method": new.method, "reference": new.reference},
    )
    return True


def reverse_supplier_payment(
    charge_id: uuid.UUID, *, reason: str, today: datetime.date, actor: Actor = SYSTEM
) -> bool:
    """It was not paid after all. False when no payment stands. Raises NotFound, Refusal without a reason."""
    charge = _held_charge(charge_id)
    payment = in_force(charge_id)
    if payment is None:
        return False
    if not reason.strip():
        raise Refusal(N_("Say why."), field="reason")
    on = max(today, payment.paid_on)
    post(
        f"{key_of(payment.id)}:reversed",
        UNPAID,
        books.reversal(entry_lines(key_of(payment.id))),
        currency=payment.currency,
        occurred_on=on,
    )
    db.session.execute(
        update(SupplierPayment)
        .where(SupplierPayment.id == payment.id)
        .values(
            reversed_on=on,
            reverse_reason=reason.strip(),
            reversed_by=actor.user_id if actor.kind == "staff" else None,
        )
        .execution_options(synchronize_session=False)
    )
    _tell(
        "owner-charge.supplier-payment-reversed",
        charge_id,
        charge,
        actor,
        {"on": on.isoformat(), "reason": reason.strip()},
    )
    return True


def in_force(charge_id: uuid.UUID) -> Row[Any] | None:
    """The payment of a charge that stands: id, amount, currency, paid_on, method, reference."""
    found: Any = db.session.execute(
        select(
            SupplierPayment.id,
            SupplierPayment.amount,
            SupplierPayment.currency,
            SupplierPayment.paid_on,
            SupplierPayment.method,
            SupplierPayment.reference,
        ).where(SupplierPayment.charge_id == charge_id, SupplierPayment.reversed_on.is_(None))
    ).first()
    return found  # type: ignore[no-any-return]


def key_of(payment_id: uuid.UUID) -> str:
    """The business key of a payment's entry."""
    return f"supplier-paid:{payment_id}"


def _held_charge(charge_id: uuid.UUID) -> Row[Any]:
    row: Any = db.session.execute(
        select(OwnerCharge.number, OwnerCharge.amount, OwnerCharge.currency, OwnerCharge.reversed_on)
        .where(OwnerCharge.id == charge_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    return row  # type: ignore[no-any-return]


def _tell(action: str, charge_id: uuid.UUID, charge: Row[Any], actor: Actor, data: dict[str, object]) -> None:
    audit.record(
        action,
        actor=actor,
        subject=("owner-charge", charge_id),
        data={"number": charge.number, "amount": charge.amount, "currency": charge.currency, **data},
    )
