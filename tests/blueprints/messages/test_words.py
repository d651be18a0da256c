"""The tenant's own words: text that stays text, names from a list, history, and a way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from blueprints.messages.fields import FIELDS, check_words, fill, paragraphs
from blueprints.messages.kinds import KINDS
from blueprints.messages.models import Message
from blueprints.messages.services import send
from blueprints.messages.texts import TEXTS
from blueprints.messages.wordings import (
    current_wording,
    default_wording,
    reset_wording,
    save_wording,
    versions,
)
from saas import outbox
from saas.audit import SYSTEM
from saas.database import db
from saas.mail import Mailbox
from saas.refusals import Refusal
from saas.scope import unit_of_work
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


def test_every_kind_with_fields_has_words_that_pass_its_own_check(office: Office):
    assert set(TEXTS) == {kind.code for kind in KINDS.values() if kind.worded}
    with unit_of_work(office.tenant.id):
        for code in TEXTS:
            assert set(KINDS[code].fields) <= set(FIELDS)
            for language in ("es", "en"):
                words = default_wording(code, language)
                assert check_words(words.subject, words.body, allowed=KINDS[code].fields, host=HOST)
        assert "{cliente}" in default_wording("invoice-new", "es").body
        assert "{customer}" in default_wording("invoice-new", "en").body


def test_versions_are_kept_and_the_way_back_is_one_of_them(office: Office):
    with unit_of_work(office.tenant.id):
        save_wording("invoice-new", "es", "Uno {total}", "Texto\n\n{facturas}", actor=SYSTEM)
        save_wording("invoice-new", "es", "Dos {total}", "Texto\n\n{facturas}", actor=SYSTEM)
        assert save_wording("invoice-new", "es", "Dos {total}", "Texto\n\n{facturas}", actor=SYSTEM) == 2
        assert current_wording("invoice-new", "es").subject == "Dos {total}"
        assert current_wording("invoice-new", "en").version == 0
        reset_wording("invoice-new", "es", actor=SYSTEM)
        reset_wording("invoice-new", "es", actor=SYSTEM)
        assert current_wording("invoice-new", "es").subject.startswith("Su factura de")
        assert [one.subject for one in versions("invoice-new", "es")] == [None, "Dos {total}", "Uno {total}"]


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
