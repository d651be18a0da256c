"""The simulated bank's own books: orders and what the payer decided about them."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from blueprints.payments.providers.bank_simulator.models import BankOrder
from saas.database import db
from saas.ids import new_id

LATE = datetime.timedelta(seconds=30)

# decision -> (state, how much later it comes true)
DECISIONS = {
    "approve": ("approved", datetime.timedelta()),
    "decline": ("declined", datetime.timedelta()),
    "pending": ("pending", datetime.timedelta()),
    "expire": ("expired", datetime.timedelta()),
    "approve-late": ("approved", LATE),
}
FINAL = frozenset({"approved", "expired"})


class OtherOrder(Exception):
    """The merchant's reference stands for an order with another amount."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An order as the bank sees it at one moment; a late approval is pending until its time."""

    state: str
    transaction: int
    occurred_at: datetime.datetime


def take_order(parameters: Mapping[str, str], now: datetime.datetime) -> uuid.UUID:
    """Write down a merchant's order, once per reference. Raises OtherOrder, ValueError."""
    amount = int(parameters["amount"])
    db.session.execute(
        insert(BankOrder)
        .values(
            id=new_id(),
            merchant=parameters["merchant"],
            reference=parameters["reference"],
            description=parameters["description"],
            amount=amount,
            currency=parameters["currency"],
            state="new",
            return_url=parameters["return_url"],
            notice_url=parameters["notice_url"],
            language=parameters["language"],
            created_at=now,
            transaction_number=0,
        )
        .on_conflict_do_nothing(index_elements=["merchant", "reference"])
    )
    row = db.session.execute(
        select(BankOrder.id, BankOrder.amount, BankOrder.currency).where(
            BankOrder.merchant == parameters["merchant"], BankOrder.reference == parameters["reference"]
        )
    ).one()
    if (row.amount, row.currency) != (amount, parameters["currency"]):
        raise OtherOrder
    order_id: uuid.UUID = row.id
    return order_id


def find(order_id: uuid.UUID) -> BankOrder | None:
    return db.session.execute(select(BankOrder).where(BankOrder.id == order_id)).scalar_one_or_none()


def find_by_reference(merchant: str, reference: str) -> BankOrder | None:
    return db.session.execute(
        select(BankOrder).where(BankOrder.merchant == merchant, BankOrder.reference == reference)
    ).scalar_one_or_none()


def decide(order_id: uuid.UUID, decision: str, now: datetime.datetime) -> BankOrder:
    """Write the payer's decision down. An approved or expired order stays as it is. Raises KeyError."""
    state, later = DECISIONS[decision]
    order = db.session.execute(
        select(BankOrder).where(BankOrder.id == order_id).with_for_update()
    ).scalar_one()
    if order.state in FINAL:
        return order
    db.session.execute(
        update(BankOrder)
        .where(BankOrder.id == order_id)
        # A late approval counts twice: pending now, approved when its time has come.
        .values(
            state=state,
            decided_at=now + later,
            transaction_number=BankOrder.transaction_number + (2 if later else 1),
        )
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(order)
    return order


def standing(order: BankOrder, now: datetime.datetime) -> Standing:
    """How an order stands now."""
    if order.decided_at is None:
        return Standing("new", 0, order.created_at)
    if order.decided_at > now:
        return Standing("pending", order.transaction_number - 1, order.decided_at - LATE)
    return Standing(order.state, order.transaction_number, order.decided_at)


def message(order: BankOrder, how: Standing) -> bytes:
    """What the bank says of an order, as the bytes that it signs."""
    said = {
        "merchant": order.merchant,
        "reference": order.reference,
        "order": order.id.hex[-12:],
        "state": how.state,
        "transaction": how.transaction,
        "amount": order.amount,
        "currency": order.currency,
        "occurred_at": how.occurred_at.isoformat(),
        "test": True,
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def captured(merchant: str) -> int:
    """What the bank has taken in for a merchant, in minor units: the other side's figure to compare with."""
    rows: list[Row[tuple[int]]] = list(
        db.session.execute(
            select(BankOrder.amount).where(BankOrder.merchant == merchant, BankOrder.state == "approved")
        )
    )
    return sum(row.amount for row in rows)
