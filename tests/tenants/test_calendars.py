"""The tenant's calendar: its country's days, its own changes, and the name that each edition has."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from saas import events
from saas.audit import SYSTEM, AuditRow
from saas.clock import today
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants import calendars
from tenants.calendars import AS_USUAL, CHANGED, OFF, WORKING, CalendarMoved, calendar, change_day
from tests.cast import make_agency, make_utility
from tests.signed_in import statements

YEAR = today("America/Bogota").year
BRIDGE = date(YEAR, 12, 7)
while BRIDGE.weekday() > 4:
    BRIDGE -= datetime.timedelta(days=1)
CHRISTMAS = date(YEAR, 12, 25)


@contextmanager
def hearing() -> Iterator[list[dict[str, object]]]:
    heard: list[dict[str, object]] = []

    def note(**facts: object) -> None:
        heard.append(facts)

    events.subscribe(CHANGED, note)
    try:
        yield heard
    finally:
        events._handlers[CHANGED].remove(note)


def test_each_country_has_its_own(app: Flask):
    agency, utility = make_agency(), make_utility()
    with unit_of_work(agency.id):
        assert not calendar().is_business_day(date(2026, 3, 23))
        assert calendar().is_business_day(date(2026, 3, 24))
        assert calendar("AR").is_business_day(date(2026, 3, 24)) is False
        assert calendar().version.startswith("CO ")
    with unit_of_work(utility.id):
        assert not calendar().is_business_day(date(2026, 3, 24))


def test_a_change_holds_at_once_and_has_a_name_reason_and_evidence(app: Flask):
    agency = make_agency()
    with unit_of_work(agency.id):
        before = calendar()
    with unit_of_work(agency.id) as session, hearing() as heard:
        after = change_day(BRIDGE, OFF, "  Decreto   123 ", actor=SYSTEM, seen=before.version)
        assert not calendar().is_business_day(BRIDGE) and calendar().version == after.version
        assert heard == [{"before": heard[0]["before"], "after": after, "actor": SYSTEM}]
        row = session.execute(select(AuditRow).order_by(AuditRow.number.desc()).limit(1)).scalar_one()
        assert row.action == CHANGED and row.data == {
            "change": OFF,
            "day": BRIDGE.isoformat(),
            "reason": "Decreto 123",
            "before": before.version,
            "after": after.version,
        }
    assert before.version != after.version and before.is_business_day(BRIDGE)
    with unit_of_work(agency.id):
        assert calendar().version == after.version and not calendar().is_business_day(BRIDGE)
        assert [change.reason for change in calendars.changes()] == ["Decreto 123"]
        line = next(line for line in calendars.days_of(YEAR) if line.day == BRIDGE)
        assert line.own and line.reason == "Decreto 123"


def test_work_a_holiday_and_put_it_back(app: Flask):
    agency = make_agency()
    with unit_of_work(agency.id):
        names = {calendar().version}
        change_day(CHRISTMAS, WORKING, "Turno", actor=SYSTEM)
        assert calendar().is_business_day(CHRISTMAS)
        assert next(line for line in calendars.days_of(YEAR) if line.day == CHRISTMAS).would_be == "Navidad"
        names.add(calendar().version)
        change_day(CHRISTMAS, AS_USUAL, "Sin turno", actor=SYSTEM)
        assert not calendar().is_business_day(CHRISTMAS)
        assert len({*names, calendar().version}) == 3  # the same days again, and yet another edition


@pytest.mark.parametrize(
    ("day", "change", "reason", "field"),
    [
        (CHRISTMAS, OFF, "Navidad", "day"),
        (BRIDGE, WORKING, "Turno", "day"),
        (BRIDGE, AS_USUAL, "Nada", "day"),
        (BRIDGE, OFF, "   ", "reason"),
        (BRIDGE, OFF, "x" * 301, "reason"),
        (date(YEAR + 9, 1, 5), OFF, "Lejos", "day"),
        (BRIDGE, "never", "x", "change"),
    ],
)
def test_what_is_refused_changes_nothing(app: Flask, day: date, change: str, reason: str, field: str):
    agency = make_agency()
    with unit_of_work(agency.id):
        before = calendar().version
        with pytest.raises(Refusal) as refused:
            change_day(day, change, reason, actor=SYSTEM)
        assert refused.value.field == field
        assert calendar().version == before and calendars.changes() == []


def test_two_at_once(app: Flask):
    agency = make_agency()
    with unit_of_work(agency.id):
        seen = calendar().version
        change_day(BRIDGE, OFF, "Puente", actor=SYSTEM, seen=seen)
    with unit_of_work(agency.id), pytest.raises(CalendarMoved):
        change_day(CHRISTMAS, WORKING, "Turno", actor=SYSTEM, seen=seen)


def test_one_tenant_s_days_are_nobody_else_s(app: Flask):
    first, second = make_agency(), make_agency("otra", canary="CANARIO-OTRA")
    with unit_of_work(first.id):
        change_day(BRIDGE, OFF, "Puente", actor=SYSTEM)
    with unit_of_work(second.id):
        assert calendar().is_business_day(BRIDGE) and calendars.changes() == []


def test_a_province(app: Flask):
    utility = make_utility()
    feast = date(YEAR, 7, 25)
    with unit_of_work(utility.id):
        assert feast not in {line.day for line in calendars.days_of(YEAR)}
        after = calendars.choose_subdivision("M", "Mendoza", actor=SYSTEM)
        assert feast in {line.day for line in calendars.days_of(YEAR)}
        assert after.version.startswith("AR-M ") and calendars.present_subdivision() == "M"
        with pytest.raises(Refusal):
            calendars.choose_subdivision("M", "otra vez", actor=SYSTEM)
        with pytest.raises(Refusal):
            calendars.choose_subdivision("ZZ", "no existe", actor=SYSTEM)


def test_what_is_taken_back_is_not_remembered(app: Flask):
    agency = make_agency()
    with pytest.raises(ZeroDivisionError), unit_of_work(agency.id):
        change_day(BRIDGE, OFF, "Puente", actor=SYSTEM)
        raise ZeroDivisionError
    with unit_of_work(agency.id):
        assert calendar().is_business_day(BRIDGE)


def test_it_is_read_once(app: Flask):
    agency = make_agency()
    with unit_of_work(agency.id):
        calendar()
    with unit_of_work(agency.id), statements() as sent:
        for _again in range(5):
            calendar()
    assert [statement for statement in sent if "calendar_changes" in statement] == []
