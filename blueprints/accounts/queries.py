"""What pages read of accounts: the person's own list, one of them, and who stands behind it."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    distinct,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
)

from blueprints.accounts.models import Access, Account, AccountParty, Customer
from blueprints.accounts.reach import in_force, reachable
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.readings import read
from saas.refusals import NotFound
from tenants.context import Reach

PAGE = 20
AT_HAND = 12
"""Accounts that a switcher offers by name; the rest are found on the page of accounts."""


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account as its person knows it. `label` is the person's own name for it, or empty; `until` the last day that
    was theirs, when that is past."""

    id: uuid.UUID
    kind: str
    number: str
    label: str
    address: str
    city: str
    status: str
    main: bool
    until: datetime.date | None = None

    @property
    def name(self) -> str:
        """What the person recognises first: their own name, else the place, else the number."""
        return self.label or self.address or self.number


def my_accounts(
    reach: Reach, *, first: uuid.UUID | None = None, limit: int = AT_HAND
) -> tuple[list[AccountLine], int]:
    """The accounts in reach, at most `limit`, and how many there are; one statement.

    `first` (the one worked with) leads when it is in reach, then the main one, then by number.
    """
    given = {
        "who": reach.customer_id or reach.user_id,
        "today": reach.today,
        "first": first,
        "limit": limit,
    }
    rows = read(_my_accounts(reach.customer_id is not None), given)
    return [_line(row) for row in rows], rows[0].known if rows else 0


@lru_cache(maxsize=2)
def _my_accounts(looking_on: bool) -> Select[*tuple[Any, ...]]:
    """The statement of `my_accounts` with its values left open: most pages show the accounts at hand."""
    who: Any = bindparam("who", type_=Uuid())
    today: Any = bindparam("today", type_=Date())
    reach = Reach(customer_id=who, today=today) if looking_on else Reach(user_id=who, today=today)
    return (
        _lines(reach)
        .add_columns(func.count().over().label("known"))
        .order_by(
            case((Account.id == bindparam("first", type_=Uuid()), 0), else_=1),
            _main(reach).desc(),
            Account.number,
            Account.id,
        )
        .limit(bindparam("limit", type_=Integer()))
    )


def beside_rows(reach: Reach) -> Sequence[ColumnElement[Any]]:
    """Columns for a list of things that lie on accounts (joined as `Account`), so that a page need not ask for the
    account of who has only one: with them `only_account` tells it from any row."""
    mine = reachable(reach)
    found: Any
    if reach.user_id is None:
        found = select(func.jsonb_build_array(func.count(), null(), False)).select_from(mine)
    else:
        facts = func.count(distinct(Access.account_id)), func.max(Access.label), func.bool_or(Access.main)
        found = (
            select(func.jsonb_build_array(*facts))
            .select_from(mine)
            .join(Access, and_(Access.account_id == mine.c.account_id, Access.user_id == reach.user_id))
        )
    return (
        cast(found.scalar_subquery(), Text).label("accounts"),
        Account.city.label("account_city"),
        Account.status.label("account_status"),
    )


def only_account(row: Any) -> AccountLine | None:
    """The one account in reach, from a row with `beside_rows` and the account's id, kind, number and address; else
    None."""
    known, label, main = json.loads(row.accounts)
    if known != 1:
        return None
    return AccountLine(
        row.account_id,
        row.account_kind,
        row.account_number,
        label or "",
        row.account_address,
        row.account_city,
        row.account_status,
        bool(main),
    )


def account(reach: Reach, account_id: uuid.UUID) -> AccountLine:
    """One account in reach. Raises NotFound, for a stranger's as for one that does not exist."""
    row = db.session.execute(_lines(reach).where(Account.id == account_id)).first()
    if row is None:
        raise NotFound()
    return _line(row)


def may_claim(reach: Reach, account_id: uuid.UUID) -> bool:
    """Whether the person may file a case about an account; one statement."""
    mine = reachable(reach, "claim")
    found = db.session.execute(select(mine.c.account_id).where(mine.c.account_id == account_id)).first()
    return found is not None


def search_accounts(
    reach: Reach, words: str = "", *, cursor: str | None = None, size: int = PAGE
) -> Page[AccountLine]:
    """The accounts in reach by number, a page at a time; `words` is looked for in number, own name and address.

    Spaces, dots, dashes and accents do not matter.
    """
    query = _lines(reach).order_by(Account.number, Account.id).limit(size + 1)
    if words.strip():
        query = query.where(_matches(reach, words.strip()[:80]))
    start = decode_cursor(cursor, (str, uuid.UUID))
    if start is not None:
        query = query.where(tuple_(Account.number, Account.id) > tuple_(*start))
    rows = [_line(row) for row in db.session.execute(query)]
    last = rows[size - 1] if len(rows) > size else None
    return Page(rows[:size], None, encode_cursor((last.number, last.id)) if last else None)


def parties(account_id: uuid.UUID, on: datetime.date) -> Sequence[Row[*tuple[Any, ...]]]:
    """Who stood behind an account on a day: name, document, address, city, role, share; the largest share first.

    For documents that name the tenant's customer: whoever asks must have been found to reach the account.
    """
    return db.session.execute(
        select(
            Customer.name,
            Customer.document_kind,
            Customer.document_number,
            Customer.address,
            Customer.city,
            AccountParty.role,
            AccountParty.share,
        )
        .join(
            AccountParty,
            and_(AccountParty.tenant_id == Customer.tenant_id, AccountParty.customer_id == Customer.id),
        )
        .where(
            AccountParty.account_id == account_id,
            or_(AccountParty.valid_from.is_(None), AccountParty.valid_from <= on),
            or_(AccountParty.valid_until.is_(None), AccountParty.valid_until >= on),
        )
        .order_by(AccountParty.share.desc(), Customer.name)
    ).all()


def _lines(reach: Reach) -> Select[*tuple[Any, ...]]:
    mine = reachable(reach)
    return (
        select(
            Account.id,
            Account.kind,
            Account.number,
            _label(reach).label("label"),
            Account.address,
            Account.city,
            Account.status,
            _main(reach).label("main"),
            case((in_force(mine, reach.today), None), else_=mine.c.sees_until).label("until"),
        )
        .select_from(mine)
        .join(Account, Account.id == mine.c.account_id)
    )


def _line(row: Any) -> AccountLine:
    return AccountLine(
        row.id,
        row.kind,
        row.number,
        row.label or "",
        row.address,
        row.city,
        row.status,
        bool(row.main),
        row.until,
    )


def _label(reach: Reach) -> ColumnElement[Any]:
    """The user's own name for the account. Someone who looks on for a customer sees none."""
    if reach.user_id is None:
        return null()
    return _own(reach, func.max(Access.label))


def _main(reach: Reach) -> ColumnElement[Any]:
    if reach.user_id is None:
        return literal(False)
    return func.coalesce(_own(reach, func.bool_or(Access.main)), False)


def _own(reach: Reach, value: ColumnElement[Any]) -> ColumnElement[Any]:
    return (
        select(value)
        .where(Access.user_id == reach.user_id, Access.account_id == Account.id)
        .correlate(Account)
        .scalar_subquery()
    )


def _matches(reach: Reach, words: str) -> ColumnElement[bool]:
    plain = "%" + _escaped(words) + "%"
    bare = "".join(sign for sign in words if sign.isalnum())
    found: list[ColumnElement[bool]] = [
        func.plain(Account.address).like(func.plain(plain)),
        func.plain(func.coalesce(_label(reach), "")).like(func.plain(plain)),
    ]
    if bare:
        number = func.regexp_replace(Account.number, "[^[:alnum:]]", "", "g")
        found.append(func.lower(number).contains(bare.lower(), autoescape=True))
    return or_(*found)


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\x00", "")
