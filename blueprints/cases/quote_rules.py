"""Who decides on a quote, and whether it may still be decided on. Pure."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Final

from saas.languages import N_
from saas.refusals import Refusal

OPEN: Final = "open"
APPROVED: Final = "approved"
REFUSED: Final = "refused"
TAKEN_BACK: Final = "taken-back"

# How a decision came.
LINK: Final = "link"
AREA: Final = "area"
RULE: Final = "rule"  # small enough to need nobody

MAIN: Final = "main"
ANY: Final = "any"


def who_decides(shares: Mapping[uuid.UUID, int], how: str, per_cent: int) -> frozenset[uuid.UUID]:
    """The owners who may decide, each alone. `shares` in millionths; `how`: main, the one with the largest share
    (several with the same: each of them), or any whose share reaches `per_cent`; where nobody's does, the main one.
    """
    if not shares:
        return frozenset()
    largest = max(shares.values())
    main = frozenset(owner for owner, share in shares.items() if share == largest)
    if how != ANY:
        return main
    return frozenset(owner for owner, share in shares.items() if share >= per_cent * 10_000) or main


def needs_nobody(amount: int, free_up_to: int) -> bool:
    """Whether a quote is small enough to be approved by the agency's rule; both in minor units, 0: none is."""
    return 0 < amount <= free_up_to


def check_open(state: str, valid_until: datetime.date, today: datetime.date) -> None:
    """Raises Refusal, in words that tell what became of the quote."""
    if state == APPROVED:
        raise Refusal(N_("This quote was approved already."))
    if state == REFUSED:
        raise Refusal(N_("This quote was refused already."))
    if state == TAKEN_BACK:
        raise Refusal(N_("This quote was taken back. There is nothing to decide."))
    if today > valid_until:
        raise Refusal(N_("This quote is not valid any more. A new one is needed."))
