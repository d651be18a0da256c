"""Customers who can be invited together: nobody signs in for them, and their address is theirs alone."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, case, exists, func, select
from sqlalchemy.orm import aliased

from blueprints.accounts.models import Customer
from blueprints.desk.queries import Line
from saas.database import db
from tenants.people import User

ADDRESS = Customer.plain_email


class Invitable(NamedTuple):
    """How many can be invited together, have no address, or have one that is another's too."""

    ready: int
    without_address: int
    shared: int


def count() -> Invitable:
    """Of the customers for whom nobody can sign in. One statement; it is asked once for all, on a page of its own."""
    has_address = func.coalesce(Customer.email, "") != ""
    kind = case((~has_address, "without"), (_is_shared(), "shared"), else_="ready")
    kinds = _uninvited(kind.label("kind")).subquery()
    rows = db.session.execute(select(kinds.c.kind, func.count()).group_by(kinds.c.kind)).all()
    found = {row[0]: row[1] for row in rows}
    return Invitable(found.get("ready", 0), found.get("without", 0), found.get("shared", 0))


def next_ready(after: uuid.UUID | None, size: int) -> Sequence[Line]:
    """The next of them in the order of their ids: id, name, email."""
    query = _uninvited(Customer.id, Customer.name, Customer.email).where(
        func.coalesce(Customer.email, "") != "", ~_is_shared()
    )
    if after is not None:
        query = query.where(Customer.id > after)
    return db.session.execute(query.order_by(Customer.id).limit(size)).all()


def _uninvited(*columns: Any) -> Select[Any]:
    login = exists(select(User.id).where(User.customer_id == Customer.id))
    return select(*columns).where(~login)


def _is_shared() -> Any:
    """Another customer has the address too, or somebody signs in with it: a person chooses who gets the mail."""
    other = aliased(Customer)
    return exists(select(other.id).where(other.plain_email == ADDRESS, other.id != Customer.id)) | exists(
        select(User.id).where(User.email == ADDRESS)
    )
