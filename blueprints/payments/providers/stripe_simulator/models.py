"""The look-alike's own books. No tenant here: Stripe knows keys and merchants."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model
from saas.ids import new_id


class StripeThing(Model):
    """One of Stripe's objects as JSON under its name there ("pi_…"), or the answer that an idempotency key has
    had. `merchant` is made of the key, which is kept nowhere."""

    __tablename__ = "stripe_simulator_things"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    merchant: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]

    __table_args__ = (UniqueConstraint("merchant", "name"),)
