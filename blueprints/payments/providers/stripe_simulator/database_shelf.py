"""The shelf of one merchant in the database; whoever works on it works alone."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from blueprints.payments.providers.stripe_simulator.models import StripeThing
from blueprints.payments.providers.stripe_simulator.shelf import Kept, Thing
from saas.database import db
from saas.ids import new_id

MERCHANT = "merchant"
ENDPOINT = "webhook_endpoint"
_ANSWER = "answer"


class DatabaseShelf:
    """See `Shelf`. Opening it takes the merchant's row until the transaction ends: acts come one by one."""

    def __init__(self, merchant: str) -> None:
        self.merchant = merchant
        self._insert(MERCHANT, {"id": MERCHANT, "object": MERCHANT}, replace=False)
        row = db.session.execute(
            select(StripeThing.id)
            .where(StripeThing.merchant == merchant, StripeThing.name == MERCHANT)
            .with_for_update()
        ).one()
        self.row_id: uuid.UUID = row.id

    def get(self, thing_id: str) -> Thing | None:
        return db.session.execute(
            select(StripeThing.data).where(
                StripeThing.merchant == self.merchant,
                StripeThing.name == thing_id,
                StripeThing.kind != _ANSWER,
            )
        ).scalar()

    def put(self, thing: Thing) -> None:
        self._insert(thing["object"], thing)

    def all(self, kind: str) -> list[Thing]:
        rows = db.session.execute(
            select(StripeThing.data)
            .where(StripeThing.merchant == self.merchant, StripeThing.kind == kind)
            .order_by(StripeThing.id.desc())
        )
        return list(rows.scalars())

    def answered(self, key: str) -> Kept | None:
        found = db.session.execute(
            select(StripeThing.data).where(
                StripeThing.merchant == self.merchant,
                StripeThing.name == _name(key),
                StripeThing.kind == _ANSWER,
            )
        ).scalar()
        return Kept(found["digest"], found["status"], found["body"]) if found else None

    def keep(self, key: str, answer: Kept) -> None:
        said = {"id": _name(key), "digest": answer.digest, "status": answer.status, "body": answer.body}
        self._insert(_ANSWER, said)

    def _insert(self, kind: str, thing: Thing, *, replace: bool = True) -> None:
        statement = insert(StripeThing).values(
            id=new_id(), merchant=self.merchant, name=thing["id"], kind=kind, data=thing
        )
        keys = ["merchant", "name"]
        db.session.execute(
            statement.on_conflict_do_update(index_elements=keys, set_={"data": thing})
            if replace
            else statement.on_conflict_do_nothing(index_elements=keys)
        )


def _name(key: str) -> str:
    return f"key:{key}"


def merchant_behind(row_id: uuid.UUID) -> str | None:
    """The merchant whose own row it is."""
    return db.session.execute(
        select(StripeThing.merchant).where(StripeThing.id == row_id, StripeThing.kind == MERCHANT)
    ).scalar()


def session_behind(row_id: uuid.UUID) -> tuple[str, str] | None:
    """The merchant and the name of a checkout session, by the row that its page is named after."""
    row = db.session.execute(
        select(StripeThing.merchant, StripeThing.name).where(
            StripeThing.id == row_id, StripeThing.kind == "checkout.session"
        )
    ).first()
    return (row.merchant, row.name) if row is not None else None


def row_of(merchant: str, name: str) -> uuid.UUID | None:
    return db.session.execute(
        select(StripeThing.id).where(StripeThing.merchant == merchant, StripeThing.name == name)
    ).scalar()
