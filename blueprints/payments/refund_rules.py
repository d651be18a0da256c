"""Decisions about money that goes back. Pure: minor units, nothing read from anywhere."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blueprints.payments.interface import (
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    REFUND_FAILED,
    REFUND_PENDING,
    REFUNDED,
)

# Ways to give money back.
PROVIDER = "provider"
OUTSIDE = "outside"
CREDIT = "credit"
WAYS = (PROVIDER, OUTSIDE, CREDIT)

# States of a refund.
ASKED = "asked"
REQUESTED = "requested"
APPROVED = "approved"
SENT = "sent"
PENDING = "pending"
DONE = "done"
FAILED = "failed"
REJECTED = "rejected"
UNDECIDED = frozenset({ASKED, REQUESTED})
ON_THE_WAY = frozenset({APPROVED, SENT, PENDING})
HOLDING = UNDECIDED | ON_THE_WAY  # what such a refund takes cannot be given a second time

# What a provider says of a refund, the weaker first: banks return what was refunded, never the reverse.
HEARD = ("", REFUND_PENDING, REFUNDED, REFUND_FAILED)
STATE_OF = {REFUND_PENDING: PENDING, REFUNDED: DONE, REFUND_FAILED: FAILED}
REFUND_KINDS = frozenset(STATE_OF)

# States of a dispute.
OPEN = "open"
WON = "won"
LOST = "lost"
DISPUTE_STATES = {DISPUTED: OPEN, DISPUTE_WON: WON, DISPUTE_LOST: LOST}
DISPUTE_KINDS = frozenset(DISPUTE_STATES)
_WEIGHT = {"": 0, OPEN: 1, WON: 2, LOST: 3}

AFTERWARDS = REFUND_KINDS | DISPUTE_KINDS
"""What can only be true of money that was captured."""


def hears(told: str, kind: str) -> bool:
    """Whether what is said of a refund is news: whatever order it comes in, the strongest word stays."""
    return HEARD.index(kind) > HEARD.index(told)


def moves_dispute(state: str, kind: str) -> bool:
    """Whether what is said of a dispute is news ("" when nothing is known of it). Lost stays lost."""
    return _WEIGHT[DISPUTE_STATES[kind]] > _WEIGHT[state]


def takes_from_payer(state: str) -> bool:
    """Whether a dispute in this state keeps the money away."""
    return state in (OPEN, LOST)


def needs_second_person(*, amount: int, of_the_payment: int, threshold: int, way: str) -> bool:
    """Whether somebody else must agree. `of_the_payment` is what other refunds of it take: many small ones
    are one large one. Money that stays on the account leaves nobody's hands."""
    return way != CREDIT and amount + of_the_payment > threshold


@dataclass(frozen=True, slots=True)
class Source:
    """Where a payment's money lies: on an invoice or as credit. `surcharge` is what lateness added to it."""

    key: object
    amount: int
    surcharge: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    key: object
    amount: int
    surcharge: int


def take(amount: int, sources: Sequence[Source], wanted: Mapping[object, int] | None = None) -> list[Taken]:
    """From where an amount is taken: first what is `wanted` of each source, the rest in the order given.

    What lateness added goes first: it came last. Raises ValueError when the sources do not hold so much.
    """
    if amount > sum(source.amount for source in sources):
        raise ValueError("more than there is")
    left = amount
    parts: dict[object, int] = {}
    for limits in (dict(wanted or {}), None):
        for source in sources:
            room = source.amount - parts.get(source.key, 0)
            part = min(left, room if limits is None else min(room, limits.get(source.key, 0)))
            if part > 0:
                parts[source.key] = parts.get(source.key, 0) + part
                left -= part
    return [
        Taken(source.key, parts[source.key], min(source.surcharge, parts[source.key]))
        for source in sources
        if source.key in parts
    ]


@dataclass(frozen=True, slots=True)
class Given:
    """What goes back to an invoice, with what of it is surcharge, and what became too much for it."""

    settled: int
    surcharge: int
    surplus: int


def give_back(*, amount: int, surcharge: int, open_amount: int, void: bool) -> Given:
    """Money that had been taken off an invoice returns to it. The surcharge is owed again only when the rest
    of it fits: who paid the invoice meanwhile has paid that too, or did not owe it."""
    if void:
        return Given(0, 0, amount)
    principal = min(amount - surcharge, max(open_amount, 0))
    again = surcharge if principal == amount - surcharge else 0
    return Given(principal + again, again, amount - principal - again)


@dataclass(frozen=True, slots=True)
class Case:
    """A refund or a dispute: what it wants, what of that the books hold already, and whether it counts (now)."""

    key: object
    demand: int
    booked: int
    counts: bool


def to_book(captured: int, cases: Sequence[Case]) -> list[tuple[object, int]]:
    """What each case must still take (positive) or give back (negative), those that give first.

    Together they never hold more than was captured: what does not fit waits until another case gives back.
    """
    back = [(case.key, -case.booked) for case in cases if not case.counts and case.booked]
    room = captured - sum(case.booked for case in cases if case.counts)
    moves = []
    for case in cases:
        more = min(case.demand - case.booked, room) if case.counts else 0
        if more > 0:
            moves.append((case.key, more))
            room -= more
    return [*back, *moves]


RETRY = tuple(
    datetime.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360)
)  # then every six hours
RESEND = datetime.timedelta(hours=23)  # providers forget a key after a day: then only ask
WATCH = tuple(datetime.timedelta(minutes=minutes) for minutes in (2, 10, 60, 360))  # then every day
WATCHED = datetime.timedelta(days=60)


def next_try(tries: int) -> datetime.timedelta:
    """How long to wait before an unanswered refund is sent again."""
    return RETRY[min(tries, len(RETRY) - 1)]


def next_look(looks: int) -> datetime.timedelta:
    """How long to wait before a provider is asked again what became of a refund."""
    return WATCH[looks] if looks < len(WATCH) else datetime.timedelta(days=1)
