"""The bank's own books. No tenant here: a bank knows merchants and references."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model
from saas.ids import new_id


class BankOrder(Model):
    __tablename__ = "bank_simulator_orders"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    merchant: Mapped[str]
    reference: Mapped[str]
    description: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    state: Mapped[str]
    return_url: Mapped[str]
    notice_url: Mapped[str]
    language: Mapped[str]
    created_at: Mapped[datetime.datetime]
    decided_at: Mapped[datetime.datetime | None]
    transaction_number: Mapped[int] = mapped_column(default=0)  # grows with every decision
    refunds: Mapped[list[Any]] = mapped_column(default=list)  # what was given back, in order
    dispute: Mapped[str] = mapped_column(default="")  # open, won or lost, once the cardholder complained
    disputed_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        UniqueConstraint("merchant", "reference"),
        CheckConstraint("state IN ('new', 'pending', 'approved', 'declined', 'expired')", name="state"),
    )
