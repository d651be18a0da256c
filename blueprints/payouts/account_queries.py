"""What pages read of owners' bank accounts. Numbers stay sealed: four digits are shown."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, func, literal, or_, select

from blueprints.accounts.models import Customer
from blueprints.payouts import rules
from blueprints.payouts.bank_accounts import missing, view_of
from blueprints.payouts.models import OwnerBankAccount
from saas.audit import AuditRow
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound
from tenants.people import User

SIZE = 25
MOST = 50  # accounts of one owner that a page shows
NARROW = ("", "waiting", "frozen", "holder", "call", "held")


@dataclass(frozen=True, slots=True)
class Account:
    """One account as people see it; `state` is a word of words.ACCOUNT_STATES, moments are UTC."""

    row: Row[Any]
    state: str
    lacks: Sequence[str]

    @property
    def pending(self) -> bool:
        return self.state in (rules.WAITING, "held")


def accounts_of(customer_id: uuid.UUID, now: datetime.datetime) -> list[Account]:
    """Every account of an owner, the newest first."""
    rows = db.session.execute(
        _rows()
        .where(OwnerBankAccount.customer_id == customer_id)
        .order_by(OwnerBankAccount.id.desc())
        .limit(MOST)
    ).all()
    return [said(row, rows, now) for row in rows]


def said(row: Row[Any], siblings: Sequence[Row[Any]], now: datetime.datetime) -> Account:
    """An account with its state in the light of the owner's others."""
    state = row.state
    if state == rules.WAITING and not rules.pending(view_of(row), now):
        state = "lapsed"
    elif state == rules.CONFIRMED and rules.pending(view_of(row), now):
        state = "held"
    elif state == rules.CONFIRMED:
        state = "used" if row.id == _newest(siblings, now) else "before"
    return Account(row, state, missing(row) if row.state == rules.WAITING else ())


def _newest(rows: Sequence[Row[Any]], now: datetime.datetime) -> uuid.UUID | None:
    usable = [
        row for row in rows if row.state == rules.CONFIRMED and row.usable_from and row.usable_from <= now
    ]
    return max(usable, key=lambda row: (row.usable_from, row.id)).id if usable else None


def account(account_id: uuid.UUID, now: datetime.datetime) -> Account:
    """One account. Raises NotFound."""
    row = db.session.execute(_rows().where(OwnerBankAccount.id == account_id)).first()
    if row is None:
        raise NotFound()
    return said(row, _siblings({row.customer_id}).get(row.customer_id, ()), now)


def story(account_ids: Sequence[uuid.UUID], words: Mapping[str, str]) -> list[Row[Any]]:
    """What happened to accounts, newest first, after the evidence."""
    if not account_ids:
        return []
    return list(
        db.session.execute(
            select(
                AuditRow.number,
                AuditRow.at,
                AuditRow.actor_kind,
                AuditRow.actor_name,
                AuditRow.action,
                AuditRow.subject_id,
                AuditRow.data,
            )
            .where(
                AuditRow.subject_kind == "bank-account",
                AuditRow.subject_id.in_(account_ids),
                AuditRow.action.in_(words),
            )
            .order_by(AuditRow.number.desc())
            .limit(MOST)
        )
    )


def accounts(narrow: str, cursor: str | None, now: datetime.datetime) -> Page[Account]:
    """Accounts of all owners, the newest first; `narrow` says which of them."""
    query = _rows().order_by(OwnerBankAccount.id.desc()).limit(SIZE + 1)
    condition = _narrowed(narrow, now)
    if condition is not None:
        query = query.where(condition)
    after = decode_cursor(cursor, (uuid.UUID,))
    if after is not None:
        query = query.where(OwnerBankAccount.id < literal(after[0]))
    rows = db.session.execute(query).all()
    shown = rows[:SIZE]
    siblings = _siblings({row.customer_id for row in shown})
    page = [said(row, siblings.get(row.customer_id, ()), now) for row in shown]
    return Page(page, older=encode_cursor((shown[-1].id,)) if len(rows) > SIZE else None)


def _siblings(customer_ids: set[uuid.UUID]) -> dict[uuid.UUID, list[Any]]:
    rows = db.session.execute(
        select(
            OwnerBankAccount.id,
            OwnerBankAccount.customer_id,
            OwnerBankAccount.state,
            OwnerBankAccount.usable_from,
        ).where(OwnerBankAccount.customer_id.in_(customer_ids), OwnerBankAccount.state == rules.CONFIRMED)
    )
    found: dict[uuid.UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.customer_id, []).append(row)
    return found


def _narrowed(narrow: str, now: datetime.datetime) -> Any:
    waits = and_(OwnerBankAccount.state == rules.WAITING, OwnerBankAccount.confirm_until > now)
    held = and_(OwnerBankAccount.state == rules.CONFIRMED, OwnerBankAccount.usable_from > now)
    return {
        "waiting": waits,
        "held": held,
        "frozen": OwnerBankAccount.state == rules.FROZEN,
        "holder": and_(waits, OwnerBankAccount.another_holder, OwnerBankAccount.holder_approved_at.is_(None)),
        "call": and_(
            or_(waits, held),
            OwnerBankAccount.vouched_at.is_(None),
            or_(
                Customer.phone.is_not(None),
                and_(OwnerBankAccount.entered_by_staff, OwnerBankAccount.code_sent_to.is_(None)),
            ),
        ),
    }.get(narrow)


WAITS = ("frozen", "holder", "call")


def waiting_counts(now: datetime.datetime) -> list[Any]:
    """How many accounts wait for staff, as columns of somebody's statement: named as in WAITS."""
    return [
        select(func.count(OwnerBankAccount.id))
        .select_from(OwnerBankAccount)
        .join(Customer, _of_owner())
        .where(_may_wait(now), _narrowed(narrow, now))
        .scalar_subquery()
        .label(narrow)
        for narrow in WAITS
    ]


def _may_wait(now: datetime.datetime) -> Any:
    """All that an index finds quickly: accounts in use for long are most of them."""
    return or_(
        OwnerBankAccount.state.in_((rules.WAITING, rules.FROZEN)),
        and_(OwnerBankAccount.state == rules.CONFIRMED, OwnerBankAccount.usable_from > now),
    )


def _of_owner() -> Any:
    return and_(Customer.tenant_id == OwnerBankAccount.tenant_id, Customer.id == OwnerBankAccount.customer_id)


def _rows() -> Any:
    entered = User
    return (
        select(
            *(
                getattr(OwnerBankAccount, column.key)
                for column in OwnerBankAccount.__table__.columns
                if column.key != "sealed_number"
            ),
            Customer.name.label("owner"),
            Customer.phone,
            entered.name.label("entered_by_name"),
        )
        .join(Customer, _of_owner())
        .join(
            entered,
            and_(entered.tenant_id == OwnerBankAccount.tenant_id, entered.id == OwnerBankAccount.entered_by),
        )
    )
