"""Cases at the desk: the queue, one case, what staff do with it, and who sees none of it."""

from __future__ import annotations

import io
import re
from datetime import date

import pytest
import time_machine
from flask import Flask

from blueprints.cases import desk_queries, keeping, services
from blueprints.cases.models import CaseTemplate
from saas.audit import Actor
from saas.clock import now
from saas.ids import new_id
from saas.scope import unit_of_work
from tests.blueprints.cases.bureau import QUEUE, Bureau, moment, send
from tests.blueprints.desk.office import text_of
from tests.signed_in import statements


def test_what_is_due_first_stands_on_top(app: Flask, bureau: Bureau, tuesday: None):
    later = bureau.file("Segunda", date(2026, 3, 24))
    first = bureau.file("Primera", date(2026, 3, 2))
    still = bureau.file("Tercera", date(2026, 3, 19))
    client = bureau.at_desk(app)
    with unit_of_work(bureau.tenant.id):
        sara = Actor("staff", bureau.sara, "Sara")
        services.ask_for_more(still, "Falta algo", until=None, actor=sara, now=now())
    body = text_of(client.get(QUEUE))
    numbers = [bureau.case(case_id).number for case_id in (first, later, still)]
    assert [body.index(f">{number}</a>") for number in numbers] == sorted(
        body.index(f">{number}</a>") for number in numbers
    )
    assert numbers[0] in text_of(client.get(f"{QUEUE}?due=overdue"))
    for query, found in (
        ("due=week", []),
        ("due=still", [2]),
        ("whose=mine", []),
        ("whose=nobody", [0, 1, 2]),
        ("state=waiting-customer", [2]),
        ("class=claim", []),
        ("subject=payments", [0, 1, 2]),
        (f"q={numbers[1]}", [1]),
        (f"q={int(numbers[1][-6:])}", [1]),
        ("q=nandu+pena", [0, 1, 2]),
        ("q=50%25", []),
        ("state=%00&whose=x&due=y&class='--", []),
    ):
        body = text_of(client.get(f"{QUEUE}?{query}"))
        assert [place for place, number in enumerate(numbers) if f">{number}</a>" in body] == found, query


def test_pages_of_the_queue_hold_each_case_once(app: Flask, bureau: Bureau):
    ids = [bureau.file(f"Caso {number}", date(2026, 3, 20 + number % 3)) for number in range(7)]
    with unit_of_work(bureau.tenant.id):
        services.ask_for_more(
            ids[0], "Falta", until=None, actor=Actor("staff"), now=moment(date(2026, 3, 25))
        )
        asked = desk_queries.Asked(bureau.sara, date(2026, 3, 25))
        seen, cursor = [], None
        while True:
            page = desk_queries.queue(asked, cursor, size=2)
            seen += [row.id for row in page.rows]
            cursor = page.older
            if cursor is None:
                break
        assert sorted(seen) == sorted(ids) and seen[-1] == ids[0]
        with statements() as sent:
            desk_queries.queue(asked, None, size=2)
        assert len(sent) == 1


def test_who_has_not_the_right_sees_nothing(app: Flask, bureau: Bureau, tuesday: None):
    case_id = bureau.file()
    beto, customer = bureau.at_desk(app, "beto"), bureau.at_desk(app, "user")
    for page in (QUEUE, f"{QUEUE}/quality", f"{QUEUE}/{case_id}", f"{QUEUE}/{case_id}/answer"):
        assert beto.get(page).status_code == 403
        assert customer.get(page).status_code in (403, 404)


def test_read_answer_preview_and_send(app: Flask, bureau: Bureau, tuesday: None):
    case_id = bureau.file("Mi recibo\n\nno llega")
    client, page = bureau.at_desk(app), f"{QUEUE}/{case_id}"
    body = text_of(client.get(page))
    for words in ("Ñandú Peña, José", "Mi recibo", "Día de San José", "jose@example.com", "Ley 1755"):
        assert words in body
    answer = f"{page}/answer"
    seen = text_of(send(client, answer, {"body": "Estimado José:\n\n<b>Ya salió</b>", "step": "review"}))
    assert "&lt;b&gt;Ya salió&lt;/b&gt;" in seen and bureau.case(case_id).state == "received"
    assert "Estimado José" in text_of(send(client, answer, {"body": "Estimado José", "step": "edit"}))
    assert send(client, answer, {"body": "  ", "step": "review"}).status_code == 422
    found = re.search(r'name="csrf_token" value="([^"]+)"', text_of(client.get(answer)))
    assert found
    fields = {"csrf_token": found[1], "body": "Ya salió", "step": "send", "form_key": str(new_id())}
    for _press in range(2):  # pressed twice, it leaves once
        assert client.post(answer, data=fields).status_code == 303
    found = bureau.case(case_id)
    assert found.state == "answered" and [event.kind for event in bureau.events(case_id)] == [
        "opened",
        "answered",
    ]
    with unit_of_work(bureau.tenant.id):
        clock = keeping.clock_of_case(case_id)
        assert clock is not None and clock.in_time


def test_a_late_answer_is_warned_of(app: Flask, bureau: Bureau):
    case_id = bureau.file()
    with time_machine.travel(moment(date(2026, 4, 20)), tick=True):
        client = bureau.at_desk(app)
        page = f"{QUEUE}/{case_id}/answer"
        late = "sale tarde"
        assert late in text_of(client.get(page))
        assert late in text_of(send(client, page, {"body": "Perdón", "step": "review"}))


def test_notes_are_for_staff_and_files_travel(app: Flask, bureau: Bureau, tuesday: None):
    case_id = bureau.file()
    client, page = bureau.at_desk(app), f"{QUEUE}/{case_id}"
    pdf = (io.BytesIO(b"%PDF-1.7 hola"), "informe.pdf")
    assert send(client, f"{page}/note", {"body": "SECRETO interno", "files": pdf}).status_code == 303
    assert send(client, f"{page}/reply", {"body": "Estamos en eso"}).status_code == 303
    body = text_of(client.get(page))
    assert "SECRETO interno" in body and "informe.pdf" in body
    address = re.search(r'href="(/desk/cases/files/[0-9a-f-]+)"', body)
    assert address and client.get(address[1]).data == b"%PDF-1.7 hola"
    customer = bureau.at_desk(app, "user")
    theirs = text_of(customer.get(f"/cases/{case_id}"))
    assert "SECRETO" not in theirs and "informe.pdf" not in theirs and "Estamos en eso" in theirs
    assert customer.get(address[1].replace("/desk", "")).status_code == 404


def test_ask_wait_and_go_on(app: Flask, bureau: Bureau, tuesday: None):
    case_id = bureau.file()
    client, page = bureau.at_desk(app), f"{QUEUE}/{case_id}"
    assert 'value="25/04/2026"' in text_of(client.get(f"{page}/ask"))
    assert send(client, f"{page}/ask", {"body": "Falta la cédula", "until": "25/12/2027"}).status_code == 422
    assert send(client, f"{page}/ask", {"body": "Falta la cédula", "until": "25/04/2026"}).status_code == 303
    assert bureau.case(case_id).due_on is None and "25 de abril de 2026" in text_of(client.get(page))
    assert send(client, f"{page}/longer", {"body": "Claro", "until": "25/05/2026"}).status_code == 303
    # Its time is not over: nobody may count it as withdrawn.
    assert client.get(f"{page}/withdraw").status_code == 303
    assert send(client, page, {"body": "x"}, f"{page}/withdraw").status_code == 422
    assert send(client, f"{page}/complete", {"body": "La trajo en persona"}).status_code == 303
    assert bureau.case(case_id).state == "in-progress" and bureau.case(case_id).due_on is not None


def test_withdrawn_only_after_its_month_and_with_reasons(app: Flask, bureau: Bureau, tuesday: None):
    case_id = bureau.file()
    client, page = bureau.at_desk(app), f"{QUEUE}/{case_id}"
    assert send(client, f"{page}/ask", {"body": "Falta la cédula", "until": "25/04/2026"}).status_code == 303
    with time_machine.travel(moment(date(2026, 4, 27)), tick=True):
        client = bureau.at_desk(app)
        assert bureau.case(case_id).state == "waiting-customer"  # nothing happens by itself
        assert send(client, f"{page}/withdraw", {"body": ""}).status_code == 422
        assert send(client, f"{page}/withdraw", {"body": "No completó en un mes"}).status_code == 303
    assert bureau.case(case_id).state == "withdrawn"


def test_asking_too_late_stops_nothing(app: Flask, bureau: Bureau):
    case_id = bureau.file()
    with time_machine.travel(moment(date(2026, 4, 9)), tick=True):
        client = bureau.at_desk(app)
        refused = send(client, f"{QUEUE}/{case_id}/ask", {"body": "Falta", "until": "25/04/2026"})
        assert "8 de abril de 2026" in text_of(refused, 422)
    assert bureau.case(case_id).state == "received"


def test_extend_once_and_not_beyond_the_double(app: Flask, bureau: Bureau, tuesday: None):
    case_id = bureau.file()
    client, page = bureau.at_desk(app), f"{QUEUE}/{case_id}"
    extend = f"{page}/extend"
    for until in ("15/04/2026", "08/05/2026", "01/05/2026", "31/02/2026"):
        assert send(client, extend, {"body": "Falta un informe", "until": until}).status_code == 422, until
    assert send(client, extend, {"body": "", "until": "30/04/2026"}).status_code == 422
    assert send(client, extend, {"body": "Falta un informe", "until": "30/04/2026"}).status_code == 303
    assert bureau.case(case_id).due_on == date(2026, 4, 30)
    assert client.get(extend).status_code == 303
    again = send(client, page, {"body": "Otra vez", "until": "04/05/2026"}, extend)
    assert again.status_code == 422 and bureau.case(case_id).due_on == date(2026, 4, 30)


def test_assign_take_and_give_back(app: Flask, bureau: Bureau, tuesday: None):
    case_id = bureau.file()
    client, page = bureau.at_desk(app), f"{QUEUE}/{case_id}"
    assert send(client, page, {"to": str(bureau.sara)}, f"{page}/assign").status_code == 303
    assert bureau.case(case_id).assigned_to == bureau.sara
    assert bureau.case(case_id).number in text_of(client.get(f"{QUEUE}?whose=mine"))
    for nobody in (str(bureau.beto), str(new_id()), "x"):  # who does not answer cases, who does not exist
        assert send(client, page, {"to": nobody}, f"{page}/assign").status_code == 422
    assert send(client, page, {"to": ""}, f"{page}/assign").status_code == 303
    assert bureau.case(case_id).assigned_to is None


def test_change_class_pass_on_close_reopen(app: Flask, bureau: Bureau, tuesday: None):
    case_id, other = bureau.file(), bureau.file("Otro")
    client, page = bureau.at_desk(app), f"{QUEUE}/{case_id}"
    fields = {"class_code": "claim", "subject_code": "repairs", "body": "Es una reparación"}
    assert send(client, f"{page}/class", {**fields, "class_code": "nothing"}).status_code == 422
    assert send(client, f"{page}/class", fields).status_code == 303
    assert bureau.case(case_id).class_code == "claim"
    assert send(client, f"{page}/transfer", {"body": "A la alcaldía, hoy"}).status_code == 303
    assert bureau.case(case_id).state == "closed"
    assert send(client, f"{page}/reopen", {"body": "Nos la devolvieron"}).status_code == 303
    assert bureau.case(case_id).state == "in-progress"
    assert send(client, f"{QUEUE}/{other}/close", {"body": ""}).status_code == 422
    assert send(client, f"{QUEUE}/{other}/close", {"body": "Repetido"}).status_code == 303


def test_texts_to_begin_with_hold_names_and_nothing_else(app: Flask, bureau: Bureau, tuesday: None):
    """J07: what tenants write is text."""
    body = "Estimado {customer}: {{7*7}} {% raw %} ${7*7} {0.__class__} {config} {number}"
    with unit_of_work(bureau.tenant.id) as session:
        row = CaseTemplate(id=new_id(), title="Saludo", body=body, updated_at=now())
        session.add(row)
        session.flush()
        template_id = row.id
    case_id = bureau.file()
    client, page = bureau.at_desk(app), f"{QUEUE}/{case_id}/reply"
    assert "Saludo" in text_of(client.get(page))
    filled = text_of(client.get(f"{page}?begin={template_id}"))
    number = bureau.case(case_id).number
    assert (
        f"Estimado Ñandú Peña, José: {{{{7*7}}}} {{% raw %}} ${{7*7}} {{0.__class__}} {{config}} {number}"
        in filled
    )
    assert text_of(client.get(f"{page}?begin={new_id()}"))


def test_the_queue_as_a_file(app: Flask, bureau: Bureau, tuesday: None):
    bureau.file("=cmd|' /C calc'!A0")
    client = bureau.at_desk(app)
    body = client.get(f"{QUEUE}?format=csv").get_data(as_text=True)
    assert "Ñandú" in body and client.get(f"{QUEUE}?format=xlsx").data[:2] == b"PK"
    assert client.get(f"{QUEUE}?format=pdf&due=overdue").data[:5] == b"%PDF-"


def test_how_well_cases_are_answered(app: Flask, bureau: Bureau):
    in_time, late = bureau.file(), bureau.file("Otro")
    sara, jose = Actor("staff", bureau.sara, "Sara"), Actor("customer", bureau.user, "José")
    with unit_of_work(bureau.tenant.id):
        services.answer(in_time, "Ya", actor=sara, now=moment(date(2026, 4, 15)))
        services.answer(late, "Ya", actor=sara, now=moment(date(2026, 4, 16)))
        services.rate(in_time, 5, actor=jose, now=moment(date(2026, 4, 17)))
        services.rate(late, 2, actor=jose, now=moment(date(2026, 4, 17)))
        rows = desk_queries.quality(date(2026, 4, 1), date(2026, 4, 30))
        assert [(row.subject_code, row.answered, row.in_time, row.rated, row.rating) for row in rows] == [
            ("payments", 2, 1, 2, 350)
        ]
    body = text_of(bureau.at_desk(app).get(f"{QUEUE}/quality?since=01/04/2026&until=30/04/2026"))
    assert "3,50" in body and "50 %" in body
    assert bureau.at_desk(app).get(f"{QUEUE}/quality?since=31/02/2026").status_code == 200


def test_a_page_costs_the_same_with_many_events(app: Flask, bureau: Bureau, tuesday: None):
    case_id = bureau.file()
    client = bureau.at_desk(app)
    client.get(f"{QUEUE}/{case_id}")
    with statements() as few:
        text_of(client.get(f"{QUEUE}/{case_id}"))
    with unit_of_work(bureau.tenant.id):
        for number in range(15):
            services.note(case_id, f"Nota {number}", actor=Actor("staff"), now=now())
    with statements() as many:
        text_of(client.get(f"{QUEUE}/{case_id}"))
    assert len(many) == len(few) <= 14


@pytest.mark.parametrize(
    ("act", "fields", "kind"),
    [
        ("note", {"body": "Nota"}, "noted"),
        ("reply", {"body": "Estamos en eso"}, "replied"),
        ("ask", {"body": "Falta la cédula", "until": "25/04/2026"}, "asked"),
        ("extend", {"body": "Falta un informe", "until": "30/04/2026"}, "extended"),
        ("transfer", {"body": "A la alcaldía"}, "transferred"),
        ("close", {"body": "Repetido"}, "closed"),
    ],
)
def test_an_act_that_is_pressed_twice_is_done_once(
    app: Flask, bureau: Bureau, tuesday: None, act: str, fields: dict[str, object], kind: str
):
    case_id = bureau.file()
    client, page = bureau.at_desk(app), f"{QUEUE}/{case_id}"
    sent = {**fields, "form_key": str(new_id())}
    for _press in range(2):  # the second answer is what a browser shows, so it must not be a refusal
        assert send(client, page, sent, f"{page}/{act}").status_code == 303
    assert [event.kind for event in bureau.events(case_id)].count(kind) == 1


def test_what_changes_nothing_leaves_no_event(app: Flask, bureau: Bureau, tuesday: None):
    case_id = bureau.file()
    client, page = bureau.at_desk(app), f"{QUEUE}/{case_id}"
    for _press in range(2):
        assert send(client, page, {"to": str(bureau.sara)}, f"{page}/assign").status_code == 303
        fields = {"class_code": "claim", "subject_code": "payments", "body": "Es un cobro"}
        assert send(client, f"{page}/class", fields).status_code == 303
    kinds = [event.kind for event in bureau.events(case_id)]
    assert kinds == ["opened", "assigned", "reclassified"]
