"""Second factors: the secret of the app, the codes on paper, and a sign-in that still lacks its code."""

from __future__ import annotations

import datetime
import uuid

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class SecondFactor(TenantOwned, Model):
    """A user's authenticator app. There is a row when it is on; whoever switches it off deletes it."""

    __tablename__ = "second_factors"

    user_id: Mapped[uuid.UUID]
    secret: Mapped[str]  # sealed for tenant and user
    last_step: Mapped[int]  # of the newest code that was accepted: no code counts twice
    created_at: Mapped[datetime.datetime]

    __table_args__ = (unique("user_id"), belongs_to("user_id", "users", ondelete="CASCADE"))


class RecoveryCode(TenantOwned, Model):
    """A code on paper, for the day when the telephone is lost. Kept as a digest; worth one sign-in."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[uuid.UUID]
    digest: Mapped[str]
    used_at: Mapped[datetime.datetime | None]

    __table_args__ = (unique("user_id", "digest"), belongs_to("user_id", "users", ondelete="CASCADE"))


class PendingSignIn(TenantOwned, Model):
    """The password was right, the code is still to come. No session: it opens nothing but the page for the code."""

    __tablename__ = "pending_sign_ins"

    token_digest: Mapped[str]
    user_id: Mapped[uuid.UUID]
    host: Mapped[str]
    guesses: Mapped[int] = mapped_column(default=0)  # codes tried, counted before they are compared
    created_at: Mapped[datetime.datetime]
    expires_at: Mapped[datetime.datetime]
    done_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        unique("token_digest"),
        belongs_to("user_id", "users", ondelete="CASCADE"),
        Index("ix_pending_sign_ins_user", "tenant_id", "user_id"),
        Index("ix_pending_sign_ins_expiry", "tenant_id", "expires_at"),
    )
