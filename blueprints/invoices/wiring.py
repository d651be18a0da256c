"""What invoices listen to."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import case, update

from blueprints.invoices.clearance import take_back_clearances
from blueprints.invoices.models import Invoice
from saas.clock import now
from saas.database import db
from saas.events import subscribe


def _move_open_amounts(moved: Mapping[uuid.UUID, int], occurred_on: datetime.date) -> None:
    """Keep the cached balance beside the books, in the order of ids so that two payers cannot deadlock."""
    for invoice_id in sorted(moved):
        if moved[invoice_id]:
            after = Invoice.open_amount + moved[invoice_id]
            db.session.execute(
                update(Invoice)
                .where(Invoice.id == invoice_id)
                .values(open_amount=after, settled_on=case((after == 0, occurred_on), else_=None))
                .execution_options(synchronize_session=False)
            )


def _payment_taken_back(*, items: Sequence[tuple[uuid.UUID, int, int]], **_more: Any) -> None:
    if reopened := [invoice_id for invoice_id, before, after in items if after < before]:
        take_back_clearances(reopened, now=now())


subscribe("receivables.moved", _move_open_amounts)
subscribe("payment.reversed", _payment_taken_back)
