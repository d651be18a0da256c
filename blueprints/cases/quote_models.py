"""What a repair would cost, and the links by which owners decide on it."""

from __future__ import annotations

import datetime
import uuid

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class CaseQuote(TenantOwned, Model):
    """What somebody asks for doing a repair, in minor units; the owners of the mandate decide on it.

    `decided_through`: link, area, desk (staff write down what an owner said), rule (small enough to need nobody).
    `decider_id` is the customer who decided.
    """

    __tablename__ = "case_quotes"

    case_id: Mapped[uuid.UUID]
    mandate_account_id: Mapped[uuid.UUID]
    amount: Mapped[int]
    currency: Mapped[str]
    vendor: Mapped[str]
    description: Mapped[str]
    file_id: Mapped[uuid.UUID | None]
    valid_until: Mapped[datetime.date]
    state: Mapped[str]
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime.datetime]
    decider_id: Mapped[uuid.UUID | None]
    decided_through: Mapped[str | None]
    decided_at: Mapped[datetime.datetime | None]
    decision_words: Mapped[str | None]

    __table_args__ = (
        belongs_to("case_id", "cases", ondelete="CASCADE"),
        belongs_to("mandate_account_id", "accounts"),
        belongs_to("file_id", "files"),
        belongs_to("created_by", "users"),
        belongs_to("decider_id", "customers"),
        Index("ix_case_quotes_case", "tenant_id", "case_id", "id"),
        Index("ix_case_quotes_mandate", "tenant_id", "mandate_account_id", text("id DESC")),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("state IN ('open', 'approved', 'refused', 'taken-back')", name="state"),
        CheckConstraint("decided_through IN ('link', 'area', 'desk', 'rule')", name="decided_through"),
    )


class CaseQuoteLink(TenantOwned, Model):
    """One owner's way to decide on a quote without logging in. Only the token's digest is kept."""

    __tablename__ = "case_quote_links"

    quote_id: Mapped[uuid.UUID]
    customer_id: Mapped[uuid.UUID]
    token_digest: Mapped[str]
    created_at: Mapped[datetime.datetime]
    expires_at: Mapped[datetime.datetime]
    revoked_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        unique("token_digest"),
        unique("quote_id", "customer_id"),
        belongs_to("quote_id", "case_quotes", ondelete="CASCADE"),
        belongs_to("customer_id", "customers"),
    )
