"""What leases listen to: money that arrived for rent belongs to the owners."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from blueprints.leases.services import book_collected_rent
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


subscribe("payment.captured", _payment_captured)
