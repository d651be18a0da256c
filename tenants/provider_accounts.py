"""The tenant's accounts at payment providers."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, unique
from saas.scope import TenantOwned


class ProviderAccount(TenantOwned, Model):
    """Credentials and settings of one tenant at one provider.

    `hook_digest` is the digest of the random token in the notice address; `secrets` holds sealed texts.
    """

    __tablename__ = "provider_accounts"

    provider: Mapped[str]
    name: Mapped[str]
    mode: Mapped[str]
    enabled: Mapped[bool]
    preference: Mapped[int] = mapped_column(default=1)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    secrets: Mapped[dict[str, Any]] = mapped_column(default=dict)
    hook_digest: Mapped[str]
    created_at: Mapped[datetime.datetime]

    __table_args__ = (
        unique("provider", "name"),
        unique("hook_digest"),
        CheckConstraint("mode IN ('test', 'live')", name="mode"),
        Index("ix_provider_accounts_enabled", "tenant_id", "preference", postgresql_where=text("enabled")),
    )
