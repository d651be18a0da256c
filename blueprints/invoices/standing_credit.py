"""Credit that the reader's accounts have: pages that say what is owed say it too."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause

from tenants.context import Reach


@dataclass(frozen=True, slots=True)
class StandingCredit:
    """Credit of one account in one currency, minor units. `endpoint` is the page where it is used."""

    account_id: uuid.UUID
    account_number: str
    amount: int
    currency: str
    endpoint: str


told_by: list[Callable[[Reach, uuid.UUID | None], Sequence[StandingCredit]]] = []
"""Who knows the credit in reach (of one account, or of all). Payments come later in the order of capabilities and add
themselves when the process starts."""

conditions: list[Callable[[FromClause], ColumnElement[bool]]] = []
"""Whether any account of a subquery of `account_id` has credit: a column, where a statement more would be felt."""


def standing_credit(
    reach: Reach, *, account_id: uuid.UUID | None = None, known: Any = None
) -> list[StandingCredit]:
    """The credit in reach. `known` False: a list has found already that there is none."""
    if known is False:
        return []
    return [line for tell in told_by for line in tell(reach, account_id)]
