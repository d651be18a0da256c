"""The account of cases: days used, how each ended, one line per stage, and no names."""

from __future__ import annotations

import csv
import datetime
import io
from datetime import date

import time_machine
from flask import Flask

from blueprints.cases import report, services
from saas.audit import Actor
from saas.scope import unit_of_work
from tests.blueprints.cases.bureau import FRIDAY, QUEUE, Bureau, moment
from tests.blueprints.desk.office import text_of
from tests.signed_in import statements

STAFF = Actor("staff", None, "Sara")
REPORT = f"{QUEUE}/report?since=01/03/2026&until=31/03/2026"


def test_days_used_and_how_it_ended(app: Flask, bureau: Bureau):
    """E4: Friday 20 March 2026; 5 business days on is 30 March, 15 are 15 April."""
    answered, late, gone, passed = (bureau.file(f"Caso {number}") for number in range(4))
    with unit_of_work(bureau.tenant.id):
        services.answer(answered, "Ya", actor=STAFF, now=moment(date(2026, 3, 30)))
        services.answer(late, "Ya", actor=STAFF, now=moment(date(2026, 4, 16)))
        services.withdraw(gone, actor=Actor("customer", bureau.user, "José"), now=moment(date(2026, 3, 24)))
        services.add_event(passed, "transferred", actor=STAFF, now=moment(date(2026, 3, 25)), body="Alcaldía")
    with time_machine.travel(moment(date(2026, 4, 20)), tick=True):
        client = bureau.at_desk(app)
        body = client.get(f"{REPORT}&format=csv").get_data().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body), delimiter=";"))
    assert [(row["Días usados"], row["Resultado"]) for row in rows] == [
        ("5", "Respondida a tiempo"),
        ("16", "Respondida tarde"),
        ("1", "Retirada"),
        ("2", "Solicitud trasladada"),
    ]
    assert rows[0]["Respuesta hasta"] == "15/04/2026" and rows[0]["Respondida"] == "30/03/2026"
    assert "José" not in body and "Ñandú" not in body


def test_an_appeal_has_a_line_of_its_own(bureau: Bureau):
    case_id = bureau.file()
    with unit_of_work(bureau.tenant.id):
        services.answer(case_id, "No", actor=STAFF, now=moment(date(2026, 3, 30)))
        services.appeal(case_id, "Sí", actor=Actor("customer"), now=moment(date(2026, 3, 31)))
        services.answer(case_id, "No", actor=STAFF, now=moment(date(2026, 4, 1)))
        page = report.lines(FRIDAY, FRIDAY, "America/Bogota")
        assert [(line.stage, line.used, line.answered_on) for line in page.rows] == [
            (1, 5, date(2026, 3, 30)),
            (2, 1, date(2026, 4, 1)),
        ]


def test_received_between_two_days_each_once(bureau: Bureau):
    days = [date(2026, 3, 2) + datetime.timedelta(days=at) for at in range(6)]
    ids = [bureau.file(f"Caso {day}", day) for day in days]
    with unit_of_work(bureau.tenant.id):
        seen, cursor = [], None
        while True:
            page = report.lines(days[1], days[4], "America/Bogota", cursor, size=2)
            seen += [line.case_id for line in page.rows]
            cursor = page.older
            if cursor is None:
                break
        assert seen == ids[1:5]
        with statements() as few:
            report.lines(days[0], days[1], "America/Bogota")
        with statements() as many:
            report.lines(days[0], days[5], "America/Bogota")
        assert len(few) == len(many) <= 5


def test_the_page_says_what_is_wrong_with_a_day(app: Flask, bureau: Bureau, tuesday: None):
    bureau.file()
    client = bureau.at_desk(app)
    assert "2026-000001" in text_of(client.get(REPORT))
    assert "31/02" in text_of(client.get(f"{QUEUE}/report?since=31/02/2026"))
    for other in ("xlsx", "pdf"):
        assert client.get(f"{REPORT}&format={other}").status_code == 200
    assert bureau.at_desk(app, "beto").get(REPORT).status_code == 403
