"""The legal clock: Colombia's vectors, what pauses and extends it, and what holds for any log of events."""

from __future__ import annotations

import datetime
from datetime import date, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.cases import rules
from blueprints.cases.clock import Clock, Event, Hours, add_months, clock_of
from blueprints.cases.terms import ACCEPTED, POSITIVE, OwnTerm, Term, pack, term_for
from saas.business_days import BusinessCalendar
from saas.public_holidays import public_holidays

BOGOTA = ZoneInfo("America/Bogota")
HOURS = Hours("America/Bogota")
COLOMBIA = BusinessCalendar(partial(public_holidays, "CO", ""), "CO")
FRIDAY = date(2026, 3, 20)
PUBLIC = "household-services"


def at(day: date, hour: int = 10, minute: int = 0) -> datetime.datetime:
    return datetime.datetime.combine(day, time(hour, minute), BOGOTA)


def event(kind: str, day: date, hour: int = 10, **data: Any) -> Event:
    return Event(kind, at(day, hour), data)


def opened(day: date, class_code: str = "petition", hour: int = 10) -> Event:
    return event(rules.OPENED, day, hour, **{"class": class_code})


def count(
    *events: Event,
    today: date | None = None,
    regime: str = "general",
    calendar: BusinessCalendar = COLOMBIA,
    hours: Hours = HOURS,
) -> Clock:
    first = events[0].at.astimezone(BOGOTA).date()
    terms = lambda code: term_for("CO", regime, code, first)  # noqa: E731
    return clock_of(events, terms, calendar, hours, today or events[-1].at.astimezone(BOGOTA).date())


def codes(clock: Clock) -> list[str]:
    return [step.code for step in clock.steps]


# --- vectors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("class_code", "due"),
    [
        ("documents", date(2026, 4, 8)),
        ("petition", date(2026, 4, 15)),
        ("complaint", date(2026, 4, 15)),
        ("consultation", date(2026, 5, 7)),
        ("data-consultation", date(2026, 4, 8)),
        ("data-claim", date(2026, 4, 15)),
    ],
)
def test_received_on_the_eve_of_a_long_weekend(class_code: str, due: date):
    """L15: from the day after receipt, without the holiday on Monday, Maundy Thursday, Good Friday and 1 May."""
    found = count(opened(FRIDAY, class_code))
    assert (found.due_on, found.used, found.left) == (due, 0, found.days)


def test_how_it_was_counted():
    found = count(opened(FRIDAY), today=date(2026, 4, 7))
    assert codes(found) == ["received", "term", "skipped", "due"]
    skipped = found.steps[2].facts["days"]
    assert [name for _day, name in skipped] == [
        "Día de San José (observado)",
        "Jueves Santo",
        "Viernes Santo",
    ]
    assert (found.used, found.left) == (9, 6) and found.used + found.left == found.days


@pytest.mark.parametrize(
    ("day", "hour", "counts", "code"),
    [
        (date(2026, 3, 20), 16, date(2026, 3, 20), "received"),
        (date(2026, 3, 20), 17, date(2026, 3, 24), "received-after-hours"),
        (date(2026, 3, 21), 9, date(2026, 3, 24), "received-on-day-off"),
        (date(2026, 3, 23), 9, date(2026, 3, 24), "received-on-day-off"),
    ],
)
def test_what_comes_late_or_on_a_day_off_is_received_on_the_next(
    day: date, hour: int, counts: date, code: str
):
    found = count(opened(day, hour=hour), hours=Hours("America/Bogota", time(17)))
    assert found.started_on == counts and code in codes(found)
    assert found.due_on == COLOMBIA.add_business_days(counts, 15)


def test_the_tenant_s_zone_says_the_day():
    late = Event(
        rules.OPENED, datetime.datetime(2026, 3, 21, 3, 30, tzinfo=datetime.UTC), {"class": "petition"}
    )
    assert count(late).started_on == FRIDAY


# --- pause ------------------------------------------------------------------------------------------------------


def test_the_clock_stands_still_while_the_person_completes():
    asked = event(rules.ASKED, date(2026, 3, 26))
    paused = count(opened(FRIDAY), asked, today=date(2026, 4, 10))
    assert (paused.state, paused.due_on, paused.used) == ("paused", None, 3)
    assert (paused.paused_since, paused.complete_by) == (date(2026, 3, 26), date(2026, 4, 26))
    resumed = count(opened(FRIDAY), asked, event(rules.COMPLETED, date(2026, 4, 10)))
    assert resumed.due_on == COLOMBIA.add_business_days(date(2026, 4, 10), 12)
    assert "resumed" in codes(resumed)


def test_asked_after_its_term_the_clock_goes_on():
    """Ten business days to ask; later a question is only a question."""
    assert count(opened(FRIDAY)).ask_by == date(2026, 4, 8)
    found = count(opened(FRIDAY), event(rules.ASKED, date(2026, 4, 9)))
    assert found.due_on == date(2026, 4, 15) and "asked-too-late" in codes(found)


def test_another_month():
    events = (opened(FRIDAY), event(rules.ASKED, date(2026, 3, 26)))
    longer = event(rules.GIVEN_LONGER, date(2026, 4, 20), until="2026-05-26")
    assert count(*events, longer).complete_by == date(2026, 5, 26)


def test_completed_after_hours_on_the_last_day():
    """Asked on the very last day, at least one day is left for the answer."""
    events = (opened(FRIDAY, "data-claim"), event(rules.ASKED, date(2026, 3, 27)))
    found = count(*events, event(rules.COMPLETED, date(2026, 4, 4)))
    assert found.due_on == COLOMBIA.add_business_days(date(2026, 4, 6), 11)


# --- extension --------------------------------------------------------------------------------------------------


def test_an_extension_up_to_the_double():
    extended = event(rules.EXTENDED, date(2026, 4, 10), until="2026-04-29")
    found = count(opened(FRIDAY), extended)
    assert (found.due_on, found.extended_to) == (date(2026, 4, 29), date(2026, 4, 29))
    too_far = event(rules.EXTENDED, date(2026, 4, 10), until="2026-12-31")
    assert count(opened(FRIDAY), too_far).due_on == COLOMBIA.add_business_days(FRIDAY, 30)
    assert count(opened(FRIDAY)).extend_until == COLOMBIA.add_business_days(FRIDAY, 30)


def test_an_extension_that_comes_too_late_moves_nothing():
    late = event(rules.EXTENDED, date(2026, 4, 16), until="2026-04-29")
    found = count(opened(FRIDAY), late)
    assert found.due_on == date(2026, 4, 15) and "extended-too-late" in codes(found)


def test_an_extension_by_days_of_personal_data():
    assert count(opened(FRIDAY, "data-consultation")).extend_until == COLOMBIA.add_business_days(FRIDAY, 15)
    assert count(opened(FRIDAY, "data-claim")).extend_until == COLOMBIA.add_business_days(FRIDAY, 23)


def test_a_rule_without_extension_knows_none():
    found = count(opened(FRIDAY), event(rules.EXTENDED, date(2026, 4, 10), until="2026-04-29"), regime=PUBLIC)
    assert found.extend_until is None and found.due_on == date(2026, 4, 15)


def test_an_extension_to_a_holiday_ends_before_it():
    to_holiday = event(rules.EXTENDED, date(2026, 4, 10), until="2026-05-01")
    assert count(opened(FRIDAY), to_holiday).due_on == date(2026, 4, 30)


# --- answer, appeal, silence ------------------------------------------------------------------------------------


def test_answered_in_time_and_late():
    on_the_day = count(opened(FRIDAY), event(rules.ANSWERED_EVENT, date(2026, 4, 15), 23))
    assert (on_the_day.state, on_the_day.in_time, on_the_day.answered_on) == (
        "answered",
        True,
        date(2026, 4, 15),
    )
    late = count(opened(FRIDAY), event(rules.ANSWERED_EVENT, date(2026, 4, 16)))
    assert (late.in_time, late.due_on, codes(late)[-3]) == (False, date(2026, 4, 15), "answered-late")


def test_overdue_counts_business_days():
    found = count(opened(FRIDAY), today=date(2026, 4, 20))
    assert found.overdue and found.left == -3
    assert not count(opened(FRIDAY), today=date(2026, 4, 15)).overdue


def test_an_appeal_has_a_clock_of_its_own():
    answered = event(rules.ANSWERED_EVENT, date(2026, 4, 10))
    first = count(opened(FRIDAY), answered, regime=PUBLIC)
    assert first.appeal_by == COLOMBIA.add_business_days(date(2026, 4, 10), 5)
    second = count(opened(FRIDAY), answered, event(rules.APPEALED, date(2026, 4, 14)), regime=PUBLIC)
    assert (second.stage, second.state) == (2, "running")
    assert second.due_on == COLOMBIA.add_business_days(date(2026, 4, 14), 15)


def test_silence_grants_what_was_asked_of_a_utility():
    found = count(opened(FRIDAY), today=date(2026, 4, 16), regime=PUBLIC)
    assert found.silence is not None and found.silence.kind == POSITIVE
    assert found.silence.since == date(2026, 4, 16)
    assert found.silence.by == at(date(2026, 4, 19), 0)  # 72 hours after the term
    assert count(opened(FRIDAY), today=date(2026, 4, 15), regime=PUBLIC).silence is None
    assert (
        count(opened(FRIDAY), today=date(2026, 4, 16)).silence is None
    )  # an agency's silence grants nothing
    late = count(opened(FRIDAY), event(rules.ANSWERED_EVENT, date(2026, 4, 17)), regime=PUBLIC)
    assert late.silence is not None  # a late answer takes nothing back


def test_documents_not_given_in_time_are_owed_in_three_days():
    found = count(opened(FRIDAY, "documents"), today=date(2026, 4, 9))
    assert found.silence is not None and found.silence.kind == ACCEPTED
    assert found.silence.by == at(date(2026, 4, 14), 0)


def test_passing_on_and_closing_stop_the_clock():
    for kind in (rules.TRANSFERRED, rules.CLOSED_EVENT, rules.WITHDRAWN_EVENT):
        found = count(opened(FRIDAY), event(kind, date(2026, 3, 30)), today=date(2026, 6, 1))
        assert (found.state, found.overdue, found.silence) == ("ended", False, None)
    assert count(opened(FRIDAY)).transfer_by == date(2026, 3, 30)


def test_reopened_it_begins_anew():
    found = count(
        opened(FRIDAY),
        event(rules.ANSWERED_EVENT, date(2026, 4, 10)),
        event(rules.REOPENED, date(2026, 4, 20)),
    )
    assert found.due_on == COLOMBIA.add_business_days(date(2026, 4, 20), 15)


def test_another_class_counts_from_the_same_day():
    data = {"class": "documents", "class_before": "petition"}
    found = count(opened(FRIDAY), Event(rules.RECLASSIFIED, at(date(2026, 3, 25)), data))
    assert found.due_on == date(2026, 4, 8)


def test_a_log_begins_with_an_opening():
    with pytest.raises(ValueError):
        count(event(rules.SAID, FRIDAY))


# --- rules as data ----------------------------------------------------------------------------------------------


def test_every_rule_has_its_source_and_a_day():
    for term in pack():
        assert term.source and term.valid_from.year > 1990 and term.days > 0 and term.country in ("CO", "AR")


def test_own_terms_win_and_say_so():
    own = [
        OwnTerm("petition", date(2026, 1, 1), 8, None, "Reglamento interno"),
        OwnTerm("petition", date(2026, 6, 1), 20, None, ""),
        OwnTerm("documentos", date(2026, 1, 1), None, "co-documents", ""),
    ]
    before = term_for("CO", "general", "petition", FRIDAY, own)
    assert (before.days, before.own, before.legal_days, before.source) == (8, True, 15, "Reglamento interno")
    assert not before.longer_than_the_law
    assert term_for("CO", "general", "petition", date(2026, 7, 1), own).longer_than_the_law
    assert term_for("CO", "general", "documentos", FRIDAY, own).days == 10
    assert term_for("VE", "general", "petition", FRIDAY, usual_days=12).days == 12
    assert term_for("CO", "general", "petition", date(2014, 1, 1)).code == "own"  # the law was not there yet


def test_calendar_days_end_on_a_business_day():
    term = term_for("AR", "general", "data-access", FRIDAY)
    found = clock_of([opened(date(2026, 3, 24))], lambda _code: term, COLOMBIA, HOURS, FRIDAY)
    assert found.due_on == date(2026, 4, 6)  # ten days later is Good Friday


# --- whatever happens -------------------------------------------------------------------------------------------

DAYS = st.dates(date(2025, 1, 1), date(2027, 6, 30))
KINDS = [
    rules.SAID, rules.REPLIED, rules.ASKED, rules.COMPLETED, rules.EXTENDED, rules.RECLASSIFIED, rules.APPEALED,
    rules.ANSWERED_EVENT, rules.REOPENED, rules.CLOSED_EVENT, rules.WITHDRAWN_EVENT, rules.GIVEN_LONGER,
    rules.TRANSFERRED, rules.RECOUNTED,
]  # fmt: skip
CLASSES = ["petition", "documents", "consultation", "data-claim", "something-own"]


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    day = draw(DAYS)
    log = [opened(day, draw(st.sampled_from(CLASSES)), draw(st.integers(0, 23)))]
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=12)):
        day += timedelta(days=draw(st.integers(0, 25)))
        data: dict[str, Any] = {}
        if kind in (rules.EXTENDED, rules.ASKED, rules.GIVEN_LONGER):
            data["until"] = (day + timedelta(days=draw(st.integers(-5, 90)))).isoformat()
        if kind == rules.RECLASSIFIED:
            data = {"class": draw(st.sampled_from(CLASSES)), "class_before": draw(st.sampled_from(CLASSES))}
        log.append(Event(kind, at(day, draw(st.integers(0, 23))), data))
    return log


@given(log=logs(), later=st.integers(0, 120), regime=st.sampled_from(["general", PUBLIC]))
def test_any_log_has_a_clock(log: list[Event], later: int, regime: str):
    today = log[-1].at.astimezone(BOGOTA).date() + timedelta(days=later)
    found = count(*log, today=today, regime=regime)
    if found.due_on is not None:
        assert COLOMBIA.is_business_day(found.due_on) and found.due_on >= found.started_on
    assert (found.state == "paused") == (found.paused_since is not None)
    assert found.used >= 0 and (found.overdue == (found.state == "running" and today > found.due_on))
    assert found == count(*log, today=today, regime=regime)
    for step in found.steps:
        assert step.code


@given(day=DAYS, more=st.integers(0, 40), class_code=st.sampled_from(CLASSES))
def test_who_comes_later_is_answered_later(day: date, more: int, class_code: str):
    first, second = opened(day, class_code), opened(day + timedelta(days=more), class_code)
    assert count(first).due_on <= count(second).due_on


@given(day=DAYS, wait=st.integers(0, 20), gone=st.integers(0, 40), more=st.integers(0, 20))
def test_a_pause_never_shortens(day: date, wait: int, gone: int, more: int):
    asked = event(rules.ASKED, day + timedelta(days=wait))
    back = day + timedelta(days=wait + gone)
    plain = count(opened(day), today=back)
    paused = count(opened(day), asked, event(rules.COMPLETED, back))
    longer = count(opened(day), asked, event(rules.COMPLETED, back + timedelta(days=more)))
    assert plain.due_on <= paused.due_on <= longer.due_on


@given(day=DAYS, wait=st.integers(0, 20), until=st.integers(-10, 120))
def test_an_extension_never_shortens_and_never_passes_the_double(day: date, wait: int, until: int):
    told = day + timedelta(days=wait)
    extended = event(rules.EXTENDED, told, until=(told + timedelta(days=until)).isoformat())
    plain, found = count(opened(day), today=told), count(opened(day), extended)
    assert plain.due_on <= found.due_on
    assert found.due_on <= COLOMBIA.add_business_days(found.started_on, 30)


@given(log=logs(), day=DAYS, worked=st.booleans())
def test_a_change_of_the_calendar_is_explained_by_its_days(log: list[Event], day: date, worked: bool):
    """When a due date moves, a day between its beginning and its end counts now and did not, or the reverse."""
    own = {"working": {day: "x"}} if worked else {"off": {day: "x"}}
    after = BusinessCalendar(COLOMBIA.base, "changed", **own)
    before, now = count(*log), count(*log, calendar=after)
    if before.due_on and now.due_on and before.due_on != now.due_on:
        first = log[0].at.astimezone(BOGOTA).date()
        moved = COLOMBIA.differences(after, first, max(before.due_on, now.due_on, log[-1].at.date()))
        assert [difference.day for difference in moved] == [day]


@pytest.mark.parametrize(
    ("deed", "when"),
    [
        (event(rules.ASKED, date(2026, 4, 9), in_time=True), "paused"),
        (event(rules.EXTENDED, date(2026, 4, 16), in_time=True, until="2026-04-29"), "running"),
    ],
)
def test_a_day_that_is_corrected_later_takes_back_nothing_that_was_done_in_time(deed: Event, when: str):
    """L15: asked and extended on the last day, by a calendar in which a day was off; that day counts after all."""
    closed = BusinessCalendar(COLOMBIA.base, "CO-1", off={date(2026, 3, 25): "Cierre"})
    for calendar in (closed, COLOMBIA):
        found = count(opened(FRIDAY), deed, today=date(2026, 4, 20), calendar=calendar)
        assert (found.state, found.overdue) == (when, False)
        assert found.due_on in (None, date(2026, 4, 29)), "and the extension ends on the day that was told"


def test_months_end_where_the_month_does():
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2026, 12, 15), 1) == date(2027, 1, 15)


def test_terms_are_values():
    assert isinstance(pack()[0], Term) and hash(pack()[0])
