"""A letter says the same in both parts, in the reader's language and the tenant's colours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import DictLoader

from saas.scope import unit_of_work
from tenants.letters import address_of, compose_letter, sender_name, speaking
from tenants.loading import serving
from tenants.page_context import locale
from tests.cast import make_agency, make_utility

HTML = """{% extends "layout/mail.html" %}{% import "components/letter.html" as letter with context %}
{% block content %}<p>{{ who }}</p>{{ letter.button("Abrir", url, colours) }}{{ amount|money("ARS") }}{% endblock %}"""
TEXT = """{% extends "layout/mail.txt" %}{% block content %}{{ who }}: {{ url }}{% endblock %}"""


@pytest.fixture
def templates(app: Flask) -> Iterator[None]:
    environments = app.extensions["looks"].environments.values()
    added = DictLoader({"sample/letter.html": HTML, "sample/letter.txt": TEXT})
    for environment in environments:
        environment.loader.loaders.append(added)
    yield
    for environment in environments:
        environment.loader.loaders.remove(added)


def letter(**changes: object):
    facts = {"who": "<b>Ana & Luis</b>", "url": "http://x.test/a?b=1", "amount": 123456}
    return compose_letter("ana@x.test", "Hello", "sample/letter", **{**facts, **changes})


@pytest.mark.usefixtures("templates")
def test_both_parts_say_it_and_only_html_is_escaped(app: Flask) -> None:
    with unit_of_work(make_utility().id):
        made = letter()
        assert "&lt;b&gt;Ana &amp; Luis&lt;/b&gt;" in made.html
        assert "<b>Ana & Luis</b>: http://x.test/a?b=1" in made.text
        assert made.sender_name == sender_name(serving()) == "Aguas CANARIO-AGUAS"
        assert made.tenant == "aguas"
        assert "{{" not in made.html + made.text


@pytest.mark.usefixtures("templates")
def test_money_and_words_are_the_readers(app: Flask) -> None:
    with unit_of_work(make_utility().id):
        assert "1.234,56" in letter().html
        assert "1,234.56" in letter(language="en").html
        assert '<html lang="en">' in letter(language="en").html
        assert locale() == "es_AR"
        with speaking("en"):
            assert locale() == "en"  # nobody has written down how Argentina writes English


@pytest.mark.usefixtures("templates")
def test_the_colours_are_the_tenants_and_nothing_is_fetched(app: Flask) -> None:
    with unit_of_work(make_utility().id):
        html = letter().html
    assert not re.search(r"<(img|link|script)\b|url\(", html)
    assert re.search(r"background:#[0-9a-f]{6}", html)


def test_addresses_lead_to_the_canonical_host(app: Flask) -> None:
    with unit_of_work(make_agency().id):
        address = address_of("auth.log_in", next="/invoices")
    assert address == "http://hogar.localhost/login?next=/invoices"


def test_no_letter_template_runs_script() -> None:
    folder = Path(__file__).resolve().parents[2] / "themes" / "base" / "templates"
    assert "<script" not in (folder / "layout" / "mail.html").read_text()
