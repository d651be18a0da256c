"""Which accounts a page may show, and which days of them: the one place that decides it, for lists and single rows."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Container, Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)

from blueprints.accounts.models import Access, AccountParty
from saas.database import db
from tenants.context import Reach, TenantContext, Viewer

RIGHTS = {
    "see": Access.can_see,
    "pay": Access.can_pay,
    "claim": Access.can_claim,
    "enrol": Access.can_enrol,
}
LASTING = ("renter", "owner")
"""Who rented or owned keeps the own time when it is over: those days' invoices, statements and payments stay theirs.
`tenants/loading.py` says the same of the roles that a visitor has."""
KEPT = ("see", "pay")
"""Rights that last with the days; to file a case or to enrol one must be there today."""


def reach_of(viewer: Viewer, tenant: TenantContext) -> Reach:
    """The reach of a request: the viewer's own, or the customer's whose pages staff are looking at."""
    if viewer.viewing_customer_id is not None:
        return Reach(customer_id=viewer.viewing_customer_id, today=tenant.today())
    return Reach(user_id=viewer.user_id, today=tenant.today())


def reachable(reach: Reach, right: str = "see", *, now: bool = False) -> Subquery:
    """A subquery of the accounts in reach, one row each: `account_id`, `days` (the days that are theirs: see `theirs`),
    `sees_from` and `sees_until` (the first and the last of them; null without bound).

    `now` leaves out whose days are over. Someone looking on behalf of a customer sees and can do nothing else.
    """
    return _statement(reach, right, now=now or right not in KEPT).subquery("reachable")


def theirs(reached: FromClause, day: ColumnElement[Any] | Any) -> ColumnElement[bool]:
    """Whether a day is one of those that the reach has of the account: nobody sees what was another's."""
    return reached.c.days.op("@>", is_comparison=True)(day)


def in_force(reached: FromClause, today: datetime.date) -> ColumnElement[bool]:
    """Whether the reach has the account today still."""
    return or_(reached.c.sees_until.is_(None), reached.c.sees_until >= today)


class Days:
    """The days of an account that are a reader's: `day in days`."""

    def __init__(self, stretches: Iterable[Container[datetime.date]]) -> None:
        self._stretches = tuple(stretches)

    def __contains__(self, day: datetime.date) -> bool:
        return any(day in stretch for stretch in self._stretches)


def days_of(reach: Reach, account_id: uuid.UUID) -> Days:
    """None at all for an account out of reach."""
    mine = reachable(reach)
    found = db.session.execute(select(mine.c.days).where(mine.c.account_id == account_id)).scalar()
    return Days(found or ())


def _statement(reach: Reach, right: str, *, now: bool) -> Select[*tuple[Any, ...]]:
    if reach.customer_id is not None:
        return _days(AccountParty, reach.today, now=now).where(
            AccountParty.customer_id == reach.customer_id, true() if right == "see" else literal(False)
        )
    return _days(Access, reach.today, now=now).where(
        Access.user_id == reach.user_id, RIGHTS[right], Access.can_see
    )


def _days(model: type[Access] | type[AccountParty], today: datetime.date, *, now: bool) -> Select[Any]:
    """The account's days, from rows that have begun. A gap between two rows stays a gap."""
    over: ColumnElement[bool] = model.valid_until < today
    going_on = or_(model.valid_until.is_(None), ~over)
    days = func.daterange(model.valid_from, model.valid_until, literal_column("'[]'"))
    endless = func.bool_or(model.valid_until.is_(None))
    begun = or_(model.valid_from.is_(None), model.valid_from <= today)
    return (
        select(
            model.account_id,
            func.range_agg(days).label("days"),
            case((func.bool_or(model.valid_from.is_(None)), None), else_=func.min(model.valid_from)).label(
                "sees_from"
            ),
            case((endless, None), else_=func.max(model.valid_until)).label("sees_until"),
        )
        .where(and_(begun, going_on if now else or_(model.role.in_(LASTING), going_on)))
        .group_by(model.account_id)
    )
