"""Payments that the reader began and did not finish: they hold open invoices, and the pages say how to go on."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from blueprints.invoices import rules
from blueprints.invoices.queries import InvoiceLine
from tenants.context import Reach


@dataclass(frozen=True, slots=True)
class UnderWay:
    """One payment of the reader's own. `waiting`: the money may be on its way; else it was begun and nobody has
    heard of money. `address` is the endpoint and its values of the page that shows it. Minor units, UTC."""

    amount: int
    currency: str
    started_at: datetime.datetime
    waiting: bool
    address: tuple[str, Mapping[str, uuid.UUID]]


told_by: list[Callable[[uuid.UUID, Sequence[uuid.UUID]], Sequence[UnderWay]]] = []
"""Who knows a user's payments that hold some of these invoices. Payments come later in the order of capabilities and
add themselves when the process starts."""


def under_way(reach: Reach, rows: Sequence[InvoiceLine]) -> list[UnderWay]:
    """The reader's own payments that hold any of these invoices; nothing is asked while none is held."""
    held = [row.id for row in rows if row.state == rules.IN_PROCESS]
    if not held or reach.user_id is None:
        return []
    return [payment for tell in told_by for payment in tell(reach.user_id, held)]
