"""What pages read of invoices, always within a reach: what is owed, what was, and the sums.

Amounts are minor units of the row's currency; days are the tenant's (`reach.today`). What is due today follows
`rules.due`; the sums say the same in SQL, and a test holds the two together.
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from blueprints.accounts.models import Account
from blueprints.accounts.queries import AccountLine, beside_rows, only_account
from blueprints.accounts.reach import reachable, theirs
from blueprints.invoices import rules, standing_credit
from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.invoices.narrowing import (
    Filters,
    Narrowing,
    narrowed,
    narrowing_of,
    still_open,
    values_of,
)
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.readings import read
from tenants.context import Reach

PAGE = 25
PENDING_PAGE = 50
PAYABLE = frozenset({rules.TO_PAY, rules.DUE_TODAY, rules.OVERDUE})

in_process: list[Callable[[], ColumnElement[bool]]] = []
"""Conditions on `Invoice.id` under which money for an invoice is on its way.

Payments come later in the order of capabilities and must not be imported here, so they add theirs when the process
starts: `in_process.append(lambda: exists().where(AttemptItem.invoice_id == Invoice.id, AttemptItem.open))`. The
condition becomes a column of the list's own statement, so a page pays no round trip for it.
"""


class InvoiceLine(NamedTuple):
    """One invoice of a list. `due` is what it takes today; `state` is one of rules' words."""

    id: uuid.UUID
    number: str
    type_code: str
    kind: str
    period: str
    account_id: uuid.UUID
    account_kind: str
    account_number: str
    account_address: str
    issued_on: datetime.date
    due_on: datetime.date
    second_due_on: datetime.date | None
    settled_on: datetime.date | None
    currency: str
    total: int
    open_amount: int
    due: rules.Due
    state: str
    payable: bool


@dataclass(frozen=True, slots=True)
class Pending:
    """A page of what is open. `accounts` is how many accounts are in reach and `credit` whether any of them has some
    (both None when nothing is open)."""

    rows: Sequence[InvoiceLine]
    older: str | None
    accounts: int | None
    credit: bool | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What is owed today in one currency. `overdue` and `next_due_on` leave out what is being paid (`in_process`)."""

    currency: str
    owed: int
    overdue: int
    in_process: int
    next_due_on: datetime.date | None
    count: int
    overdue_count: int


@dataclass(frozen=True, slots=True)
class History(Page[InvoiceLine]):
    """A page of everything there was, with what its first row tells of the page around it: code and name of the
    tenant's kinds of invoice, and the account of who has only one. Both are None where there is no row."""

    kinds: Sequence[tuple[str, str]] | None = None
    only: AccountLine | None = None


def pending(
    reach: Reach, *, language: str, account_id: uuid.UUID | None = None, cursor: str | None = None
) -> Pending:
    """Every open invoice in reach, the oldest debt first, `PENDING_PAGE` at a time; one statement."""
    start = decode_cursor(cursor, (datetime.date, uuid.UUID))
    query = _pending(
        reach.customer_id is not None,
        account_id is not None,
        start is not None,
        (*in_process, *standing_credit.conditions),
    )
    given = {
        **_given(reach, language),
        "account": account_id,
        "last_day": start[0] if start else None,
        "last_id": start[1] if start else None,
    }
    found = read(query, given)
    rows = [listed(row, reach.today) for row in found[:PENDING_PAGE]]
    older = encode_cursor((rows[-1].due_on, rows[-1].id)) if len(found) > PENDING_PAGE else None
    first = found[0] if found else None
    return Pending(rows, older, first.accounts if first else None, first.credit if first else None)


@lru_cache(maxsize=32)
def _pending(
    looking_on: bool,
    of_one_account: bool,
    from_cursor: bool,
    _conditions: tuple[Callable[..., ColumnElement[bool]], ...],
) -> Select[*tuple[Any, ...]]:
    """The statement of `pending` with its values left open: to put it together takes longer than to run it, and
    everybody opens that page. `_conditions` are those of other capabilities, so that a statement is not older."""
    reach, language = _bound(looking_on)
    mine = reachable(reach)
    query = (
        columns(language, may_pay(reach))
        .add_columns(
            select(func.count()).select_from(reachable(reach)).scalar_subquery().label("accounts"),
            or_(false(), *(told(reachable(reach)) for told in standing_credit.conditions)).label("credit"),
        )
        .select_from(mine)
        .join(Invoice, Invoice.account_id == mine.c.account_id)
        .join(Account, Account.id == Invoice.account_id)
        .join(InvoiceType, InvoiceType.code == Invoice.type_code)
        .where(*still_open(), theirs(mine, Invoice.issued_on))
        .order_by(Invoice.due_on, Invoice.id)
        .limit(PENDING_PAGE + 1)
    )
    if of_one_account:
        query = query.where(Invoice.account_id == bindparam("account", type_=Uuid()))
    if from_cursor:
        last = tuple_(bindparam("last_day", type_=Date()), bindparam("last_id", type_=Uuid()))
        query = query.where(tuple_(Invoice.due_on, Invoice.id) > last)
    return query


def _bound(looking_on: bool) -> tuple[Reach, Any]:
    """A reach and a language whose values come when the statement is read: see `_given`."""
    who: Any = bindparam("who", type_=Uuid())
    today: Any = bindparam("today", type_=Date())
    reach = Reach(customer_id=who, today=today) if looking_on else Reach(user_id=who, today=today)
    return reach, bindparam("language", type_=Text())


def _given(reach: Reach, language: str) -> dict[str, object]:
    return {"who": reach.customer_id or reach.user_id, "today": reach.today, "language": language}


def history(
    reach: Reach,
    filters: Filters,
    *,
    language: str,
    older: str | None = None,
    newer: str | None = None,
    page: int = PAGE,
) -> History:
    """Invoices in reach, newest due date first; one statement, whose cost follows the page and the accounts in
    reach, not the years of history: each account hands over at most one page from its own index."""
    back, ahead = (decode_cursor(text, (datetime.date, uuid.UUID)) for text in (older, newer))
    start = ahead or back
    query = _history(
        reach.customer_id is not None,
        narrowing_of(filters),
        start is not None,
        ahead is not None,
        page,
        tuple(in_process),
    )
    given = {
        **_given(reach, language),
        **values_of(filters),
        "last_day": start[0] if start else None,
        "last_id": start[1] if start else None,
    }
    found = read(query, given)
    if not found:
        return History([])
    more, rows = len(found) > page, [listed(row, reach.today) for row in found[:page]]
    if ahead is not None:
        rows.reverse()
    first, last = (encode_cursor((row.due_on, row.id)) for row in (rows[0], rows[-1]))
    has_newer = more if ahead is not None else back is not None
    has_older = more if ahead is None else True
    return History(
        rows,
        first if has_newer else None,
        last if has_older else None,
        kinds=[(code, name) for code, name in json.loads(found[0].kinds)],
        only=only_account(found[0]),
    )


@lru_cache(maxsize=64)
def _history(
    looking_on: bool,
    narrowing: Narrowing,
    from_cursor: bool,
    upwards: bool,
    page: int,
    _conditions: tuple[Callable[[], ColumnElement[bool]], ...],
) -> Select[*tuple[Any, ...]]:
    """The statement of `history` with its values left open (see `_pending`)."""
    reach, language = _bound(looking_on)
    mine = reachable(reach)
    key = tuple_(Invoice.due_on, Invoice.id)
    order = (
        (Invoice.due_on.asc(), Invoice.id.asc()) if upwards else (Invoice.due_on.desc(), Invoice.id.desc())
    )
    inner = (
        select(Invoice.id.label("id"))
        .where(
            Invoice.account_id == mine.c.account_id,
            theirs(mine, Invoice.issued_on),
            *narrowed(narrowing, reach.today),
        )
        .order_by(*order)
        .limit(page + 1)
        .correlate(mine)
    )
    if from_cursor:
        last = tuple_(bindparam("last_day", type_=Date()), bindparam("last_id", type_=Uuid()))
        inner = inner.where(key > last if upwards else key < last)
    near = inner.lateral("near")
    kinds = func.jsonb_build_array(InvoiceType.code, kind_name(language, "many"))
    return (
        columns(language, may_pay(reach))
        .add_columns(
            *beside_rows(reach),
            # Said whose rows they are: inside these functions SQLAlchemy sees no class, and the net no rows.
            select(cast(func.jsonb_agg(aggregate_order_by(kinds, InvoiceType.code)), Text))
            .select_from(InvoiceType)
            .scalar_subquery()
            .label("kinds"),
        )
        .select_from(mine)
        .join(Account, Account.id == mine.c.account_id)  # once an account, not once a row
        .join(near, true())
        .join(Invoice, Invoice.id == near.c.id)
        .join(InvoiceType, InvoiceType.code == Invoice.type_code)
        .order_by(*order)
        .limit(page + 1)
    )


def totals(reach: Reach, *, account_id: uuid.UUID | None = None) -> list[Totals]:
    """What is owed today by currency, the one with most invoices first; nothing owed, no row. One statement."""
    mine = reachable(reach)
    due, busy = _due_today(reach.today), being_paid()
    last = func.coalesce(Invoice.second_due_on, Invoice.due_on)
    late = and_(last < reach.today, ~busy)
    nearest = case((Invoice.due_on >= reach.today, Invoice.due_on), else_=last)
    query = (
        select(
            Invoice.currency,
            func.sum(due).label("owed"),
            func.coalesce(func.sum(due).filter(late), 0).label("overdue"),
            func.coalesce(func.sum(due).filter(busy), 0).label("busy"),
            func.min(nearest).filter(last >= reach.today, ~busy).label("next_due_on"),
            func.count().label("invoices"),
            func.count().filter(late).label("overdue_count"),
        )
        .join(mine, mine.c.account_id == Invoice.account_id)
        .where(*still_open(), theirs(mine, Invoice.issued_on))
        .group_by(Invoice.currency)
        .order_by(func.count().desc(), Invoice.currency)
    )
    if account_id is not None:
        query = query.where(Invoice.account_id == account_id)
    return [
        Totals(
            currency=row.currency,
            owed=int(row.owed),
            overdue=int(row.overdue),
            in_process=int(row.busy),
            next_due_on=row.next_due_on,
            count=row.invoices,
            overdue_count=row.overdue_count,
        )
        for row in db.session.execute(query)
    ]


def invoice_types(language: str) -> Sequence[tuple[str, str]]:
    """The tenant's kinds of invoice: code and its name for many."""
    return [(row.code, row.name) for row in read(_invoice_types(), {"language": language})]


@lru_cache(maxsize=1)
def _invoice_types() -> Select[*tuple[Any, ...]]:
    language: Any = bindparam("language", type_=Text())
    return select(InvoiceType.code, kind_name(language, "many").label("name")).order_by(InvoiceType.code)


def kind_name(language: str, form: str = "one") -> ColumnElement[str]:
    """The tenant's name for a kind of invoice in a language, falling back to Spanish and then to its code."""
    return func.coalesce(
        func.jsonb_extract_path_text(InvoiceType.names, language, form),
        func.jsonb_extract_path_text(InvoiceType.names, "es", form),
        InvoiceType.code,
    )


def being_paid() -> ColumnElement[bool]:
    """Whether money for the statement's invoice is on its way."""
    return or_(false(), *(condition() for condition in in_process))


def may_pay(reach: Reach) -> ColumnElement[bool]:
    """Whether the statement's invoice is on an account that this reach may pay for."""
    payable = reachable(reach, "pay")
    return Invoice.account_id.in_(select(payable.c.account_id).where(theirs(payable, Invoice.issued_on)))


def listed(row: Any, today: datetime.date) -> InvoiceLine:
    """A row of `columns` with what follows from the day."""
    open_amount, due_on, second_due_on, total = row.open_amount, row.due_on, row.second_due_on, row.total
    state = rules.state(
        open_amount=open_amount,
        due_on=due_on,
        second_due_on=second_due_on,
        void=row.void_at is not None,
        in_process=row.busy,
        today=today,
    )
    due = rules.due(
        open_amount=open_amount,
        total=total,
        due_on=due_on,
        second_due_on=second_due_on,
        second_total=row.second_total,
        today=today,
    )
    # By place, in the order of the fields: a page makes one for each of its rows.
    return InvoiceLine(
        row.id,
        row.number,
        row.type_code,
        row.kind,
        row.period,
        row.account_id,
        row.account_kind,
        row.account_number,
        row.account_address,
        row.issued_on,
        due_on,
        second_due_on,
        row.settled_on,
        row.currency,
        total,
        open_amount,
        due,
        state,
        row.payable and state in PAYABLE,
    )


def columns(language: str, payable: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """What `listed` needs; the caller joins Invoice, Account and InvoiceType (the net adds the tenant to each)."""
    return select(
        Invoice.id,
        Invoice.number,
        Invoice.type_code,
        kind_name(language).label("kind"),
        Invoice.period,
        Invoice.account_id,
        Account.kind.label("account_kind"),
        Account.number.label("account_number"),
        Account.address.label("account_address"),
        Invoice.issued_on,
        Invoice.due_on,
        Invoice.second_due_on,
        Invoice.settled_on,
        Invoice.currency,
        Invoice.total,
        Invoice.second_total,
        Invoice.open_amount,
        Invoice.void_at,
        being_paid().label("busy"),
        and_(InvoiceType.payable_online, payable).label("payable"),
    )


def _due_today(today: datetime.date) -> ColumnElement[int]:
    """`rules.due` as an expression, for sums over open invoices."""
    second = and_(
        Invoice.second_total.is_not(None),
        Invoice.second_due_on.is_not(None),
        Invoice.due_on < today,
        Invoice.open_amount <= Invoice.total,
    )
    added = case((second, Invoice.second_total - Invoice.total), else_=0)
    return Invoice.open_amount + added
