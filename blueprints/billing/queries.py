"""What the pages about monthly runs read. Amounts in minor units of the tenant's currency."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, func, select, tuple_
from sqlalchemy.orm import aliased

from blueprints.billing import rules
from blueprints.billing.models import BillingCredit, BillingItem, BillingRun
from blueprints.billing.months import parse_month
from blueprints.billing.rules import Bill, Extra
from blueprints.billing.runs import reckoning_of
from blueprints.invoices.models import Invoice
from blueprints.leases.models import Lease, LeaseCharge, LeaseRent
from blueprints.leases.terms import RentFrom
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound, Refusal
from tenants.people import User

PAGE: Final = 20
ITEMS: Final = 50
VIEWS: Final[Mapping[str, tuple[str, ...]]] = {
    "all": rules.EFFECTS,
    "new": (rules.NEW,),
    "changed": (rules.CHANGED,),
    "same": (rules.SAME,),
    "gone": (rules.GONE,),
    "left-out": (rules.SKIPPED, rules.COVERED),
    "warned": rules.EFFECTS,
}
"""The effects that each view of a run's items shows; "warned" narrows by the warnings instead."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The bill of one contract as it stands now, with what the run has about it."""

    item: Row[Any]
    bill: Bill | None
    invoice: Row[Any] | None


def runs(cursor: str | None = None) -> Page[Row[Any]]:
    """The tenant's runs, the newest first."""
    query = (
        select(
            BillingRun.id,
            BillingRun.period,
            BillingRun.state,
            BillingRun.issued_on,
            BillingRun.issued,
            BillingRun.issued_total,
            BillingRun.totals,
            BillingRun.started_at,
            BillingRun.created_at,
            Lease.number.label("lease_number"),
            User.name.label("created_by_name"),
        )
        .outerjoin(Lease, and_(Lease.tenant_id == BillingRun.tenant_id, Lease.id == BillingRun.lease_id))
        .outerjoin(User, and_(User.tenant_id == BillingRun.tenant_id, User.id == BillingRun.created_by))
        .where(BillingRun.state != "discarded")
        .order_by(BillingRun.created_at.desc(), BillingRun.id.desc())
        .limit(PAGE + 1)
    )
    start = decode_cursor(cursor, (datetime.datetime, uuid.UUID))
    if start and None not in start:
        query = query.where(tuple_(BillingRun.created_at, BillingRun.id) < tuple_(*start))
    rows: list[Any] = list(db.session.execute(query).all())
    older = encode_cursor((rows[PAGE - 1].created_at, rows[PAGE - 1].id)) if len(rows) > PAGE else None
    return Page(rows[:PAGE], None, older)


def run(run_id: uuid.UUID) -> Row[Any]:
    """One run with who drafted and who started it. Raises NotFound."""
    starter = aliased(User)
    row = db.session.execute(
        select(
            BillingRun.id,
            BillingRun.period,
            BillingRun.state,
            BillingRun.issued_on,
            BillingRun.rules,
            BillingRun.totals,
            BillingRun.items,
            BillingRun.done_to,
            BillingRun.issued,
            BillingRun.issued_total,
            BillingRun.problem,
            BillingRun.undo,
            BillingRun.created_at,
            BillingRun.started_at,
            BillingRun.finished_at,
            BillingRun.undone_at,
            Lease.number.label("lease_number"),
            User.name.label("created_by_name"),
            starter.name.label("started_by_name"),
        )
        .outerjoin(Lease, and_(Lease.tenant_id == BillingRun.tenant_id, Lease.id == BillingRun.lease_id))
        .outerjoin(User, and_(User.tenant_id == BillingRun.tenant_id, User.id == BillingRun.created_by))
        .outerjoin(
            starter, and_(starter.tenant_id == BillingRun.tenant_id, starter.id == BillingRun.started_by)
        )
        .where(BillingRun.id == run_id)
    ).first()
    if row is None:
        raise NotFound()
    return row


def items(run_id: uuid.UUID, view: str, cursor: str | None = None, *, page: int = ITEMS) -> Page[Row[Any]]:
    """What a run foresees or has done, contract by contract in the order of their numbers; one statement."""
    query = _items().where(BillingItem.run_id == run_id, *_narrowed(view)).limit(page + 1)
    start = decode_cursor(cursor, (int,))
    if start and None not in start:
        query = query.where(BillingItem.place > start[0])
    rows = list(db.session.execute(query.order_by(BillingItem.place)).all())
    older = encode_cursor((rows[page - 1].place,)) if len(rows) > page else None
    return Page(rows[:page], None, older)


def _items() -> Any:
    """Items, each with the invoice that its run has made of it."""
    return (
        select(
            BillingItem.place,
            BillingItem.lease_id,
            BillingItem.lease_number,
            BillingItem.effect,
            BillingItem.reasons,
            BillingItem.warnings,
            BillingItem.subtotal,
            BillingItem.tax,
            BillingItem.withholding,
            BillingItem.total,
            BillingItem.left,
            BillingItem.before,
            BillingItem.due_on,
            Lease.lease_account_id,
            Lease.currency,
            Invoice.number.label("invoice_number"),
        )
        .join(Lease, and_(Lease.tenant_id == BillingItem.tenant_id, Lease.id == BillingItem.lease_id))
        .join(
            BillingRun,
            and_(BillingRun.tenant_id == BillingItem.tenant_id, BillingRun.id == BillingItem.run_id),
        )
        .outerjoin(
            Invoice,
            and_(
                Invoice.tenant_id == Lease.tenant_id,
                Invoice.account_id == Lease.lease_account_id,
                Invoice.period == BillingRun.period,
                Invoice.run_id == BillingItem.run_id,
                Invoice.void_at.is_(None),
            ),
        )
    )


def _narrowed(view: str) -> list[ColumnElement[bool]]:
    if view == "warned":
        return [func.cardinality(BillingItem.warnings) > 0]
    effects = VIEWS[view]
    return [] if effects == rules.EFFECTS else [BillingItem.effect.in_(effects)]


def foreseen(run_id: uuid.UUID, lease_id: uuid.UUID) -> Foreseen:
    """One contract of a run: the item, its bill reckoned from the contract as it stands (None when it is not in
    force, or the run is over), and its invoice. Raises NotFound."""
    item = db.session.execute(
        _items().where(BillingItem.run_id == run_id, BillingItem.lease_id == lease_id)
    ).first()
    if item is None:
        raise NotFound()
    made: Any = db.session.execute(
        select(Invoice.id, Invoice.number, Invoice.total, Invoice.open_amount, Invoice.due_on).where(
            Invoice.run_id == run_id,
            Invoice.account_id == item.lease_account_id,
            Invoice.void_at.is_(None),
        )
    ).first()
    return Foreseen(item, None if made else _bill(run(run_id), lease_id), made)


def _bill(of_run: Row[Any], lease_id: uuid.UUID) -> Bill | None:
    if "due_days" not in of_run.rules or of_run.state not in ("draft", "stopped", "running"):
        return None
    try:
        month = parse_month(of_run.period)
    except Refusal:
        return None
    lease = db.session.execute(
        select(
            Lease.status, Lease.starts_on, Lease.ends_on, Lease.renews, Lease.ended_on, Lease.scenario_code
        ).where(Lease.id == lease_id)
    ).one()
    rents = db.session.execute(
        select(LeaseRent.valid_from, LeaseRent.rent).where(LeaseRent.lease_id == lease_id)
    )
    with_ = reckoning_of(month, of_run.issued_on, of_run.rules)
    let = rules.stretches(lease, [RentFrom(row.valid_from, row.rent) for row in rents], month, with_.count)
    if not let:
        return None
    charges, credits = _extras(lease_id, month.period)
    return rules.bill(let, charges, credits, with_.taxes.get(lease.scenario_code or "", []), with_.wording)


def _extras(lease_id: uuid.UUID, period: str) -> tuple[list[Extra], list[Extra]]:
    """The month's charges, and its credits in the order in which they are used up."""
    rows = db.session.execute(
        select(LeaseCharge.kind, LeaseCharge.description, LeaseCharge.amount, LeaseCharge.taxed)
        .where(
            LeaseCharge.lease_id == lease_id,
            LeaseCharge.from_period <= period,
            func.coalesce(LeaseCharge.until_period, period) >= period,
        )
        .order_by(LeaseCharge.id)
    ).all()
    brought = db.session.execute(
        select(BillingCredit.description, BillingCredit.amount, BillingCredit.taxed)
        .where(
            BillingCredit.lease_id == lease_id,
            BillingCredit.used_by.is_(None),
            BillingCredit.period < period,
        )
        .order_by(BillingCredit.period, BillingCredit.id)
    )
    own = {"charge": [], "credit": []}  # type: dict[str, list[Extra]]
    for row in rows:
        own[row.kind].append(Extra(row.description, row.amount, row.taxed))
    over = [Extra(row.description, row.amount, row.taxed, True) for row in brought]
    return own["charge"], over + own["credit"]
