"""Links by which an owner decides on a quote without logging in: one for each owner, so that it is known who did.

A link expires, dies with the decision, and opens nothing else; opening it changes nothing.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import and_, insert, select, update

from blueprints.accounts.models import Customer
from blueprints.cases.quote_models import CaseQuoteLink
from saas.database import db
from saas.ids import new_id
from saas.outbox import enqueue
from saas.refusals import NotFound
from saas.scope import current_tenant_id
from saas.tokens import digest
from tenants.frame import keyring
from tenants.loading import serving

TOPIC = "cases.quote-letter"  # blueprints/cases/jobs.py


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """What a token opens. `usable` is False once it is too old, or taken back with its quote."""

    id: uuid.UUID
    quote_id: uuid.UUID
    customer_id: uuid.UUID
    customer_name: str
    expires_at: datetime.datetime
    usable: bool


def make_links(
    quote_id: uuid.UUID,
    owners: Iterable[uuid.UUID],
    *,
    days: int,
    valid_until: datetime.date,
    now: datetime.datetime,
) -> None:
    """A link for each owner, valid for so many days and no longer than the quote; each is mailed."""
    end_of_quote = datetime.datetime.combine(
        valid_until + datetime.timedelta(days=1), datetime.time.min, ZoneInfo(serving().time_zone)
    )
    for owner in sorted(owners):
        link_id = new_id()
        token = _token(keyring().derive(_purpose()), link_id)
        db.session.execute(
            insert(CaseQuoteLink).values(
                id=link_id,
                quote_id=quote_id,
                customer_id=owner,
                token_digest=digest(token),
                created_at=now,
                expires_at=min(now + datetime.timedelta(days=days), end_of_quote),
            )
        )
        enqueue(TOPIC, {"link_id": str(link_id)}, key=str(link_id))


def revoke_links(quote_id: uuid.UUID, *, now: datetime.datetime) -> None:
    """Let the links of a quote open nothing any more."""
    db.session.execute(
        update(CaseQuoteLink)
        .where(CaseQuoteLink.quote_id == quote_id, CaseQuoteLink.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


def opened_by(token: str, now: datetime.datetime) -> OpenedLink:
    """The link that a token opens; nothing is written. Raises NotFound."""
    row = db.session.execute(
        select(
            CaseQuoteLink.id,
            CaseQuoteLink.quote_id,
            CaseQuoteLink.customer_id,
            CaseQuoteLink.expires_at,
            CaseQuoteLink.revoked_at,
            Customer.name,
        )
        .join(
            Customer,
            and_(Customer.tenant_id == CaseQuoteLink.tenant_id, Customer.id == CaseQuoteLink.customer_id),
        )
        .where(CaseQuoteLink.token_digest == digest(token))
    ).first()
    if row is None:
        raise NotFound()
    usable = row.revoked_at is None and row.expires_at > now
    return OpenedLink(row.id, row.quote_id, row.customer_id, row.name, row.expires_at, usable)


def token_of(link_id: uuid.UUID) -> str | None:
    """The token of a link, made again from the key; None when that key is gone."""
    stored = db.session.execute(
        select(CaseQuoteLink.token_digest).where(CaseQuoteLink.id == link_id)
    ).scalar()
    tokens = (_token(key, link_id) for key in keyring().derive_all(_purpose()))
    return next((token for token in tokens if digest(token) == stored), None)


def _purpose() -> str:
    return f"quote link|{current_tenant_id()}"


def _token(key: bytes, link_id: uuid.UUID) -> str:
    """Made from the key and the id, so that the letter can be written later and the database alone cannot."""
    made = hmac.new(key, link_id.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")
