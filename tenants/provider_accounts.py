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
    After a rotation the secrets and the token before it are believed until `previous_until`, because
    payments may be on their way. `off_for` says where it is not offered: {"invoice_types": [code…],
    "account_kinds": [kind…]}. `checked_at` and `check_problem` keep what the last test found.
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
    version: Mapped[int] = mapped_column(default=1)  # grows with every rotation of the secrets
    previous_secrets: Mapped[dict[str, Any]] = mapped_column(default=dict)
    previous_hook_digest: Mapped[str | None]
    previous_until: Mapped[datetime.datetime | None]
    off_for: Mapped[dict[str, Any]] = mapped_column(default=dict)
    checked_at: Mapped[datetime.datetime | None]
    check_problem: Mapped[str | None]
    created_at: Mapped[datetime.datetime]

    __table_args__ = (
        unique("provider", "name"),
        unique("hook_digest"),
        CheckConstraint("mode IN ('test', 'live')", name="mode"),
        Index("ix_provider_accounts_enabled", "tenant_id", "preference", postgresql_where=text("enabled")),
    )
