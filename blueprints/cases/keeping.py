"""The clocks of cases in the database: read from the log, kept where lists need them, moved with the calendar.

`cases.due_on` and the rows of `case_clocks` are written by `keep` alone, whenever an event is logged that the clock
listens to; everything else counts anew.
"""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.dialects.postgresql import insert

from blueprints.accounts.models import Customer
from blueprints.cases import rules, services
from blueprints.cases.clock import ANSWERED, DEEDS, ENDED, MIDNIGHT, Clock, Event, Hours, clock_of
from blueprints.cases.clock_models import CaseClock, CaseTerm
from blueprints.cases.models import Case, CaseEvent
from blueprints.cases.terms import OwnTerm, Term, term_for
from saas.audit import SYSTEM
from saas.business_days import BusinessCalendar
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from tenants.calendars import calendar, calendar_of
from tenants.context import TenantContext
from tenants.loading import serving

BATCH = 200
MOST_SHOWN = 50
MOST_TRIED = 1000  # cases looked at for a preview; who has more sees how many were


@dataclass(frozen=True, slots=True)
class Basis:
    """What the organisation had set when a case came in."""

    regime: str
    closes: str
    usual_days: int


@dataclass(frozen=True, slots=True)
class Moved:
    """An open case whose due date another calendar moves."""

    case_id: uuid.UUID
    number: str
    customer: str | None
    before: datetime.date | None
    after: datetime.date | None


@dataclass(frozen=True, slots=True)
class Moves:
    """What a change of the calendar would move: the first cases by due date, and how many of how many looked at."""

    rows: list[Moved]
    moved: int
    tried: int
    all_tried: bool


def clock_of_case(case_id: uuid.UUID) -> Clock | None:
    """The clock of a case today; None for a case without a log. Three statements, four when it is answered."""
    return clocks_of([case_id]).get(case_id)


def clocks_of(case_ids: Iterable[uuid.UUID], on: BusinessCalendar | None = None) -> dict[uuid.UUID, Clock]:
    """The clocks of some cases today, by the present calendar or another one.

    What is answered or ended stays as it was counted then, whatever has become of the calendar.
    """
    ids = list(case_ids)
    logs, kept, own = _logs(ids), _kept(ids), own_terms()
    return {
        case_id: _standing(log, kept.get(case_id, {}), own, on or calendar())
        for case_id, log in logs.items()
        if log[0].kind == rules.OPENED
    }


def stages_of(case_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Clock]]:
    """The clocks of each stage of some cases, in order: that of the first answer as it stood before the appeal, and
    that of today. The same statements as `clocks_of`."""
    ids = list(case_ids)
    logs, kept, own = _logs(ids), _kept(ids), own_terms()
    found: dict[uuid.UUID, list[Clock]] = {}
    for case_id, log in logs.items():
        if log[0].kind != rules.OPENED:
            continue
        appealed = [place for place, event in enumerate(log) if event.kind == rules.APPEALED]
        found[case_id] = [
            _standing(log[:place], kept.get(case_id, {}), own, calendar()) for place in (*appealed, len(log))
        ]
    return found


def _standing(log: list[Event], rows: Mapping[int, Any], own: list[OwnTerm], days: BusinessCalendar) -> Clock:
    """The clock of a log; what is answered or ended by the calendar with which it was counted then."""
    tenant, basis = serving(), _basis(rows, serving())
    clock = _count(log, basis, own, days, tenant)
    row = rows.get(clock.stage)
    if clock.state in (ANSWERED, ENDED) and row is not None and row.calendar != clock.calendar:
        clock = _count(log, basis, own, calendar_of(row.calendar), tenant)
    return clock


def keep(case_id: uuid.UUID) -> Clock | None:
    """Count the clock of a case and write down where it stands. The case must be locked."""
    logs, kept, tenant = _logs([case_id]), _kept([case_id]), serving()
    log = logs.get(case_id)
    if not log or log[0].kind != rules.OPENED:
        return None
    basis = _basis(kept.get(case_id, {}), tenant)
    clock = _count(log, basis, own_terms(), calendar(), tenant)
    values = {**_row(clock), "regime": basis.regime, "closes": basis.closes, "usual_days": basis.usual_days}
    db.session.execute(
        insert(CaseClock)
        .values(id=new_id(), case_id=case_id, stage=clock.stage, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "case_id", "stage"], set_=values)
    )
    db.session.execute(
        update(Case)
        .where(Case.id == case_id)
        .values(due_on=clock.due_on)
        .execution_options(synchronize_session=False)
    )
    return clock


def own_terms() -> list[OwnTerm]:
    """The terms that the organisation set, the oldest first; a later row for the same day wins."""
    rows = db.session.execute(
        select(
            CaseTerm.class_code, CaseTerm.valid_from, CaseTerm.days, CaseTerm.rule, CaseTerm.source
        ).order_by(CaseTerm.valid_from, CaseTerm.created_at, CaseTerm.id)
    )
    return [OwnTerm(*row) for row in rows]


def term_of_class(class_code: str) -> Term:
    """The rule for a case of a class that comes in today."""
    tenant = serving()
    basis = _basis({}, tenant)
    return term_for(tenant.country, basis.regime, class_code, tenant.today(), own_terms(), basis.usual_days)


def would_move(after: BusinessCalendar, day: datetime.date) -> Moves:
    """Which open cases another calendar would move, when the two differ in one day; nothing is written."""
    rows = db.session.execute(
        select(Case.id, Case.number, Case.due_on, Customer.name)
        .outerjoin(Customer, and_(Customer.tenant_id == Case.tenant_id, Customer.id == Case.customer_id))
        .where(Case.state.in_(rules.OPEN_STATES), Case.due_on >= day)
        .order_by(Case.due_on, Case.id)
        .limit(MOST_TRIED + 1)
    ).all()
    tried = rows[:MOST_TRIED]
    clocks = clocks_of([row.id for row in tried], after)
    moved = [
        Moved(row.id, row.number, row.name, row.due_on, clocks[row.id].due_on)
        for row in tried
        if row.id in clocks and clocks[row.id].due_on != row.due_on
    ]
    return Moves(moved[:MOST_SHOWN], len(moved), len(tried), len(rows) <= MOST_TRIED)


def recount(after: uuid.UUID | None = None) -> uuid.UUID | None:
    """Bring a batch of open cases to the present calendar; what moves gets an event that says from, to and why.

    Returns the last case of the batch, None when there are no more. Safe to repeat.
    """
    present = calendar()
    statement = (
        select(Case.id, CaseClock.id.label("clock_id"), CaseClock.due_on, CaseClock.calendar)
        .join(
            CaseClock,
            and_(
                CaseClock.tenant_id == Case.tenant_id,
                CaseClock.case_id == Case.id,
                CaseClock.stage == Case.stage,
            ),
        )
        .where(Case.state.in_(rules.OPEN_STATES), CaseClock.calendar != present.version)
        .order_by(Case.id)
        .limit(BATCH)
    )
    rows = db.session.execute(statement.where(Case.id > after) if after else statement).all()
    clocks = clocks_of([row.id for row in rows])
    same, moment = [], now()
    for row in rows:
        clock = clocks.get(row.id)
        if clock is None or clock.due_on == row.due_on:
            same.append(row.clock_id)
            continue
        services.add_event(
            row.id,
            rules.RECOUNTED,
            actor=SYSTEM,
            now=moment,
            data=why_moved(row.due_on, clock, row.calendar, present),
        )
    if same:
        db.session.execute(
            update(CaseClock)
            .where(CaseClock.id.in_(same))
            .values(calendar=present.version)
            .execution_options(synchronize_session=False)
        )
    return rows[-1].id if len(rows) == BATCH else None


def why_moved(
    before: datetime.date | None, clock: Clock, version: str, present: BusinessCalendar
) -> dict[str, Any]:
    """The facts of a recount: from, to, the editions, and the days that count now and did not, or the reverse."""
    last = max(day for day in (before, clock.due_on, clock.started_on) if day is not None)
    days = calendar_of(version).differences(present, clock.started_on, last)
    return {
        "from": before.isoformat() if before else None,
        "to": clock.due_on.isoformat() if clock.due_on else None,
        "calendar_before": version,
        "calendar_after": present.version,
        "days": [
            {"day": found.day.isoformat(), "off": found.off is not None, "name": found.off.name}
            if found.off is not None
            else {"day": found.day.isoformat(), "off": False, "name": ""}
            for found in days
        ],
    }


def differences(case_ids: Iterable[uuid.UUID]) -> list[str]:
    """What `flask cases check` finds: where what is kept is not what the log says, one sentence each."""
    ids = list(case_ids)
    clocks, kept = clocks_of(ids), _kept(ids)
    rows = db.session.execute(
        select(Case.id, Case.number, Case.stage, Case.due_on).where(Case.id.in_(ids)).order_by(Case.id)
    ).all()
    found = []
    for row in rows:
        clock = clocks.get(row.id)
        if clock is None:
            found.append(f"{row.number}: no log that opens it")
            continue
        cached = kept.get(row.id, {}).get(row.stage)
        if clock.stage != row.stage or cached is None:
            found.append(f"{row.number}: no clock for stage {row.stage}")
        elif (cached.state, cached.due_on, cached.answered_on, cached.in_time) != (
            clock.state,
            clock.due_on,
            clock.answered_on,
            clock.in_time,
        ):
            found.append(
                f"{row.number}: kept {cached.state} {cached.due_on}, is {clock.state} {clock.due_on}"
            )
        elif row.due_on != clock.due_on:
            found.append(f"{row.number}: listed as due {row.due_on}, is due {clock.due_on}")
    return found


def _count(
    log: list[Event],
    basis: Basis,
    own: list[OwnTerm],
    days: BusinessCalendar,
    tenant: TenantContext,
) -> Clock:
    hours = Hours(tenant.time_zone, _closing(basis.closes))
    received = log[0].at.astimezone(hours.place).date()
    return clock_of(
        log,
        lambda code: term_for(tenant.country, basis.regime, code, received, own, basis.usual_days),
        days,
        hours,
        tenant.today(),
    )


def _closing(text: str) -> datetime.time:
    """ "17:30" as a time; midnight, when a day of service is as long as the day, for anything else."""
    try:
        return datetime.time.fromisoformat(text)
    except ValueError:
        return MIDNIGHT


def _basis(rows: Mapping[int, Any], tenant: TenantContext) -> Basis:
    if rows:
        first = rows[min(rows)]
        return Basis(first.regime, first.closes, first.usual_days)
    return Basis(
        tenant.setting("cases.regime"),
        tenant.setting("cases.closing-time"),
        tenant.setting("cases.term-days"),
    )


def _row(clock: Clock) -> dict[str, Any]:
    return {
        "state": clock.state,
        "term": clock.term.code,
        "days": clock.days,
        "started_on": clock.started_on,
        "due_on": clock.due_on,
        "answered_on": clock.answered_on,
        "in_time": clock.in_time,
        "silent": clock.silence is not None,
        "calendar": clock.calendar,
    }


def _logs(ids: list[uuid.UUID]) -> dict[uuid.UUID, list[Event]]:
    rows = db.session.execute(
        select(CaseEvent.case_id, CaseEvent.kind, CaseEvent.at, CaseEvent.data)
        .where(CaseEvent.case_id.in_(ids), CaseEvent.kind.in_(DEEDS))
        .order_by(CaseEvent.case_id, CaseEvent.number)
    )
    logs: dict[uuid.UUID, list[Event]] = defaultdict(list)
    for case_id, kind, at, data in rows:
        logs[case_id].append(Event(kind, _counted_from(kind, at, data), data))
    return logs


def _counted_from(kind: str, at: datetime.datetime, data: Mapping[str, Any]) -> datetime.datetime:
    """What staff wrote down came in when they say it did, not when they typed it."""
    received = data.get("received") if kind == rules.OPENED else None
    return datetime.datetime.fromisoformat(received) if isinstance(received, str) else at


def _kept(ids: list[uuid.UUID]) -> dict[uuid.UUID, dict[int, Any]]:
    rows = db.session.execute(
        select(
            CaseClock.case_id,
            CaseClock.stage,
            CaseClock.state,
            CaseClock.regime,
            CaseClock.closes,
            CaseClock.usual_days,
            CaseClock.due_on,
            CaseClock.answered_on,
            CaseClock.in_time,
            CaseClock.calendar,
        ).where(CaseClock.case_id.in_(ids))
    )
    kept: dict[uuid.UUID, dict[int, Any]] = defaultdict(dict)
    for row in rows:
        kept[row.case_id][row.stage] = row
    return kept
