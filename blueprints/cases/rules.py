"""How a case goes on: its states, who may do what in which of them, and what a text may hold. Pure."""

from __future__ import annotations

import datetime
import unicodedata
from dataclasses import dataclass
from typing import Final

from saas.languages import N_
from saas.refusals import Refusal

# States. The customer's word for the first is "pendiente" (S4.20).
RECEIVED = "received"
IN_PROGRESS = "in-progress"
WAITING = "waiting-customer"
ANSWERED = "answered"
CLOSED = "closed"
WITHDRAWN = "withdrawn"
STATES = (RECEIVED, IN_PROGRESS, WAITING, ANSWERED, CLOSED, WITHDRAWN)
OPEN_STATES = frozenset({RECEIVED, IN_PROGRESS, WAITING})
"""Somebody still owes an answer, or a part of the question."""
ENDED_STATES = frozenset({CLOSED, WITHDRAWN})

# Who acts.
CUSTOMER = "customer"
STAFF = "staff"
SYSTEM = "system"
OWNER = "owner"  # of the place, deciding on a quote through a link
_STAFF = frozenset({STAFF, SYSTEM, "operator"})
_ANYBODY = _STAFF | {CUSTOMER, OWNER}

# Kinds of events, named as what happened.
OPENED = "opened"
SAID = "said"
REPLIED = "replied"
ANSWERED_EVENT = "answered"
NOTED = "noted"
ASSIGNED = "assigned"
ASKED = "asked"
COMPLETED = "completed"
EXTENDED = "extended"
APPEALED = "appealed"
CLOSED_EVENT = "closed"
REOPENED = "reopened"
WITHDRAWN_EVENT = "withdrawn"
RATED = "rated"
RECLASSIFIED = "reclassified"
QUOTED = "quoted"
QUOTE_APPROVED = "quote-approved"
QUOTE_REFUSED = "quote-refused"
QUOTE_TAKEN_BACK = "quote-taken-back"
GIVEN_LONGER = "given-longer"
TRANSFERRED = "transferred"
RECOUNTED = "recounted"
DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Deed:
    """One row of the table: in which states it may be done, what it leads to (None: nothing changes), by whom,
    and whether the customer sees it."""

    where: frozenset[str]
    to: str | None
    by: frozenset[str]
    visible: bool = True
    needs_words: bool = False


_ALIVE = OPEN_STATES | {ANSWERED}
_EVERYWHERE = frozenset(STATES)

DEEDS: Final[dict[str, Deed]] = {
    SAID: Deed(OPEN_STATES, None, frozenset({CUSTOMER}), needs_words=True),
    REPLIED: Deed(OPEN_STATES, IN_PROGRESS, _STAFF, needs_words=True),
    ANSWERED_EVENT: Deed(OPEN_STATES, ANSWERED, _STAFF, needs_words=True),
    NOTED: Deed(_EVERYWHERE, None, _STAFF, visible=False, needs_words=True),
    ASSIGNED: Deed(_ALIVE, None, _STAFF, visible=False),
    ASKED: Deed(frozenset({RECEIVED, IN_PROGRESS}), WAITING, _STAFF, needs_words=True),
    COMPLETED: Deed(frozenset({WAITING}), IN_PROGRESS, _STAFF | {CUSTOMER}),
    EXTENDED: Deed(OPEN_STATES, None, _STAFF, needs_words=True),
    APPEALED: Deed(
        frozenset({ANSWERED, CLOSED}), IN_PROGRESS, frozenset({CUSTOMER, STAFF}), needs_words=True
    ),
    CLOSED_EVENT: Deed(_ALIVE, CLOSED, _STAFF | {CUSTOMER}),
    REOPENED: Deed(
        frozenset({ANSWERED, CLOSED, WITHDRAWN}), IN_PROGRESS, _STAFF | {CUSTOMER}, needs_words=True
    ),
    WITHDRAWN_EVENT: Deed(OPEN_STATES, WITHDRAWN, _STAFF | {CUSTOMER}),
    RATED: Deed(frozenset({ANSWERED, CLOSED}), None, frozenset({CUSTOMER})),
    RECLASSIFIED: Deed(OPEN_STATES, None, _STAFF),
    QUOTED: Deed(OPEN_STATES, None, _STAFF),
    QUOTE_APPROVED: Deed(_EVERYWHERE, None, _ANYBODY),
    QUOTE_REFUSED: Deed(_EVERYWHERE, None, _ANYBODY),
    QUOTE_TAKEN_BACK: Deed(_EVERYWHERE, None, _STAFF, visible=False),
    GIVEN_LONGER: Deed(frozenset({WAITING}), None, _STAFF),  # another month to complete what is missing
    TRANSFERRED: Deed(OPEN_STATES, CLOSED, _STAFF, needs_words=True),  # another body must answer it
    DELIVERED: Deed(frozenset({ANSWERED, CLOSED}), None, _STAFF),  # the answer, to whom no screen reaches
    RECOUNTED: Deed(_EVERYWHERE, None, frozenset({SYSTEM})),  # the calendar changed, and with it the due date
}

LONGEST: Final = 10_000  # characters of one message
RATINGS: Final = (1, 2, 3, 4, 5)

_TOO_LATE = {
    ANSWERED: N_("This case was answered already. Reopen it if the answer does not help."),
    CLOSED: N_("This case is closed."),
    WITHDRAWN: N_("This case was withdrawn."),
}


def allows(state: str, deed: str, by: str) -> bool:
    """Whether this may be done to a case in this state by such a person."""
    row = DEEDS[deed]
    if by not in row.by or state not in row.where:
        return False
    # To end a case without an answer is for staff alone: for the customer that is to withdraw it.
    return not (deed == CLOSED_EVENT and by == CUSTOMER and state != ANSWERED) and not (
        deed == REOPENED and by == CUSTOMER and state == WITHDRAWN
    )


def after(state: str, deed: str, by: str) -> str:
    """The state after a deed. Raises Refusal when it may not be done now, or not by them."""
    if not allows(state, deed, by):
        raise Refusal(_TOO_LATE.get(state, N_("This cannot be done with the case as it stands now.")))
    # Somebody who takes a case up has begun it.
    if deed == ASSIGNED and state == RECEIVED:
        return IN_PROGRESS
    return DEEDS[deed].to or state


def check_appeal(stage: int) -> None:
    """One appeal a case. Raises Refusal."""
    if stage != 1:
        raise Refusal(N_("This case was appealed already; what was decided then is final here."))


def may_reopen(ended_at: datetime.datetime, now: datetime.datetime, days: int) -> bool:
    """Whether the customer may still reopen what was answered or closed at `ended_at`; `days` whole days."""
    return now - ended_at <= datetime.timedelta(days=days)


def clean(text: str, field: str = "body", *, longest: int = LONGEST) -> str:
    """A text as it is kept: one form of each letter, plain line ends, nothing that hides or turns letters around.

    Raises Refusal when it is longer than `longest` characters, or has so many marks on one letter that it is no text.
    """
    if len(text) > longest * 2:  # before any work is done on it
        raise Refusal(N_("The text is too long: %(most)s characters at most."), field=field, most=longest)
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = "".join(sign for sign in plain if _is_text(sign)).strip()
    if len(kept) > longest:
        raise Refusal(N_("The text is too long: %(most)s characters at most."), field=field, most=longest)
    if _stacked(kept):
        raise Refusal(N_("The text has signs that cannot be read."), field=field)
    return kept


_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_MARKS = 8  # on one letter; no language needs more


def _is_text(sign: str) -> bool:
    if sign in "\n\t":
        return True
    return unicodedata.category(sign) not in ("Cc", "Cs", "Cn") and sign not in _TURNING


def _stacked(text: str) -> bool:
    run = 0
    for sign in text:
        run = run + 1 if unicodedata.combining(sign) else 0
        if run > _MARKS:
            return True
    return False
