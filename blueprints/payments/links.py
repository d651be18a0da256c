"""Payment links: pay one invoice without logging in. A link expires, can be taken back, and opens nothing else."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, and_, desc, func, insert, literal, select, update

from blueprints.invoices.models import Invoice
from blueprints.payments.models import PaymentLink
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.outbox import enqueue
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound, Refusal
from saas.scope import current_tenant_id
from saas.tokens import digest
from tenants.frame import keyring
from tenants.people import User

LONGEST = 60  # days
USUAL = 7
MOST_AT_A_TIME = 10  # usable links of one invoice: nobody needs more, and a runaway script is stopped
SIZE = 25

USABLE = "usable"
EXPIRED = "expired"
REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Link:
    """One link as lists show it. `token` is None when the key it was made with is gone."""

    id: uuid.UUID
    invoice_id: uuid.UUID
    number: str
    created_at: datetime.datetime
    expires_at: datetime.datetime
    revoked_at: datetime.datetime | None
    opened: int
    made_by: str | None
    token: str | None
    state: str


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link that was opened with its token."""

    id: uuid.UUID
    invoice_id: uuid.UUID
    customer_id: uuid.UUID | None
    expires_at: datetime.datetime
    state: str


def make_link(
    invoice_id: uuid.UUID,
    *,
    days: int,
    actor: Actor,
    user_id: uuid.UUID | None,
    customer_id: uuid.UUID | None,
    now: datetime.datetime,
    send: bool = False,
) -> tuple[uuid.UUID, str]:
    """A link for one open invoice. Returns its id and token; `send` mails it to the customer.

    Whoever calls it has found the invoice to be in reach. Raises NotFound, Refusal for a number of days
    outside 1 to 60, an invoice that has nothing to pay, or too many links.
    """
    if not 1 <= days <= LONGEST:
        raise Refusal(N_("A link is valid from 1 to %(most)s days."), field="days", most=LONGEST)
    invoice = db.session.execute(
        select(Invoice.number, Invoice.open_amount, Invoice.void_at).where(Invoice.id == invoice_id)
    ).first()
    if invoice is None:
        raise NotFound()
    if invoice.void_at is not None or invoice.open_amount <= 0:
        raise Refusal(N_("There is nothing to pay on invoice %(number)s."), number=invoice.number)
    usable = select(func.count()).where(
        PaymentLink.invoice_id == invoice_id, PaymentLink.revoked_at.is_(None), PaymentLink.expires_at > now
    )
    if db.session.execute(usable).scalar_one() >= MOST_AT_A_TIME:
        raise Refusal(N_("There are too many links for this invoice. Take back those that nobody needs."))
    link_id = new_id()
    token = _token(keyring().derive(_purpose()), link_id)
    db.session.execute(
        insert(PaymentLink).values(
            id=link_id,
            token_digest=digest(token),
            invoice_id=invoice_id,
            customer_id=customer_id,
            created_by=user_id,
            created_at=now,
            expires_at=now + datetime.timedelta(days=days),
            opened=0,
        )
    )
    audit.record(
        "payment-link.made",
        actor=actor,
        subject=("payment-link", link_id),
        customer_id=customer_id,
        data={"invoice": invoice.number, "days": days, "mailed": send},
    )
    if send:
        enqueue("payments.link-letter", {"link_id": str(link_id)}, key=str(link_id))
    return link_id, token


def revoke_link(link_id: uuid.UUID, *, actor: Actor, user_id: uuid.UUID, now: datetime.datetime) -> bool:
    """Take a link back. False when it was taken back before. Money under way through it still counts."""
    row = db.session.execute(
        update(PaymentLink)
        .where(PaymentLink.id == link_id, PaymentLink.revoked_at.is_(None))
        .values(revoked_at=now, revoked_by=user_id)
        .returning(PaymentLink.customer_id)
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        return False
    audit.record(
        "payment-link.revoked",
        actor=actor,
        subject=("payment-link", link_id),
        customer_id=row.customer_id,
        data={},
    )
    return True


def opened_by(token: str, now: datetime.datetime) -> OpenLink:
    """The link that a token opens, usable or not; nothing is written. Raises NotFound."""
    row = db.session.execute(
        select(
            PaymentLink.id,
            PaymentLink.invoice_id,
            PaymentLink.customer_id,
            PaymentLink.expires_at,
            PaymentLink.revoked_at,
        ).where(PaymentLink.token_digest == digest(token))
    ).first()
    if row is None:
        raise NotFound()
    state = _state(row.revoked_at, row.expires_at, now)
    return OpenLink(row.id, row.invoice_id, row.customer_id, row.expires_at, state)


def count_use(link_id: uuid.UUID, now: datetime.datetime) -> None:
    """Somebody began to pay through it; looking at it (a preview, a scanner) does not count."""
    db.session.execute(
        update(PaymentLink)
        .where(PaymentLink.id == link_id)
        .values(opened=PaymentLink.opened + 1, opened_at=now)
        .execution_options(synchronize_session=False)
    )


def links_of(invoice_id: uuid.UUID, now: datetime.datetime) -> Sequence[Link]:
    """The newest links of an invoice, usable or not."""
    query = _links().where(PaymentLink.invoice_id == invoice_id)
    rows = db.session.execute(query.order_by(desc(PaymentLink.created_at)).limit(SIZE))
    return [_link(row, now) for row in rows]


def links(cursor: str | None, now: datetime.datetime, *, usable: bool, size: int = SIZE) -> Page[Link]:
    """The tenant's links, newest first (their ids grow with time)."""
    query = _links()
    if usable:
        query = query.where(PaymentLink.revoked_at.is_(None), PaymentLink.expires_at > now)
    after = decode_cursor(cursor, (uuid.UUID,))
    if after is not None:
        query = query.where(PaymentLink.id < literal(after[0]))
    rows = db.session.execute(query.order_by(desc(PaymentLink.id)).limit(size + 1)).all()
    kept = [_link(row, now) for row in rows[:size]]
    return Page(kept, older=encode_cursor((kept[-1].id,)) if len(rows) > size else None)


def invoice_of(link_id: uuid.UUID) -> uuid.UUID:
    """The invoice that a link is for. Raises NotFound."""
    found = db.session.execute(select(PaymentLink.invoice_id).where(PaymentLink.id == link_id)).scalar()
    if found is None:
        raise NotFound()
    return found


def token_of(link_id: uuid.UUID) -> str | None:
    """The token of a link, made again from the key; None when that key is gone."""
    stored = db.session.execute(select(PaymentLink.token_digest).where(PaymentLink.id == link_id)).scalar()
    return _token_again(link_id, stored) if stored is not None else None


def _links() -> Select[*tuple[Any, ...]]:
    return (
        select(
            PaymentLink.id,
            PaymentLink.token_digest,
            PaymentLink.invoice_id,
            PaymentLink.created_at,
            PaymentLink.expires_at,
            PaymentLink.revoked_at,
            PaymentLink.opened,
            Invoice.number,
            User.name.label("made_by"),
        )
        .join(Invoice, and_(Invoice.tenant_id == PaymentLink.tenant_id, Invoice.id == PaymentLink.invoice_id))
        .outerjoin(User, and_(User.tenant_id == PaymentLink.tenant_id, User.id == PaymentLink.created_by))
    )


def _link(row: Row[Any], now: datetime.datetime) -> Link:
    state = _state(row.revoked_at, row.expires_at, now)
    return Link(
        id=row.id,
        invoice_id=row.invoice_id,
        number=row.number,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        opened=row.opened,
        made_by=row.made_by,
        token=_token_again(row.id, row.token_digest) if state == USABLE else None,
        state=state,
    )


def _state(
    revoked_at: datetime.datetime | None, expires_at: datetime.datetime, now: datetime.datetime
) -> str:
    if revoked_at is not None:
        return REVOKED
    return USABLE if expires_at > now else EXPIRED


def _purpose() -> str:
    return f"payment link|{current_tenant_id()}"


def _token(key: bytes, link_id: uuid.UUID) -> str:
    """Made from the key and the id, so that a list can show it again and the database alone cannot."""
    made = hmac.new(key, link_id.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _token_again(link_id: uuid.UUID, stored: str) -> str | None:
    tokens = (_token(key, link_id) for key in keyring().derive_all(_purpose()))
    return next((token for token in tokens if digest(token) == stored), None)
