"""The look-alike's own books. No tenant here: PayU knows merchants and references."""

from __future__ import annotations

import datetime
import uuid

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model
from saas.ids import new_id


class PayuOrder(Model):
    """What a merchant's signed form asked for. `amount` is the form's text; `keys_number` says which of the
    merchant's keys had signed it, and so signs what PayU answers."""

    __tablename__ = "payu_simulator_orders"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int]
    merchant: Mapped[str]
    account: Mapped[str]
    reference: Mapped[str]
    description: Mapped[str]
    amount: Mapped[str]
    currency: Mapped[str]
    algorithm: Mapped[str]
    keys_number: Mapped[int]
    test: Mapped[bool]
    language: Mapped[str]
    buyer_name: Mapped[str]
    buyer_email: Mapped[str]
    response_url: Mapped[str]
    confirmation_url: Mapped[str]
    created_at: Mapped[datetime.datetime]

    __table_args__ = (UniqueConstraint("merchant", "reference"), UniqueConstraint("number"))


class PayuTransaction(Model):
    """One movement of an order: a try to pay, or a refund. Until `comes_true_at` its state is not known."""

    __tablename__ = "payu_simulator_transactions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    state: Mapped[str]  # REVIEW: a refund that a person has not decided; the APIs do not show it
    method: Mapped[str]
    value: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime.datetime]
    comes_true_at: Mapped[datetime.datetime]

    __table_args__ = (
        Index("ix_payu_simulator_transactions_order", "order_id", "created_at"),
        CheckConstraint(
            "kind IN ('AUTHORIZATION_AND_CAPTURE', 'REFUND', 'PARTIAL_REFUND', 'VOID')", name="kind"
        ),
        CheckConstraint("state IN ('PENDING', 'APPROVED', 'DECLINED', 'EXPIRED', 'REVIEW')", name="state"),
    )
