"""Clocks in the database: kept with each event, moved with the calendar and a reason, warned of once per step."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from blueprints.cases import alarms, keeping, rules, services
from blueprints.cases.clock_models import CaseClock, CaseTerm
from blueprints.cases.models import Case, CaseEvent
from blueprints.cases.services import NewCase
from saas import events, outbox
from saas.audit import Actor
from saas.clock import now
from saas.ids import new_id
from saas.scope import unit_of_work
from tenants.calendars import OFF, calendar, change_day, proposed
from tenants.loading import serving
from tenants.services import change_settings
from tests import cast
from tests.cast import TenantCast
from tests.signed_in import statements

BOGOTA = ZoneInfo("America/Bogota")
FRIDAY = datetime.datetime(2026, 3, 20, 10, tzinfo=BOGOTA)
DUE = date(2026, 4, 15)


def moment(day: date, hour: int = 10) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(hour), BOGOTA)


@pytest.fixture
def agency(app: Flask) -> TenantCast:
    return cast.make_agency()


def make_case(tenant: TenantCast, at: datetime.datetime = FRIDAY, class_code: str = "petition") -> uuid.UUID:
    with time_machine.travel(at, tick=False), unit_of_work(tenant.id):
        customer = cast.add_customer("Ana Pérez", document=new_id().hex[-12:])
        return services.open_case(
            NewCase(class_code, "payments", "No me llega la factura", customer), actor=ANA, now=now()
        ).id


ANA = Actor("customer", None, "Ana Pérez")
SARA = Actor("staff", None, "Sara Atiende")


def due_of(tenant: TenantCast, case_id: uuid.UUID) -> date | None:
    with unit_of_work(tenant.id) as session:
        return session.execute(select(Case.due_on).where(Case.id == case_id)).scalar_one()


def drain_at(day: date, hour: int = 9) -> None:
    with time_machine.travel(moment(day, hour), tick=False):
        outbox.drain()


@contextmanager
def hearing(*names: str) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    heard: list[tuple[str, dict[str, Any]]] = []
    notes = {name: (lambda name=name, **facts: heard.append((name, facts))) for name in names}
    for name, note in notes.items():
        events.subscribe(name, note)
    try:
        yield heard
    finally:
        for name, note in notes.items():
            events._handlers[name].remove(note)


def test_the_due_date_is_there_from_the_first_moment(app: Flask, agency: TenantCast):
    """L15: filed on the eve of a long weekend."""
    case_id = make_case(agency)
    assert due_of(agency, case_id) == DUE
    with unit_of_work(agency.id) as session:
        row = session.execute(select(CaseClock)).scalar_one()
        assert (row.state, row.stage, row.due_on, row.days) == ("running", 1, DUE, 15)
        assert row.calendar == calendar().version


def test_each_event_that_matters_moves_it(app: Flask, agency: TenantCast):
    case_id = make_case(agency)
    with unit_of_work(agency.id):
        services.ask_for_more(
            case_id, "Falta la copia", until=None, actor=SARA, now=moment(date(2026, 3, 26))
        )
    assert due_of(agency, case_id) is None
    with unit_of_work(agency.id):
        services.complete(case_id, "Aquí está", actor=ANA, now=moment(date(2026, 4, 10)))
        services.say(case_id, "¿Llegó?", actor=ANA, now=moment(date(2026, 4, 10)))
    with unit_of_work(agency.id):
        resumed = calendar().add_business_days(date(2026, 4, 10), 12)
    assert due_of(agency, case_id) == resumed
    with unit_of_work(agency.id):
        services.answer(case_id, "Listo", actor=SARA, now=moment(date(2026, 4, 20)))
        services.appeal(case_id, "No estoy de acuerdo", actor=ANA, now=moment(date(2026, 4, 21)))
    with unit_of_work(agency.id) as session:
        first, second = session.execute(select(CaseClock).order_by(CaseClock.stage)).scalars()
        assert (first.state, first.in_time, first.answered_on) == ("answered", True, date(2026, 4, 20))
        assert (second.state, second.started_on) == ("running", date(2026, 4, 21))
        assert keeping.differences([case_id]) == []


def test_settings_of_later_move_no_case(app: Flask, agency: TenantCast):
    case_id = make_case(agency, moment(date(2026, 3, 19), 18))
    before = due_of(agency, case_id)
    with unit_of_work(agency.id):
        change_settings({"cases.closing-time": "17:00", "cases.regime": "household-services"}, actor=SARA)
    with unit_of_work(agency.id):
        services.extend(
            case_id, "Falta un informe", until=date(2026, 4, 20), actor=SARA, now=moment(date(2026, 4, 1))
        )
        clock = keeping.clock_of_case(case_id)
        assert clock is not None and clock.started_on == date(2026, 3, 19) and clock.silence is None
    assert before is not None and due_of(agency, case_id) == date(2026, 4, 20)
    later = make_case(agency, moment(date(2026, 3, 19), 18))
    with unit_of_work(agency.id):
        clock = keeping.clock_of_case(later)
        assert clock is not None and clock.started_on == date(2026, 3, 20)


def test_own_terms_hold_from_their_day(app: Flask, agency: TenantCast):
    with unit_of_work(agency.id) as session:
        for day, days in ((date(2026, 3, 20), 8), (date(2026, 3, 25), 5)):
            row = CaseTerm(
                id=new_id(),
                class_code="petition",
                valid_from=day,
                days=days,
                source="Interno",
                created_at=now(),
            )
            session.add(row)
    with unit_of_work(agency.id):
        eight = calendar().add_business_days(date(2026, 3, 20), 8)
    assert due_of(agency, make_case(agency)) == eight
    assert due_of(agency, make_case(agency, moment(date(2026, 3, 19)))) > eight


def test_a_calendar_that_changes_moves_cases_and_says_why(app: Flask, agency: TenantCast):
    case_id, other = make_case(agency), make_case(agency, moment(date(2026, 4, 14)))
    with unit_of_work(agency.id):
        services.answer(other, "Ya", actor=SARA, now=moment(date(2026, 4, 14), 11))
    with time_machine.travel(moment(date(2026, 4, 1)), tick=False):
        with unit_of_work(agency.id):
            before = calendar().version
            moves = keeping.would_move(proposed(date(2026, 4, 8), OFF), date(2026, 4, 8))
            assert [(row.before, row.after) for row in moves.rows] == [(DUE, date(2026, 4, 16))]
            assert (moves.moved, moves.tried, moves.all_tried) == (1, 1, True)
            change_day(date(2026, 4, 8), OFF, "Día cívico", actor=SARA)
        outbox.drain()
        outbox.drain()
    assert due_of(agency, case_id) == date(2026, 4, 16)
    with unit_of_work(agency.id) as session:
        event = session.execute(select(CaseEvent).where(CaseEvent.kind == rules.RECOUNTED)).scalar_one()
        assert (
            event.case_id == case_id
            and event.visible
            and event.data
            == {
                "from": "2026-04-15",
                "to": "2026-04-16",
                "calendar_before": before,
                "calendar_after": calendar().version,
                "days": [{"day": "2026-04-08", "off": True, "name": "Día cívico"}],
            }
        )
        assert keeping.differences([case_id, other]) == []
        clock = keeping.clock_of_case(other)
        assert clock is not None and clock.calendar == before  # answered: as it was counted then
        assert keeping.recount() is None  # nothing is left to do, and nothing is done twice
        assert session.execute(select(CaseEvent.id).where(CaseEvent.kind == rules.RECOUNTED)).all() == [
            (event.id,)
        ]


def test_warned_once_per_step_and_then_no_more(app: Flask, agency: TenantCast):
    case_id = make_case(agency)
    with hearing("case.due-soon", "case.overdue") as heard:
        for day in range(1, 25):
            drain_at(date(2026, 4, day))
            drain_at(date(2026, 4, day), 15)
    told = [(name, facts["left"]) for name, facts in heard]
    assert told == [("case.due-soon", 5), ("case.due-soon", 2), ("case.due-soon", 0), ("case.overdue", -1)]
    assert {facts["case_id"] for _name, facts in heard} == {case_id}


def test_nobody_is_warned_of_what_was_answered_or_stands_still(app: Flask, agency: TenantCast):
    answered, waiting = make_case(agency), make_case(agency)
    with unit_of_work(agency.id):
        services.answer(answered, "Listo", actor=SARA, now=moment(date(2026, 3, 25)))
        services.ask_for_more(waiting, "Falta", until=None, actor=SARA, now=moment(date(2026, 3, 25)))
    with hearing("case.due-soon", "case.overdue") as heard:
        for day in (8, 13, 15, 16, 20):
            drain_at(date(2026, 4, day))
    assert heard == []


def test_silence_of_a_utility_is_told(app: Flask, agency: TenantCast):
    with unit_of_work(agency.id):
        change_settings({"cases.regime": "household-services"}, actor=SARA)
    make_case(agency)
    with hearing("case.overdue") as heard:
        for day in (8, 13, 15, 16):
            drain_at(date(2026, 4, day))
    assert [facts["silence"].kind for _name, facts in heard] == ["positive"]


def test_what_does_not_agree_is_found(app: Flask, agency: TenantCast):
    case_id = make_case(agency)
    with unit_of_work(agency.id) as session:
        session.execute(update(Case).where(Case.id == case_id).values(due_on=date(2026, 4, 14)))
    runner = app.test_cli_runner()
    found = runner.invoke(args=["cases", "check", "--tenant", agency.slug])
    assert found.exit_code == 1 and "listed as due 2026-04-14, is due 2026-04-15" in found.output
    with unit_of_work(agency.id):
        keeping.keep(case_id)
    assert runner.invoke(args=["cases", "check", "--recount", "--json"]).exit_code == 0


def test_a_clock_costs_the_same_after_many_events(app: Flask, agency: TenantCast):
    case_id = make_case(agency)

    def asked() -> int:
        with unit_of_work(agency.id), statements() as sent:
            keeping.clock_of_case(case_id)
        return len(sent)

    few = asked()
    with unit_of_work(agency.id):
        for number in range(12):
            services.note(case_id, f"Nota {number}", actor=SARA, now=now())
    assert asked() == few <= 6


def test_the_steps_before_a_due_date(app: Flask, agency: TenantCast):
    with unit_of_work(agency.id):
        found = alarms.steps_to(DUE, serving())
        assert [(alarm.step, alarm.day) for alarm in found] == [
            ("5", date(2026, 4, 8)),
            ("2", date(2026, 4, 13)),
            ("0", DUE),
            ("overdue", date(2026, 4, 16)),
        ]
