"""The tenant's calendar of business days: its country's holidays, with the days that it added and removed.

Every change is a row with reason and who, and makes a calendar with another name (`version`); a due date keeps the
name of the calendar that it was counted with, so that a later change can be explained.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from flask import g
from sqlalchemy import and_, select

from saas import audit
from saas.audit import Actor
from saas.business_days import BusinessCalendar, DayOff
from saas.clock import now
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.public_holidays import library_version, public_holidays, subdivisions
from saas.refusals import Refusal
from saas.scope import current_tenant_id
from tenants.loading import serving
from tenants.models import CalendarChange
from tenants.people import User
from tenants.services import touch

OFF: Final = "off"
WORKING: Final = "working"
AS_USUAL: Final = "as-usual"
SUBDIVISION: Final = "subdivision"
CHANGES = (OFF, WORKING, AS_USUAL)
CHANGED = "calendar.changed"  # the event: before, after (calendars), actor
LONGEST_REASON = 300  # characters
MOST_OWN_DAYS = 100  # of one year: more are a mistake, and a term would hardly move
YEARS_AWAY = 3
_NAME = re.compile(r"(?P<country>[A-Z]{2})(-[A-Z0-9]+)? (?P<library>\S+)/(?P<number>[0-9]{1,9})")

_kept: dict[uuid.UUID, tuple[int, BusinessCalendar]] = {}


@dataclass(frozen=True, slots=True)
class CalendarState:
    """What the rows of changes come to: own days with their reasons, the province, the last number."""

    number: int
    subdivision: str
    off: dict[datetime.date, str]
    working: dict[datetime.date, str]


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day of a year's page: a day off, or one that the organisation works although it would be one."""

    day: datetime.date
    off: DayOff | None
    own: bool  # set by the organisation, so that it can be put back
    reason: str
    would_be: str  # the country's holiday that is worked, if it is one


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change, for the calendar's history."""

    number: int
    kind: str
    day: datetime.date | None
    subdivision: str | None
    reason: str
    changed_by: str | None
    at: datetime.datetime


def calendar(country: str | None = None) -> BusinessCalendar:
    """The active tenant's calendar, as it stands in this transaction. Of another country: that country's, bare.

    Read at most once per edition of the tenant.
    """
    tenant = serving()
    if country is not None and country != tenant.country:
        return _built(country, CalendarState(0, "", {}, {}))
    changed: BusinessCalendar | None = g.get("changed_calendar")
    if changed is not None and g.changed_calendar_of == tenant.id:
        return changed
    kept = _kept.get(tenant.id)
    if kept is None or kept[0] != tenant.version:
        kept = _kept[tenant.id] = (tenant.version, _built(tenant.country, _read()))
    return kept[1]


def calendar_of(version: str) -> BusinessCalendar:
    """The active tenant's calendar as it was in an edition, for what was counted with it.

    Its own days are exactly those of then; the country's are those that the package knows today, under the name that
    it has here now if they are not the same edition. Of a name that says nothing, the calendar of today.
    """
    present = calendar()
    found = _NAME.fullmatch(version)
    if version == present.version or found is None:
        return present
    return _built(found["country"], _read(int(found["number"])))


def change_day(
    day: datetime.date, change: str, reason: str, *, actor: Actor, seen: str | None = None
) -> BusinessCalendar:
    """Take a day off, work it, or leave it as the country has it (`CHANGES`). Returns the calendar from now on.

    `seen` is the version that the change was decided on; None: whatever stands. Emits `calendar.changed`. Raises
    Refusal when it changes nothing, lies too far away, or comes without a reason; CalendarMoved when another change
    came first.
    """
    words = check_reason(reason)
    lock("calendar")
    state = _read()
    before = _built(serving().country, state)
    if seen is not None and seen != before.version:
        raise CalendarMoved()
    proposed(day, change)
    _write(state.number + 1, change, words, actor, day=day)
    return _done(before, actor, {"change": change, "day": day.isoformat(), "reason": words})


def choose_subdivision(code: str, reason: str, *, actor: Actor) -> BusinessCalendar:
    """Follow the holidays of a province too, or of none (empty). Emits `calendar.changed`. Raises Refusal."""
    words = check_reason(reason)
    lock("calendar")
    state = _read()
    if code and code not in subdivisions(serving().country):
        raise Refusal(N_("Choose one of the options"), field="subdivision")
    if code == state.subdivision:
        raise Refusal(N_("It is so already."), field="subdivision")
    _write(state.number + 1, SUBDIVISION, words, actor, subdivision=code)
    return _done(
        _built(serving().country, state), actor, {"change": SUBDIVISION, "to": code, "reason": words}
    )


class CalendarMoved(Refusal):
    """Somebody changed the calendar while another person was deciding."""

    def __init__(self) -> None:
        super().__init__(N_("Somebody else changed the calendar meanwhile. Look again, then save."))


def proposed(day: datetime.date, change: str) -> BusinessCalendar:
    """The calendar as it would be after a change, without saving it. Raises Refusal as `change_day` does."""
    tenant, state = serving(), _read()
    today = tenant.today()
    if change not in CHANGES:
        raise Refusal(N_("Choose one of the options"), field="change")
    if abs(day.year - today.year) > YEARS_AWAY:
        raise Refusal(N_("Choose a day at most %(years)s years away."), field="day", years=YEARS_AWAY)
    present = _built(tenant.country, state)
    off, working = dict(state.off), dict(state.working)
    off.pop(day, None)
    working.pop(day, None)
    if change == OFF:
        off[day] = ""
    elif change == WORKING:
        working[day] = ""
    if change == AS_USUAL and day not in state.off and day not in state.working:
        raise Refusal(N_("That day is already as the country has it."), field="day")
    if change != AS_USUAL and (change == WORKING) == present.is_business_day(day):
        raise Refusal(N_("It is so already."), field="day")
    if sum(1 for own in off if own.year == day.year) > MOST_OWN_DAYS:
        raise Refusal(N_("A year has at most %(most)s days of your own."), field="day", most=MOST_OWN_DAYS)
    after = _built(tenant.country, replace(state, off=off, working=working))
    return replace(after, version=f"{after.version}+")


def present_subdivision() -> str:
    """The province whose holidays hold too; empty where none was chosen."""
    return _read().subdivision


def days_of(year: int) -> list[DayLine]:
    """A year's days that are not as the week has them, by date: holidays, own days off, days worked."""
    found, country = calendar(), serving().country
    public = public_holidays(country, _read().subdivision, year)
    days = {day for day in (*public, *found.off, *found.working) if day.year == year}
    lines = []
    for day in sorted(days):
        own = day in found.off or day in found.working
        reason = found.off.get(day) or found.working.get(day) or ""
        would_be = public.get(day, "") if day in found.working else ""
        lines.append(DayLine(day, found.day_off(day), own, reason, would_be))
    return lines


def changes(limit: int = 50) -> list[ChangeLine]:
    """The newest changes of the calendar, the last one first."""
    rows = db.session.execute(
        select(
            CalendarChange.number,
            CalendarChange.kind,
            CalendarChange.day,
            CalendarChange.subdivision,
            CalendarChange.reason,
            User.name,
            CalendarChange.created_at,
        )
        .outerjoin(
            User, and_(User.tenant_id == CalendarChange.tenant_id, User.id == CalendarChange.changed_by)
        )
        .order_by(CalendarChange.number.desc())
        .limit(limit)
    )
    return [ChangeLine(*row) for row in rows]


def _done(before: BusinessCalendar, actor: Actor, data: Mapping[str, str]) -> BusinessCalendar:
    """Let everybody know. What was changed here and is not committed yet is kept for this transaction alone."""
    after = _built(serving().country, _read())
    g.changed_calendar, g.changed_calendar_of = after, current_tenant_id()
    touch()
    emit(CHANGED, before=before, after=after, actor=actor)
    audit.record(CHANGED, actor=actor, data={**data, "before": before.version, "after": after.version})
    return after


def check_reason(reason: str) -> str:
    """The reason in one line. Raises Refusal when there is none, or too long a one."""
    words = " ".join(reason.split())
    if not words:
        raise Refusal(N_("Say why, for example the decree."), field="reason")
    if len(words) > LONGEST_REASON:
        raise Refusal(N_("Use at most %(max)d characters."), field="reason", max=LONGEST_REASON)
    return words


def _write(
    number: int,
    kind: str,
    reason: str,
    actor: Actor,
    *,
    day: datetime.date | None = None,
    subdivision: str | None = None,
) -> None:
    db.session.add(
        CalendarChange(
            id=new_id(),
            number=number,
            kind=kind,
            day=day,
            subdivision=subdivision,
            reason=reason,
            changed_by=actor.user_id,
            created_at=now(),
        )
    )
    db.session.flush()


def _read(until: int | None = None) -> CalendarState:
    """All changes, or those up to a number."""
    statement = select(
        CalendarChange.number,
        CalendarChange.kind,
        CalendarChange.day,
        CalendarChange.subdivision,
        CalendarChange.reason,
    ).order_by(CalendarChange.number)
    if until is not None:
        statement = statement.where(CalendarChange.number <= until)
    return state_of(db.session.execute(statement))


def state_of(
    rows: Iterable[tuple[int, str, datetime.date | None, str | None, str]],
) -> CalendarState:
    """What changes come to: (number, kind, day, subdivision, reason), in the order of their numbers."""
    last, province = 0, ""
    off: dict[datetime.date, str] = {}
    working: dict[datetime.date, str] = {}
    for number, kind, day, subdivision, reason in rows:
        last = number
        if day is None:
            province = subdivision or ""
            continue
        off.pop(day, None)
        working.pop(day, None)
        if kind == OFF:
            off[day] = reason
        elif kind == WORKING:
            working[day] = reason
    return CalendarState(last, province, off, working)


def _built(country: str, state: CalendarState) -> BusinessCalendar:
    return BusinessCalendar(
        base=partial(public_holidays, country, state.subdivision),
        version=_version(country, state.subdivision, state.number),
        off=state.off,
        working=state.working,
    )


def _version(country: str, subdivision: str, number: int) -> str:
    """Such as "CO 0.109/3": the country (and province), the package's edition, the last change of the tenant."""
    place = f"{country}-{subdivision}" if subdivision else country
    return f"{place} {library_version()}/{number}"
