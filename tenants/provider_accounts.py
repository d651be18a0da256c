"""The tenant's accounts at payment providers, and orders to take no payments."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.ids import new_id
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


class PaymentStop(TenantOwned, Model):
    """An order to send nobody to a provider (`provider` empty: to any), until it ends.

    `by` is who gave it and alone may end it: the tenant's staff, or the platform. Money that is on its way
    is received all the same.
    """

    __tablename__ = "payment_stops"

    provider: Mapped[str | None]
    by: Mapped[str]
    reason: Mapped[str]
    started_at: Mapped[datetime.datetime]
    started_by: Mapped[uuid.UUID | None]
    ended_at: Mapped[datetime.datetime | None]
    ended_by: Mapped[uuid.UUID | None]

    __table_args__ = (
        belongs_to("started_by", "users"),
        belongs_to("ended_by", "users"),
        CheckConstraint("by IN ('tenant', 'platform')", name="by"),
        Index("ix_payment_stops_open", "tenant_id", postgresql_where=text("ended_at IS NULL")),
    )


class PlatformStop(Model):
    """An order of the platform to send nobody to a provider, at any tenant, also one that is made later."""

    __tablename__ = "platform_stops"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    provider: Mapped[str]
    reason: Mapped[str]
    started_at: Mapped[datetime.datetime]
    ended_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        Index("uq_platform_stops_open", "provider", unique=True, postgresql_where=text("ended_at IS NULL")),
    )
