"""The simulated bank's own books: orders and what the payer decided about them."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
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


# what somebody does with an approved order afterwards -> how its dispute stands then
COMPLAINTS = {"dispute": "open", "dispute-won": "won", "dispute-lost": "lost"}


class OtherOrder(Exception):
    """The merchant's reference stands for an order with another amount."""


class NotGivenBack(Exception):
    """There is nothing, or not so much, to give back."""


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
            refunds=[],
            dispute="",
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
        "refunds": order.refunds if how.state == "approved" else [],
        "dispute": order.dispute,
        "disputed_at": order.disputed_at.isoformat() if order.disputed_at else "",
        "test": True,
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def give_back(order_id: uuid.UUID, refund: str, amount: int, now: datetime.datetime) -> BankOrder:
    """Give some of an approved order back, once per `refund` (the merchant's own number, "" from the bank's pages).

    Raises NotGivenBack when there is not so much left, or the number was used for another amount.
    """
    order = _locked(order_id)
    for known in order.refunds:
        if refund and known["refund"] == refund:
            if known["amount"] != amount:
                raise NotGivenBack
            return order
    left = order.amount - sum(known["amount"] for known in order.refunds)
    if order.state != "approved" or not 0 < amount <= left:
        raise NotGivenBack
    made = {
        "number": len(order.refunds) + 1,
        "refund": refund,
        "amount": amount,
        "at": now.isoformat(),
    }
    return _changed(order, refunds=[*order.refunds, made])


def complain(order_id: uuid.UUID, complaint: str, now: datetime.datetime) -> BankOrder:
    """The cardholder disputes an approved order, or the dispute is decided. Raises KeyError."""
    state, order = COMPLAINTS[complaint], _locked(order_id)
    if order.state != "approved" or order.dispute in ("won", "lost"):
        return order
    return _changed(order, dispute=state, disputed_at=order.disputed_at or now)


def _locked(order_id: uuid.UUID) -> BankOrder:
    return db.session.execute(
        select(BankOrder)
        .where(BankOrder.id == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()


def _changed(order: BankOrder, **values: object) -> BankOrder:
    db.session.execute(
        update(BankOrder)
        .where(BankOrder.id == order.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(order)
    return order


def captured(merchant: str) -> int:
    """What the bank has taken in for a merchant, in minor units: the other side's figure to compare with."""
    return sum(row.amount for row in _approved(merchant))


def given_back(merchant: str) -> int:
    """What the bank has given back of it."""
    return sum(known["amount"] for row in _approved(merchant) for known in row.refunds)


def _approved(merchant: str) -> list[Any]:
    return list(
        db.session.execute(
            select(BankOrder.amount, BankOrder.refunds).where(
                BankOrder.merchant == merchant, BankOrder.state == "approved"
            )
        )
    )
