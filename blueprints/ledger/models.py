"""Double entry. Debit is positive. The application's role may insert and read, nothing else."""

from __future__ import annotations

import datetime
import uuid

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class LedgerAccount(TenantOwned, Model):
    """One account of the books. The kinds and what they mean are in ledger/rules.py."""

    __tablename__ = "ledger_accounts"

    kind: Mapped[str]
    account_id: Mapped[uuid.UUID | None]
    customer_id: Mapped[uuid.UUID | None]
    currency: Mapped[str]

    __table_args__ = (
        unique("kind", "account_id", "customer_id", "currency", postgresql_nulls_not_distinct=True),
        belongs_to("account_id", "accounts"),
        belongs_to("customer_id", "customers"),
        Index("ix_ledger_accounts_customer", "tenant_id", "customer_id"),
    )


class JournalEntry(TenantOwned, Model):
    """One event of the books. A business key posts once."""

    __tablename__ = "journal_entries"

    business_key: Mapped[str]
    kind: Mapped[str]
    occurred_on: Mapped[datetime.date]
    posted_at: Mapped[datetime.datetime]

    __table_args__ = (unique("business_key"),)


class Posting(TenantOwned, Model):
    """One line of an entry, in minor units. A database trigger refuses a statement whose entries do
    not sum to zero; all lines of an entry are inserted by one statement."""

    __tablename__ = "postings"

    entry_id: Mapped[uuid.UUID]
    ledger_account_id: Mapped[uuid.UUID]
    invoice_id: Mapped[uuid.UUID | None]
    amount: Mapped[int]
    currency: Mapped[str]

    __table_args__ = (
        belongs_to("entry_id", "journal_entries"),
        belongs_to("ledger_account_id", "ledger_accounts"),
        belongs_to("invoice_id", "invoices"),
        Index("ix_postings_entry", "tenant_id", "entry_id"),
        Index("ix_postings_ledger_account", "tenant_id", "ledger_account_id", "id"),
        Index("ix_postings_invoice", "tenant_id", "invoice_id"),
        CheckConstraint("amount <> 0", name="amount"),
    )
