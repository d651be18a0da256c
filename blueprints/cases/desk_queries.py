"""What staff read of cases: the queue, one case with everything around it, and how well they are answered."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from blueprints.accounts.models import Account, Customer, Property
from blueprints.cases import rules
from blueprints.cases.clock_models import CaseClock
from blueprints.cases.delivery import undelivered
from blueprints.cases.models import Case, CaseFile, CaseTemplate
from blueprints.cases.queries import File
from blueprints.invoices.models import Invoice
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound
from tenants.people import StaffRole, User
from tenants.roles import CASES, ROLES

PAGE = 30
MINE, NOBODY = "mine", "nobody"
OVERDUE, THIS_WEEK, STANDING, TO_BRING = "overdue", "week", "still", "bring"
OPEN = sorted(rules.OPEN_STATES)
YEARS_BACK = 5  # in which a number without its year is looked for
_NUMBER = re.compile(r".{0,20}[0-9]{4}-[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Asked:
    """How the queue is narrowed. Without a state, a search or `all`, it shows what still needs an answer."""

    viewer: uuid.UUID
    today: datetime.date
    whose: str = ""
    state: str = ""
    class_code: str = ""
    subject_code: str = ""
    due: str = ""
    words: str = ""
    prefix: str = ""  # letters before the numbers of this organisation's cases

    @property
    def by_due(self) -> bool:
        """Whether the list goes by due date; what is not open any more goes by when it came in."""
        return not self.words and self.due != TO_BRING and (not self.state or self.state in rules.OPEN_STATES)


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One case of the queue."""

    id: uuid.UUID
    number: str
    class_code: str
    subject_code: str
    state: str
    stage: int
    received_at: datetime.datetime
    due_on: datetime.date | None
    description: str
    channel: str
    customer: str | None
    assigned: str | None


@dataclass(frozen=True, slots=True)
class DeskCase:
    """One case as staff see it. `customer…`: of the customer, or of `person` where the books do not know them."""

    id: uuid.UUID
    number: str
    kind: str
    class_code: str
    subject_code: str
    channel: str
    state: str
    stage: int
    received_at: datetime.datetime
    ended_at: datetime.datetime | None
    due_on: datetime.date | None
    since: datetime.date | None
    description: str
    details: Mapping[str, Any]
    rating: int | None
    rating_words: str | None
    customer_id: uuid.UUID | None
    customer: str | None
    customer_email: str | None
    customer_phone: str | None
    customer_address: str | None
    person: Mapping[str, Any] | None
    user_name: str | None
    account_id: uuid.UUID | None
    account_number: str | None
    account_kind: str | None
    property_id: uuid.UUID | None
    property_address: str | None
    invoice_number: str | None
    assigned_to: uuid.UUID | None
    assigned: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many open cases there are, by what they need. `mine`: of who asks."""

    open: int
    overdue: int
    today: int
    week: int
    nobody: int
    mine: int


@dataclass(frozen=True, slots=True)
class Quality:
    """How cases of one subject were answered. `rating` is the average in hundredths, None where nobody rated."""

    subject_code: str
    answered: int
    in_time: int
    rated: int
    rating: int | None


def queue(asked: Asked, cursor: str | None = None, size: int = PAGE) -> Page[QueueLine]:
    """The queue, a page at a time; one statement."""
    query = (
        select(
            Case.id,
            Case.number,
            Case.class_code,
            Case.subject_code,
            Case.state,
            Case.stage,
            Case.received_at,
            Case.due_on,
            Case.description,
            Case.channel,
            func.coalesce(Customer.name, Case.person["name"].astext).label("customer"),
            User.name.label("assigned"),
        )
        .outerjoin(Customer, and_(Customer.tenant_id == Case.tenant_id, Customer.id == Case.customer_id))
        .outerjoin(User, and_(User.tenant_id == Case.tenant_id, User.id == Case.assigned_to))
        .where(*_conditions(asked))
        .limit(size + 1)
    )
    query = _by_due(query, cursor) if asked.by_due else _newest_first(query, cursor)
    rows = [QueueLine(**row._mapping) for row in db.session.execute(query)]
    older = None
    if len(rows) > size:
        last = rows[size - 1]
        older = encode_cursor((last.due_on, last.id) if asked.by_due else (last.id,))
    return Page(rows[:size], None, older)


def desk_case(case_id: uuid.UUID) -> DeskCase:
    """One case with names of whoever and whatever it touches; one statement. Raises NotFound."""
    filer, assignee = aliased(User), aliased(User)
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
            Case.ended_at,
            Case.due_on,
            Case.since,
            Case.description,
            Case.details,
            Case.rating,
            Case.rating_words,
            Case.customer_id,
            func.coalesce(Customer.name, Case.person["name"].astext).label("customer"),
            func.coalesce(Customer.email, Case.person["email"].astext).label("customer_email"),
            func.coalesce(Customer.phone, Case.person["phone"].astext).label("customer_phone"),
            func.coalesce(Customer.address, Case.person["address"].astext).label("customer_address"),
            Case.person,
            filer.name.label("user_name"),
            Case.account_id,
            Account.number.label("account_number"),
            Account.kind.label("account_kind"),
            Case.property_id,
            Property.address.label("property_address"),
            Invoice.number.label("invoice_number"),
            Case.assigned_to,
            assignee.name.label("assigned"),
        )
        .outerjoin(Customer, and_(Customer.tenant_id == Case.tenant_id, Customer.id == Case.customer_id))
        .outerjoin(filer, and_(filer.tenant_id == Case.tenant_id, filer.id == Case.user_id))
        .outerjoin(assignee, and_(assignee.tenant_id == Case.tenant_id, assignee.id == Case.assigned_to))
        .outerjoin(Account, and_(Account.tenant_id == Case.tenant_id, Account.id == Case.account_id))
        .outerjoin(Property, and_(Property.tenant_id == Case.tenant_id, Property.id == Case.property_id))
        .outerjoin(Invoice, and_(Invoice.tenant_id == Case.tenant_id, Invoice.id == Case.invoice_id))
        .where(Case.id == case_id)
    ).first()
    if row is None:
        raise NotFound()
    return DeskCase(**row._mapping)


def any_file(case_file_id: uuid.UUID) -> File:
    """A file of any case, for who answers cases. Raises NotFound."""
    row = db.session.execute(
        select(CaseFile.id, CaseFile.file_id, CaseFile.name, CaseFile.media_type, CaseFile.size).where(
            CaseFile.id == case_file_id
        )
    ).first()
    if row is None:
        raise NotFound()
    return File(**row._mapping)


def waiting(viewer: uuid.UUID, today: datetime.date) -> Waiting:
    """How much waits; one statement over the open cases."""
    week = today + datetime.timedelta(days=7)
    row = db.session.execute(
        select(
            func.count(Case.id),
            func.count(Case.id).filter(Case.due_on < today),
            func.count(Case.id).filter(Case.due_on == today),
            func.count(Case.id).filter(Case.due_on.between(today, week)),
            func.count(Case.id).filter(Case.assigned_to.is_(None)),
            func.count(Case.id).filter(Case.assigned_to == viewer),
        ).where(Case.state.in_(OPEN))
    ).one()
    return Waiting(*row)


def quality(since: datetime.date, until: datetime.date) -> list[Quality]:
    """How the cases answered between two days (both included) were answered, per subject; one statement."""
    rows = db.session.execute(
        select(
            Case.subject_code,
            func.count(CaseClock.id),
            func.count(CaseClock.id).filter(CaseClock.in_time.is_(True)),
            func.count(Case.rating).filter(CaseClock.stage == Case.stage),
            (func.avg(Case.rating * 100).filter(CaseClock.stage == Case.stage)).label("rating"),
        )
        .join(Case, and_(Case.tenant_id == CaseClock.tenant_id, Case.id == CaseClock.case_id))
        .where(CaseClock.answered_on.between(since, until))
        .group_by(Case.subject_code)
        .order_by(Case.subject_code)
    )
    return [
        Quality(code, answered, in_time, rated, None if rating is None else round(rating))
        for code, answered, in_time, rated, rating in rows
    ]


def colleagues() -> list[tuple[uuid.UUID, str]]:
    """Who answers cases, by name."""
    answering = [role for role, rights in ROLES.items() if CASES in rights]
    rows = db.session.execute(
        select(User.id, User.name)
        .join(StaffRole, and_(StaffRole.tenant_id == User.tenant_id, StaffRole.user_id == User.id))
        .where(StaffRole.role.in_(answering), User.status == "active")
        .distinct()
        .order_by(User.name, User.id)
    )
    return [(row.id, row.name) for row in rows]


def templates_for(class_code: str, subject_code: str) -> Sequence[Any]:
    """The texts in use for a class and a subject: id, title, body."""
    return db.session.execute(
        select(CaseTemplate.id, CaseTemplate.title, CaseTemplate.body)
        .where(
            CaseTemplate.active,
            CaseTemplate.class_code.in_(("", class_code)),
            CaseTemplate.subject_code.in_(("", subject_code)),
        )
        .order_by(CaseTemplate.position, CaseTemplate.title)
    ).all()


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.state:
        found.append(Case.state == asked.state)
    if asked.due == TO_BRING:
        found.append(undelivered())
    elif asked.by_due or asked.due:
        found.append(Case.state.in_(OPEN))
    if asked.whose == MINE:
        found.append(Case.assigned_to == asked.viewer)
    elif asked.whose == NOBODY:
        found.append(Case.assigned_to.is_(None))
    if asked.class_code:
        found.append(Case.class_code == asked.class_code)
    if asked.subject_code:
        found.append(Case.subject_code == asked.subject_code)
    if asked.due == OVERDUE:
        found.append(Case.due_on < asked.today)
    elif asked.due == THIS_WEEK:
        found.append(Case.due_on.between(asked.today, asked.today + datetime.timedelta(days=7)))
    elif asked.due == STANDING:
        found.append(Case.due_on.is_(None))
    if asked.words:
        found.append(_matching(asked))
    return found


def _matching(asked: Asked) -> ColumnElement[bool]:
    """A number, whole or only its last figures; else parts of the customer's name."""
    words = asked.words
    if words.isascii() and words.isdigit() and len(words) <= 9:
        years = range(asked.today.year - YEARS_BACK, asked.today.year + 1)
        return Case.number.in_([f"{asked.prefix}{year}-{int(words):06d}" for year in years])
    if _NUMBER.fullmatch(words):
        return Case.number.in_((words, words.upper(), asked.prefix + words))
    pattern = func.plain(f"%{'%'.join(_literal(word) for word in words.split()[:6])}%")
    names = select(Customer.id).where(Customer.plain_name.like(pattern))
    unknown = and_(Case.person.is_not(None), func.plain(Case.person["name"].astext).like(pattern))
    return or_(Case.customer_id.in_(names), unknown)


def _literal(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _by_due(query: Select[*tuple[Any, ...]], cursor: str | None) -> Select[*tuple[Any, ...]]:
    """The one that is due first comes first; those whose clock stands still come last."""
    start = decode_cursor(cursor, (datetime.date, uuid.UUID))
    if start is not None and start[1] is not None:
        due, last = start
        if due is None:
            query = query.where(Case.due_on.is_(None), Case.id > last)
        else:
            later = tuple_(Case.due_on, Case.id) > tuple_(literal(due), literal(last))
            query = query.where(or_(later, Case.due_on.is_(None)))
    return query.order_by(Case.due_on.asc().nulls_last(), Case.id)


def _newest_first(query: Select[*tuple[Any, ...]], cursor: str | None) -> Select[*tuple[Any, ...]]:
    start = decode_cursor(cursor, (uuid.UUID,))
    if start is not None:
        query = query.where(Case.id < start[0])
    return query.order_by(Case.id.desc())


def all_texts() -> Sequence[Any]:
    """Every text to begin with, those in use first: id, title, body, class_code, subject_code, active, updated_at."""
    return db.session.execute(_texts().order_by(CaseTemplate.active.desc(), CaseTemplate.title)).all()


def one_text(text_id: uuid.UUID) -> Any:
    """One text. Raises NotFound."""
    row = db.session.execute(_texts().where(CaseTemplate.id == text_id)).first()
    if row is None:
        raise NotFound()
    return row


def _texts() -> Select[*tuple[Any, ...]]:
    return select(
        CaseTemplate.id,
        CaseTemplate.title,
        CaseTemplate.body,
        CaseTemplate.class_code,
        CaseTemplate.subject_code,
        CaseTemplate.active,
        CaseTemplate.updated_at,
    )
