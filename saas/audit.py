"""Evidence: who did what to what, in the same transaction as the deed, chained by hash per tenant."""

from __future__ import annotations

import datetime
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from saas.clock import now
from saas.database import Model, db, unique
from saas.locks import lock
from saas.scope import TenantOwned, current_tenant_id

FIRST_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `kind`: customer, staff, operator, system, gateway. `name` is what people are shown."""

    kind: str
    user_id: uuid.UUID | None = None
    name: str = ""


SYSTEM = Actor("system")


class AuditRow(TenantOwned, Model):
    """The application's role may insert and read these rows, never change them."""

    __tablename__ = "audit_rows"

    number: Mapped[int]
    at: Mapped[datetime.datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[uuid.UUID | None]
    actor_name: Mapped[str]
    action: Mapped[str]
    subject_kind: Mapped[str | None]
    subject_id: Mapped[uuid.UUID | None]
    customer_id: Mapped[uuid.UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    previous_hash: Mapped[str]
    hash: Mapped[str]

    __table_args__ = (
        unique("number"),
        Index("ix_audit_rows_customer", "tenant_id", "customer_id", "number"),
        Index("ix_audit_rows_subject", "tenant_id", "subject_kind", "subject_id", "number"),
    )


def record(
    action: str,
    *,
    actor: Actor,
    subject: tuple[str, uuid.UUID] | None = None,
    customer_id: uuid.UUID | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write one audit row in the caller's transaction.

    `action` is a dotted name such as `invoice.issued`; `data` must be JSON and hold no secret.
    The chain is taken under one lock per tenant, so call it late in the transaction.
    """
    tenant_id = current_tenant_id()
    lock("audit")
    last = db.session.execute(
        select(AuditRow.number, AuditRow.hash).order_by(AuditRow.number.desc()).limit(1)
    ).first()
    number, previous = (last.number + 1, last.hash) if last else (1, FIRST_HASH)
    at = now()
    kind, identity = subject or (None, None)
    row = AuditRow(
        number=number,
        at=at,
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        actor_name=actor.name,
        action=action,
        subject_kind=kind,
        subject_id=identity,
        customer_id=customer_id,
        data=dict(data or {}),
        previous_hash=previous,
        hash="",
    )
    row.hash = chain_hash(tenant_id, row)
    db.session.add(row)
    db.session.flush()


def chain_hash(tenant_id: uuid.UUID, row: AuditRow) -> str:
    """SHA-256 over the row and the hash before it."""
    content = json.dumps(
        [
            str(tenant_id),
            row.number,
            row.at.astimezone(datetime.UTC).isoformat(),
            row.actor_kind,
            str(row.actor_id),
            row.actor_name,
            row.action,
            row.subject_kind,
            str(row.subject_id),
            str(row.customer_id),
            row.data,
            row.previous_hash,
        ],
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(content.encode()).hexdigest()


def first_broken() -> int | None:
    """The number of the first row of the active tenant whose hash or link is wrong; None when whole."""
    expected, previous = 1, FIRST_HASH
    tenant_id = current_tenant_id()
    for row in db.session.execute(select(AuditRow).order_by(AuditRow.number)).scalars().yield_per(500):
        if row.number != expected or row.previous_hash != previous or row.hash != chain_hash(tenant_id, row):
            return expected
        expected, previous = row.number + 1, row.hash
    return None
