"""What the calendar does to leases by itself: rents begin, terms renew, leases end. Once a day and tenant."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from blueprints.leases.contracts import close
from blueprints.leases.models import Lease, LeaseRent
from blueprints.leases.planning import plan_day
from blueprints.leases.terms import next_term
from saas import audit
from saas.audit import SYSTEM
from saas.database import db
from saas.outbox import handler
from tenants.loading import serving


@handler("leases.day")
def attend(_payload: dict[str, Any]) -> None:
    today = serving().today()
    begin_rents(today)
    renew_terms(today)
    end_leases(today)
    plan_day()


def begin_rents(today: datetime.date) -> int:
    """`leases.rent` follows the newest row of lease_rents that has begun. Returns how many changed."""
    other = aliased(LeaseRent)
    begun = (
        select(func.max(other.valid_from))
        .where(other.tenant_id == Lease.tenant_id, other.lease_id == Lease.id, other.valid_from <= today)
        .correlate(Lease)
        .scalar_subquery()
    )
    leases = db.session.execute(
        select(Lease, LeaseRent.rent)
        .join(
            LeaseRent,
            and_(
                LeaseRent.tenant_id == Lease.tenant_id,
                LeaseRent.lease_id == Lease.id,
                LeaseRent.valid_from == begun,
            ),
        )
        .where(Lease.status == "active", Lease.rent != LeaseRent.rent)
        .with_for_update(of=Lease)
    ).all()
    for lease, rent in leases:
        lease.rent = rent
    db.session.flush()
    return len(leases)


def renew_terms(today: datetime.date) -> int:
    """Leases that renew by themselves begin another term. Returns how many did."""
    leases = db.session.scalars(
        select(Lease)
        .where(Lease.status == "active", Lease.renews, Lease.ended_on.is_(None), Lease.term_until < today)
        .with_for_update()
    ).all()
    for lease in leases:
        while lease.term_until < today:
            lease.term_until = next_term(lease.starts_on, lease.term_until, lease.renewal_months)
    db.session.flush()
    return len(leases)


def end_leases(today: datetime.date) -> int:
    """Leases whose last day is past are ended and their accounts closed. Returns how many were."""
    leases = db.session.scalars(
        select(Lease)
        .where(
            Lease.status == "active",
            or_(
                Lease.ended_on < today,
                and_(Lease.ended_on.is_(None), ~Lease.renews, Lease.term_until < today),
            ),
        )
        .order_by(Lease.id)
        .with_for_update()
    ).all()
    for lease in leases:
        if lease.ended_on is None:
            lease.ended_on = lease.term_until
        close(lease)
        audit.record(
            "lease.ended",
            actor=SYSTEM,
            subject=("lease", lease.id),
            data={"number": lease.number, "on": lease.ended_on.isoformat()},
        )
    return len(leases)
