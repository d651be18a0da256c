"""Verbs on a lease that is in the books: change its terms and rent, charge or credit, put in force, end, renew."""

from __future__ import annotations

import datetime
import re
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from blueprints.accounts.models import Account
from blueprints.leases.adjusting import due_on, limit_of, period_of
from blueprints.leases.catalogue import caps, indexes
from blueprints.leases.models import Lease, LeaseCharge, LeaseRent, LeaseScenario, PriceIndex
from blueprints.leases.planning import plan_day
from blueprints.leases.rates import percent
from blueprints.leases.terms import ONE_DAY, next_term
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import NotFound, Refusal

AGREED, CORRECTION = "agreed", "correction"
PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
OVER = N_("This lease has ended: nothing of it can be changed.")


@dataclass(frozen=True, slots=True)
class Terms:
    """What of a lease can be changed but its rent. `commission` and `adjustment_points` in millionths."""

    payment_day: int
    commission: int
    scenario_code: str | None
    ends_on: datetime.date
    renews: bool
    renewal_months: int
    adjustment_points: int


def locked(lease_id: uuid.UUID) -> Lease:
    """The lease, kept from others until the transaction ends. Raises NotFound."""
    lease = db.session.execute(
        select(Lease).where(Lease.id == lease_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if lease is None:
        raise NotFound()
    return lease


def change_terms(lease_id: uuid.UUID, terms: Terms, *, actor: Actor) -> None:
    """Raises NotFound, Refusal when the lease is over, and Refusal with the field that is wrong."""
    lease = _open(lease_id)
    if terms.ends_on < lease.starts_on:
        raise Refusal(N_("A lease cannot end before it starts."), field="ends_on")
    if not 0 <= terms.commission < 1_000_000:
        raise Refusal(N_("A commission must be less than the rent."), field="commission")
    if not 1 <= terms.payment_day <= 31:
        raise Refusal(N_("The day of payment is a day of the month, from 1 to 31."), field="payment_day")
    if not 1 <= terms.renewal_months <= 120:
        raise Refusal(N_("A term lasts from 1 to 120 months."), field="renewal_months")
    new: dict[str, Any] = {
        "payment_day": terms.payment_day,
        "commission": terms.commission,
        "scenario_code": terms.scenario_code,
        "ends_on": terms.ends_on,
        "renews": terms.renews,
        "renewal_months": terms.renewal_months,
        "adjustment_points": terms.adjustment_points,
    }
    if terms.scenario_code != lease.scenario_code or lease.scenario_from != "chosen":
        new["scenario_from"] = "chosen"
    if terms.ends_on != lease.ends_on:
        new["term_until"] = terms.ends_on
    changes = {name: [_plain(getattr(lease, name)), _plain(value)] for name, value in new.items()}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if not changes:
        return
    for name, value in new.items():
        setattr(lease, name, value)
    db.session.flush()
    _tell("lease.terms-changed", lease, actor, {"changes": changes})


def change_rent(
    lease_id: uuid.UUID,
    rent: int,
    valid_from: datetime.date,
    *,
    reason: str,
    note: str,
    today: datetime.date,
    actor: Actor,
) -> None:
    """Another rent from a day on, agreed or as a correction of what was written wrong; minor units a month.

    An agreed rise of housing's rent keeps to the legal cap. Raises NotFound and Refusal.
    """
    lease = _open(lease_id)
    if rent <= 0:
        raise Refusal(N_("The rent must be more than zero."), field="rent")
    if valid_from < lease.starts_on:
        raise Refusal(N_("The lease starts on a later day."), field="valid_from")
    if reason == AGREED:
        if valid_from <= lease.rent_since:
            raise Refusal(
                N_("There is a rent for this day or a later one. To mend that one, choose “correction”."),
                field="valid_from",
            )
        _keep_to_the_cap(lease, rent, valid_from)
    facts = {"note": note, "by": actor.name}
    set_rent(lease, rent, valid_from, reason=reason, index_code=None, facts=facts, today=today, actor=actor)


def _keep_to_the_cap(lease: Lease, rent: int, valid_from: datetime.date) -> None:
    cap_name = db.session.execute(
        select(LeaseScenario.cap).where(LeaseScenario.code == lease.scenario_code)
    ).scalar_one_or_none()
    cap = caps().get(cap_name or "")
    newest = newest_rent(lease.id)
    if cap is None or rent <= newest:
        return
    if valid_from < (earliest := due_on(lease.rent_since, cap.months)):
        raise Refusal(
            N_("By %(source)s this rent may not rise before %(day)s."),
            field="valid_from",
            source=cap.source,
            day=f"{earliest:%d/%m/%Y}",
        )
    period = period_of(indexes()[cap.index_code], valid_from)
    value = index_value(cap.index_code, period)
    if value is None:
        raise Refusal(N_("The index of %(period)s is missing: enter it first."), field="rent", period=period)
    if rent > limit_of(newest, value, cap):
        raise Refusal(
            N_("By %(source)s this rent may rise by at most %(rate)s %%."),
            field="rent",
            source=cap.source,
            rate=percent(max(value, 0) * cap.share // 1_000_000),
        )


def newest_rent(lease_id: uuid.UUID) -> int:
    return db.session.execute(
        select(LeaseRent.rent)
        .where(LeaseRent.lease_id == lease_id)
        .order_by(LeaseRent.valid_from.desc())
        .limit(1)
    ).scalar_one()


def index_value(code: str, period: str) -> int | None:
    return db.session.execute(
        select(PriceIndex.value).where(PriceIndex.code == code, PriceIndex.period == period)
    ).scalar_one_or_none()


def set_rent(
    lease: Lease,
    rent: int,
    valid_from: datetime.date,
    *,
    reason: str,
    index_code: str | None,
    facts: dict[str, Any],
    today: datetime.date,
    actor: Actor | None,
) -> None:
    """Write a rent from a day on into a locked lease. A row of the same day is replaced; the evidence keeps both."""
    before = newest_rent(lease.id)
    row = insert(LeaseRent).values(
        id=new_id(),
        lease_id=lease.id,
        valid_from=valid_from,
        rent=rent,
        reason=reason,
        index_code=index_code,
        facts={"before": before, **facts},
    )
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=["tenant_id", "lease_id", "valid_from"],
            set_={
                "rent": row.excluded.rent,
                "reason": row.excluded.reason,
                "index_code": row.excluded.index_code,
                "facts": row.excluded.facts,
            },
        )
    )
    rows = db.session.execute(
        select(LeaseRent.valid_from, LeaseRent.rent)
        .where(LeaseRent.lease_id == lease.id)
        .order_by(LeaseRent.valid_from)
    ).all()
    begun = [one for one in rows if one.valid_from <= today]
    lease.rent = (begun[-1] if begun else rows[0]).rent
    lease.rent_since = rows[-1].valid_from
    db.session.flush()
    plan_day()
    if actor is not None:
        _tell(
            "lease.rent-changed",
            lease,
            actor,
            {
                "before": before,
                "rent": rent,
                "currency": lease.currency,
                "from": valid_from.isoformat(),
                "reason": reason,
                **({"note": facts["note"]} if facts.get("note") else {}),
            },
        )


def add_charge(
    lease_id: uuid.UUID,
    *,
    kind: str,
    description: str,
    amount: int,
    taxed: bool,
    from_period: str,
    until_period: str | None,
    actor: Actor,
) -> uuid.UUID:
    """Bill something with the rent, or take it off. Raises NotFound and Refusal."""
    lease = _open(lease_id)
    if not PERIOD.fullmatch(from_period):
        raise Refusal(N_("Write a month, for example 2026-03."), field="from_period")
    if until_period is not None and (not PERIOD.fullmatch(until_period) or until_period < from_period):
        raise Refusal(N_("The last month cannot be before the first one."), field="until_period")
    charge_id = new_id()
    same = {
        "kind": kind,
        "description": description,
        "amount": amount,
        "from_period": from_period,
        "until_period": until_period,
    }
    # A form that is sent twice must not bill twice; the lease is locked, so nobody comes between.
    if db.session.execute(select(LeaseCharge.id).filter_by(lease_id=lease_id, **same)).first():
        raise Refusal(N_("Exactly this is billed already."), field="description")
    db.session.add(LeaseCharge(id=charge_id, lease_id=lease_id, taxed=taxed, **same))
    db.session.flush()
    _tell(
        "lease.charge-added",
        lease,
        actor,
        {
            "kind": kind,
            "description": description,
            "amount": amount,
            "currency": lease.currency,
            "taxed": taxed,
            "from": from_period,
            "until": until_period,
        },
    )
    return charge_id


def finish_charge(charge_id: uuid.UUID, last_period: str, *, actor: Actor) -> uuid.UUID:
    """Bill a charge or credit for the last time in a period; one before its first bills it never.

    Returns the lease's id. Raises NotFound and Refusal.
    """
    charge = db.session.execute(
        select(LeaseCharge).where(LeaseCharge.id == charge_id).with_for_update()
    ).scalar_one_or_none()
    if charge is None:
        raise NotFound()
    lease = _open(charge.lease_id)
    if not PERIOD.fullmatch(last_period):
        raise Refusal(N_("Write a month, for example 2026-03."), field="until_period")
    data = {
        "description": charge.description,
        "amount": charge.amount,
        "currency": lease.currency,
        "from": charge.from_period,
        "until": last_period,
    }
    if last_period < charge.from_period:
        db.session.delete(charge)
    else:
        charge.until_period = last_period
    db.session.flush()
    _tell("lease.charge-finished", lease, actor, data)
    return lease.id


def activate(lease_id: uuid.UUID, *, actor: Actor) -> None:
    """Put a draft in force. Doing it twice does nothing. Raises NotFound."""
    lease = locked(lease_id)
    if lease.status == "draft":
        lease.status = "active"
        db.session.flush()
        _tell("lease.put-in-force", lease, actor, {})


def end_lease(
    lease_id: uuid.UUID, on: datetime.date, reason: str, *, today: datetime.date, actor: Actor
) -> None:
    """The last day of a lease. Nothing is billed after it; once it is past, both accounts are closed.

    Renter and owners keep what they see: an account is one contract, and all that is on it was theirs.
    Raises NotFound and Refusal.
    """
    lease = _open(lease_id)
    if on < lease.starts_on:
        raise Refusal(N_("A lease cannot end before it starts."), field="ended_on")
    lease.ended_on, lease.end_reason = on, reason
    db.session.flush()
    if on < today:
        close(lease)
    plan_day()
    _tell("lease.end-set", lease, actor, {"on": on.isoformat(), "reason": reason})


def withdraw_end(lease_id: uuid.UUID, *, actor: Actor) -> None:
    """An end that was set ahead of time is not meant any more. Raises NotFound and Refusal."""
    lease = _open(lease_id)
    if lease.ended_on is None:
        return
    data = {"on": lease.ended_on.isoformat(), "reason": lease.end_reason}
    lease.ended_on = lease.end_reason = None
    db.session.flush()
    _tell("lease.end-withdrawn", lease, actor, data)


def close(lease: Lease) -> None:
    """What follows when the last day of a locked lease is past."""
    lease.status = "ended"
    db.session.flush()
    db.session.execute(
        update(Account)
        .where(Account.id.in_([lease.lease_account_id, lease.mandate_account_id]))
        .values(status="closed", closed_on=lease.ended_on)
        .execution_options(synchronize_session=False)
    )
    emit("lease.ended", lease_id=lease.id, ended_on=lease.ended_on)


def renew(lease_id: uuid.UUID, until: datetime.date, *, actor: Actor) -> None:
    """Agree on another term: the lease goes on until a day. Raises NotFound and Refusal."""
    lease = _open(lease_id)
    if lease.ended_on is not None:
        raise Refusal(N_("The end of this lease is set. Withdraw it before renewing."))
    if until <= lease.term_until:
        raise Refusal(N_("The new term must end after the present one."), field="until")
    before = lease.term_until
    lease.ends_on = lease.term_until = until
    db.session.flush()
    _tell("lease.renewed", lease, actor, {"before": before.isoformat(), "until": until.isoformat()})


def proposed_term(lease: Any) -> datetime.date:
    """The end of the next term, for a form that asks."""
    return next_term(lease.starts_on, lease.term_until, lease.renewal_months)


def start_of_next_term(lease: Any) -> datetime.date:
    return lease.term_until + ONE_DAY  # type: ignore[no-any-return]


def _open(lease_id: uuid.UUID) -> Lease:
    lease = locked(lease_id)
    if lease.status == "ended":
        raise Refusal(OVER)
    return lease


def _tell(action: str, lease: Lease, actor: Actor, data: dict[str, Any]) -> None:
    audit.record(action, actor=actor, subject=("lease", lease.id), data={"number": lease.number, **data})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value
