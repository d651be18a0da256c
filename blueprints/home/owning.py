"""What the first page tells an owner beside the sums: payouts, statements of the month, what waits for a decision."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select

from blueprints.accounts.models import Account, Customer
from blueprints.accounts.reach import reachable
from blueprints.cases import quote_rules
from blueprints.cases.quote_models import CaseQuote
from blueprints.leases.models import Payout
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import OWNER_PAYABLE
from saas.database import db
from tenants.context import Reach

SHOWN = 4  # statements of the month


@dataclass(frozen=True, slots=True)
class LastPayout:
    """The newest payout that arrived; minor units."""

    id: uuid.UUID
    amount: int
    paid_on: datetime.date


@dataclass(frozen=True, slots=True)
class Sheet:
    """A property with something on this month's statement."""

    mandate_account_id: uuid.UUID
    address: str


@dataclass(frozen=True, slots=True)
class Owning:
    """`on_its_way` was ordered for `ordered_for` and the bank has not answered; minor units. `more_sheets`: there
    are more properties than are named."""

    on_its_way: int
    ordered_for: datetime.date | None
    last: LastPayout | None
    sheets: Sequence[Sheet]
    more_sheets: bool
    quotes: int


def owning(reach: Reach, owner_id: uuid.UUID, *, currency: str) -> Owning:
    """What stands for one owner over the mandates in reach. One statement."""
    row = db.session.execute(
        select(
            _under_way(owner_id, currency).label("under_way"),
            _last(reach, owner_id, currency).label("last"),
            _sheets(reach, owner_id, currency).label("sheets"),
            _quotes(reach).label("quotes"),
        )
        .select_from(Customer)
        .where(Customer.id == owner_id)
    ).one()
    amount, ordered_for = row.under_way
    return Owning(
        on_its_way=int(amount),
        ordered_for=datetime.date.fromisoformat(ordered_for) if ordered_for else None,
        last=LastPayout(uuid.UUID(row.last[0]), int(row.last[1]), datetime.date.fromisoformat(row.last[2]))
        if row.last
        else None,
        sheets=[Sheet(uuid.UUID(mandate), address) for mandate, address in (row.sheets or ())[:SHOWN]],
        more_sheets=len(row.sheets or ()) > SHOWN,
        quotes=row.quotes,
    )


def _under_way(owner_id: uuid.UUID, currency: str) -> Any:
    return (
        select(func.jsonb_build_array(func.coalesce(func.sum(Payout.amount), 0), func.max(Payout.paid_on)))
        .select_from(Payout)
        .where(
            Payout.customer_id == owner_id,
            Payout.currency == currency,
            Payout.state == "under-way",
            Payout.void_at.is_(None),
        )
        .scalar_subquery()
    )


def _last(reach: Reach, owner_id: uuid.UUID, currency: str) -> Any:
    mine = reachable(reach)
    return (
        select(func.jsonb_build_array(Payout.id, Payout.amount, Payout.paid_on))
        .select_from(Payout)
        .join(mine, mine.c.account_id == Payout.mandate_account_id)
        .where(
            Payout.customer_id == owner_id,
            Payout.currency == currency,
            Payout.state == "paid",
            Payout.void_at.is_(None),
        )
        .order_by(Payout.paid_on.desc(), Payout.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _sheets(reach: Reach, owner_id: uuid.UUID, currency: str) -> Any:
    """Properties on whose statement something stands this month: others have none."""
    mine = reachable(reach)
    moved = (
        select(Account.id, func.coalesce(Account.address, Account.number).label("address"))
        .join(
            LedgerAccount,
            and_(LedgerAccount.tenant_id == Account.tenant_id, LedgerAccount.account_id == Account.id),
        )
        .join(mine, mine.c.account_id == Account.id)
        .join(
            Posting,
            and_(Posting.tenant_id == LedgerAccount.tenant_id, Posting.ledger_account_id == LedgerAccount.id),
        )
        .join(
            JournalEntry,
            and_(JournalEntry.tenant_id == Posting.tenant_id, JournalEntry.id == Posting.entry_id),
        )
        .where(
            Account.kind == "mandate",
            LedgerAccount.kind == OWNER_PAYABLE,
            LedgerAccount.customer_id == owner_id,
            LedgerAccount.currency == currency,
            JournalEntry.occurred_on >= reach.today.replace(day=1),
            JournalEntry.occurred_on <= reach.today,
        )
        .group_by(Account.id, Account.address, Account.number)
        .order_by(func.coalesce(Account.address, Account.number), Account.id)
        .limit(SHOWN + 1)
        .subquery("moved")
    )
    pair = func.jsonb_build_array(moved.c.id, moved.c.address)
    return select(func.jsonb_agg(pair)).select_from(moved).scalar_subquery()


def _quotes(reach: Reach) -> Any:
    """As `quotes_waiting` counts them, within this statement."""
    mine = reachable(reach, now=True)
    return (
        select(func.count(CaseQuote.id))
        .select_from(CaseQuote)
        .join(mine, mine.c.account_id == CaseQuote.mandate_account_id)
        .where(CaseQuote.state == quote_rules.OPEN, CaseQuote.valid_until >= reach.today)
        .scalar_subquery()
    )
