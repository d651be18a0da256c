"""The yearly adjustment: which rents may rise in a month, to what, and the ones that are chosen."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, Select, and_, literal, or_, select, tuple_

from blueprints.accounts.models import Property
from blueprints.leases.adjusting import Adjustment, adjusted, day_in, due_on, period_of
from blueprints.leases.catalogue import caps, indexes
from blueprints.leases.contracts import locked, newest_rent, set_rent
from blueprints.leases.models import Lease, LeaseRent, LeaseScenario, PriceIndex
from blueprints.leases.planning import plan_day
from blueprints.leases.rates import percent
from blueprints.leases.terms import in_force, months_later
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.events import emit
from saas.money import EXPONENTS
from saas.paging import Page, decode_cursor, encode_cursor

SIZE: Final = 50
UNKNOWN: Final = "unknown"  # in facts.since of a first rent: nobody wrote down since when it holds
ROUNDING: Final = "leases.rounding"
_WHOLE: Final = {"whole": 1, "hundred": 100, "thousand": 1000}  # whole units of the currency


@dataclass(frozen=True, slots=True)
class Proposal:
    """One lease whose rent may rise. `new` is None where the index's value is missing; then `missing` names it."""

    lease_id: uuid.UUID
    number: str
    address: str
    currency: str
    purpose: str
    rent: int
    rent_since: datetime.date
    day: datetime.date
    index_code: str
    index: int | None
    points: int
    period: str
    cap: str | None
    doubtful: bool  # since when the rent holds is not known
    new: Adjustment | None

    @property
    def missing(self) -> str:
        return self.period if self.index is None else ""

    @property
    def rises(self) -> bool:
        return self.new is not None and self.new.rent > self.rent


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of applying: leases adjusted, and those whose figures are no longer what was shown."""

    done: int
    skipped: tuple[str, ...]


def step_of(rounding: str, currency: str) -> int:
    """What rents are rounded to, in minor units, by the tenant's setting: exact, whole, hundred, thousand."""
    return _WHOLE[rounding] * 10 ** EXPONENTS[currency] if rounding in _WHOLE else 1


def proposals(month: datetime.date, cursor: str | None, *, step: int, size: int = SIZE) -> Page[Proposal]:
    """Leases whose rent may rise in a month (its first day), the longest unchanged first. Two statements."""
    query = _due(month)
    after = decode_cursor(cursor, (datetime.date, uuid.UUID))
    if after is not None:
        query = query.where(tuple_(Lease.rent_since, Lease.id) > tuple_(literal(after[0]), literal(after[1])))
    rows = db.session.execute(query.order_by(Lease.rent_since, Lease.id).limit(size + 1)).all()
    kept = rows[:size]
    older = encode_cursor((kept[-1].rent_since, kept[-1].id)) if len(rows) > size else None
    values = _values()
    made = [_proposal(row, month, values, step) for row in kept]
    return Page([one for one in made if one is not None], None, older)


def _due(month: datetime.date) -> Select[*tuple[Any, ...]]:
    """Leases with an index whose rent has stood for a year by some day of the month, or for longer."""
    last_day = months_later(month, 1) - datetime.timedelta(days=1)
    newest = and_(
        LeaseRent.tenant_id == Lease.tenant_id,
        LeaseRent.lease_id == Lease.id,
        LeaseRent.valid_from == Lease.rent_since,
    )
    return (
        select(
            Lease.id,
            Lease.number,
            Lease.currency,
            Lease.status,
            Lease.starts_on,
            Lease.ends_on,
            Lease.ended_on,
            Lease.renews,
            Lease.rent_since,
            Lease.adjustment_points,
            LeaseRent.rent,
            LeaseRent.facts,
            LeaseScenario.purpose,
            LeaseScenario.index_code,
            LeaseScenario.cap,
            Property.address,
        )
        .join(LeaseRent, newest)
        .join(
            LeaseScenario,
            and_(LeaseScenario.tenant_id == Lease.tenant_id, LeaseScenario.code == Lease.scenario_code),
        )
        .join(Property, and_(Property.tenant_id == Lease.tenant_id, Property.id == Lease.property_id))
        .where(
            Lease.status == "active",
            LeaseScenario.index_code.is_not(None),
            Lease.rent_since <= months_later(last_day, -12),
            or_(Lease.ended_on.is_(None), Lease.ended_on >= month),
        )
    )


def _values() -> Mapping[tuple[str, str], int]:
    rows = db.session.execute(
        select(PriceIndex.code, PriceIndex.period, PriceIndex.value)
        .order_by(PriceIndex.period.desc())
        .limit(2000)
    )
    return {(row.code, row.period): row.value for row in rows}


def _proposal(
    row: Row[*tuple[Any, ...]],
    month: datetime.date,
    values: Mapping[tuple[str, str], int],
    step: int,
) -> Proposal | None:
    """None where the rent has not stood long enough by its day in the month, or the lease is over by then."""
    index, cap = indexes().get(row.index_code), caps().get(row.cap or "")
    day = day_in(month, row.rent_since)
    if (
        index is None
        or day < due_on(row.rent_since, cap.months if cap else 12)
        or in_force(row, day, day) is None
    ):
        return None
    period = period_of(index, day)
    value = values.get((index.code, period))
    new = (
        None
        if value is None
        else adjusted(row.rent, index=value, points=row.adjustment_points, cap=cap, step=step)
    )
    return Proposal(
        lease_id=row.id,
        number=row.number,
        address=row.address,
        currency=row.currency,
        purpose=row.purpose,
        rent=row.rent,
        rent_since=row.rent_since,
        day=day,
        index_code=index.code,
        index=value,
        points=row.adjustment_points,
        period=period,
        cap=cap.name if cap else None,
        doubtful=row.facts.get("since") == UNKNOWN and row.rent_since < months_later(day, -12),
        new=new,
    )


def apply(
    month: datetime.date,
    chosen: Sequence[tuple[uuid.UUID, int]],
    *,
    step: int,
    today: datetime.date,
    actor: Actor,
) -> Applied:
    """Write the new rents of the chosen leases, each from its day in the month.

    `chosen` are (lease, the new rent that was shown in minor units). A lease that is no longer due, or whose new rent
    would be another one now, is left alone and named: twice is as good as once.
    """
    shown = dict(chosen)
    done, skipped = 0, []
    values = _values()
    for lease_id in sorted(shown):
        row = db.session.execute(_due(month).where(Lease.id == lease_id).with_for_update(of=Lease)).first()
        proposal = _proposal(row, month, values, step) if row is not None else None
        if proposal is None or proposal.new is None or not proposal.rises:
            continue
        if proposal.new.rent != shown[lease_id]:
            skipped.append(proposal.number)
            continue
        _write(proposal, proposal.new, today=today, actor=actor)
        done += 1
    if done:
        plan_day()
    return Applied(done, tuple(skipped))


def _write(proposal: Proposal, new: Adjustment, *, today: datetime.date, actor: Actor) -> None:
    lease = locked(proposal.lease_id)
    before = newest_rent(lease.id)
    cap = caps().get(proposal.cap or "")
    facts = {
        "index": proposal.index_code,
        "period": proposal.period,
        "rate": (proposal.index or 0) + proposal.points,
        "limit": new.limit,
        "source": cap.source if cap else None,
        "by": actor.name,
    }
    set_rent(
        lease,
        new.rent,
        proposal.day,
        reason="index",
        index_code=proposal.index_code,
        facts=facts,
        today=today,
        actor=None,
    )
    told = {
        "number": lease.number,
        "before": before,
        "rent": new.rent,
        "currency": lease.currency,
        "from": proposal.day.isoformat(),
        **{name: value for name, value in facts.items() if value is not None and name != "by"},
    }
    audit.record("lease.rent-adjusted", actor=actor, subject=("lease", lease.id), data=told)
    emit(
        "lease.rent-adjusted",
        lease_id=lease.id,
        lease_account_id=lease.lease_account_id,
        mandate_account_id=lease.mandate_account_id,
        valid_from=proposal.day,
        facts={**told, "address": proposal.address, "percent": percent(facts["rate"])},  # type: ignore[arg-type]
    )
