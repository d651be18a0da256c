"""The legal clock of a case: until when an answer is owed, and how that was counted. Pure.

It is worked out from the case's events, the rule of its class and a calendar of business days, whenever somebody
asks; nothing of it is kept that these three do not say. Days are those of the tenant's zone.

- A term is counted from the day after receipt. What comes in on a day off, or after the hours of service, is
  received on the next business day.
- While the person must complete what is missing the clock stands still, if they were asked within the rule's term. It
  goes on from the day after they completed it, with at least one day left.
- An extension counts if it was notified before the term ended, up to the rule's limit.
- Whether these two came in time was seen when they were done (`in_time` in the event). A calendar that is corrected
  later moves the days that are left, and takes back nothing that was done rightly.
- An appeal, and a reopened case, have a term of their own from the day after it came in.
"""

from __future__ import annotations

import datetime
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from blueprints.cases import rules
from blueprints.cases.terms import BUSINESS, POSITIVE, Term
from saas.business_days import BusinessCalendar

RUNNING: Final = "running"
PAUSED: Final = "paused"
ANSWERED: Final = "answered"
ENDED: Final = "ended"
MIDNIGHT = datetime.time.min  # hours of service that end at midnight: the whole day counts


@dataclass(frozen=True, slots=True)
class Event:
    """What of a case's event the clock needs. `at` is aware; of the first event it is when the case came in."""

    kind: str
    at: datetime.datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hours:
    """The tenant's zone, and when its day of service ends (`MIDNIGHT`: never before the day does)."""

    zone: str
    closes: datetime.time = MIDNIGHT

    @property
    def place(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence of how the clock was counted: a code that pages put into words, and its facts."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Silence:
    """What it means that no answer came in time. `by` is until when its effects are owed (aware)."""

    kind: str
    since: datetime.date
    by: datetime.datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the clock of a case stands on a day. `days` is the whole term, `used` what of it is gone, `left` what is
    not (negative: so many days too late). `due_on` is None while the clock stands still."""

    state: str
    stage: int
    term: Term
    started_on: datetime.date
    due_on: datetime.date | None
    days: int
    used: int
    left: int
    paused_since: datetime.date | None = None
    complete_by: datetime.date | None = None  # the person's last day
    ask_by: datetime.date | None = None  # the last day to ask the person for what is missing
    extend_until: datetime.date | None = None  # the latest day that an extension may name now
    extended_to: datetime.date | None = None
    transfer_by: datetime.date | None = None
    answered_on: datetime.date | None = None
    in_time: bool | None = None
    appeal_by: datetime.date | None = None
    silence: Silence | None = None
    calendar: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def overdue(self) -> bool:
        return self.state == RUNNING and self.left < 0


def clock_of(
    events: Iterable[Event],
    term_of: Callable[[str], Term],
    calendar: BusinessCalendar,
    hours: Hours,
    today: datetime.date,
) -> Clock:
    """The clock of a case on a day. `term_of` gives the rule of a class; the first event must have opened the case.

    Raises ValueError for a log that begins with anything else.
    """
    running = _Count(term_of, calendar, hours)
    for event in events:
        running.take(event)
    return running.at(today)


def add_months(day: datetime.date, months: int) -> datetime.date:
    """The same day some months later, or that month's last day."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1]))


def every_day(calendar: BusinessCalendar) -> BusinessCalendar:
    """A calendar in which each day counts, for terms in calendar days."""
    return BusinessCalendar(lambda _year: {}, calendar.version, weekend=frozenset())


class _Count:
    """The counting, event by event."""

    def __init__(self, term_of: Callable[[str], Term], calendar: BusinessCalendar, hours: Hours) -> None:
        self.term_of, self.calendar, self.hours = term_of, calendar, hours
        self.zone = hours.place
        self.steps: list[Step] = []
        self.stage, self.state = 0, ""

    def take(self, event: Event) -> None:
        if not self.stage and event.kind != rules.OPENED:
            raise ValueError("the first event of a case opens it")
        deed = DEEDS.get(event.kind)
        if deed is not None:
            deed(self, event)

    # --- what happened ----------------------------------------------------------------------------------------

    def opened(self, event: Event) -> None:
        self.stage = 1
        self.use(str(event.data.get("class", "")))
        self.step("received", day=self.day_of(event.at))
        self.begin(event, self.term.days)

    def begin(self, event: Event, days: int) -> None:
        """A term starts: at receipt, at an appeal, when the case is reopened."""
        self.started_on = self.run_from = self.received_on(event.at)
        self.state = RUNNING
        self.days, self.extra, self.consumed = days, 0, 0
        self.paused_on: datetime.date | None = None
        self.complete_by: datetime.date | None = None
        self.extended_to: datetime.date | None = None
        self.ended_on: datetime.date | None = None
        self.last_day: datetime.date | None = None  # of the term, once it is over
        self.in_time: bool | None = None
        self.say_term()

    def asked(self, event: Event) -> None:
        if self.state != RUNNING:
            return
        day, ask_by = self.day_of(event.at), self.ask_by()
        late = day > self.due() or (ask_by is not None and day > ask_by)
        if late and not event.data.get("in_time"):
            self.step("asked-too-late", day=day, until=ask_by or self.due())
            return
        self.consumed += self.counted(self.run_from, day)
        self.state, self.paused_on = PAUSED, day
        self.complete_by = _day(event.data.get("until")) or add_months(day, self.term.complete_months or 1)
        self.step("paused", day=day, used=self.consumed, until=self.complete_by)

    def given_longer(self, event: Event) -> None:
        until = _day(event.data.get("until"))
        if self.state == PAUSED and until and self.complete_by and until > self.complete_by:
            self.complete_by = until
            self.step("given-longer", until=until)

    def completed(self, event: Event) -> None:
        if self.state != PAUSED:
            return
        self.state, self.paused_on, self.complete_by = RUNNING, None, None
        self.run_from = self.received_on(event.at)
        # Asked on the last day of all: an answer is not owed on the very day that the rest comes in.
        self.consumed = min(self.consumed, self.days + self.extra - 1)
        self.step("resumed", day=self.run_from, left=self.days + self.extra - self.consumed)

    def extended(self, event: Event) -> None:
        until, day = _day(event.data.get("until")), self.day_of(event.at)
        if self.state != RUNNING or until is None:
            return
        due, latest = self.due(), self.latest()
        if day > due and not event.data.get("in_time"):
            self.step("extended-too-late", day=day, due=due)
        elif latest is None or until <= due:
            self.step("extension-unknown", until=until)
        else:
            more = self.counted(due, min(until, latest))
            self.extra += more
            self.extended_to = self.due()
            self.step("extended", day=day, until=self.extended_to, days=more)

    def reclassified(self, event: Event) -> None:
        if event.data.get("class") == event.data.get("class_before"):
            return
        self.use(str(event.data.get("class", "")))
        if self.stage == 1 and self.state in (RUNNING, PAUSED):
            self.days = self.term.days
            self.say_term()

    def answered(self, event: Event) -> None:
        if self.state not in (RUNNING, PAUSED):
            return
        self.stop(ANSWERED, event)
        self.step("answered" if self.in_time else "answered-late", day=self.ended_on)

    def appealed(self, event: Event) -> None:
        self.stage = 2
        self.step("appealed", day=self.day_of(event.at))
        self.begin(event, self.term.appeal_days or self.term.days)

    def reopened(self, event: Event) -> None:
        self.step("reopened", day=self.day_of(event.at))
        self.begin(event, (self.term.appeal_days if self.stage == 2 else None) or self.term.days)

    def ended(self, event: Event) -> None:
        if self.state in (RUNNING, PAUSED):
            self.stop(ENDED, event)
            self.step(event.kind, day=self.ended_on)

    def recounted(self, event: Event) -> None:
        """The calendar changed. The count itself knows only the calendar it is given; this says why it moved."""
        self.step("recounted", **{name: event.data.get(name) for name in ("from", "to", "days")})

    def stop(self, state: str, event: Event) -> None:
        self.ended_on = self.day_of(event.at)
        if self.state == RUNNING:
            self.last_day = self.due()
            self.consumed += self.counted(self.run_from, self.ended_on)
        self.in_time = self.last_day is None or self.ended_on <= self.last_day
        self.state, self.paused_on, self.complete_by = state, None, None

    # --- counting ---------------------------------------------------------------------------------------------

    def use(self, class_code: str) -> None:
        self.term = self.term_of(class_code)
        self.counting = self.calendar if self.term.unit == BUSINESS else every_day(self.calendar)

    def day_of(self, moment: datetime.datetime) -> datetime.date:
        return moment.astimezone(self.zone).date()

    def received_on(self, moment: datetime.datetime) -> datetime.date:
        """The day on which something counts as received."""
        local = moment.astimezone(self.zone)
        day, closes = local.date(), self.hours.closes
        late = closes != MIDNIGHT and local.time() >= closes
        counts = self.calendar.next_business_day(day) if late else self.calendar.on_or_after(day)
        if counts == day:
            pass  # as everybody expects
        elif self.calendar.is_business_day(day):
            self.step("received-after-hours", day=day, closes=closes, counts=counts)
        else:
            off = self.calendar.day_off(day)
            self.step("received-on-day-off", day=day, name=off.name if off else "", counts=counts)
        return counts

    def counted(self, after: datetime.date, until: datetime.date) -> int:
        return self.counting.business_days_between(after, until)

    def due(self) -> datetime.date:
        return self.last_of(self.days + self.extra)

    def last_of(self, days: int) -> datetime.date:
        """The last day of a term of so many days; never a day off."""
        left = max(days - self.consumed, 0)
        return self.calendar.on_or_after(self.counting.add_business_days(self.run_from, left))

    def latest(self) -> datetime.date | None:
        """The latest day that an extension may name; None where there is none."""
        if self.term.extend_days is not None:
            return self.last_of(self.days + self.term.extend_days)
        return (
            self.last_of(self.days * self.term.extend_factor) if self.term.extend_factor is not None else None
        )

    def ask_by(self) -> datetime.date | None:
        within = self.term.ask_within
        return None if within is None else self.calendar.add_business_days(self.started_on, within)

    # --- what it comes to -------------------------------------------------------------------------------------

    def at(self, today: datetime.date) -> Clock:
        running = self.state == RUNNING
        due = self.due() if running else self.last_day
        used = self.consumed + (self.counted(self.run_from, today) if running else 0)
        left = self.days + self.extra - used
        if running and due is not None and today > due:
            left = -self.calendar.business_days_between(due, today) or -1
        elif running:
            left = max(left, 0)
        self.say_skipped(due)
        term = self.term
        answered = self.ended_on if self.state == ANSWERED else None
        return Clock(
            state=self.state,
            stage=self.stage,
            term=term,
            started_on=self.started_on,
            due_on=due,
            days=self.days + self.extra,
            used=used,
            left=left,
            paused_since=self.paused_on,
            complete_by=self.complete_by,
            ask_by=self.ask_by(),
            extend_until=self.latest() if running else None,
            extended_to=self.extended_to,
            transfer_by=self.within(term.transfer_days) if self.stage == 1 else None,
            answered_on=answered,
            in_time=self.in_time if self.state == ANSWERED else None,
            appeal_by=self.calendar.add_business_days(answered, term.appeal_window)
            if answered and term.appeal_window and self.stage == 1
            else None,
            silence=self.silence(due, self.ended_on or today),
            calendar=self.calendar.version,
            steps=tuple(self.steps),
        )

    def within(self, days: int | None) -> datetime.date | None:
        return None if days is None else self.calendar.add_business_days(self.started_on, days)

    def silence(self, due: datetime.date | None, day: datetime.date) -> Silence | None:
        """What follows from having had no answer on a day, if the term was over by then."""
        if due is None or day <= due or not self.term.silence:
            return None
        since = due + datetime.timedelta(days=1)
        if self.term.silence == POSITIVE:
            begin = datetime.datetime.combine(since, MIDNIGHT, self.zone)
            by = begin + datetime.timedelta(hours=self.term.silence_hours or 0)
        else:
            last = self.calendar.add_business_days(due, self.term.copies_days or 0)
            by = datetime.datetime.combine(last + datetime.timedelta(days=1), MIDNIGHT, self.zone)
        return Silence(self.term.silence, since, by)

    # --- how it was counted -----------------------------------------------------------------------------------

    def step(self, code: str, **facts: object) -> None:
        self.steps.append(Step(code, facts))

    def say_term(self) -> None:
        term = self.term
        self.step("term", days=self.days, unit=term.unit, source=term.source, own=term.own)

    def say_skipped(self, due: datetime.date | None) -> None:
        if due is None:
            return
        skipped = self.calendar.days_off_between(self.started_on, due)
        if skipped and self.term.unit == BUSINESS:
            self.step("skipped", days=tuple((day, off.name) for day, off in skipped))
        self.step("due", day=due)


# The kinds of events that the clock listens to; all others leave it as it is.
DEEDS: dict[str, Callable[[_Count, Event], None]] = {
    rules.OPENED: _Count.opened,
    rules.ASKED: _Count.asked,
    rules.GIVEN_LONGER: _Count.given_longer,
    rules.COMPLETED: _Count.completed,
    rules.EXTENDED: _Count.extended,
    rules.RECLASSIFIED: _Count.reclassified,
    rules.ANSWERED_EVENT: _Count.answered,
    rules.APPEALED: _Count.appealed,
    rules.REOPENED: _Count.reopened,
    rules.CLOSED_EVENT: _Count.ended,
    rules.WITHDRAWN_EVENT: _Count.ended,
    rules.TRANSFERRED: _Count.ended,
    rules.RECOUNTED: _Count.recounted,
}


def _day(value: object) -> datetime.date | None:
    return datetime.date.fromisoformat(value) if isinstance(value, str) else None
