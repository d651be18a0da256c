"""What owners read in lists: their figures, their months, what was paid to them. Columns, paged by keys."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select, tuple_

from blueprints.accounts.models import Account
from blueprints.accounts.reach import reachable
from blueprints.leases.models import Payout
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import OWNER_PAYABLE
from blueprints.owners.agreed import REVERSED
from blueprints.owners.statements import CHARGED, RENT_KINDS, UNCHARGED, WITHHELD
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound
from tenants.context import Reach

PAGE = 20


@dataclass(frozen=True, slots=True)
class OwnerSummary:
    """What an owner wants to know first. Minor units; `held` is collected and not paid out yet; below zero,
    more was paid out than stayed, and it is kept from the next payout. `month_kept` is what commission, its taxes and
    charges took this month."""

    currency: str
    month_income: int
    month_kept: int
    year_income: int
    held: int
    last_payout_amount: int | None
    last_payout_on: datetime.date | None
    mandates: int


@dataclass(frozen=True, slots=True)
class MonthLine:
    """One property and month of an owner's share, the statement in one line; minor units.

    opening + rent - kept - charges - paid + other = closing.
    """

    mandate_account_id: uuid.UUID
    number: str
    address: str
    month: str
    opening: int
    rent: int
    kept: int
    charges: int
    paid: int
    closing: int

    @property
    def net(self) -> int:
        return self.closing - self.opening + self.paid


def owner_summary(reach: Reach, owner_id: uuid.UUID, *, currency: str) -> OwnerSummary | None:
    """The figures of one owner over the mandates in reach; None for somebody who owns nothing."""
    mine = reachable(reach)
    mandates = (
        select(func.count(Account.id))
        .select_from(Account)
        .join(mine, mine.c.account_id == Account.id)
        .where(Account.kind == "mandate")
        .scalar_subquery()
    )
    month_start = reach.today.replace(day=1)
    year_start = reach.today.replace(month=1, day=1)
    collected = JournalEntry.kind.in_(RENT_KINDS)
    kept = JournalEntry.kind.in_((WITHHELD, REVERSED, CHARGED, UNCHARGED))
    this_month, this_year = JournalEntry.occurred_on >= month_start, JournalEntry.occurred_on >= year_start
    books = db.session.execute(
        select(
            _sum().label("held"),
            _sum(collected, this_month).label("month"),
            _sum(kept, this_month).label("kept"),
            _sum(collected, this_year).label("year"),
            mandates.label("mandates"),
        )
        .select_from(Posting)
        .join(LedgerAccount, _same(LedgerAccount, Posting.ledger_account_id))
        .join(JournalEntry, _same(JournalEntry, Posting.entry_id))
        .where(LedgerAccount.kind == OWNER_PAYABLE, LedgerAccount.customer_id == owner_id)
    ).one()
    if not books.mandates:
        return None
    last = db.session.execute(
        select(Payout.amount, Payout.paid_on)
        .where(Payout.customer_id == owner_id, Payout.state == "paid", Payout.void_at.is_(None))
        .order_by(Payout.paid_on.desc(), Payout.id.desc())
        .limit(1)
    ).first()
    return OwnerSummary(
        currency=currency,
        month_income=int(books.month),
        month_kept=-int(books.kept),
        year_income=int(books.year),
        held=int(books.held),
        last_payout_amount=last.amount if last else None,
        last_payout_on=last.paid_on if last else None,
        mandates=int(books.mandates),
    )


def _sum(*conditions: Any) -> Any:
    """What postings make for the owner, of those that meet the conditions."""
    total = func.sum(-Posting.amount)
    return func.coalesce(total.filter(*conditions) if conditions else total, 0)


def _same(model: Any, column: Any) -> Any:
    return and_(model.tenant_id == Posting.tenant_id, model.id == column)


def months(
    reach: Reach, owner_id: uuid.UUID, *, currency: str, cursor: str | None = None, page: int = PAGE
) -> Page[MonthLine]:
    """An owner's share, month by month and property by property, the newest first; one statement however long it is."""
    mine = reachable(reach)
    month = func.to_char(JournalEntry.occurred_on, "YYYY-MM")
    sums = (
        select(
            LedgerAccount.account_id,
            month.label("month"),
            _sum(JournalEntry.kind.in_(RENT_KINDS)).label("rent"),
            _sum(JournalEntry.kind.in_((WITHHELD, REVERSED))).label("kept"),
            _sum(JournalEntry.kind.in_((CHARGED, UNCHARGED))).label("charges"),
            _sum(JournalEntry.business_key.startswith("payout")).label("paid"),
            _sum().label("moved"),
            func.sum(_sum()).over(partition_by=LedgerAccount.account_id, order_by=month).label("closing"),
        )
        .select_from(Posting)
        .join(LedgerAccount, _same(LedgerAccount, Posting.ledger_account_id))
        .join(JournalEntry, _same(JournalEntry, Posting.entry_id))
        .join(mine, mine.c.account_id == LedgerAccount.account_id)
        .where(
            LedgerAccount.kind == OWNER_PAYABLE,
            LedgerAccount.customer_id == owner_id,
            LedgerAccount.currency == currency,
        )
        .group_by(LedgerAccount.account_id, month)
        .subquery("months")
    )
    query = (
        select(sums, Account.number, Account.address)
        .join(Account, Account.id == sums.c.account_id)
        .order_by(sums.c.month.desc(), Account.number)
        .limit(page + 1)
    )
    start = decode_cursor(cursor, (str, str)) if cursor else None
    if start:
        then, number = start
        query = query.where(or_(sums.c.month < then, and_(sums.c.month == then, Account.number > number)))
    rows = db.session.execute(query).all()
    lines = [
        MonthLine(
            mandate_account_id=row.account_id,
            number=row.number,
            address=row.address or "",
            month=row.month,
            opening=int(row.closing - row.moved),
            rent=int(row.rent),
            kept=-int(row.kept),
            charges=-int(row.charges),
            paid=-int(row.paid),
            closing=int(row.closing),
        )
        for row in rows[:page]
    ]
    older = encode_cursor((lines[-1].month, lines[-1].number)) if len(rows) > page else None
    return Page(lines, None, older)


def _payouts() -> Any:
    booked_on = (
        select(JournalEntry.occurred_on)
        .where(
            JournalEntry.tenant_id == Payout.tenant_id,
            JournalEntry.business_key == func.concat("payout:", Payout.id),
        )
        .scalar_subquery()
    )
    return (
        select(
            booked_on.label("booked_on"),
            Payout.id,
            Payout.number,
            Payout.mandate_account_id,
            Payout.period,
            Payout.amount,
            Payout.currency,
            Payout.paid_on,
            Payout.method,
            Payout.reference,
            Payout.state,
            Payout.file_id,
            Account.number.label("mandate_number"),
            Account.address,
            Account.city,
        )
        .join(Account, and_(Account.tenant_id == Payout.tenant_id, Account.id == Payout.mandate_account_id))
        .where(Payout.void_at.is_(None))
    )


def payouts(reach: Reach, owner_id: uuid.UUID, *, cursor: str | None = None, page: int = PAGE) -> Page[Any]:
    """What was paid to one owner over the mandates in reach, newest first."""
    mine = reachable(reach)
    query = (
        _payouts()
        .join(mine, mine.c.account_id == Account.id)
        .where(Payout.customer_id == owner_id)
        .order_by(Payout.paid_on.desc(), Payout.id.desc())
        .limit(page + 1)
    )
    start = decode_cursor(cursor, (datetime.date, uuid.UUID)) if cursor else None
    if start:
        query = query.where(tuple_(Payout.paid_on, Payout.id) < tuple_(*start))
    rows: list[Any] = list(db.session.execute(query).all())
    older = encode_cursor((rows[page - 1].paid_on, rows[page - 1].id)) if len(rows) > page else None
    return Page(rows[:page], None, older)


def payout(reach: Reach, owner_id: uuid.UUID, payout_id: uuid.UUID) -> Any:
    """One payout of the owner. Raises NotFound."""
    mine = reachable(reach)
    row: Any = db.session.execute(
        _payouts()
        .join(mine, mine.c.account_id == Account.id)
        .where(Payout.id == payout_id, Payout.customer_id == owner_id)
    ).first()
    if row is None:
        raise NotFound()
    return row
