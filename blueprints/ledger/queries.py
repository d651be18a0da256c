"""What the books say."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select

from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import Line
from saas.database import db


def balance(kind: str, *, account_id: uuid.UUID | None = None, customer_id: uuid.UUID | None = None) -> int:
    """The sum of one kind of account, of one dimension where given. Debit positive, minor units."""
    query = (
        select(func.coalesce(func.sum(Posting.amount), 0))
        .join(
            LedgerAccount,
            (LedgerAccount.tenant_id == Posting.tenant_id) & (LedgerAccount.id == Posting.ledger_account_id),
        )
        .where(LedgerAccount.kind == kind)
    )
    if account_id is not None:
        query = query.where(LedgerAccount.account_id == account_id)
    if customer_id is not None:
        query = query.where(LedgerAccount.customer_id == customer_id)
    return int(db.session.execute(query).scalar_one())


def unbalanced_entries() -> list[uuid.UUID]:
    """Entries that do not sum to zero; the database refuses them, so any is an alarm."""
    rows = db.session.execute(
        select(Posting.entry_id)
        .group_by(Posting.entry_id, Posting.currency)
        .having(func.sum(Posting.amount) != 0)
    )
    return [row.entry_id for row in rows]


def receivables_by_invoice() -> dict[uuid.UUID, int]:
    """What the books say is open, per invoice that was ever posted to. For the check, not for pages."""
    rows = db.session.execute(
        select(Posting.invoice_id, func.sum(Posting.amount).label("open"))
        .join(
            LedgerAccount,
            (LedgerAccount.tenant_id == Posting.tenant_id) & (LedgerAccount.id == Posting.ledger_account_id),
        )
        .where(LedgerAccount.kind == "receivable", Posting.invoice_id.is_not(None))
        .group_by(Posting.invoice_id)
    )
    return {row.invoice_id: int(row.open) for row in rows if row.invoice_id is not None}


def entry_lines(business_key: str) -> list[Line]:
    """The lines of an entry as they were posted, so that it can be reversed as it was; none when there is no such."""
    rows = db.session.execute(
        select(
            LedgerAccount.kind,
            Posting.amount,
            LedgerAccount.account_id,
            LedgerAccount.customer_id,
            Posting.invoice_id,
        )
        .select_from(Posting)
        .join(
            LedgerAccount,
            (LedgerAccount.tenant_id == Posting.tenant_id) & (LedgerAccount.id == Posting.ledger_account_id),
        )
        .join(
            JournalEntry,
            (JournalEntry.tenant_id == Posting.tenant_id) & (JournalEntry.id == Posting.entry_id),
        )
        .where(JournalEntry.business_key == business_key)
        .order_by(Posting.id)
    )
    return [Line(*row) for row in rows]
