"""Bring a lease into the books as staff type it: its place and people are found, or made."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from blueprints.accounts.models import Account, Property
from blueprints.leases.models import Lease
from blueprints.leases.people import Person, find_or_add
from blueprints.leases.services import WHOLE, NewLease, open_lease
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Place:
    """A property by the agency's code; the rest is needed for one that is not in the books yet."""

    code: str
    kind: str = ""
    address: str = ""
    city: str = ""
    stratum: int | None = None


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """Amounts in minor units, rates in millionths."""

    number: str
    rent: int
    commission: int
    payment_day: int
    starts_on: datetime.date
    ends_on: datetime.date
    scenario_code: str | None
    renews: bool
    renewal_months: int
    adjustment_points: int
    draft: bool


def write_lease(
    place: Place,
    renters: Sequence[Person],
    owners: Sequence[Person],
    terms: LeaseTerms,
    *,
    country: str,
    currency: str,
    actor: Actor,
) -> uuid.UUID:
    """Open a lease with both accounts. Returns its id.

    Raises Refusal with the field at fault: a number that is taken, dates the wrong way round, shares that make no
    whole, a person named twice, or one who is not in the books and has no name.
    """
    lock("leases.opening")  # two people who type the same contract at once open it once
    _check(terms, renters, owners)
    property_id, address, city = _place(place, terms.starts_on)
    renter_ids = find_or_add(renters, country)
    owner_ids = find_or_add(owners, country)
    lease_id = open_lease(
        NewLease(
            number=terms.number,
            property_id=property_id,
            address=address,
            city=city,
            renters=renter_ids,
            owners=[(owner, person.share) for owner, person in zip(owner_ids, owners, strict=True)],
            rent=terms.rent,
            currency=currency,
            commission=terms.commission,
            payment_day=terms.payment_day,
            starts_on=terms.starts_on,
            ends_on=terms.ends_on,
            scenario_code=terms.scenario_code,
            renews=terms.renews,
            renewal_months=terms.renewal_months,
            adjustment_points=terms.adjustment_points,
            status="draft" if terms.draft else "active",
        )
    )
    audit.record(
        "lease.opened",
        actor=actor,
        subject=("lease", lease_id),
        data={
            "number": terms.number,
            "property": place.code,
            "rent": terms.rent,
            "currency": currency,
            "starts_on": terms.starts_on.isoformat(),
            "ends_on": terms.ends_on.isoformat(),
            "draft": terms.draft,
        },
    )
    emit("customer.parties-changed", customer_ids=[*renter_ids, *owner_ids])
    return lease_id


def _check(terms: LeaseTerms, renters: Sequence[Person], owners: Sequence[Person]) -> None:
    if terms.ends_on < terms.starts_on:
        raise Refusal(N_("A lease cannot end before it starts."), field="ends_on")
    if not 0 <= terms.commission < WHOLE:
        raise Refusal(N_("A commission must be less than the rent."), field="commission")
    if not renters:
        raise Refusal(N_("A lease needs a renter."), field="renter_1_document")
    if not owners:
        raise Refusal(N_("A lease needs an owner."), field="owner_1_document")
    if sum(owner.share for owner in owners) != WHOLE or any(owner.share <= 0 for owner in owners):
        raise Refusal(N_("The owners' shares must add up to 100 %."), field="owner_1_share")
    taken = db.session.execute(
        select(Account.id).where(Account.kind.in_(["lease", "mandate"]), Account.number == terms.number)
    ).first()
    if taken:
        raise Refusal(N_("There is a lease with this number already."), field="number")


def _place(place: Place, starts_on: datetime.date) -> tuple[uuid.UUID, str, str]:
    known = db.session.execute(
        select(Property.id, Property.address, Property.city).where(Property.code == place.code)
    ).first()
    if known is not None:
        other = db.session.execute(
            select(Lease.number).where(
                Lease.property_id == known.id,
                Lease.status != "ended",
                or_(Lease.ended_on.is_(None), Lease.ended_on >= starts_on),
            )
        ).scalar()
        if other is not None:
            raise Refusal(
                N_("This property is let by lease %(number)s on that day: end that one first."),
                field="property_code",
                number=other,
            )
        return known.id, known.address, known.city
    if not place.address:
        raise Refusal(N_("No property has this code yet: write its address to add it."), field="address")
    property_id = new_id()
    db.session.add(
        Property(
            id=property_id,
            code=place.code,
            kind=place.kind,
            address=place.address,
            city=place.city,
            stratum=place.stratum,
            created_at=now(),
        )
    )
    db.session.flush()
    return property_id, place.address, place.city
