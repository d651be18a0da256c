"""The contracts that the first page speaks of: those somebody rents by, and those of an owner that end soon."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, literal, select, union_all

from blueprints.accounts.models import Account
from blueprints.accounts.reach import reachable
from blueprints.leases.adjusting import YEAR, due_on
from blueprints.leases.catalogue import caps
from blueprints.leases.models import Lease, LeaseScenario
from saas.database import db
from tenants.context import Reach

RENTER, OWNER = "renter", "owner"
SOON = datetime.timedelta(days=120)
SHOWN = 4


@dataclass(frozen=True, slots=True)
class Agreement:
    """One contract. `until` is its end, or the end of its term where it renews; `adjusts_on` the next day on which
    the rent may rise, None where nothing says that it does."""

    id: uuid.UUID
    side: str
    number: str
    address: str
    until: datetime.date
    renews: bool
    adjusts_on: datetime.date | None


def agreements(
    reach: Reach, *, rents: bool, owns: bool, account_id: uuid.UUID | None = None
) -> Sequence[Agreement]:
    """The contracts in reach, of one account or of all, a few of each side; the first to end comes first. One
    statement."""
    sides = [_rented(reach, account_id)] if rents else []
    sides += [_ending(reach, account_id)] if owns else []
    if not sides:
        return ()
    chosen = (union_all(*sides) if len(sides) > 1 else sides[0]).subquery("chosen")
    rows = db.session.execute(
        select(
            Lease.id,
            chosen.c.side,
            Lease.number,
            Account.address,
            Lease.term_until,
            Lease.ended_on,
            Lease.renews,
            Lease.rent_since,
            LeaseScenario.index_code,
            LeaseScenario.cap,
        )
        .join(chosen, chosen.c.id == Lease.id)
        .join(Account, and_(Account.tenant_id == Lease.tenant_id, Account.id == Lease.lease_account_id))
        .outerjoin(
            LeaseScenario,
            and_(LeaseScenario.tenant_id == Lease.tenant_id, LeaseScenario.code == Lease.scenario_code),
        )
        .order_by(_end(), Lease.number)
    )
    return [
        Agreement(
            id=row.id,
            side=row.side,
            number=row.number,
            address=row.address or "",
            until=row.ended_on or row.term_until,
            renews=row.renews and row.ended_on is None,
            adjusts_on=_adjusts_on(row),
        )
        for row in rows
    ]


def _rented(reach: Reach, account_id: uuid.UUID | None) -> Select[*tuple[Any, ...]]:
    return _of(reach, account_id, Lease.lease_account_id, RENTER)


def _ending(reach: Reach, account_id: uuid.UUID | None) -> Select[*tuple[Any, ...]]:
    soon = _end().between(reach.today, reach.today + SOON)
    return _of(reach, account_id, Lease.mandate_account_id, OWNER).where(soon)


def _of(reach: Reach, account_id: uuid.UUID | None, account: Any, side: str) -> Select[*tuple[Any, ...]]:
    mine = reachable(reach, now=True)
    query = (
        select(Lease.id, literal(side).label("side"))
        .join(mine, mine.c.account_id == account)
        .where(Lease.status == "active")
        .order_by(_end(), Lease.id)
        .limit(SHOWN)
    )
    return query.where(account == account_id) if account_id else query


def _end() -> Any:
    return func.coalesce(Lease.ended_on, Lease.term_until)


def _adjusts_on(row: Any) -> datetime.date | None:
    if row.index_code is None:
        return None
    cap = caps().get(row.cap or "")
    return due_on(row.rent_since, cap.months if cap else YEAR)
