"""How an answer gets to whose it is: in their area, in a mail that says it all, or in somebody's hand."""

from __future__ import annotations

import uuid
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, update

from blueprints.accounts.models import Customer
from blueprints.cases import delivery, desk_queries, services
from blueprints.cases.person_letters import case_letter
from blueprints.cases.persons import Person
from blueprints.cases.reaching import reached
from blueprints.cases.services import NewCase
from blueprints.messages.models import Message
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.outbox import OutboxRow
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tests import cast
from tests.blueprints.cases.bureau import QUEUE, Bureau, send
from tests.blueprints.desk.office import text_of


def written_down(bureau: Bureau, customer: uuid.UUID | None, **person: str) -> uuid.UUID:
    """A case that staff filed, in the transaction that is open."""
    kept = Person(**person).kept() if person else None
    new = NewCase(
        "petition",
        "payments",
        "Pide su paz y salvo",
        customer,
        person=kept,
        channel="counter",
        received_at=now(),
    )
    return services.open_case(new, actor=Actor("staff", bureau.sara, "Sara"), now=now()).id


def letters_waiting() -> list[str]:
    rows = db.session.execute(select(OutboxRow.payload).where(OutboxRow.topic == "cases.letter")).scalars()
    return [row["case_id"] for row in rows]


def messages_of(case_id: uuid.UUID) -> list[str]:
    rows = db.session.execute(select(Message.kind).where(Message.about == f"case:{case_id}")).scalars()
    return list(rows)


def test_who_signs_in_is_told_there_is_news(bureau: Bureau, tuesday: None):
    with unit_of_work(bureau.tenant.id):
        case_id = written_down(bureau, bureau.customer)
        services.answer(case_id, "Va adjunto.", actor=Actor("staff", bureau.sara, "Sara"), now=now())
        whose = reached(case_id)
        assert (whose.email, whose.signs_in, whose.by_letter) == ("jose@example.com", True, False)
        assert messages_of(case_id) == ["case-filed", "case-answered"] and letters_waiting() == []


def test_who_cannot_sign_in_gets_it_all_by_mail(bureau: Bureau, tuesday: None):
    with unit_of_work(bureau.tenant.id):
        case_id = written_down(bureau, None, name="Rosa", email="rosa@example.com")
        event_id = services.answer(case_id, "Ya <b>no</b> debe.", actor=Actor("staff"), now=now())
        services.note(case_id, "SECRETO", actor=Actor("staff"), now=now())
        assert letters_waiting() == [str(case_id)] * 2 and messages_of(case_id) == []
        letter = case_letter(case_id, event_id)
        assert letter is not None and letter.to == "rosa@example.com"
        assert "Ya <b>no</b> debe." in letter.text and "Ya &lt;b&gt;no&lt;/b&gt; debe." in letter.html
        assert "SECRETO" not in letter.text and "-000001" in letter.subject


def test_the_receipt_brings_the_certificate(app: Flask, bureau: Bureau, tuesday: None):
    with app.test_request_context(), unit_of_work(bureau.tenant.id):
        case_id = written_down(bureau, None, name="Rosa", email="rosa@example.com")
        opened = db.session.execute(
            select(OutboxRow.payload["event_id"].astext).where(OutboxRow.topic == "cases.letter")
        ).scalar_one()
        letter = case_letter(case_id, uuid.UUID(opened))
        assert letter is not None and letter.attachments[0].content.startswith(b"%PDF-")


def test_a_customer_without_a_login_counts_like_anybody_else(bureau: Bureau, tuesday: None):
    with unit_of_work(bureau.tenant.id):
        quiet = cast.add_customer("Sin Ingreso", document="77", email="quiet@example.com")
        case_id = written_down(bureau, quiet)
        assert reached(case_id).by_letter and messages_of(case_id) == []
        db.session.execute(
            update(Customer)
            .where(Customer.id == quiet)
            .values(email=None)
            .execution_options(synchronize_session=False)
        )
        assert reached(case_id).by_hand


def test_an_answer_that_nobody_brought_is_asked_after(app: Flask, bureau: Bureau, tuesday: None):
    with unit_of_work(bureau.tenant.id):
        case_id = written_down(bureau, None, name="Rosa Vecina", phone="+573001234567")
        sara = Actor("staff", bureau.sara, "Sara")
        services.answer(case_id, "Va por carta.", actor=sara, now=now())
    client, page = bureau.at_desk(app), f"{QUEUE}/{case_id}"
    waits, number = "La respuesta espera", bureau.case(case_id).number
    assert waits in text_of(client.get(page))
    assert number in text_of(client.get(f"{QUEUE}?due=bring"))
    fields = {"way": "certified", "on": "25/03/2026", "body": "Guía 123", "form_key": str(new_id())}
    for change in ({"way": "pigeon"}, {"on": "26/03/2026"}, {"on": "24/03/2026"}, {"on": "x"}):
        refused = text_of(send(client, f"{page}/delivery", {**fields, **change}), 422)
        assert "Guía 123" in refused and "-error" in refused
    for _press in range(2):
        assert send(client, f"{page}/delivery", fields).status_code == 303
    body = text_of(client.get(page))
    assert waits not in body and "Carta certificada, 25 de marzo de 2026" in body
    assert number not in text_of(client.get(f"{QUEUE}?due=bring"))
    assert [event.kind for event in bureau.events(case_id)].count("delivered") == 1
    assert bureau.case(case_id).state == "answered"


def test_nothing_is_delivered_before_there_is_an_answer(app: Flask, bureau: Bureau, tuesday: None):
    case_id = bureau.file()
    client, page = bureau.at_desk(app), f"{QUEUE}/{case_id}"
    assert client.get(f"{page}/delivery").status_code == 303
    with unit_of_work(bureau.tenant.id), pytest.raises(Refusal):
        delivery.note_delivery(
            case_id, "letter", date(2026, 3, 25), actor=Actor("staff", bureau.sara, "Sara"), now=now()
        )


def test_the_list_of_what_must_be_brought_knows_who_is_reached(bureau: Bureau, tuesday: None):
    with unit_of_work(bureau.tenant.id):
        nobody = cast.add_customer("Sin Nada", document="78")
        cases = {
            "login": written_down(bureau, bureau.customer),
            "mail": written_down(bureau, None, name="Rosa", email="rosa@example.com"),
            "phone": written_down(bureau, None, name="Luz", phone="+573001234567"),
            "books": written_down(bureau, nobody),
        }
        for case_id in cases.values():
            services.answer(case_id, "Sí.", actor=Actor("staff"), now=now())
        asked = desk_queries.Asked(bureau.sara, date(2026, 3, 25), due=desk_queries.TO_BRING)
        found = {row.id for row in desk_queries.queue(asked).rows}
        assert found == {cases["phone"], cases["books"]}
