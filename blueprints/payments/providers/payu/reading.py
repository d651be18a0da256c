"""From PayU's books to observations: pure, whatever order its orders and transactions come in."""

from __future__ import annotations

import datetime
import logging
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from blueprints.payments.interface import (
    CAPTURED,
    EXPIRED,
    FAILED,
    PENDING,
    POLLED,
    REFUND_FAILED,
    REFUND_PENDING,
    REFUNDED,
    AttemptView,
    Observation,
    ProviderAccountView,
    Unknown,
    Unreachable,
)
from blueprints.payments.providers.payu.queries import (
    AUTHORIZATION,
    CHARGES,
    REFUNDS,
    Books,
    Order,
    Transaction,
)

log = logging.getLogger("ventanilla.payments")
WAITING = frozenset({"PENDING", "SUBMITTED"})
REFUND_KINDS = {
    "APPROVED": REFUNDED,
    "PENDING": REFUND_PENDING,
    "SUBMITTED": REFUND_PENDING,
    "DECLINED": REFUND_FAILED,
    "EXPIRED": REFUND_FAILED,
    "ERROR": REFUND_FAILED,
}
REFUND_NUMBER = re.compile(r"\[([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\]$")
REFUND_FACT = (
    "payu_refund_"  # + PayU's transaction -> our refund, noted when PayU names it in its first answer
)


@dataclass(frozen=True, slots=True)
class Movement:
    """A transaction with the order that it belongs to."""

    order: Order
    transaction: Transaction

    @property
    def rank(self) -> tuple[datetime.datetime, str]:
        early = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
        return self.transaction.at or early, self.transaction.id


def observations(
    account: ProviderAccountView, attempt: AttemptView, books: Books, now: datetime.datetime
) -> Sequence[Observation] | Unknown:
    """Everything that PayU knows of an attempt. A payer may try several times under one reference, in several
    orders: one approved charge makes it captured, whatever else was declined before or after.

    Raises Unreachable for an approved charge without a readable amount.
    """
    movements = sorted(
        (Movement(order, one) for order in books.orders for one in order.transactions),
        key=lambda movement: movement.rank,
    )
    charges = [movement for movement in movements if movement.transaction.kind in CHARGES]
    approved = [movement for movement in charges if movement.transaction.state == "APPROVED"]
    told = _Teller(account, attempt, books, now)
    if approved:
        return [*told.captures(approved), *told.refunds(movements)]
    tries = [movement for movement in movements if movement.transaction.kind in (*CHARGES, AUTHORIZATION)]
    if not tries:
        return Unknown("the payer has not chosen how to pay")
    waiting = [
        movement
        for movement in tries
        if movement.transaction.state in WAITING or movement.transaction.state == "APPROVED"
    ]
    if waiting:
        return [told.of(PENDING, waiting[-1])]
    ended = [movement for movement in tries if movement.transaction.state in ("DECLINED", "EXPIRED")]
    if not ended:
        return Unknown("PayU had a fault of its own")  # ERROR: neither paid nor declined
    return [told.of(FAILED if ended[-1].transaction.state == "DECLINED" else EXPIRED, ended[-1])]


@dataclass(frozen=True, slots=True)
class _Teller:
    account: ProviderAccountView
    attempt: AttemptView
    books: Books
    now: datetime.datetime

    def of(
        self,
        kind: str,
        movement: Movement,
        *,
        event: str = "",
        refund_id: uuid.UUID | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> Observation:
        amount = movement.transaction.amount(movement.order)
        currency = movement.transaction.currency or movement.order.currency
        if amount is None:
            if kind == CAPTURED:
                raise Unreachable("PayU approved an amount that cannot be read")
            amount, currency = self.attempt.amount, self.attempt.currency
        return Observation(
            reference=self.attempt.reference,
            kind=kind,
            amount=amount,
            currency=currency,
            mode=_mode(self.account, movement.order),
            # A refund has a name of its own; a payment goes by its order, as PayU's own pages show it.
            provider_reference=event if movement.transaction.kind in REFUNDS else movement.order.id,
            occurred_at=movement.transaction.at or self.now,
            evidence=POLLED,
            raw_digest=self.books.digest,
            event=event,
            refund_id=refund_id,
            facts=facts or {},
        )

    def captures(self, approved: Sequence[Movement]) -> Iterator[Observation]:
        """The first charge that is ours says what a confirmation says, so that both count once; every other
        one is an event of its own: a second charge of the same payer, or somebody else's amount."""
        ours = [
            movement
            for movement in approved
            if movement.transaction.amount(movement.order) == self.attempt.amount
            and (movement.transaction.currency or movement.order.currency) == self.attempt.currency
        ]
        for movement in approved:
            if ours and movement is ours[0]:
                facts = {
                    "payu_order": movement.order.id,
                    "payu_transaction": movement.transaction.id,
                    "payu_method": movement.transaction.method,
                }
                yield self.of(CAPTURED, movement, facts=facts)
            else:
                yield self.of(CAPTURED, movement, event=movement.transaction.id)

    def refunds(self, movements: Sequence[Movement]) -> Iterator[Observation]:
        for movement in movements:
            one = movement.transaction
            kind = REFUND_KINDS.get(one.state)
            if one.kind not in REFUNDS or kind is None:
                continue
            if one.amount(movement.order) is None:
                log.error(
                    "PayU speaks of a refund without its amount",
                    extra={"facts": {"order": movement.order.id}},
                )
                continue
            yield self.of(kind, movement, event=one.id, refund_id=our_refund(one, self.attempt.facts))


def our_refund(one: Transaction, facts: Mapping[str, str]) -> uuid.UUID | None:
    """Which of our refunds a movement is: the number stands in the reason that we gave, where PayU repeats it,
    or was noted when PayU named the movement in its first answer."""
    found = REFUND_NUMBER.search(one.reason)
    try:
        return uuid.UUID(found[1] if found else facts.get(f"{REFUND_FACT}{one.id}", ""))
    except ValueError:
        return None


def _mode(account: ProviderAccountView, order: Order) -> str:
    if order.test is None:
        return account.mode
    return "test" if order.test else "live"
