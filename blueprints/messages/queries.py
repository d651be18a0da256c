"""What pages read of messages: columns, the newest first, paged by id (ids grow with time)."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, desc, func, literal, or_, select

from blueprints.accounts.models import Customer
from blueprints.messages import rules
from blueprints.messages.kinds import KINDS, SECURITY
from blueprints.messages.models import DeadAddress, Message
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound
from tenants.context import Viewer
from tenants.people import User

SIZE = 25
_SECURITY = [kind.code for kind in KINDS.values() if kind.nature == SECURITY]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of staff is narrowed to; empty is everything. `state` is a state, or "trouble" for all that did
    not arrive."""

    state: str = ""
    kind: str = ""
    customer_id: uuid.UUID | None = None


def mine(viewer: Viewer) -> ColumnElement[bool]:
    """The messages of whoever looks. Staff who look on see those to the customer, not those about anybody's access."""
    if viewer.viewing_customer_id is not None:
        return and_(
            Message.customer_id == viewer.viewing_customer_id,
            or_(Message.user_id.is_(None), Message.kind.not_in(_SECURITY)),
        )
    own = Message.user_id == viewer.user_id
    if viewer.customer_id is None:
        return own
    return or_(own, Message.customer_id == viewer.customer_id)


def own_messages(viewer: Viewer, cursor: str | None = None, *, size: int = SIZE) -> Page[Row[Any]]:
    """A person's messages. What was not needed in the end was never written to them, so it is left out."""
    return _page(_listed().where(mine(viewer), Message.state != rules.DROPPED), cursor, size)


def own_message(viewer: Viewer, message_id: uuid.UUID) -> Row[Any]:
    """One message of the person's own, with its text. Raises NotFound."""
    return _one(_whole().where(mine(viewer), Message.id == message_id))


def messages(filters: Filters, cursor: str | None = None, *, size: int = SIZE) -> Page[Row[Any]]:
    """The tenant's messages, for staff."""
    query = (
        _listed()
        .add_columns(Customer.name.label("customer"))
        .outerjoin(
            Customer, and_(Customer.tenant_id == Message.tenant_id, Customer.id == Message.customer_id)
        )
    )
    if filters.state == "trouble":
        query = query.where(Message.state.in_(rules.TROUBLE))
    elif filters.state in (*rules.WAITING, rules.SENT, *rules.TROUBLE, rules.DROPPED):
        query = query.where(Message.state == filters.state)
    if filters.kind:
        query = query.where(Message.kind == filters.kind)
    if filters.customer_id is not None:
        query = query.where(Message.customer_id == filters.customer_id)
    return _page(query, cursor, size)


def message(message_id: uuid.UUID) -> Row[Any]:
    """One message with its text and the names behind it, for staff. Raises NotFound."""
    maker = select(User.name).where(User.id == Message.made_by).correlate(Message).scalar_subquery()
    query = (
        _whole()
        .add_columns(
            Customer.name.label("customer"),
            Customer.phone.label("phone"),
            maker.label("made_by_name"),
        )
        .outerjoin(
            Customer, and_(Customer.tenant_id == Message.tenant_id, Customer.id == Message.customer_id)
        )
        .where(Message.id == message_id)
    )
    return _one(query)


def later_ones(message_id: uuid.UUID) -> Sequence[Row[Any]]:
    """What was sent again, or brought by hand, for a message."""
    rows: list[Any] = list(
        db.session.execute(
            select(Message.id, Message.channel, Message.state, Message.created_at)
            .where(Message.again_of == message_id)
            .order_by(Message.id)
            .limit(20)
        )
    )
    return rows


def trouble_count(most: int = 1000) -> int:
    """How many messages did not arrive; no further than `most` is counted."""
    found = select(Message.id).where(Message.state.in_(rules.TROUBLE)).limit(most).subquery()
    return int(db.session.execute(select(func.count()).select_from(found)).scalar_one())


def customer_name(customer_id: uuid.UUID) -> str:
    """Raises NotFound."""
    name = db.session.execute(select(Customer.name).where(Customer.id == customer_id)).scalar()
    if name is None:
        raise NotFound()
    return name


def last_customer_of(kind: str) -> uuid.UUID | None:
    """Somebody real to try words on: whoever got a message of this kind last, else any customer with an address."""
    got = db.session.execute(
        select(Message.customer_id)
        .where(Message.kind == kind, Message.customer_id.is_not(None))
        .order_by(desc(Message.id))
        .limit(1)
    ).scalar()
    return (
        got
        or db.session.execute(
            select(Customer.id).where(Customer.email.is_not(None)).order_by(Customer.id).limit(1)
        ).scalar()
    )


def dead_addresses(cursor: str | None = None, size: int = SIZE) -> Page[Row[Any]]:
    """Addresses that take no mail, the newest first, with whom they belong to."""
    query = (
        select(
            DeadAddress.id,
            DeadAddress.address,
            DeadAddress.detail,
            DeadAddress.found_at,
            Message.customer_id,
            Customer.name.label("customer"),
        )
        .outerjoin(
            Message, and_(Message.tenant_id == DeadAddress.tenant_id, Message.id == DeadAddress.message_id)
        )
        .outerjoin(
            Customer, and_(Customer.tenant_id == Message.tenant_id, Customer.id == Message.customer_id)
        )
        .order_by(desc(DeadAddress.id))
        .limit(size + 1)
    )
    after = decode_cursor(cursor, (uuid.UUID,))
    if after is not None:
        query = query.where(DeadAddress.id < literal(after[0]))
    rows: list[Any] = list(db.session.execute(query).all())
    return Page(rows[:size], older=encode_cursor((rows[size - 1].id,)) if len(rows) > size else None)


def waiting_reminders(moment: datetime.datetime) -> int:
    """How many messages wait for an hour at which they may leave."""
    return int(
        db.session.execute(
            select(func.count()).where(Message.state == rules.DEFERRED, Message.not_before > moment)
        ).scalar_one()
    )


def _listed() -> Select[*tuple[Any, ...]]:
    return select(
        Message.id,
        Message.kind,
        Message.channel,
        Message.state,
        Message.subject,
        Message.recipient,
        Message.reason,
        Message.not_before,
        Message.created_at,
        Message.sent_at,
        Message.customer_id,
    )


def _whole() -> Select[*tuple[Any, ...]]:
    return _listed().add_columns(
        Message.body,
        Message.detail,
        Message.attachments,
        Message.about,
        Message.tries,
        Message.settled_at,
        Message.again_of,
        Message.made_by,
        Message.language,
        Message.user_id,
    )


def _page(query: Select[*tuple[Any, ...]], cursor: str | None, size: int) -> Page[Row[Any]]:
    after = decode_cursor(cursor, (uuid.UUID,))
    if after is not None:
        query = query.where(Message.id < literal(after[0]))
    rows = list(db.session.execute(query.order_by(desc(Message.id)).limit(size + 1)).all())
    return Page(rows[:size], older=encode_cursor((rows[size - 1].id,)) if len(rows) > size else None)


def _one(query: Select[*tuple[Any, ...]]) -> Row[Any]:
    row = db.session.execute(query).first()
    if row is None:
        raise NotFound()
    return row
