"""A tenant in which every text is an attack: names, numbers, addresses, titles, messages, names of files (J01, J04,
J07). Every page is looked at as a whole, and every list as a table."""

from __future__ import annotations

import csv
import io
import logging
import re
from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask

from tests.database import DatabaseUrls
from tests.pages import read_page
from tests.rules.asking import (
    Asking,
    given_to,
    keeping_nothing,
    nothing,
    request,
    rightful,
    tenant_routes,
)
from tests.rules.manifest import routes_of
from tests.rules.world import World, build_side, open_session

# A text of the tenant begins as a formula, one of the person's as a tag; both hold what templates would work out.
TENANT_TEXT = "=1+1<img src=x onerror=alert(1)>{{7*7}}"
PERSON_TEXT = '"><script>alert(1)</script>{0.__class__}%(name)s${7*7}{% if x %}'
RAW = (b"<script>alert", b"<img src=x", b"'class '", b"&lt;class")
FORMULA = re.compile(r"^[=+\-@\t\r＝＋－＠]")
NUMBER = re.compile(r"^[+-]?[\d.,]+$")


@pytest.fixture(scope="module")
def world(_app: Flask, database_urls: DatabaseUrls, _cleaner: psycopg.Connection) -> Iterator[World]:
    _app.extensions["host_book"].known.clear()
    log = logging.getLogger("ventanilla")
    level = log.level
    log.setLevel(logging.CRITICAL)
    with psycopg.connect(database_urls.superuser, autocommit=True) as superuser:
        side = build_side(_app, "hogar", TENANT_TEXT, PERSON_TEXT, 2)
        made = World(_app, database_urls, superuser, side, side)
        for person in side.people.values():
            open_session(made, side, person)
        yield made
    log.setLevel(level)
    _cleaner.execute("SELECT pg_temp.clean()")


def test_texts_are_texts_on_every_page(world: World):
    asking, wrong, shown, tables = Asking(world), [], 0, set()
    with keeping_nothing():
        for route in tenant_routes(routes_of(world.app)):
            if "GET" not in route.methods:
                continue
            asker = rightful(world, route)
            answer = asking.ask(asker, route, "GET", world.victim, given=given_to(route, world.victim))
            if answer.status >= 500:
                wrong.append(str(answer))
            if answer.status != 200 or not answer.headers["Content-Type"].startswith("text/html"):
                continue
            page = read_page(request(world.app, "GET", asker.at.host, answer.path, asker.person))
            wrong += [f"{route.endpoint}: {what}" for what in page.complaints if not expected(what)]
            wrong += [f"{route.endpoint}: {raw.decode()} as it is" for raw in RAW if raw in answer.body]
            shown += "<script>alert(1)</script>" in page.text or "<img src=x" in page.text
            tables |= {(asker.name, link) for link in page.links if "format=" in link}
        for name, link in sorted(tables):
            person = world.victim.people[name]
            answer = request(world.app, "GET", world.victim.host, link, person)
            if answer.status_code != 200:
                wrong.append(f"{link} -> {answer.status_code}")
            if "format=csv" in link:
                wrong += [f"{link}: {cell!r}" for cell in live_cells(answer.get_data(as_text=True))]
    nothing(wrong)
    assert shown > 60, f"the texts stood on {shown} pages only"
    assert len(tables) > 20, tables


def expected(complaint: str) -> bool:
    """What the page complains of because of the texts themselves: they are shown as they were typed."""
    return complaint.startswith("left over")


def live_cells(text: str) -> list[str]:
    """Cells that a spreadsheet would work out."""
    separator = ";" if text.split("\n")[0].count(";") else ","
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=separator)
    return [cell for row in rows for cell in row if FORMULA.match(cell) and not NUMBER.match(cell)]
