"""The cost of a page does not grow with history (law 10): as many statements for five rows as for fifty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event

from saas.database import db
from tests.database import DatabaseUrls
from tests.rules.asking import Asker, Asking, given_to, keeping_nothing, rightful, tenant_routes
from tests.rules.manifest import Route, routes_of
from tests.rules.world import Side, World, a_world

FEW, MANY = 5, 50
# A page reads the visit, the rows and a few sums. Whoever needs more says here why.
MOST = 12
MORE: dict[str, int] = {}
# Pages that ask once more when there is more than one page of rows.
ONCE_MORE = {"invoices.pending": "the sum of everything, which otherwise is the sum of the rows shown"}


@pytest.fixture(scope="module")
def uneven(_app: Flask, database_urls: DatabaseUrls, _cleaner: psycopg.Connection) -> Iterator[World]:
    """One tenant with a few rows in every list, one with many."""
    _app.extensions["host_book"].known.clear()
    try:
        with a_world(_app, database_urls, size=FEW, other_size=MANY) as made:
            yield made
    finally:
        _cleaner.execute("SELECT pg_temp.clean()")


@contextmanager
def counting(app: Flask) -> Iterator[list[str]]:
    """The statements that the application sends meanwhile, without those that only open a transaction."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "set_config" not in statement:
            sent.append(" ".join(statement.split()))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def statements_of(world: World, route: Route, side: Side) -> tuple[int, list[str]]:
    """The status and the statements of one reading, after one to warm up what is remembered."""
    asking = Asking(world)
    name = next((n for n, p in world.victim.people.items() if p is rightful(world, route).person), None)
    asker = Asker(side.cast.slug, side, side.people[name] if name else None)
    asking.ask(asker, route, "GET", side, given=given_to(route, side))
    with counting(world.app) as sent:
        answer = asking.ask(asker, route, "GET", side, given=given_to(route, side))
    return answer.status, sent


def test_pages_ask_as_often_for_many_rows_as_for_few(uneven: World):
    growing, costly, seen = [], [], 0
    with keeping_nothing():
        for route in tenant_routes(routes_of(uneven.app)):
            if "GET" not in route.methods:
                continue
            status, few = statements_of(uneven, route, uneven.victim)
            _status, many = statements_of(uneven, route, uneven.other)
            seen += status == 200
            if len(many) - len(few) not in ((0, 1) if route.endpoint in ONCE_MORE else (0,)):
                extra = [statement for statement in many if statement not in few][:2]
                growing.append(f"{route.rule}: {len(few)} for {FEW}, {len(many)} for {MANY}: {extra}")
            if len(many) > MORE.get(route.endpoint, MOST):
                costly.append(f"{route.rule}: {len(many)} statements")
    assert seen > 20
    assert not growing, "\n" + "\n".join(growing)
    assert not costly, "\n" + "\n".join(costly)


def test_a_list_is_cut_into_pages(uneven: World):
    """A page of fifty rows is not five times a page of ten: what is shown is bounded."""
    with keeping_nothing():
        for route in tenant_routes(routes_of(uneven.app)):
            if "GET" not in route.methods or route.arguments or route.rule.endswith("pdf"):
                continue
            asking = Asking(uneven)
            name = next(
                (n for n, p in uneven.victim.people.items() if p is rightful(uneven, route).person), None
            )
            asker = Asker("large", uneven.other, uneven.other.people[name] if name else None)
            answer = asking.ask(asker, route, "GET", uneven.other)
            assert len(answer.body) < 150_000, f"{route.rule}: {len(answer.body)} bytes"
