"""The tenant itself, its domains and its looks."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
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

    __table_args__ = (
        Index("uq_domains_canonical", "tenant_id", unique=True, postgresql_where=text("canonical")),
    )


class DomainClaim(TenantOwned, Model):
    """A host that a tenant says is its own. Proven by a TXT record that holds `token`; then a Domain stands for it.

    Removing the host deletes the claim, so adding it again asks for another token.
    """

    __tablename__ = "domain_claims"

    host: Mapped[str]
    token: Mapped[str]  # public once it is in the record; it proves something only there
    state: Mapped[str] = mapped_column(default="waiting")
    problem: Mapped[str | None]  # what the last look found amiss: a word of tenants/domain_claims.py
    created_at: Mapped[datetime.datetime]
    asked_at: Mapped[datetime.datetime | None]  # when somebody last asked for a look
    checked_at: Mapped[datetime.datetime | None]
    proven_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        unique("host"),
        CheckConstraint("state IN ('waiting', 'proven', 'refused')", name="state"),
    )


class ThemeVersion(TenantOwned, Model):
    """One saved look. Rows are never updated: publishing and rolling back move a pointer."""

    __tablename__ = "theme_versions"

    number: Mapped[int]
    package: Mapped[str]
    tokens: Mapped[dict[str, Any]]
    created_at: Mapped[datetime.datetime]
    created_by: Mapped[uuid.UUID | None]

    __table_args__ = (unique("number"),)


class CalendarChange(TenantOwned, Model):
    """One change of the tenant's calendar of business days. Rows are never updated: the last one of a day holds, and
    the calendar of any moment is what the rows up to its number say."""

    __tablename__ = "calendar_changes"

    number: Mapped[int]  # 1, 2, 3 …: part of the name of the calendar that it made
    kind: Mapped[str]  # a day off, a day that counts, a day as its country has it; another subdivision
    day: Mapped[datetime.date | None]
    subdivision: Mapped[str | None]
    reason: Mapped[str]
    changed_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime.datetime]

    __table_args__ = (
        unique("number"),
        belongs_to("changed_by", "users"),
        CheckConstraint("kind IN ('off', 'working', 'as-usual', 'subdivision')", name="kind"),
        CheckConstraint("(kind = 'subdivision') = (day IS NULL)", name="day"),
    )
