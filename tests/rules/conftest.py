"""One world per test module; the requests of its tests are made against it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask

from tests.database import DatabaseUrls
from tests.rules.asking import Answer, Asking, given_to, keeping_nothing, rightful, tenant_routes
from tests.rules.manifest import Route, routes_of
from tests.rules.world import World, a_world


@pytest.fixture(scope="module")
def world(_app: Flask, database_urls: DatabaseUrls, _cleaner: psycopg.Connection) -> Iterator[World]:
    _app.extensions["host_book"].known.clear()
    log = logging.getLogger("ventanilla")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with a_world(_app, database_urls) as made:
            yield made
    finally:
        log.setLevel(level)
        _cleaner.execute("SELECT pg_temp.clean()")


@pytest.fixture
def asking(world: World) -> Asking:
    return Asking(world)


@pytest.fixture(scope="module")
def all_routes(_app: Flask) -> list[Route]:
    return routes_of(_app)


@pytest.fixture(scope="module")
def readings(world: World, all_routes: list[Route]) -> list[tuple[Route, Answer]]:
    """Every page of a tenant, read once by whoever may read it, as if from a page of another site."""
    asking = Asking(world)
    headers = {"Origin": "http://hogar.localhost.evil.example"}
    with keeping_nothing():
        return [
            (
                route,
                asking.ask(
                    rightful(world, route),
                    route,
                    "GET",
                    world.victim,
                    given=given_to(route, world.victim),
                    headers=headers,
                ),
            )
            for route in tenant_routes(all_routes)
            if "GET" in route.methods
        ]
