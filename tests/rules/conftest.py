"""One world per test module; the requests of its tests are made against it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask

from tests.database import DatabaseUrls
from tests.rules.asking import Asking
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
