"""Change what the books say of a property."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass

from sqlalchemy import select, update

from blueprints.accounts.models import Account, Property
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.refusals import NotFound


@dataclass(frozen=True, slots=True)
class PlaceData:
    kind: str
    address: str
    city: str
    stratum: int | None


def change_place(property_id: uuid.UUID, data: PlaceData, *, actor: Actor) -> None:
    """The accounts of the place take its new address. Raises NotFound."""
    row = db.session.execute(
        select(Property).where(Property.id == property_id).with_for_update()
    ).scalar_one_or_none()
    if row is None:
        raise NotFound()
    changes = {
        name: [getattr(row, name), value]
        for name, value in asdict(data).items()
        if getattr(row, name) != value
    }
    if not changes:
        return
    for name, (_before, value) in changes.items():
        setattr(row, name, value)
    db.session.flush()
    db.session.execute(
        update(Account)
        .where(Account.property_id == property_id)
        .values(address=data.address, city=data.city)
        .execution_options(synchronize_session=False)
    )
    audit.record(
        "property.changed",
        actor=actor,
        subject=("property", property_id),
        data={"code": row.code, "changes": changes},
    )
