"""What leases listen to: money that arrived for rent belongs to the owners, until it is taken back."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from blueprints.leases.services import book_collected_rent, move_collected_rent
from saas.events import subscribe


def _payment_captured(
    *,
    payment_id: uuid.UUID,
    items: Sequence[tuple[uuid.UUID, int]],
    currency: str,
    paid_on: datetime.date,
    **_more: Any,
) -> None:
    book_collected_rent(f"payment:{payment_id}", items, currency=currency, paid_on=paid_on)


def _payment_changed(
    *,
    source: str,
    items: Sequence[tuple[uuid.UUID, int, int]],
    currency: str,
    paid_on: datetime.date,
    occurred_on: datetime.date,
    **_more: Any,
) -> None:
    move_collected_rent(source, items, currency=currency, paid_on=paid_on, occurred_on=occurred_on)


subscribe("payment.captured", _payment_captured)
subscribe("payment.reversed", _payment_changed)
subscribe("payment.applied", _payment_changed)
