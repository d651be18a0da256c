"""What who filed without a login is written, in whose words, and how an answer reaches them."""

from __future__ import annotations

import re
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.cases import delivery, desk_queries, services
from blueprints.cases.person_letters import case_letter
from blueprints.cases.reaching import reached
from blueprints.messages.models import Message
from blueprints.messages.wordings import save_wording
from saas import outbox
from saas.audit import SYSTEM
from saas.clock import now
from saas.database import db
from saas.mail import Mailbox
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tests.blueprints.cases import visitor as v
from tests.blueprints.cases.bureau import QUEUE, Bureau
from tests.blueprints.cases.visitor import a_case, following, sara
from tests.blueprints.desk.office import text_of
from tests.pages import checked_get


def test_who_gave_an_address_gets_number_certificate_and_link(
    app: Flask, bureau: Bureau, tuesday: None, mailbox: Mailbox
):
    number, code, case_id = a_case(app, bureau, v.NAMED)
    outbox.drain()
    ((_name, letter),) = mailbox.letters()
    assert letter["To"] == "rosa@example.com" and number in letter["Subject"]
    (attached,) = letter.iter_attachments()
    assert attached.get_content().startswith(b"%PDF-")
    plain = letter.get_body(("plain",)).get_content()
    assert code not in plain, "an address that nobody has proved gets no code"
    (link,) = re.findall(r"http://\S+(/requests/link/\S+)", plain)
    client = v.visitor(app, bureau.tenant)
    opened = client.get(link)
    assert opened.headers["Location"] == v.CASE and opened.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert number in checked_get(client, v.CASE).text
    assert [event.kind for event in bureau.events(case_id)] == ["opened"], "opening a link changes nothing"
    with unit_of_work(bureau.tenant.id):
        kept = db.session.execute(select(Message.body, Message.kind, Message.customer_id)).one()
        assert (kept.kind, kept.customer_id) == ("case-letter", None)
        assert link.rsplit("/", 1)[-1] not in kept.body, (
            "staff read the list of messages, and get no link by it"
        )


def test_the_answer_goes_to_the_address_and_waits_where_there_is_none(
    app: Flask, bureau: Bureau, tuesday: None, mailbox: Mailbox
):
    cases = {
        "mail": a_case(app, bureau, v.NAMED)[2],
        "phone": a_case(app, bureau, {**v.NAMED, "email": "", "phone": "300 123 4567"})[2],
        "nobody": a_case(app, bureau)[2],
    }
    with unit_of_work(bureau.tenant.id):
        for case_id in cases.values():
            services.answer(case_id, "Se devuelve.", actor=sara(bureau), now=now())
        assert {name: reached(case_id).by_hand for name, case_id in cases.items()} == {
            "mail": False, "phone": True, "nobody": False,
        }  # fmt: skip
        asked = desk_queries.Asked(bureau.sara, date(2026, 3, 25), due=desk_queries.TO_BRING)
        assert [row.id for row in desk_queries.queue(asked).rows] == [cases["phone"]]
        delivery.note_delivery(cases["phone"], "telephone", date(2026, 3, 25), actor=sara(bureau), now=now())
    outbox.drain()
    told = [letter for _name, letter in mailbox.letters() if "Nuestra respuesta" in letter["Subject"]]
    assert len(told) == 1 and "Se devuelve." in told[0].get_body(("plain",)).get_content()
    review = f"{QUEUE}/{cases['nobody']}"
    assert "La respuesta espera" not in text_of(bureau.at_desk(app).get(review))


def test_what_they_do_themselves_is_not_written_to_them(
    app: Flask, bureau: Bureau, tuesday: None, mailbox: Mailbox
):
    number, code, _case_id = a_case(app, bureau, v.NAMED)
    client = following(app, bureau, number, code)
    assert v.send(client, v.CASE, {"body": "Algo más"}).status_code == 303
    assert v.send(client, f"{v.CASE}/withdraw").status_code == 303
    outbox.drain()
    assert len(list(mailbox.letters())) == 1


def test_the_letters_leave_in_the_organisations_own_words(app: Flask, bureau: Bureau, tuesday: None):
    _number, _code, case_id = a_case(app, bureau, v.NAMED)
    with unit_of_work(bureau.tenant.id):
        for body, missing in (("Hola {cliente}\n\n{datos}", "mensaje"), ("{mensaje}", "datos")):
            with pytest.raises(Refusal) as refused:
                save_wording("case-letter", "es", "Sobre {numero}", body, actor=SYSTEM)
            assert missing in str(refused.value.facts)
        words = "Estimada {cliente} <b>:\n\n{mensaje}\n\n{datos}\n\n{boton}"
        save_wording("case-letter", "es", "Novedad de {numero}: {novedad}", words, actor=SYSTEM)
        event_id = services.answer(
            case_id, "Mire https://hogar.example/x {numero} <i>", actor=sara(bureau), now=now()
        )
        letter = case_letter(case_id, event_id)
        assert letter is not None and letter.subject.startswith("Novedad de 2026-")
        assert "Estimada Rosa Vecina <b>:" in letter.text and "{numero} <i>" in letter.text
        assert letter.html is not None
        assert "&lt;b&gt;" in letter.html and "{numero} &lt;i&gt;" in letter.html
        assert '<a href="https://hogar.example/x"' in letter.html and "/requests/link/" in letter.html


def test_the_day_until_which_it_must_be_sent_stands_in_the_letter(app: Flask, bureau: Bureau, tuesday: None):
    _number, _code, case_id = a_case(app, bureau, v.NAMED)
    with unit_of_work(bureau.tenant.id):
        event_id = services.ask_for_more(
            case_id, "Envíe el recibo.", until=date(2026, 4, 25), in_time=True, actor=sara(bureau), now=now()
        )
        letter = case_letter(case_id, event_id)
        assert letter is not None and "Último día para enviarlo: 25 de abril de 2026" in letter.text
