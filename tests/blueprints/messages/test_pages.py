"""The pages: what a customer sees, what staff do, and who sees nothing."""

from __future__ import annotations

import re
import uuid

import pytest
import time_machine
from sqlalchemy import func, insert, select

from blueprints.auth.letters import ask_for_recovery
from blueprints.messages.addresses import mark_dead
from blueprints.messages.choices import wishes_of
from blueprints.messages.models import Choice, DeadAddress, Message, TemplateVersion
from blueprints.messages.services import send
from blueprints.messages.unsubscribing import token_for
from saas import outbox
from saas.audit import AuditRow
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.mail import Mailbox
from saas.scope import unit_of_work
from tests import cast
from tests.application import client_for
from tests.blueprints.messages.conftest import WEDNESDAY, Office
from tests.pages import checked_get
from tests.signed_in import post, signed_in, statements


@pytest.fixture
def told(office: Office, mailbox: Mailbox) -> uuid.UUID:
    """The renter was told of an invoice, and asked for a new password."""
    with unit_of_work(office.tenant.id):
        message = send("invoice-new", customer_id=office.renter, facts={"invoices": [str(office.invoice)]})
        ask_for_recovery("renata@casa.example")
    outbox.drain()
    assert message is not None
    return message


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_customer_reads_what_was_sent(office: Office, told: uuid.UUID):
    client = signed_in(office.app, office.tenant, office.user)
    page = text(client.get("/messages").get_data(as_text=True))
    assert "Su factura de Hogar CANARIO-HOGAR está lista" in page and "Enviado" in page
    assert "Acceso y seguridad" in page
    page = text(client.get(f"/messages/{told}").get_data(as_text=True))
    assert "renata@casa.example" in page and "FV-1" in page and "El texto tal como se envió" in page


def test_others_and_their_staff_view(office: Office, told: uuid.UUID):
    with unit_of_work(office.tenant.id):
        other = cast.add_user("otra@casa.example", customer_id=office.silent)
    stranger = signed_in(office.app, office.tenant, other)
    assert stranger.get(f"/messages/{told}").status_code == 404
    assert "FV-1" not in stranger.get("/messages").get_data(as_text=True)
    looking = signed_in(office.app, office.tenant, office.admin, viewing=office.renter)
    page = looking.get("/messages").get_data(as_text=True)
    # Letters about the access are nobody's who looks on.
    assert "está lista" in page and "contraseña" not in text(page).split("Mis datos")[-1]
    assert signed_in(office.app, office.tenant, office.user).get("/desk/messages").status_code == 404


def test_wishes_are_kept_and_told(office: Office):
    client = signed_in(office.app, office.tenant, office.user)
    page = client.get("/messages/preferences").get_data(as_text=True)
    assert "para quien no puede ingresar" not in page
    assert 'name="receipt:mail"' not in page and 'name="invoice-new:mail"' in page
    fields = {"reminder-before:whatsapp": "yes", "receipt:mail": "", "security:mail": ""}
    assert post(client, "/messages/preferences", "/messages/preferences", fields).status_code == 303
    with unit_of_work(office.tenant.id):
        wishes = wishes_of(office.renter)
        assert wishes[("invoice-new", "mail")] is False and wishes[("reminder-before", "whatsapp")] is True
        assert not any(kind in ("receipt", "security") for kind, _channel in wishes)
        data = db.session.execute(select(AuditRow.data).where(AuditRow.action == "message-wishes.changed"))
        assert data.scalar_one()["source"] == "profile"
    page = text(client.get("/messages/preferences").get_data(as_text=True))
    assert "Nueva factura por Correo electrónico: no" in page
    # The same again is no news.
    post(client, "/messages/preferences", "/messages/preferences", fields)
    with unit_of_work(office.tenant.id):
        before = db.session.execute(select(func.count()).select_from(Choice)).scalar_one()
    assert before == len(wishes)


def test_one_post_without_a_login_or_a_token_of_the_form(office: Office, told: uuid.UUID, mailbox: Mailbox):
    """RFC 8058: the mail program posts by itself; reading changes nothing."""
    found = next(letter for _name, letter in mailbox.letters() if letter["List-Unsubscribe"])
    path = found["List-Unsubscribe"].strip("<>").removeprefix("http://hogar.localhost")
    client = client_for(office.app, office.tenant.host)
    page = client.get(path)
    assert page.status_code == 200 and "No enviarlo más" in page.get_data(as_text=True)
    with unit_of_work(office.tenant.id):
        assert wishes_of(office.renter) == {}
    answer = client.post(
        path, data={"List-Unsubscribe": "One-Click"}, headers={"Origin": "https://mail.example"}
    )
    assert answer.status_code == 200
    assert client.post(path).status_code == 200
    with unit_of_work(office.tenant.id):
        assert wishes_of(office.renter) == {("invoice-new", "mail"): False}
        source = db.session.execute(select(Choice.source)).scalars().all()
    assert source == ["link"]


def test_a_token_that_was_tampered_with_opens_nothing(office: Office):
    client = client_for(office.app, office.tenant.host)
    with unit_of_work(office.tenant.id):
        good = token_for(office.renter, "invoice-new")
        mandatory = token_for(office.renter, "receipt")
    for bad in (good[:-2] + "AA", good[2:], mandatory, "x", "á", "=" * 50, "a" * 3000):
        assert client.get(f"/messages/no-more/{bad}").status_code == 404
        assert client.post(f"/messages/no-more/{bad}").status_code == 404
    other = cast.make_agency("vecino", canary="CANARIO-VECINO")
    assert client_for(office.app, other.host).post(f"/messages/no-more/{good}").status_code == 404


def test_staff_see_what_did_not_arrive_and_send_it_again(office: Office, mailbox: Mailbox):
    with unit_of_work(office.tenant.id):
        mark_dead("renata@casa.example", "550 no such user", None, WEDNESDAY)
        message = send("invoice-new", customer_id=office.renter, facts={"invoices": [str(office.invoice)]})
    outbox.drain()
    client = signed_in(office.app, office.tenant, office.admin)
    page = text(client.get("/desk/messages?state=trouble").get_data(as_text=True))
    assert "Renata Ochoa" in page and "No entregado" in page
    with unit_of_work(office.tenant.id):
        dead = db.session.execute(select(DeadAddress.id)).scalar_one()
    assert (
        post(client, "/desk/messages/addresses", f"/desk/messages/addresses/{dead}/lift").status_code == 303
    )
    answer = post(client, f"/desk/messages/{message}", f"/desk/messages/{message}/again")
    assert answer.status_code == 303
    outbox.drain()
    assert len(mailbox.letters()) == 1
    page = text(client.get(answer.location).get_data(as_text=True))
    assert "Enviado" in page and "El primero" in page


def test_by_hand_keeps_the_law(office: Office, mailbox: Mailbox):
    """A reminder by WhatsApp needs the customer's yes, an hour, and a week without another channel."""
    with time_machine.travel(WEDNESDAY, tick=False):
        with unit_of_work(office.tenant.id):
            message = send(
                "reminder-before", customer_id=office.renter, facts={"invoices": [str(office.invoice)]}
            )
        outbox.drain()
        client = signed_in(office.app, office.tenant, office.admin)
        here = f"/desk/messages/{message}/by-hand"
        page = text(client.get(here).get_data(as_text=True))
        assert "no ha autorizado" in page
        assert post(client, here, here, {"channel": "whatsapp"}).status_code == 422
        own = signed_in(office.app, office.tenant, office.user)
        yes = {"reminder-before:whatsapp": "yes", "reminder-after:mail": "yes"}
        post(own, "/messages/preferences", "/messages/preferences", yes)
        page = text(client.get(here).get_data(as_text=True))
        assert "No antes del 25 de noviembre de 2026" in page
        assert post(client, here, here, {"channel": "whatsapp"}).status_code == 422
        letter = post(client, here, here, {"channel": "letter"})
        assert letter.status_code == 303
        assert "Enviado en papel" in text(own.get("/messages").get_data(as_text=True))
    with time_machine.travel("2026-11-25T15:00:00+00:00", tick=False):
        client = signed_in(office.app, office.tenant, office.admin)
        done = post(client, here, here, {"channel": "whatsapp"})
        assert done.status_code == 303
        page = client.get(done.location).get_data(as_text=True)
        assert 'href="https://wa.me/573001112233?text=Recordatorio' in page
        # And now mail waits for a week.
        with unit_of_work(office.tenant.id):
            send("reminder-after", customer_id=office.renter, facts={"invoices": [str(office.invoice)]})
        outbox.drain()
    with unit_of_work(office.tenant.id):
        rows = db.session.execute(select(Message.state, Message.not_before).order_by(Message.id)).all()
    assert rows[-1].state == "deferred" and f"{rows[-1].not_before:%Y-%m-%d}" == "2026-12-02"


def test_words_are_changed_looked_at_and_taken_back(office: Office, mailbox: Mailbox):
    client = signed_in(office.app, office.tenant, office.admin)
    here = "/desk/messages/texts/invoice-new/es"
    page = text(client.get(here).get_data(as_text=True))
    assert "Renata Ochoa" in page and "FV-1" in page, "the preview is of real data"
    words = {"subject": "¡{total}!", "body": "Qué tal, {cliente} <b>{{7*7}}</b>\n\n{facturas}\n\n{boton}"}
    looked = post(client, here, here, {**words, "what": "look"})
    assert looked.status_code == 200 and "Qué tal, Renata Ochoa" in text(looked.get_data(as_text=True))
    assert "&lt;b&gt;{{7*7}}&lt;/b&gt;" in looked.get_data(as_text=True)
    wrong = post(client, here, here, {**words, "body": "Pague en https://otro.example"})
    assert wrong.status_code == 422 and "solo pueden llevar a hogar.localhost" in wrong.get_data(as_text=True)
    assert post(client, here, here, {**words, "what": "save"}).status_code == 303
    with unit_of_work(office.tenant.id):
        send("invoice-new", customer_id=office.renter, facts={"invoices": [str(office.invoice)]})
    outbox.drain()
    assert "1.250.000" in str(mailbox.letters()[0][1]["Subject"])
    assert "Versión 1" in text(client.get(here).get_data(as_text=True))
    assert post(client, here, f"{here}/reset").status_code == 303
    page = text(client.get(here).get_data(as_text=True))
    assert "Vuelta al texto original" in page and "El texto original" in page


def test_a_letter_of_another_capability_is_worded_here(office: Office):
    client = signed_in(office.app, office.tenant, office.admin)
    here = "/desk/messages/texts/password-changed/es"
    page = text(checked_get(client, here).body)
    assert "Hola, Renata Ochoa:" in page and "Lo que siempre va al final" in page
    words = {"subject": "Clave nueva", "body": "Estimada {cliente}: listo."}
    looked = text(post(client, here, here, {**words, "what": "look"}).get_data(as_text=True))
    assert "Estimada Renata Ochoa: listo." in looked and "Si no fue usted" in looked
    wrong = post(client, here, here, {**words, "body": "{numero}", "what": "save"})
    assert wrong.status_code == 422 and "En este mensaje no existe {numero}" in text(
        wrong.get_data(as_text=True)
    )
    assert post(client, here, here, {**words, "what": "save"}).status_code == 303
    assert client.get("/desk/messages/texts/nothing/es").status_code == 404


def test_words_that_are_not_used_are_marked(office: Office):
    with unit_of_work(office.tenant.id):
        db.session.execute(
            insert(TemplateVersion).values(
                id=new_id(),
                kind="receipt",
                language="es",
                version=1,
                subject="Su recibo",
                body="Gracias",
                made_at=now(),
            )
        )
    client = signed_in(office.app, office.tenant, office.admin)
    listed = text(checked_get(client, "/desk/messages/texts").body)
    assert "sale el original en su lugar" in listed and "Propio, sin usar" in listed
    page = text(checked_get(client, "/desk/messages/texts/receipt/es").body)
    assert "Este mensaje debe contener {datos} / {details}." in page and "Gracias" in page


def test_the_rules_are_shown_with_their_source(office: Office):
    client = signed_in(office.app, office.tenant, office.admin)
    page = text(client.get("/desk/messages/reminders").get_data(as_text=True))
    assert "Ley 2300 de 2023" in page and "08:00 a 15:00" in page and "08:00 a 18:00" in page


def test_the_list_is_downloaded_as_it_is_shown(office: Office, told: uuid.UUID):
    client = signed_in(office.app, office.tenant, office.admin)
    for file in ("csv", "xlsx", "pdf"):
        answer = client.get(f"/desk/messages?format={file}&kind=invoice-new")
        assert answer.status_code == 200 and answer.data
    table = client.get("/desk/messages?format=csv&kind=invoice-new").get_data(as_text=True)
    assert "Su factura de" in table and "contraseña" not in table


def test_lists_cost_the_same_for_many(office: Office, told: uuid.UUID):
    own, desk = (signed_in(office.app, office.tenant, user) for user in (office.user, office.admin))
    counts = []
    for _turn in range(2):
        for client, path in ((own, "/messages"), (desk, "/desk/messages")):
            client.get(path)
            with statements() as found:
                client.get(path)
            counts.append(len(found))
        with unit_of_work(office.tenant.id):
            for _number in range(40):
                send("case-filed", customer_id=office.renter, facts={"number": "1"})
        outbox.drain()
    assert counts[:2] == counts[2:] and max(counts) <= 8
    page = own.get("/messages").get_data(as_text=True)
    older = re.search(r'href="(/messages\?after=[^"]+)"', page)
    assert older and own.get(older[1]).status_code == 200
