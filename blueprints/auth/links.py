"""One-time links: 256 random bits, kept as a digest, alive once, bound to tenant, user and e-mail version."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update

from blueprints.auth.rules import LINK_LIFE
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.tokens import digest, new_token
from tenants.people import OneTimeLink, User


class BadLink(Exception):
    """Used, replaced, expired, altered, of another tenant, of an earlier e-mail: nobody is told which (B04)."""


@dataclass(frozen=True, slots=True)
class LiveLink:
    """A link that still works, and whose it is."""

    id: uuid.UUID
    purpose: str
    user_id: uuid.UUID
    email: str
    name: str
    language: str | None
    data: dict[str, Any]


def make_link(purpose: str, user_id: uuid.UUID, data: dict[str, Any] | None = None) -> str:
    """A fresh token for the user's present e-mail. A link of the same purpose that was still alive dies."""
    drop_links(user_id, purpose)
    version = db.session.execute(select(User.email_version).where(User.id == user_id)).scalar_one()
    token = new_token()
    moment = now()
    db.session.add(
        OneTimeLink(
            id=new_id(),
            purpose=purpose,
            token_digest=digest(token),
            user_id=user_id,
            email_version=version,
            data=data or {},
            created_at=moment,
            expires_at=moment + LINK_LIFE[purpose],
        )
    )
    db.session.flush()
    return token


def find_link(token: str) -> LiveLink:
    """The link of a token; looking changes nothing (B05). Raises BadLink."""
    row = db.session.execute(
        select(
            OneTimeLink.id,
            OneTimeLink.purpose,
            OneTimeLink.user_id,
            User.email,
            User.name,
            User.language,
            OneTimeLink.data,
        )
        .join(User, (User.tenant_id == OneTimeLink.tenant_id) & (User.id == OneTimeLink.user_id))
        .where(
            OneTimeLink.token_digest == digest(token),
            OneTimeLink.consumed_at.is_(None),
            OneTimeLink.expires_at > now(),
            OneTimeLink.email_version == User.email_version,
            User.status != "disabled",
        )
    ).first()
    if row is None:
        raise BadLink
    return LiveLink(*row)


def consume(link: LiveLink) -> None:
    """Use the link up. Raises BadLink when somebody was faster."""
    used = db.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.id == link.id, OneTimeLink.consumed_at.is_(None))
        .values(consumed_at=now())
        .returning(OneTimeLink.id)
        .execution_options(synchronize_session=False)
    ).first()
    if used is None:
        raise BadLink


def drop_links(user_id: uuid.UUID, *purposes: str) -> None:
    """Take back a user's unused links of these purposes."""
    db.session.execute(
        delete(OneTimeLink)
        .where(
            OneTimeLink.user_id == user_id,
            OneTimeLink.purpose.in_(purposes),
            OneTimeLink.consumed_at.is_(None),
        )
        .execution_options(synchronize_session=False)
    )
