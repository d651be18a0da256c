"""Which accounts a page may show: the one place that decides it, for lists and for single rows."""

from __future__ import annotations

import datetime
import uuid

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, literal, or_, select, true

from blueprints.accounts.models import Access, AccountParty
from tenants.context import Reach, TenantContext, Viewer

RIGHTS = {
    "see": Access.can_see,
    "pay": Access.can_pay,
    "claim": Access.can_claim,
    "enrol": Access.can_enrol,
}


def reach_of(viewer: Viewer, tenant: TenantContext) -> Reach:
    """The reach of a request: the viewer's own, or the customer's whose pages staff are looking at."""
    if viewer.viewing_customer_id is not None:
        return Reach(customer_id=viewer.viewing_customer_id, today=tenant.today())
    return Reach(user_id=viewer.user_id, today=tenant.today())


def reachable(reach: Reach, right: str = "see") -> Subquery:
    """A subquery of the accounts in reach: `account_id`, `sees_from` (nothing older is theirs; may be null).

    Someone looking on behalf of a customer sees and can do nothing else. One row per account.
    """
    return _statement(reach, right).subquery("reachable")


def _statement(reach: Reach, right: str) -> Select[uuid.UUID, datetime.date | None]:
    if reach.customer_id is not None:
        parties = select(AccountParty.account_id, func.min(AccountParty.valid_from).label("sees_from")).where(
            AccountParty.customer_id == reach.customer_id,
            _in_force(AccountParty, reach.today),
            true() if right == "see" else literal(False),
        )
        return parties.group_by(AccountParty.account_id)
    rows = select(Access.account_id, func.min(Access.valid_from).label("sees_from")).where(
        Access.user_id == reach.user_id, RIGHTS[right], Access.can_see, _in_force(Access, reach.today)
    )
    return rows.group_by(Access.account_id)


def _in_force(model: type[Access] | type[AccountParty], today: datetime.date) -> ColumnElement[bool]:
    return and_(
        or_(model.valid_from.is_(None), model.valid_from <= today),
        or_(model.valid_until.is_(None), model.valid_until >= today),
    )
