"""What owners listen to: rent that came in or went back moves the commission on it; an agreed quote is charged."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from blueprints.owners import commissions
from saas.events import subscribe
from saas.outbox import handler


@handler(commissions.TOPIC)
def _follow(payload: dict[str, Any]) -> None:
    commissions.follow_row(payload)


def _payment_captured(
    *, payment_id: uuid.UUID, items: Sequence[tuple[uuid.UUID, int]], paid_on: datetime.date, **_more: Any
) -> None:
    invoices = [invoice_id for invoice_id, _amount in items]
    commissions.ask_for_commission(f"payment:{payment_id}", invoices, on=paid_on)


def _payment_changed(
    *, source: str, items: Sequence[tuple[uuid.UUID, int, int]], occurred_on: datetime.date, **_more: Any
) -> None:
    invoices = [invoice_id for invoice_id, _before, _after in items]
    commissions.ask_for_commission(source, invoices, on=occurred_on)


subscribe("payment.captured", _payment_captured)
subscribe("payment.reversed", _payment_changed)
subscribe("payment.applied", _payment_changed)
