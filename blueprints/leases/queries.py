"""What owners read: what was collected for them, what was kept, what was paid out. Every figure is a sum
over the books, so each can open its source."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select, tuple_

from blueprints.accounts.models import Account
from blueprints.accounts.reach import reachable
from blueprints.invoices.models import Invoice
from blueprints.leases.models import Lease, Payout
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import OWNER_PAYABLE
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound
from tenants.context import Reach

PAGE = 20
RENT = ("rent-collected", "rent-reversed")  # what came in for the owners, and what went back


@dataclass(frozen=True, slots=True)
class OwnerSummary:
    """What an owner wants to know first. Minor units; `held` is collected and not paid out yet; below zero,
    more was paid out than stayed, and it is kept from the next payout."""

    currency: str
    month_income: int
    year_income: int
    held: int
    last_payout_amount: int | None
    last_payout_on: datetime.date | None
    mandates: int


@dataclass(frozen=True, slots=True)
class PeriodLine:
    """One property and period of an owner's statement: rent − commission = net; and what was paid of it."""

    mandate_account_id: uuid.UUID
    number: str
    address: str
    period: str
    rent: int
    commission: int
    net: int
    paid_out: int
    rent_invoice_id: uuid.UUID | None
    commission_invoice_id: uuid.UUID | None


def owner_summary(reach: Reach, owner_id: uuid.UUID, *, currency: str) -> OwnerSummary | None:
    """The figures of one owner over the mandates in reach; None for somebody who owns nothing."""
    mine = reachable(reach)
    mandates = db.session.execute(
        select(func.count())
        .select_from(Account)
        .join(mine, mine.c.account_id == Account.id)
        .where(Account.kind == "mandate")
    ).scalar_one()
    if not mandates:
        return None
    month_start = reach.today.replace(day=1)
    year_start = reach.today.replace(month=1, day=1)
    collected = JournalEntry.kind.in_(RENT)
    books = db.session.execute(
        select(
            func.coalesce(func.sum(-Posting.amount), 0).label("held"),
            func.coalesce(
                func.sum(-Posting.amount).filter(collected, JournalEntry.occurred_on >= month_start), 0
            ).label("month"),
            func.coalesce(
                func.sum(-Posting.amount).filter(collected, JournalEntry.occurred_on >= year_start), 0
            ).label("year"),
        )
        .select_from(Posting)
        .join(LedgerAccount, _same(LedgerAccount, Posting.ledger_account_id))
        .join(JournalEntry, _same(JournalEntry, Posting.entry_id))
        .where(LedgerAccount.kind == OWNER_PAYABLE, LedgerAccount.customer_id == owner_id)
    ).one()
    last = db.session.execute(
        select(Payout.amount, Payout.paid_on)
        .where(Payout.customer_id == owner_id, Payout.void_at.is_(None))
        .order_by(Payout.paid_on.desc(), Payout.id.desc())
        .limit(1)
    ).first()
    return OwnerSummary(
        currency=currency,
        month_income=int(books.month),
        year_income=int(books.year),
        held=int(books.held),
        last_payout_amount=last.amount if last else None,
        last_payout_on=last.paid_on if last else None,
        mandates=mandates,
    )


def _same(model: Any, column: Any) -> Any:
    return and_(model.tenant_id == Posting.tenant_id, model.id == column)


def statement(reach: Reach, owner_id: uuid.UUID, *, cursor: str | None = None) -> Page[PeriodLine]:
    """An owner's share, period by period, the newest first; two statements however long it is."""
    mine = reachable(reach)
    rent = Posting.amount.label("rent")
    query = (
        select(
            LedgerAccount.account_id,
            Account.number,
            Account.address,
            Invoice.period,
            func.coalesce(func.sum(-rent).filter(JournalEntry.kind.in_(RENT)), 0).label("rent"),
            func.coalesce(func.sum(rent).filter(JournalEntry.kind == "commission-withheld"), 0).label(
                "commission"
            ),
            func.coalesce(func.sum(-rent), 0).label("net"),
            func.array_agg(Invoice.id).filter(JournalEntry.kind == "rent-collected").label("rent_invoices"),
            func.array_agg(Invoice.id)
            .filter(JournalEntry.kind == "commission-withheld")
            .label("commission_invoices"),
        )
        .select_from(Posting)
        .join(LedgerAccount, _same(LedgerAccount, Posting.ledger_account_id))
        .join(JournalEntry, _same(JournalEntry, Posting.entry_id))
        .join(Invoice, _same(Invoice, Posting.invoice_id))
        .join(
            Account,
            and_(Account.tenant_id == LedgerAccount.tenant_id, Account.id == LedgerAccount.account_id),
        )
        .join(mine, mine.c.account_id == Account.id)
        .where(LedgerAccount.kind == OWNER_PAYABLE, LedgerAccount.customer_id == owner_id)
        .group_by(LedgerAccount.account_id, Account.number, Account.address, Invoice.period)
        .order_by(Invoice.period.desc(), Account.number)
        .limit(PAGE + 1)
    )
    start = decode_cursor(cursor, (str, str)) if cursor else None
    if start:
        period, number = start
        query = query.where(
            or_(Invoice.period < period, and_(Invoice.period == period, Account.number > number))
        )
    rows = db.session.execute(query).all()
    shown = rows[:PAGE]
    paid = _paid_out(owner_id, shown)
    lines = [
        PeriodLine(
            mandate_account_id=row.account_id,
            number=row.number,
            address=row.address,
            period=row.period,
            rent=int(row.rent),
            commission=int(row.commission),
            net=int(row.net),
            paid_out=paid.get((row.account_id, row.period), 0),
            rent_invoice_id=row.rent_invoices[0] if row.rent_invoices else None,
            commission_invoice_id=row.commission_invoices[0] if row.commission_invoices else None,
        )
        for row in shown
    ]
    older = encode_cursor((shown[-1].period, shown[-1].number)) if len(rows) > PAGE else None
    return Page(lines, None, older)


def _paid_out(owner_id: uuid.UUID, rows: Any) -> dict[tuple[uuid.UUID, str], int]:
    wanted = [(row.account_id, row.period) for row in rows]
    if not wanted:
        return {}
    found = db.session.execute(
        select(Payout.mandate_account_id, Payout.period, func.sum(Payout.amount).label("amount"))
        .where(
            Payout.customer_id == owner_id,
            Payout.void_at.is_(None),
            tuple_(Payout.mandate_account_id, Payout.period).in_(wanted),
        )
        .group_by(Payout.mandate_account_id, Payout.period)
    )
    return {(row.mandate_account_id, row.period): int(row.amount) for row in found}


def payouts(reach: Reach, owner_id: uuid.UUID, *, cursor: str | None = None) -> Page[Any]:
    """What was paid to one owner over the mandates in reach, newest first."""
    mine = reachable(reach)
    query = (
        select(
            Payout.id,
            Payout.number,
            Payout.period,
            Payout.amount,
            Payout.currency,
            Payout.paid_on,
            Payout.method,
            Payout.reference,
            Account.number.label("mandate_number"),
            Account.address,
        )
        .join(Account, and_(Account.tenant_id == Payout.tenant_id, Account.id == Payout.mandate_account_id))
        .join(mine, mine.c.account_id == Account.id)
        .where(Payout.customer_id == owner_id, Payout.void_at.is_(None))
        .order_by(Payout.paid_on.desc(), Payout.id.desc())
        .limit(PAGE + 1)
    )
    start = decode_cursor(cursor, (datetime.date, uuid.UUID)) if cursor else None
    if start:
        query = query.where(tuple_(Payout.paid_on, Payout.id) < tuple_(*start))
    rows: list[Any] = list(db.session.execute(query).all())
    older = encode_cursor((rows[PAGE - 1].paid_on, rows[PAGE - 1].id)) if len(rows) > PAGE else None
    return Page(rows[:PAGE], None, older)


def payout(reach: Reach, owner_id: uuid.UUID, payout_id: uuid.UUID) -> Any:
    """One payout of the owner. Raises NotFound."""
    mine = reachable(reach)
    row: Any = db.session.execute(
        select(
            Payout.id,
            Payout.number,
            Payout.period,
            Payout.amount,
            Payout.currency,
            Payout.paid_on,
            Payout.method,
            Payout.reference,
            Payout.file_id,
            Account.number.label("mandate_number"),
            Account.address,
            Account.city,
            Lease.number.label("lease_number"),
        )
        .join(Account, and_(Account.tenant_id == Payout.tenant_id, Account.id == Payout.mandate_account_id))
        .join(Lease, and_(Lease.tenant_id == Payout.tenant_id, Lease.mandate_account_id == Account.id))
        .join(mine, mine.c.account_id == Account.id)
        .where(Payout.id == payout_id, Payout.customer_id == owner_id, Payout.void_at.is_(None))
    ).first()
    if row is None:
        raise NotFound()
    return row
