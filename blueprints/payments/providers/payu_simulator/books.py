"""The look-alike's books: orders, tries to pay, refunds that wait for a person."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from blueprints.payments.providers.payu.refunds import NOT_CARDS
from blueprints.payments.providers.payu_simulator.models import PayuOrder, PayuTransaction
from saas.database import db
from saas.ids import new_id

LATE = datetime.timedelta(seconds=30)
CHARGE = "AUTHORIZATION_AND_CAPTURE"
METHODS = {"card": "VISA", "transfer": "PSE", "cash": "EFECTY"}
# decision -> what comes of it, one after the other: (state, how much later it comes true)
DECISIONS: Mapping[str, Sequence[tuple[str, datetime.timedelta]]] = {
    "approve": [("APPROVED", datetime.timedelta())],
    "decline": [("DECLINED", datetime.timedelta())],
    "pending": [("PENDING", datetime.timedelta())],
    "approve-late": [("APPROVED", LATE)],
    "expire": [("EXPIRED", datetime.timedelta())],
    "decline-approve": [("DECLINED", datetime.timedelta()), ("APPROVED", datetime.timedelta(seconds=1))],
}


class OtherOrder(Exception):
    """The merchant's reference stands for an order with another amount."""


class NoRefund(Exception):
    """PayU does not take this refund; the message is PayU's."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A try to pay that has an end: what PayU confirms, and when."""

    transaction: PayuTransaction
    at: datetime.datetime


def take_order(fields: Mapping[str, str], keys_number: int, now: datetime.datetime) -> uuid.UUID:
    """Write a merchant's order down, once per reference. Raises OtherOrder."""
    order_id = new_id()
    db.session.execute(
        insert(PayuOrder)
        .values(
            id=order_id,
            number=order_id.int % 10**12,
            merchant=fields["merchantId"],
            account=fields["accountId"],
            reference=fields["referenceCode"],
            description=fields["description"],
            amount=fields["amount"],
            currency=fields["currency"],
            algorithm=fields["algorithmSignature"],
            keys_number=keys_number,
            test=fields["test"] == "1",
            language=fields["lng"],
            buyer_name=fields["buyerFullName"],
            buyer_email=fields["buyerEmail"],
            response_url=fields["responseUrl"],
            confirmation_url=fields["confirmationUrl"],
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["merchant", "reference"])
    )
    row = db.session.execute(
        select(PayuOrder.id, PayuOrder.amount, PayuOrder.currency).where(
            PayuOrder.merchant == fields["merchantId"], PayuOrder.reference == fields["referenceCode"]
        )
    ).one()
    if (row.amount, row.currency) != (fields["amount"], fields["currency"]):
        raise OtherOrder
    found: uuid.UUID = row.id
    return found


def find(order_id: uuid.UUID) -> PayuOrder | None:
    return db.session.execute(select(PayuOrder).where(PayuOrder.id == order_id)).scalar_one_or_none()


def find_by_reference(reference: str) -> list[PayuOrder]:
    return list(db.session.execute(select(PayuOrder).where(PayuOrder.reference == reference)).scalars())


def find_by_number(number: int) -> PayuOrder | None:
    return db.session.execute(select(PayuOrder).where(PayuOrder.number == number)).scalar_one_or_none()


def find_transaction(transaction_id: uuid.UUID) -> PayuTransaction | None:
    query = select(PayuTransaction).where(PayuTransaction.id == transaction_id)
    return db.session.execute(query).scalar_one_or_none()


def transactions_of(order_id: uuid.UUID) -> list[PayuTransaction]:
    """The movements of an order, the newest first, as PayU lists them."""
    return list(
        db.session.execute(
            select(PayuTransaction)
            .where(PayuTransaction.order_id == order_id)
            .order_by(PayuTransaction.created_at.desc(), PayuTransaction.id.desc())
        ).scalars()
    )


def state_now(transaction: PayuTransaction, now: datetime.datetime) -> str:
    return "PENDING" if transaction.comes_true_at > now else transaction.state


def decide(order_id: uuid.UUID, decision: str, method: str, now: datetime.datetime) -> list[Ended]:
    """Write the payer's decision down; a try that was pending gets its end by it. Returns what PayU has to
    confirm. An order that is paid stays as it is. Raises KeyError for an unknown decision or method."""
    wanted, how = DECISIONS[decision], METHODS[method]
    order = db.session.execute(
        select(PayuOrder).where(PayuOrder.id == order_id).with_for_update()
    ).scalar_one()
    tries = [one for one in transactions_of(order_id) if one.kind == CHARGE]
    if any(one.state == "APPROVED" for one in tries):
        return []
    _drop_pending(tries)
    ended = []
    for step, (state, later) in enumerate(wanted):
        one = _add(
            order, CHARGE, state, how, order.amount, now + datetime.timedelta(milliseconds=step), later
        )
        if state != "PENDING":
            ended.append(Ended(one, one.comes_true_at))
    return ended


def ask_refund(order: PayuOrder, kind: str, value: str, reason: str, now: datetime.datetime) -> None:
    """Put a refund before a person. Raises NoRefund with PayU's words."""
    db.session.execute(select(PayuOrder.id).where(PayuOrder.id == order.id).with_for_update())
    there = transactions_of(order.id)
    charge = next((one for one in there if one.kind == CHARGE and state_now(one, now) == "APPROVED"), None)
    if charge is None:
        raise NoRefund("The order cannot be refunded in its present state")
    if charge.method in NOT_CARDS:
        raise NoRefund("The payment method does not support refunds")
    if order.currency == "ARS" and Decimal(value) % 1:
        raise NoRefund("Refunds with decimals are not supported")
    if any(one.state == "REVIEW" and one.value == value for one in there):
        raise NoRefund("The refund request is already registered and will be reviewed")
    given = sum(
        (Decimal(one.value) for one in there if one.kind != CHARGE and one.state in ("APPROVED", "REVIEW")),
        Decimal(0),
    )
    if given + Decimal(value) > Decimal(order.amount):
        raise NoRefund("The refund value exceeds the value of the order")
    _add(order, kind, "REVIEW", charge.method, value, now, datetime.timedelta(), reason)


def review(order_id: uuid.UUID, transaction_id: uuid.UUID, approve: bool, now: datetime.datetime) -> bool:
    """A person decides a refund. False when there is none to decide."""
    decided = db.session.execute(
        update(PayuTransaction)
        .where(
            PayuTransaction.id == transaction_id,
            PayuTransaction.order_id == order_id,
            PayuTransaction.state == "REVIEW",
        )
        .values(state="APPROVED" if approve else "DECLINED", comes_true_at=now)
        .returning(PayuTransaction.id)
        .execution_options(synchronize_session=False)
    ).first()
    return decided is not None


def status_of(order: PayuOrder, there: Sequence[PayuTransaction], now: datetime.datetime) -> str:
    """An order's status in PayU's words."""
    states = [(one.kind, state_now(one, now)) for one in there]
    back = [kind for kind, state in states if kind != CHARGE and state == "APPROVED"]
    if back:
        return "CANCELLED" if "VOID" in back else "REFUNDED"
    tried = [state for kind, state in states if kind == CHARGE]
    if "APPROVED" in tried:
        return "CAPTURED"
    if not tried:
        return "NEW"
    return "DECLINED" if tried[0] == "DECLINED" else "IN_PROGRESS"


def _add(
    order: PayuOrder,
    kind: str,
    state: str,
    method: str,
    value: str,
    now: datetime.datetime,
    later: datetime.timedelta,
    reason: str = "",
) -> PayuTransaction:
    row = PayuTransaction(
        id=uuid.uuid4(),
        order_id=order.id,
        kind=kind,
        state=state,
        method=method,
        value=value,
        reason=reason[:250],
        created_at=now,
        comes_true_at=now + later,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _drop_pending(tries: Sequence[PayuTransaction]) -> None:
    """What was pending is replaced by what the payer decides now."""
    pending = [one.id for one in tries if one.state == "PENDING"]
    if pending:
        db.session.execute(
            update(PayuTransaction)
            .where(PayuTransaction.id.in_(pending))
            .values(state="EXPIRED")
            .execution_options(synchronize_session=False)
        )


def charge_in_books(merchant: str) -> Decimal:
    """What the look-alike has charged for a merchant, less what it gave back: the other side's figure."""
    rows = db.session.execute(
        select(PayuTransaction.kind, PayuTransaction.value)
        .join(PayuOrder, PayuOrder.id == PayuTransaction.order_id)
        .where(PayuOrder.merchant == merchant, PayuTransaction.state == "APPROVED")
    )
    return sum((Decimal(row.value) * (1 if row.kind == CHARGE else -1) for row in rows), Decimal(0))
