"""Decisions about paying owners. Pure: amounts in minor units, moments and days come in."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from saas.languages import N_

HOLD: Final = datetime.timedelta(hours=72)  # between the confirmation of a bank account and its first use
CONFIRM_WITHIN: Final = datetime.timedelta(days=7)
ALARM_WITHIN: Final = datetime.timedelta(
    days=30
)  # "it was not me" works so long after the account was entered
WRONG_CODES: Final = 5
WHOLE: Final = 1_000_000

# States of a bank account.
WAITING, CONFIRMED, FROZEN, ENDED = "waiting", "confirmed", "frozen", "ended"
# Why one ended.
CHANGED_AGAIN, WITHDRAWN, REJECTED = "changed-again", "withdrawn", "rejected"

# States of a run and of its lines.
PREPARED, APPROVED, DONE, DROPPED = "prepared", "approved", "done", "dropped"
PROPOSED, LEFT_OUT, UNDER_WAY, PAID, RETURNED = "proposed", "left-out", "under-way", "paid", "returned"

# Why a line is left out, or came back.
NEGATIVE, NOTHING, KEPT, BELOW_MINIMUM = "negative", "nothing", "kept", "below-minimum"
AMOUNT_REASONS: Final = frozenset({NEGATIVE, NOTHING, KEPT, BELOW_MINIMUM})
NO_ACCOUNT, ACCOUNT_WAITS, ACCOUNT_FROZEN = "no-account", "account-waits", "account-frozen"
TAKEN_OUT, LESS_NOW, ACCOUNT_CHANGED = "taken-out", "less-now", "account-changed"
WENT_BACK = "went-back"

# What became of a line of the bank's answer.
SAME, UNKNOWN_LINE, UNKNOWN_CODE, WRONG_AMOUNT, CONTRADICTION = (
    "same",
    "unknown-line",
    "unknown-code",
    "wrong-amount",
    "contradiction",
)
KEPT_FOR_STAFF: Final = frozenset({UNKNOWN_LINE, UNKNOWN_CODE, WRONG_AMOUNT, CONTRADICTION})


@dataclass(frozen=True, slots=True)
class AccountView:
    """What decides whether a bank account is paid to."""

    id: uuid.UUID
    state: str
    usable_from: datetime.datetime | None = None
    confirm_until: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The account that an owner is paid to now, or why there is none."""

    account_id: uuid.UUID | None
    reason: str | None = None


def choose_account(accounts: Iterable[AccountView], now: datetime.datetime) -> Chosen:
    """Where an owner is paid. During the hold of a new account the one before goes on: whoever changes an account
    without right gains nothing, and nobody can stop an owner's money by asking for changes. A frozen one stops all.
    """
    views = list(accounts)
    if any(view.state == FROZEN for view in views):
        return Chosen(None, ACCOUNT_FROZEN)
    usable = [
        view
        for view in views
        if view.state == CONFIRMED and view.usable_from is not None and view.usable_from <= now
    ]
    if usable:
        newest = max(usable, key=lambda view: (view.usable_from or now, view.id))
        return Chosen(newest.id)
    return Chosen(None, ACCOUNT_WAITS if any(pending(view, now) for view in views) else NO_ACCOUNT)


def pending(view: AccountView, now: datetime.datetime) -> bool:
    """Whether an account is on its way to be used: to be confirmed still, or in its hold."""
    if view.state == WAITING:
        return view.confirm_until is not None and view.confirm_until > now
    return view.state == CONFIRMED and view.usable_from is not None and view.usable_from > now


@dataclass(frozen=True, slots=True)
class Held:
    """What the books hold for one owner and mandate. `by_cut` is what of it was collected until the cut, less all
    that was ever taken; `refunds` is the owner's part of rent that may go back to the renter."""

    held: int
    by_cut: int
    refunds: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is paid, what is kept and why. `reason` is set when nothing is paid."""

    amount: int
    kept: int
    reason: str | None = None
    facts: Mapping[str, int] = field(default_factory=dict)


def propose(found: Held, chosen: Chosen, *, reserve: int, minimum: int) -> Proposal:
    """What an owner is paid of a mandate. Never more than is held, whatever the settings say."""
    facts = {"after_cut": found.held - found.by_cut, "refunds": found.refunds, "reserve": reserve}
    facts = {name: amount for name, amount in facts.items() if amount > 0}
    if found.held < 0:
        return Proposal(0, 0, NEGATIVE)
    if found.held == 0:
        return Proposal(0, 0, NOTHING)
    amount = min(found.held, found.by_cut) - found.refunds - reserve
    if amount <= 0:
        return Proposal(0, found.held, KEPT, facts)
    if amount < minimum:
        return Proposal(0, found.held, BELOW_MINIMUM, {**facts, "minimum": minimum})
    if chosen.account_id is None:
        return Proposal(0, found.held, chosen.reason, facts)
    return Proposal(amount, found.held - amount, None, facts)


def part_of(amount: int, share: int) -> int:
    """An owner's part of money that may go back, rounded up: what is kept must never fall short of a cent."""
    return -(-amount * share // WHOLE)


def needs_second(total: int, *, alone_today: int, threshold: int) -> bool:
    """Whether two people are needed. Runs that one person approved alone today count, so cutting a large one into
    small ones gains nothing. Threshold 0: always."""
    return threshold <= 0 or total + alone_today > threshold


def effect_of(state: str, outcome: str | None, *, same_amount: bool) -> str:
    """What a line of the bank's answer does to a payout in `state` ("" for none that is known).

    `outcome` is paid or returned, None for a code that the layout does not know. A bank may send back what it said
    was paid; what it sent back cannot be paid later, because the money may have gone another way since.
    """
    if state not in (UNDER_WAY, PAID, RETURNED):
        return UNKNOWN_LINE
    if outcome is None:
        return UNKNOWN_CODE
    if not same_amount:
        return WRONG_AMOUNT
    if outcome == state:
        return SAME
    if state == RETURNED:
        return CONTRADICTION
    return outcome


REASONS: Final[Mapping[str, str]] = {
    NEGATIVE: N_("More was paid out than stayed: the owner owes it to the next rent."),
    NOTHING: N_("Nothing is held for the owner."),
    KEPT: N_("All that is held must stay for now."),
    BELOW_MINIMUM: N_("It is less than the smallest payout."),
    NO_ACCOUNT: N_("The owner has no bank account here."),
    ACCOUNT_WAITS: N_("The owner's bank account is not usable yet."),
    ACCOUNT_FROZEN: N_("The owner's bank account is frozen: somebody said that it is not theirs."),
    TAKEN_OUT: N_("Taken out by hand."),
    LESS_NOW: N_("Less was held at the approval than when the run was prepared."),
    ACCOUNT_CHANGED: N_("The owner's bank account was another one at the approval."),
    WENT_BACK: N_(
        "Rent in it went back to the renter, or is disputed or on its way back, since the approval."
    ),
}
