"""The account of cases that a supervisor asks for: class, subject, received, due, answered, days used, how it ended.

One line per stage: a case that was appealed has the line of its first answer and that of the appeal. Names of people
are not in it.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import and_, literal, select, tuple_

from blueprints.accounts.models import Account
from blueprints.cases import keeping, rules
from blueprints.cases.clock import ANSWERED, ENDED, PAUSED, Clock
from blueprints.cases.models import Case
from blueprints.cases.terms import POSITIVE
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor

PAGE: Final = 30
ENDINGS: Final = (rules.WITHDRAWN_EVENT, rules.TRANSFERRED, rules.CLOSED_EVENT)


@dataclass(frozen=True, slots=True)
class Line:
    """One stage of a case. `days` is its term, `used` what of it was used until it was answered, or until today."""

    case_id: uuid.UUID
    number: str
    stage: int
    class_code: str
    subject_code: str
    channel: str
    account_number: str | None
    received_at: datetime.datetime
    due_on: datetime.date | None
    answered_on: datetime.date | None
    days: int
    used: int
    clock: Clock


def lines(
    since: datetime.date, until: datetime.date, zone: str, cursor: str | None = None, size: int = PAGE
) -> Page[Line]:
    """The cases received between two days (both included), the oldest first, `size` cases a page."""
    place = ZoneInfo(zone)
    begin = datetime.datetime.combine(since, datetime.time.min, place)
    end = datetime.datetime.combine(until + datetime.timedelta(days=1), datetime.time.min, place)
    query = (
        select(
            Case.id,
            Case.number,
            Case.class_code,
            Case.subject_code,
            Case.channel,
            Case.received_at,
            Account.number.label("account_number"),
        )
        .outerjoin(Account, and_(Account.tenant_id == Case.tenant_id, Account.id == Case.account_id))
        .where(Case.received_at >= begin, Case.received_at < end)
        .order_by(Case.received_at, Case.id)
        .limit(size + 1)
    )
    after = decode_cursor(cursor, (datetime.datetime, uuid.UUID))
    if after is not None:
        query = query.where(tuple_(Case.received_at, Case.id) > tuple_(literal(after[0]), literal(after[1])))
    rows = db.session.execute(query).all()
    kept = rows[:size]
    stages = keeping.stages_of([row.id for row in kept])
    found = [
        Line(
            row.id,
            row.number,
            clock.stage,
            row.class_code,
            row.subject_code,
            row.channel,
            row.account_number,
            row.received_at,
            clock.due_on,
            clock.answered_on,
            clock.days,
            clock.used,
            clock,
        )
        for row in kept
        for clock in stages.get(row.id, ())
    ]
    older = encode_cursor((kept[-1].received_at, kept[-1].id)) if len(rows) > size else None
    return Page(found, older=older)


def result(clock: Clock) -> str:
    """How a stage ended, or where it stands, in the reader's language; and what a missing answer meant by law."""
    said = _standing(clock)
    if clock.silence is None:
        return said
    granted = _("positive silence") if clock.silence.kind == POSITIVE else _("documents granted by silence")
    return f"{said}; {granted}"


def _standing(clock: Clock) -> str:
    if clock.state == ANSWERED:
        return str(_("Answered in time") if clock.in_time else _("Answered late"))
    if clock.state == PAUSED:
        return str(_("Waits for the customer"))
    if clock.state == ENDED:
        return _ended(clock)
    return str(_("Term is over") if clock.overdue else _("Open, within its term"))


def _ended(clock: Clock) -> str:
    code = next((step.code for step in reversed(clock.steps) if step.code in ENDINGS), "")
    if code == rules.WITHDRAWN_EVENT:
        return str(_("Case withdrawn"))
    return str(_("Case passed on") if code == rules.TRANSFERRED else _("Closed without an answer"))
