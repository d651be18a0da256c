"""The tenant's own words: text that stays text, names from a list, history, and a way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from blueprints.auth.letters import send_letter
from blueprints.messages.kinds import KINDS
from blueprints.messages.models import Message, TemplateVersion
from blueprints.messages.samples import letter_to_look_at
from blueprints.messages.services import send
from blueprints.messages.texts import TEXTS
from blueprints.messages.wordings import own_words, reset_wording, save_wording, versions
from saas import outbox
from saas.audit import SYSTEM
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.mail import Mailbox
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.letter_fields import FIELDS, check_words, fill, paragraphs
from tenants.letter_texts import GROUPS, LetterText, default_wording, letter_texts, wording_of
from tests.blueprints.messages.conftest import Office

TEMPLATES = [
    "{{7*7}}",
    "{{config}}",
    "{% for x in y %}",
    "${7*7}",
    "{0.__class__.__init__}",
    "%(customer)s",
    "{customer.__class__}",
    "#{7*7}",
]
HOST = "hogar.localhost"


@pytest.mark.parametrize("text", TEMPLATES)
def test_what_looks_like_a_template_is_text(office: Office, mailbox: Mailbox, text: str):
    """Case J07, in the tenant's words and in a customer's."""
    with unit_of_work(office.tenant.id):
        save_wording("case-filed", "es", f"Su caso {text}", f"Hola {text}\n\nFin {{asunto}}", actor=SYSTEM)
        send(
            "case-filed",
            customer_id=office.renter,
            facts={"number": "1", "title": f"<b>{text}</b>", "until": "2026-12-01"},
        )
    outbox.drain()
    ((_name, found),) = mailbox.letters()
    assert found["Subject"] == f"Su caso {text}"
    plain, page = (found.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert f"Hola {text}" in plain and f"<b>{text}</b>" in plain
    assert "<b>" not in page and "&lt;b&gt;" in page


@given(st.text(), st.text())
def test_a_value_is_never_looked_at_again(text: str, value: str):
    filled = fill("a {customer} b", {"customer": value, "number": text})
    assert filled == f"a {value} b"


def test_values_do_not_name_other_values():
    assert fill("{cliente}", {"customer": "{numero}", "number": "7"}) == "{numero}"
    assert fill("{nadie} {cliente}", {}) == "{nadie} {cliente}"


@pytest.mark.parametrize(
    ("subject", "body", "field"),
    [
        ("", "Texto", "subject"),
        ("Asunto", "   ", "body"),
        ("a" * 151, "Texto", "subject"),
        ("Asunto", "{clave}", "body"),
        ("Asunto {boton}", "Texto", "subject"),
        ("Asunto", "Pulse {boton} ya", "body"),
        ("Asunto", "Mire https://otro.example/pago", "body"),
        ("Asunto", "Mire //otro.example/pago", "body"),
        ("Asunto", "Mire www.otro.example", "body"),
        ("Asunto", "javascript:alert(1)", "body"),
        ("Asunto", f"https://{HOST}@otro.example/", "body"),
        ("Asunto", f"https://{HOST}.otro.example/", "body"),
    ],
)
def test_words_that_are_refused(subject: str, body: str, field: str):
    with pytest.raises(Refusal) as refused:
        check_words(subject, body, allowed=KINDS["case-filed"].fields, host=HOST)
    assert refused.value.field == field


def test_words_that_are_fine():
    subject, body = check_words(
        "  Su caso\r\nBcc: x@y.example {numero} ",
        f"Hola {{cliente}}\r\n\r\n{{boton}}\r\n\r\nhttps://{HOST}/casos",
        allowed=KINDS["case-filed"].fields,
        host=HOST,
    )
    assert "\n" not in subject and body.startswith("Hola {cliente}\n\n{boton}")
    assert [part.block for part in paragraphs(body, {})] == ["", "button", ""]


def test_the_kinds_that_messages_compose_have_words():
    assert set(TEXTS) == {kind.code for kind in KINDS.values() if kind.worded}


def test_every_letter_has_words_that_pass_its_own_check(office: Office):
    known = letter_texts()
    assert set(TEXTS) < set(known) and len(known) > 35
    with unit_of_work(office.tenant.id):
        for text in known.values():
            assert set(text.fields) <= set(FIELDS) and text.group in GROUPS
            assert set(text.demanded) | set(text.details) <= set(text.fields)
            for language in ("es", "en"):
                words = default_wording(text, language)
                assert check_words(
                    words.subject, words.body, allowed=text.fields, demanded=text.demanded, host=HOST
                )
        assert "{cliente}" in default_wording(TEXTS["invoice-new"], "es").body
        assert "{customer}" in default_wording(TEXTS["invoice-new"], "en").body


def test_versions_are_kept_and_the_way_back_is_one_of_them(office: Office):
    text = TEXTS["invoice-new"]
    with unit_of_work(office.tenant.id):
        save_wording("invoice-new", "es", "Uno {total}", "Texto\n\n{facturas}", actor=SYSTEM)
        save_wording("invoice-new", "es", "Dos {total}", "Texto\n\n{facturas}", actor=SYSTEM)
        assert save_wording("invoice-new", "es", "Dos {total}", "Texto\n\n{facturas}", actor=SYSTEM) == 2
        assert wording_of(text, "es").subject == "Dos {total}"
        assert wording_of(text, "en").version == 0
        reset_wording("invoice-new", "es", actor=SYSTEM)
        reset_wording("invoice-new", "es", actor=SYSTEM)
        assert wording_of(text, "es").subject.startswith("Su factura de")
        assert [one.subject for one in versions("invoice-new", "es")] == [None, "Dos {total}", "Uno {total}"]


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("invitation", "Bienvenido"),
        ("receipt", "Gracias por {valor}"),
        ("payment-link", "Pague\n\n{datos}"),
        ("bank-account-code", "Su cuenta {ultimas_cifras}"),
    ],
)
def test_a_letter_keeps_what_it_is_for(office: Office, code: str, body: str):
    with unit_of_work(office.tenant.id), pytest.raises(Refusal) as refused:
        save_wording(code, "es", "Asunto", body, actor=SYSTEM)
    assert refused.value.field == "body"


def stored(text: LetterText, subject: str, body: str) -> None:
    """Words as an earlier release took them."""
    db.session.execute(
        insert(TemplateVersion).values(
            id=new_id(), kind=text.code, language="es", version=1, subject=subject, body=body, made_at=now()
        )
    )


@pytest.mark.parametrize(
    "body", ["{hola} {datos}", "Gracias", "{datos} en línea", "https://otro.example\n\n{datos}"]
)
def test_words_that_cannot_be_used_give_way_to_ours(office: Office, body: str):
    receipt = letter_texts()["receipt"]
    with unit_of_work(office.tenant.id):
        stored(receipt, "Su recibo", body)
        assert wording_of(receipt, "es") == default_wording(receipt, "es")
        assert own_words()[("receipt", "es")] is not None


def test_no_header_can_be_added(office: Office, mailbox: Mailbox):
    """Case J05: a name with line breaks, in a subject."""
    with unit_of_work(office.tenant.id):
        save_wording("case-filed", "es", "Caso {asunto}", "Texto", actor=SYSTEM)
        send(
            "case-filed",
            customer_id=office.renter,
            facts={"number": "1", "title": "a\r\nBcc: otro@x.example\r\n\r\nhola"},
        )
    outbox.drain()
    ((_name, found),) = mailbox.letters()
    assert found["Bcc"] is None and "Bcc: otro@x.example" in found["Subject"]
    with unit_of_work(office.tenant.id):
        assert db.session.execute(select(Message.state)).scalar_one() == "sent"


def written(mailbox: Mailbox) -> str:
    outbox.drain()
    ((_name, found),) = mailbox.letters()
    return f"{found['Subject']}\n{found.get_body(('plain',)).get_content()}"


def test_a_security_letter_leaves_in_own_words_and_keeps_its_warning(office: Office, mailbox: Mailbox):
    with unit_of_work(office.tenant.id):
        save_wording("password-changed", "es", "Clave nueva", "Estimada {cliente}: listo.", actor=SYSTEM)
        send_letter("password-changed", office.user)
    said = written(mailbox)
    assert said.startswith("Clave nueva") and "Estimada Renata: listo." in said
    assert "Si no fue usted, recupere" in said


def test_broken_words_stop_no_letter(office: Office, mailbox: Mailbox):
    with unit_of_work(office.tenant.id):
        stored(letter_texts()["recovery"], "Roto {nadie}", "Sin botón {0.__class__}")
        send_letter("recovery", office.user, token="abc")
    said = written(mailbox)
    assert "Roto" not in said and "Recupere su contraseña" in said and "/links/abc" in said


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_letter_can_be_looked_at(office: Office, language: str):
    with unit_of_work(office.tenant.id):
        for text in letter_texts().values():
            letter = letter_to_look_at(text, language, default_wording(text, language), office.renter)
            assert letter is not None and letter.subject, text.code
            seen = letter.subject + letter.text
            assert "{" not in seen and "%(" not in seen and "None" not in seen, text.code
            assert all(value not in seen for value in ("…", "–")) or text.code in TEXTS, text.code
