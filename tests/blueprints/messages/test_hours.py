"""Hours and frequency: properties that hold whatever the moment, and the law of Colombia as data."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.messages.contact_hours import law_on, laws
from blueprints.messages.rules import (
    WEEK,
    Contact,
    Limits,
    NeverAllowed,
    Window,
    contact_moment,
    next_moment,
    stricter,
    window_of,
)
from blueprints.messages.steps import steps_of
from saas.public_holidays import public_holidays

BOGOTA = ZoneInfo("America/Bogota")
CO = law_on("CO", datetime.date(2026, 11, 1)).limits  # type: ignore[union-attr]
ZONES = st.sampled_from(
    [BOGOTA, ZoneInfo("America/Caracas"), ZoneInfo("Europe/Madrid"), ZoneInfo("America/Santiago")]
)
MOMENTS = st.datetimes(
    datetime.datetime(2024, 1, 1), datetime.datetime(2029, 1, 1), timezones=st.just(datetime.UTC)
)
HOURS = st.integers(0, 22).flatmap(
    lambda start: st.integers(start + 1, 23).map(lambda end: Window(datetime.time(start), datetime.time(end)))
)
LIMITS = st.builds(
    Limits,
    hours=st.dictionaries(st.integers(0, 6), HOURS, min_size=1),
    holidays=st.booleans(),
    most_a_day=st.one_of(st.none(), st.integers(1, 3)),
    channels_a_week=st.one_of(st.none(), st.integers(1, 2)),
)
CHANNEL = st.sampled_from(["mail", "whatsapp", "phone"])


def is_holiday(day: datetime.date) -> bool:
    return day in public_holidays("CO", "", day.year)


def inside(moment: datetime.datetime, limits: Limits, zone: ZoneInfo) -> bool:
    local = moment.astimezone(zone)
    window = window_of(local.date(), limits, is_holiday)
    return window is not None and window.start <= local.time() < window.end


@given(MOMENTS, LIMITS, ZONES)
def test_the_next_moment_lies_in_a_window_and_never_before(
    moment: datetime.datetime, limits: Limits, zone: ZoneInfo
):
    found = next_moment(moment, limits, zone, is_holiday)
    assert found >= moment and inside(found, limits, zone)
    assert (found == moment) == inside(moment, limits, zone)
    assert next_moment(found, limits, zone, is_holiday) == found


@given(MOMENTS, LIMITS, ZONES, st.integers(1, 59))
def test_no_earlier_moment_would_have_done(
    moment: datetime.datetime, limits: Limits, zone: ZoneInfo, minutes: int
):
    found = next_moment(moment, limits, zone, is_holiday)
    earlier = found - datetime.timedelta(minutes=minutes)
    assert earlier < moment or not inside(earlier, limits, zone)


@given(MOMENTS, LIMITS, st.lists(st.tuples(st.integers(0, 20 * 24 * 60), CHANNEL), max_size=12))
def test_a_series_of_contacts_keeps_every_limit(
    begin: datetime.datetime, limits: Limits, wishes: list[tuple[int, str]]
):
    """However often somebody wants to write: hours, so many a day, so many channels in any seven days."""
    made: list[Contact] = []
    for minutes, channel in sorted(wishes):
        wanted = begin + datetime.timedelta(minutes=minutes)
        if made and wanted < made[-1].at:
            continue
        found = contact_moment(wanted, channel, made, limits, BOGOTA, is_holiday)
        assert found >= wanted
        made.append(Contact(found, channel))
        made.sort(key=lambda contact: contact.at)
    for contact in made:
        assert inside(contact.at, limits, BOGOTA)
        day = contact.at.astimezone(BOGOTA).date()
        same_day = [one for one in made if one.at.astimezone(BOGOTA).date() == day]
        assert limits.most_a_day is None or len(same_day) <= limits.most_a_day
        week = {one.channel for one in made if contact.at <= one.at < contact.at + WEEK}
        assert limits.channels_a_week is None or len(week) <= limits.channels_a_week


@given(MOMENTS, LIMITS, LIMITS)
def test_the_stricter_of_two_allows_nothing_that_one_forbids(
    moment: datetime.datetime, one: Limits, other: Limits
):
    both = stricter(one, other)
    if inside(moment, both, BOGOTA):
        assert inside(moment, one, BOGOTA) and inside(moment, other, BOGOTA)
    elif not is_holiday(moment.astimezone(BOGOTA).date()):
        assert not (inside(moment, one, BOGOTA) and inside(moment, other, BOGOTA))
    for name in ("most_a_day", "channels_a_week"):
        values = [getattr(limits, name) for limits in (one, other) if getattr(limits, name) is not None]
        assert getattr(both, name) == (min(values) if values else None)


def test_limits_that_leave_no_hour_are_said_to():
    with pytest.raises(NeverAllowed):
        next_moment(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), Limits({}), BOGOTA, is_holiday)


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=BOGOTA)


@pytest.mark.parametrize(
    ("moment", "leaves"),
    [
        ("2026-11-18T06:59", "2026-11-18T07:00"),
        ("2026-11-18T18:59", "2026-11-18T18:59"),
        ("2026-11-18T19:00", "2026-11-19T07:00"),
        ("2026-11-18T21:00", "2026-11-19T07:00"),
        ("2026-11-21T07:59", "2026-11-21T08:00"),
        ("2026-11-21T15:00", "2026-11-23T07:00"),
        ("2026-11-22T10:00", "2026-11-23T07:00"),
        ("2026-12-24T20:00", "2026-12-26T08:00"),
        ("2026-04-01T19:30", "2026-04-04T08:00"),  # Thursday and Friday of Holy Week
        ("2027-01-09T15:00", "2027-01-12T07:00"),  # the Monday is the Epiphany
    ],
)
def test_the_law_of_colombia(moment: str, leaves: str):
    """Ley 2300 de 2023, art. 3 (cases L14 and S of Sundays, holidays and evenings)."""
    assert next_moment(at(moment), CO, BOGOTA, is_holiday) == at(leaves)


def test_another_channel_waits_for_a_week():
    before = [Contact(at("2026-11-17T09:00"), "mail")]
    found = contact_moment(at("2026-11-18T09:00"), "whatsapp", before, CO, BOGOTA, is_holiday)
    assert found == at("2026-11-24T09:00")
    assert contact_moment(at("2026-11-18T09:00"), "mail", before, CO, BOGOTA, is_holiday) == at(
        "2026-11-18T09:00"
    )


def test_laws_are_versioned_data_with_a_source():
    assert law_on("CO", datetime.date(2023, 10, 9)) is None
    law = law_on("CO", datetime.date(2023, 10, 10))
    assert law is not None and law.source and law.natures == {"collection", "commercial"}
    assert law_on("AR", datetime.date(2026, 1, 1)) is None
    assert laws("../CO") == () and laws("") == ()


@given(
    st.dates(datetime.date(2024, 1, 1), datetime.date(2028, 1, 1)),
    st.integers(0, 15),
    st.booleans(),
    st.integers(0, 30),
    st.integers(0, 60),
    st.integers(-90, 40),
)
def test_an_invoice_is_in_one_step_of_a_day(
    today: datetime.date, before: int, on_day: bool, after: int, again: int, days: int
):
    due_on = today + datetime.timedelta(days=days)
    steps = [
        step
        for step in steps_of(today, before=before, on_day=on_day, after=after, again=again)
        if step.first <= due_on <= step.last
    ]
    assert len(steps) <= 1
    if steps and days > 0:
        assert steps[0].code == "before" and days <= before
    if steps and days < 0:
        assert steps[0].late and -days >= min(value for value in (after, again) if value)
