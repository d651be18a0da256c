"""The statement of one account between two days, read from the books: what it owed, what moved, what it owes."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from blueprints.accounts.queries import AccountLine, account
from blueprints.accounts.reach import reachable, theirs
from blueprints.invoices import rules
from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.invoices.queries import kind_name
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import RECEIVABLE
from saas.database import db
from saas.languages import N_
from saas.refusals import Refusal
from tenants.context import Reach

MOST = 1_000
"""Movements that one statement shows. It asks for fewer days rather than leave any out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement with the balance after it. Debit positive; `invoice_id` opens its source."""

    occurred_on: datetime.date
    kind: str
    amount: int
    balance: int
    invoice_id: uuid.UUID | None
    number: str | None
    type_name: str | None
    period: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """An account from `first` to `last`, both included, in minor units of `currency`.

    `ages` splits the closing balance by how long it has been overdue on `last`; its parts sum to `closing`.
    """

    account: AccountLine
    currency: str
    first: datetime.date
    last: datetime.date
    opening: int
    charged: int
    paid: int
    closing: int
    ages: dict[str, int]
    entries: Sequence[Entry]


def statement(
    reach: Reach,
    account_id: uuid.UUID,
    *,
    first: datetime.date,
    last: datetime.date,
    currency: str,
    language: str,
) -> Statement:
    """The statement of an account in reach; three statements to the database whatever its length.

    Raises NotFound for an account out of reach, Refusal when the days are the wrong way round or too many.
    """
    if last < first:
        raise Refusal(N_("The first day comes after the last one."), "from")
    shown = account(reach, account_id)
    opening, ages = _balances(reach, account_id, first, last, currency)
    entries = _entries(reach, account_id, first, last, currency, language, opening)
    return Statement(
        account=shown,
        currency=currency,
        first=first,
        last=last,
        opening=opening,
        charged=sum(entry.amount for entry in entries if entry.amount > 0),
        paid=-sum(entry.amount for entry in entries if entry.amount < 0),
        closing=sum(ages.values()),
        ages=ages,
        entries=entries,
    )


def _balances(
    reach: Reach, account_id: uuid.UUID, first: datetime.date, last: datetime.date, currency: str
) -> tuple[int, dict[str, int]]:
    """The balance before the first day, and the one on the last day by age."""
    before = func.coalesce(func.sum(Posting.amount).filter(JournalEntry.occurred_on < first), 0)
    until = func.coalesce(func.sum(Posting.amount), 0)
    due = func.coalesce(Invoice.second_due_on, Invoice.due_on, last)
    each = (
        _postings(
            reach,
            account_id,
            currency,
            select(due.label("due"), before.label("before"), until.label("until")),
        )
        .where(JournalEntry.occurred_on <= last)
        .group_by(Posting.invoice_id, due)
        .subquery("each")
    )
    rows = db.session.execute(
        select(
            each.c.due, func.sum(each.c.before).label("before"), func.sum(each.c.until).label("until")
        ).group_by(each.c.due)
    )
    opening, ages = 0, dict.fromkeys(rules.AGES, 0)
    for row in rows:
        opening += int(row.before)
        ages[rules.age(row.due, None, last)] += int(row.until)
    return opening, ages


def _entries(
    reach: Reach,
    account_id: uuid.UUID,
    first: datetime.date,
    last: datetime.date,
    currency: str,
    language: str,
    opening: int,
) -> list[Entry]:
    query = (
        _postings(
            reach,
            account_id,
            currency,
            select(
                JournalEntry.occurred_on,
                JournalEntry.kind,
                Posting.amount,
                Posting.invoice_id,
                Invoice.number,
                Invoice.period,
                kind_name(language).label("type_name"),
            ),
        )
        .outerjoin(InvoiceType, InvoiceType.code == Invoice.type_code)
        .where(JournalEntry.occurred_on.between(first, last))
        .order_by(JournalEntry.occurred_on, Posting.id)
        .limit(MOST + 1)
    )
    rows = db.session.execute(query).all()
    if len(rows) > MOST:
        raise Refusal(
            N_("There are more than %(most)s movements in these days. Choose fewer days."), "from", most=MOST
        )
    entries, balance = [], opening
    for row in rows:
        balance += row.amount
        entries.append(
            Entry(
                occurred_on=row.occurred_on,
                kind=row.kind,
                amount=row.amount,
                balance=balance,
                invoice_id=row.invoice_id,
                number=row.number,
                type_name=row.type_name,
                period=row.period,
            )
        )
    return entries


def _postings(
    reach: Reach, account_id: uuid.UUID, currency: str, query: Select[*tuple[Any, ...]]
) -> Select[*tuple[Any, ...]]:
    """The account's receivable in one currency. What was invoiced on days that are not the reader's is not shown nor
    counted, together with its payments: those concern whoever was there then."""
    mine = reachable(reach)
    began: ColumnElement[datetime.date] = func.coalesce(Invoice.issued_on, JournalEntry.occurred_on)
    return (
        query.select_from(mine)
        .join(
            LedgerAccount,
            and_(
                LedgerAccount.account_id == mine.c.account_id,
                LedgerAccount.kind == RECEIVABLE,
                LedgerAccount.currency == currency,
            ),
        )
        .join(Posting, Posting.ledger_account_id == LedgerAccount.id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .outerjoin(Invoice, Invoice.id == Posting.invoice_id)
        .where(mine.c.account_id == account_id, theirs(mine, began))
    )
