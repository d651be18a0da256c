"""Decisions about payments. Pure: minor units, aware moments, nothing read from anywhere."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CREATED = "created"
PENDING = "pending"
CAPTURED = "captured"
FAILED = "failed"
EXPIRED = "expired"
CANCELED = "canceled"
STATES = (CREATED, PENDING, CANCELED, EXPIRED, FAILED, CAPTURED)
OPEN_STATES = frozenset({CREATED, PENDING})
# Money may still come although nothing waits for it here any more.
LATE_STATES = frozenset({CANCELED, EXPIRED, FAILED})

MOVED = "moved"
SAME = "same-state"
ALREADY_FINISHED = "already-finished"
ALREADY_CAPTURED = "already-captured"
WAITING = "waiting"  # said of money that is not known here yet: applied once it is


@dataclass(frozen=True, slots=True)
class Move:
    """Where an observation leads and what it is called; nothing moves unless `effect` is MOVED."""

    to: str
    effect: str


# (state, what was observed) -> move. Written out, so that every cell can be read and is tested.
# Seen from the order created < pending < canceled < expired < failed < captured each cell is the greater
# one of both: whatever order notices come in, they end in the same state, and captured wins over all.
TABLE: dict[tuple[str, str], Move] = {
    (CREATED, PENDING): Move(PENDING, MOVED),
    (CREATED, EXPIRED): Move(EXPIRED, MOVED),
    (CREATED, FAILED): Move(FAILED, MOVED),
    (CREATED, CAPTURED): Move(CAPTURED, MOVED),
    (PENDING, PENDING): Move(PENDING, SAME),
    (PENDING, EXPIRED): Move(EXPIRED, MOVED),
    (PENDING, FAILED): Move(FAILED, MOVED),
    (PENDING, CAPTURED): Move(CAPTURED, MOVED),
    (CANCELED, PENDING): Move(CANCELED, ALREADY_FINISHED),
    (CANCELED, EXPIRED): Move(EXPIRED, MOVED),
    (CANCELED, FAILED): Move(FAILED, MOVED),
    (CANCELED, CAPTURED): Move(CAPTURED, MOVED),
    (EXPIRED, PENDING): Move(EXPIRED, ALREADY_FINISHED),
    (EXPIRED, EXPIRED): Move(EXPIRED, SAME),
    (EXPIRED, FAILED): Move(FAILED, MOVED),
    (EXPIRED, CAPTURED): Move(CAPTURED, MOVED),
    (FAILED, PENDING): Move(FAILED, ALREADY_FINISHED),
    (FAILED, EXPIRED): Move(FAILED, ALREADY_FINISHED),
    (FAILED, FAILED): Move(FAILED, SAME),
    (FAILED, CAPTURED): Move(CAPTURED, MOVED),
    (CAPTURED, PENDING): Move(CAPTURED, ALREADY_CAPTURED),
    (CAPTURED, EXPIRED): Move(CAPTURED, ALREADY_CAPTURED),
    (CAPTURED, FAILED): Move(CAPTURED, ALREADY_CAPTURED),
    (CAPTURED, CAPTURED): Move(CAPTURED, ALREADY_CAPTURED),
}


def move(state: str, kind: str) -> Move | None:
    """What an observation does to a state; None for a kind that attempts do not know (a refund…)."""
    return TABLE.get((state, kind))


# Why an observation is put aside for staff instead of being applied.
UNKNOWN_REFERENCE = "unknown-reference"
OTHER_ACCOUNT = "other-account"
MODE_DIFFERS = "mode-differs"
CURRENCY_DIFFERS = "currency-differs"
AMOUNT_DIFFERS = "amount-differs"
UNEXPECTED_KIND = "unexpected-kind"
SURPLUS = "surplus"
CAPTURED_AGAIN = "captured-again"
REFUND_EXCEEDS = "refund-exceeds"  # more was given back than was ever captured


@dataclass(frozen=True, slots=True)
class Terms:
    """What must agree between an attempt and whatever is said of it."""

    account_id: uuid.UUID
    mode: str
    currency: str
    amount: int


def disagreement(expected: Terms, said: Terms) -> str | None:
    """The first thing in which an observation differs from its attempt, by name; None when all agree."""
    if said.account_id != expected.account_id:
        return OTHER_ACCOUNT
    if said.mode != expected.mode:
        return MODE_DIFFERS
    if said.currency != expected.currency:
        return CURRENCY_DIFFERS
    if said.amount != expected.amount:
        return AMOUNT_DIFFERS
    return None


@dataclass(frozen=True, slots=True)
class Share:
    """What one frozen item does to its invoice: minor units. `settled` includes `surcharge`."""

    settled: int
    surcharge: int
    surplus: int

    @property
    def principal(self) -> int:
        return self.settled - self.surcharge


def allocate(*, amount: int, surcharge: int, open_amount: int, total: int, void: bool) -> Share:
    """Where the money of an item goes, now that it is here.

    `amount` and `surcharge` (the smaller one) were frozen when the attempt started; `open_amount` is what
    the invoice owes now. The debt comes first, what lateness added last; a surcharge that the books already hold is
    not charged twice; what fits nowhere is surplus.
    """
    owed = 0 if void else max(open_amount, 0)
    principal = min(amount, owed)
    added = min(surcharge if 0 < owed <= total else 0, amount - principal)
    return Share(principal + added, added, amount - principal - added)


BACK_OFF = (
    datetime.timedelta(minutes=7),
    datetime.timedelta(minutes=15),
    datetime.timedelta(minutes=30),
    datetime.timedelta(hours=1),
    datetime.timedelta(hours=6),
)
DAILY = datetime.timedelta(days=1)
GRACE = datetime.timedelta(days=3)  # how long after its expiry an attempt is still asked about


def next_poll(
    *,
    now: datetime.datetime,
    polls: int,
    expires_at: datetime.datetime,
    first_polls: Sequence[datetime.timedelta] = (),
    jitter: float = 0.0,
) -> datetime.datetime | None:
    """When to ask the provider again after `polls` questions; None when it is no use any more.

    `jitter` from 0 to 1 stretches the pause by up to a tenth, so that attempts do not ask in step.
    """
    pauses = (*first_polls, *BACK_OFF)
    pause = pauses[polls] if polls < len(pauses) else DAILY
    due = now + pause * (1 + 0.1 * jitter)
    return due if due <= expires_at + GRACE else None


def last_moment(
    end: datetime.datetime, *, zone: datetime.tzinfo, not_after: Iterable[datetime.date] = ()
) -> datetime.datetime:
    """The end of the day, where the tenant is, on which a paper that the payer takes along lapses: that of
    `end`, or an earlier one after which its amount would not hold."""
    day = min([end.astimezone(zone).date(), *not_after])
    return datetime.datetime.combine(day, datetime.time(23, 59, 59), zone)


def may_still_be_paid(state: str, *, expires_at: datetime.datetime, now: datetime.datetime) -> bool:
    """Whether asking makes sense: there is no money yet, and the time for it has not run out. Also after a
    refusal: at some providers the payer tries again under the same reference."""
    return state != CAPTURED and now < expires_at + GRACE


def items_key(items: Iterable[tuple[uuid.UUID, int]]) -> str:
    """The same invoices with the same amounts have the same key, in whatever order they were ticked."""
    text = ",".join(f"{invoice_id.hex}={amount}" for invoice_id, amount in sorted(items))
    return hashlib.sha256(text.encode()).hexdigest()


def paid_at(
    occurred_at: datetime.datetime, *, not_before: datetime.datetime, now: datetime.datetime
) -> datetime.datetime:
    """The moment a payment counts from: the provider's word, inside what our own clock allows."""
    return min(max(occurred_at, not_before), now)
