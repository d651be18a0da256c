"""What customers' pages read of cases: the person's own list, one of them with its conversation, its files."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from blueprints.accounts.models import Account, Property
from blueprints.cases import rules
from blueprints.cases.models import Case, CaseEvent, CaseFile
from blueprints.invoices.models import Invoice
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound

PAGE = 20


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose cases a page shows: those that a user filed, and those of the customer that the user is. Someone who
    looks on for a customer sees that customer's. Nobody else's, not even of the same property or contract.
    `followed` is the one case that its number and code have opened (follow_codes.py)."""

    user_id: uuid.UUID | None = None
    customer_id: uuid.UUID | None = None
    followed: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case in a list."""

    id: uuid.UUID
    number: str
    kind: str
    class_code: str
    subject_code: str
    state: str
    received_at: datetime.datetime
    moved_at: datetime.datetime
    due_on: datetime.date | None
    description: str
    account_number: str | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case as its customer sees it."""

    id: uuid.UUID
    number: str
    kind: str
    class_code: str
    subject_code: str
    channel: str
    state: str
    stage: int
    received_at: datetime.datetime
    moved_at: datetime.datetime
    ended_at: datetime.datetime | None
    due_on: datetime.date | None
    since: datetime.date | None
    description: str
    details: Mapping[str, Any]
    rating: int | None
    customer_id: uuid.UUID | None
    person: Mapping[str, Any] | None
    follow_digest: str | None
    account_kind: str | None
    account_number: str | None
    account_address: str | None
    property_id: uuid.UUID | None
    property_address: str | None
    invoice_id: uuid.UUID | None
    invoice_number: str | None


@dataclass(frozen=True, slots=True)
class File:
    """A file of an event. `size` in bytes."""

    id: uuid.UUID
    file_id: uuid.UUID
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Happening:
    """One event that the customer may see, with its files."""

    id: uuid.UUID
    number: int
    kind: str
    at: datetime.datetime
    actor_kind: str
    actor_name: str
    body: str
    data: Mapping[str, Any]
    files: Sequence[File]


@dataclass(frozen=True, slots=True)
class Filters:
    """How a list is narrowed; None leaves it whole. `open_only`: what is not answered, closed or withdrawn."""

    state: str | None = None
    open_only: bool = False


def my_cases(
    whose: Whose, filters: Filters, *, cursor: str | None = None, size: int = PAGE
) -> Page[CaseLine]:
    """The person's cases, newest first (their ids grow with time); one statement."""
    query = (
        select(
            Case.id,
            Case.number,
            Case.kind,
            Case.class_code,
            Case.subject_code,
            Case.state,
            Case.received_at,
            Case.moved_at,
            Case.due_on,
            Case.description,
            Account.number.label("account_number"),
        )
        .outerjoin(Account, and_(Account.tenant_id == Case.tenant_id, Account.id == Case.account_id))
        .where(_of(whose))
        .order_by(Case.id.desc())
        .limit(size + 1)
    )
    if filters.state:
        query = query.where(Case.state == filters.state)
    elif filters.open_only:
        query = query.where(Case.state.in_(sorted(rules.OPEN_STATES)))
    start = decode_cursor(cursor, (uuid.UUID,))
    if start is not None:
        query = query.where(Case.id < start[0])
    rows = [CaseLine(**row._mapping) for row in db.session.execute(query)]
    older = encode_cursor((rows[size - 1].id,)) if len(rows) > size else None
    return Page(rows[:size], None, older)


def my_case(whose: Whose, case_id: uuid.UUID) -> CaseView:
    """One of the person's cases. Raises NotFound, for a stranger's as for one that does not exist."""
    row = db.session.execute(
        select(
            Case.id,
            Case.number,
            Case.kind,
            Case.class_code,
            Case.subject_code,
            Case.channel,
            Case.state,
            Case.stage,
            Case.received_at,
            Case.moved_at,
            Case.ended_at,
            Case.due_on,
            Case.since,
            Case.description,
            Case.details,
            Case.rating,
            Case.customer_id,
            Case.person,
            Case.follow_digest,
            Account.kind.label("account_kind"),
            Account.number.label("account_number"),
            Account.address.label("account_address"),
            Case.property_id,
            Property.address.label("property_address"),
            Case.invoice_id,
            Invoice.number.label("invoice_number"),
        )
        .outerjoin(Account, and_(Account.tenant_id == Case.tenant_id, Account.id == Case.account_id))
        .outerjoin(Property, and_(Property.tenant_id == Case.tenant_id, Property.id == Case.property_id))
        .outerjoin(Invoice, and_(Invoice.tenant_id == Case.tenant_id, Invoice.id == Case.invoice_id))
        .where(Case.id == case_id, _of(whose))
    ).first()
    if row is None:
        raise NotFound()
    return CaseView(**row._mapping)


def happenings(case_id: uuid.UUID, *, visible_only: bool = True) -> list[Happening]:
    """What happened to a case, oldest first; two statements. Whoever asks has found the case to be in reach."""
    query = select(
        CaseEvent.id,
        CaseEvent.number,
        CaseEvent.kind,
        CaseEvent.at,
        CaseEvent.actor_kind,
        CaseEvent.actor_name,
        CaseEvent.body,
        CaseEvent.data,
    ).where(CaseEvent.case_id == case_id)
    if visible_only:
        query = query.where(CaseEvent.visible)
    events = db.session.execute(query.order_by(CaseEvent.number)).all()
    files: dict[uuid.UUID, list[File]] = {}
    for row in db.session.execute(
        select(
            CaseFile.id,
            CaseFile.event_id,
            CaseFile.file_id,
            CaseFile.name,
            CaseFile.media_type,
            CaseFile.size,
        )
        .where(CaseFile.case_id == case_id)
        .order_by(CaseFile.event_id, CaseFile.position)
    ):
        files.setdefault(row.event_id, []).append(
            File(row.id, row.file_id, row.name, row.media_type, row.size)
        )
    return [Happening(**row._mapping, files=files.get(row.id, ())) for row in events]


def my_file(whose: Whose, case_file_id: uuid.UUID) -> File:
    """A file of one of the person's cases, of an event that they may see. Raises NotFound."""
    row = db.session.execute(
        select(CaseFile.id, CaseFile.file_id, CaseFile.name, CaseFile.media_type, CaseFile.size)
        .join(CaseEvent, and_(CaseEvent.tenant_id == CaseFile.tenant_id, CaseEvent.id == CaseFile.event_id))
        .join(Case, and_(Case.tenant_id == CaseFile.tenant_id, Case.id == CaseFile.case_id))
        .where(CaseFile.id == case_file_id, CaseEvent.visible, _of(whose))
    ).first()
    if row is None:
        raise NotFound()
    return File(**row._mapping)


def _of(whose: Whose) -> ColumnElement[bool]:
    owned: list[ColumnElement[bool]] = []
    if whose.user_id is not None:
        owned.append(Case.user_id == whose.user_id)
    if whose.customer_id is not None:
        owned.append(Case.customer_id == whose.customer_id)
    if whose.followed is not None:
        owned.append(and_(Case.id == whose.followed, Case.follow_digest.is_not(None)))
    return or_(*owned)
