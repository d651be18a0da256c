"""Users of a tenant, their sessions, their one-time links and their staff roles."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class User(TenantOwned, Model):
    """A login of one tenant. `email` is the normal form, unique within the tenant."""

    __tablename__ = "users"

    email: Mapped[str]
    email_version: Mapped[int] = mapped_column(default=1)  # links made for an earlier address die
    name: Mapped[str]
    password_hash: Mapped[str | None]  # None until the invitation is accepted
    status: Mapped[str] = mapped_column(default="invited")
    customer_id: Mapped[uuid.UUID | None]  # the person in the tenant's books, if the user is one
    language: Mapped[str | None]
    created_at: Mapped[datetime.datetime]
    last_login_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        unique("email"),
        belongs_to("customer_id", "customers"),
        Index("ix_users_customer", "tenant_id", "customer_id"),
        CheckConstraint("status IN ('invited', 'active', 'disabled')", name="status"),
    )


class UserSession(TenantOwned, Model):
    """A signed-in browser. Bound to tenant and host; deleting the row is what logs out."""

    __tablename__ = "sessions"

    token_digest: Mapped[str]
    user_id: Mapped[uuid.UUID]
    host: Mapped[str]
    created_at: Mapped[datetime.datetime]
    last_seen_at: Mapped[datetime.datetime]
    expires_at: Mapped[datetime.datetime]
    confirmed_at: Mapped[datetime.datetime]  # when the password was last given, for risky acts
    device: Mapped[str]  # a short description that the person recognises
    address: Mapped[str]
    notice: Mapped[dict[str, Any] | None]  # said once on the next page
    account_id: Mapped[uuid.UUID | None]  # the account last worked with
    viewing_customer_id: Mapped[uuid.UUID | None]  # staff looking at what this customer sees
    viewing_since: Mapped[datetime.datetime | None]  # they may for a while only: tenants.loading.VIEWING

    __table_args__ = (
        unique("token_digest"),
        belongs_to("user_id", "users", ondelete="CASCADE"),
        Index("ix_sessions_user", "tenant_id", "user_id"),
    )


class OneTimeLink(TenantOwned, Model):
    """An invitation, a recovery or an e-mail change. The token is kept as a digest; only POST consumes."""

    __tablename__ = "one_time_links"

    purpose: Mapped[str]
    token_digest: Mapped[str]
    user_id: Mapped[uuid.UUID]
    email_version: Mapped[int]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime.datetime]
    expires_at: Mapped[datetime.datetime]
    consumed_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        unique("token_digest"),
        belongs_to("user_id", "users", ondelete="CASCADE"),
        Index(
            "uq_one_time_links_live",
            "tenant_id",
            "user_id",
            "purpose",
            unique=True,
            postgresql_where=text("consumed_at IS NULL"),
        ),
        CheckConstraint("purpose IN ('invitation', 'recovery', 'email-new', 'email-old')", name="purpose"),
    )


class StaffRole(TenantOwned, Model):
    """A role that a user has in the tenant's desk; what it allows is in tenants/roles.py."""

    __tablename__ = "staff_roles"

    user_id: Mapped[uuid.UUID]
    role: Mapped[str]

    __table_args__ = (unique("user_id", "role"), belongs_to("user_id", "users", ondelete="CASCADE"))


class UsedHumanCheck(TenantOwned, Model):
    """A solved proof of work, so that it is worth one login and no more."""

    __tablename__ = "used_human_checks"

    digest: Mapped[str]
    expires_at: Mapped[datetime.datetime]

    __table_args__ = (unique("digest"), Index("ix_used_human_checks_expiry", "tenant_id", "expires_at"))
