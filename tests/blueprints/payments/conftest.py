"""The fixture of a tenant that can be paid, and what looks at all tenants from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask

from tests.blueprints.payments.machine.house import modelled_provider
from tests.blueprints.payments.world import PayingWorld, paying_world


@pytest.fixture
def world(app: Flask) -> PayingWorld:
    return paying_world(app)


@pytest.fixture
def eye(superuser_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that sees everything, for the invariants; the application knows the modelled provider."""
    with modelled_provider(), psycopg.connect(superuser_url, autocommit=True) as connection:
        yield connection
