"""Letters in a tenant's words: the product's parts stay, facts are in the reader's language, nothing is a template."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
from flask import Flask

from saas.money import Money
from saas.scope import unit_of_work
from tenants import letter_texts
from tenants.letter_texts import ACCESS, LetterText, Wording, declare
from tenants.worded_letters import Content, compose_worded
from tests.cast import make_utility

TEXT = LetterText(
    code="sample",
    group=ACCESS,
    title="Sample",
    hint="",
    subject="Sample {number}",
    body=("Hello, {customer}:", "{details}", "{button}"),
    fields=("customer", "number", "amount", "date", "details", "button"),
    demanded=("details",),
    details=("number", "amount", "date"),
    button="Open",
    closing=("Tell us.",),
    alarm=("Stop it:", "It was not me"),
)
VALUES = {
    "customer": "<b>Ana</b>",
    "number": "7\r\nBcc: x@y.example",
    "amount": Money(123456, "ARS"),
    "date": datetime.date(2026, 5, 3),
}


@pytest.fixture
def speaking_for_a_utility(app: Flask) -> Iterator[None]:
    with unit_of_work(make_utility().id):
        yield


def content() -> Content:
    return Content(url="http://x.test/a", lines=["one <i>"], notes=["noted"], alarm_url="http://x.test/stop")


@pytest.mark.usefixtures("speaking_for_a_utility")
def test_both_parts_hold_what_the_product_puts_in():
    letter = compose_worded(TEXT, "ana@x.test", VALUES, content, language="es")
    for part in (
        "1.234,56",
        "3 de mayo de 2026",
        "noted",
        "http://x.test/a",
        "Tell us.",
        "http://x.test/stop",
    ):
        assert part in letter.text and part in letter.html
    assert "- one <i>" in letter.text and "one &lt;i&gt;" in letter.html
    assert "Hola, <b>Ana</b>:" in letter.text and "<b>Ana" not in letter.html
    assert letter.subject == "Sample 7 Bcc: x@y.example"


@pytest.mark.usefixtures("speaking_for_a_utility")
def test_words_end_where_the_products_sentences_begin():
    words = Wording("{{7*7}} {0.__class__}", "{datos}\n\nFin {{config}} %(customer)s {nadie}")
    letter = compose_worded(TEXT, "ana@x.test", VALUES, content, language="es", wording=words)
    assert letter.subject == "{{7*7}} {0.__class__}"
    assert "Fin {{config}} %(customer)s {nadie}" in letter.text
    assert letter.text.index("Fin {{config}}") < letter.text.index("Tell us.") < letter.text.index("Stop it:")


@pytest.mark.usefixtures("speaking_for_a_utility")
def test_what_is_not_known_leaves_no_braces_and_no_row():
    letter = compose_worded(TEXT, "ana@x.test", {"number": "7"}, language="en")
    assert "Hello, –:" in letter.text and "{" not in letter.text
    assert "Amount" not in letter.text and "Open" not in letter.text and "Stop it" not in letter.text


def test_two_letters_cannot_share_a_code(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(letter_texts, "_texts", {})
    declare(TEXT)
    declare(TEXT)
    with pytest.raises(ValueError, match="sample"):
        declare(LetterText("sample", ACCESS, "Other", "", "s", ("b",), ("customer",)))
