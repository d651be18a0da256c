"""The tenant itself, its domains and its looks."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, unique
from saas.ids import new_id
from saas.scope import TenantOwned


class Tenant(Model):
    """An organisation that rents Ventanilla. `version` grows with every change, so that caches notice."""

    __tablename__ = "tenants"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    legal_name: Mapped[str]
    tax_number: Mapped[str]
    status: Mapped[str] = mapped_column(default="active")
    country: Mapped[str]  # ISO 3166, two letters
    locale: Mapped[str]  # such as es_CO
    currency: Mapped[str]  # ISO 4217
    time_zone: Mapped[str]
    capabilities: Mapped[list[str]]  # which capabilities are on
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)  # only what differs from the defaults
    words: Mapped[dict[str, Any]] = mapped_column(default=dict)  # vocabulary shown to people, per language
    theme_version_id: Mapped[uuid.UUID | None]  # the published look; moving it is publishing
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime.datetime]

    __table_args__ = (CheckConstraint("status IN ('active', 'suspended')", name="status"),)


class Domain(Model):
    """A host that leads to a tenant. Unique in the whole installation, because the world's names are."""

    __tablename__ = "domains"

    host: Mapped[str] = mapped_column(primary_key=True)  # lower case, no port, no trailing dot
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id", ondelete="CASCADE"), index=True)
    canonical: Mapped[bool]  # the one that mails and receipts link to


class ThemeVersion(TenantOwned, Model):
    """One saved look. Rows are never updated: publishing and rolling back move a pointer."""

    __tablename__ = "theme_versions"

    number: Mapped[int]
    package: Mapped[str]
    tokens: Mapped[dict[str, Any]]
    created_at: Mapped[datetime.datetime]
    created_by: Mapped[uuid.UUID | None]

    __table_args__ = (unique("number"),)
