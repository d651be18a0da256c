"""One attempt: how adapters see it, and how it ends without money."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select, update

from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.payments.accounts import notice_url
from blueprints.payments.interface import AttemptView, BillLine
from blueprints.payments.models import Attempt, AttemptItem
from blueprints.payments.payers import payer_from_data
from blueprints.payments.rules import OPEN_STATES
from blueprints.payments.titles import invoice_title
from saas.database import db
from saas.refusals import NotFound
from tenants.loading import serving
from tenants.provider_account_services import OpenedAccount

LONGEST_DESCRIPTION = 120


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """What the verbs need of an attempt."""

    id: uuid.UUID
    reference: str
    state: str
    amount: int
    currency: str
    mode: str
    user_id: uuid.UUID | None
    link_id: uuid.UUID | None
    provider_account_id: uuid.UUID
    created_at: datetime.datetime
    expires_at: datetime.datetime
    polls: int
    payer: Mapping[str, Any]
    language: str
    provider_reference: str | None
    facts: Mapping[str, str]
    step: Mapping[str, Any] | None


_COLUMNS = (
    Attempt.id,
    Attempt.reference,
    Attempt.state,
    Attempt.amount,
    Attempt.currency,
    Attempt.mode,
    Attempt.user_id,
    Attempt.link_id,
    Attempt.provider_account_id,
    Attempt.created_at,
    Attempt.expires_at,
    Attempt.polls,
    Attempt.payer,
    Attempt.language,
    Attempt.provider_reference,
    Attempt.facts,
    Attempt.step,
)


def read_attempt(attempt_id: uuid.UUID, *, lock: bool = False) -> AttemptRow:
    """One attempt of the active tenant. Raises NotFound."""
    query = select(*_COLUMNS).where(Attempt.id == attempt_id)
    row = db.session.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound()
    return AttemptRow(*row)


def attempt_named(
    provider_account_id: uuid.UUID, reference: str, provider_reference: str = ""
) -> uuid.UUID | None:
    """The attempt that a provider speaks of: by our reference, else by the provider's own on that account."""
    query = select(Attempt.id)
    if reference:
        query = query.where(Attempt.reference == reference)
    else:
        query = query.where(
            Attempt.provider_account_id == provider_account_id,
            Attempt.provider_reference == provider_reference,
        )
    return db.session.execute(query.limit(1)).scalar()


def close_attempt(
    attempt_id: uuid.UUID, to: str, *, only_from: frozenset[str], now: datetime.datetime
) -> bool:
    """End an attempt and let go of its invoices. False when its state is not one of `only_from` any more.

    Its money is not refused by this: a success that comes late is still booked.
    """
    moved = db.session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state.in_(only_from))
        .values(state=to, finished_at=now)
        .returning(Attempt.id)
        .execution_options(synchronize_session=False)
    ).first()
    if moved is None:
        return False
    let_go(attempt_id)
    return True


def let_go(attempt_id: uuid.UUID) -> None:
    """Other attempts may hold the invoices from now on."""
    db.session.execute(
        update(AttemptItem)
        .where(AttemptItem.attempt_id == attempt_id, AttemptItem.open)
        .values(open=False)
        .execution_options(synchronize_session=False)
    )


def adapter_view(attempt: AttemptRow, account: OpenedAccount, *, origin: str | None = None) -> AttemptView:
    """The attempt as its provider is told of it. `origin` is the host that the payer came from."""
    tenant = serving()
    numbers, lines = bill_of(attempt.id, attempt.language, tenant.locale)
    path = f"/payments/{attempt.id}" if attempt.link_id is None else f"/pay/status/{attempt.reference}"
    return AttemptView(
        id=attempt.id,
        reference=attempt.reference,
        amount=attempt.amount,
        currency=attempt.currency,
        description=f"{tenant.name}: {', '.join(numbers)}"[:LONGEST_DESCRIPTION],
        language=attempt.language,
        payer=payer_from_data(attempt.payer),
        return_url=f"{origin or tenant.canonical_url}{path}",
        notice_url=notice_url(account),
        created_at=attempt.created_at,
        expires_at=attempt.expires_at,
        lines=lines,
        provider_reference=attempt.provider_reference or "",
        facts=attempt.facts,
        zone=tenant.time_zone,
    )


def bill_of(attempt_id: uuid.UUID, language: str, locale: str) -> tuple[list[str], list[BillLine]]:
    """The numbers of the frozen invoices, and a line for each: "Rent 2026-03 · F-17"."""
    rows = db.session.execute(
        select(AttemptItem.amount, Invoice.number, Invoice.period, InvoiceType.names)
        .join(Invoice, and_(Invoice.tenant_id == AttemptItem.tenant_id, Invoice.id == AttemptItem.invoice_id))
        .join(
            InvoiceType,
            and_(InvoiceType.tenant_id == Invoice.tenant_id, InvoiceType.code == Invoice.type_code),
        )
        .where(AttemptItem.attempt_id == attempt_id)
        .order_by(Invoice.due_on, Invoice.number)
    ).all()
    lines = [
        BillLine(f"{invoice_title(row.names, row.period, language, locale)} · {row.number}", row.amount)
        for row in rows
    ]
    return [row.number for row in rows], lines


def is_open(state: str) -> bool:
    return state in OPEN_STATES
