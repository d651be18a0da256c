"""What every test may ask for. The machinery lives beside it: tests/database.py."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests import database as databases
from tests.application import _app, app, bypassing_rls, mailbox
from tests.browser import _playwright, browser
from tests.database import _cleaner, database, database_urls, redis_url, superuser_url

__all__ = [
    "_app",
    "_cleaner",
    "_playwright",
    "app",
    "browser",
    "bypassing_rls",
    "database",
    "database_urls",
    "mailbox",
    "redis_url",
    "superuser_url",
]

# Machines differ in speed, so no deadline; the same examples every time where a failure must be repeatable.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_configure(config: pytest.Config) -> None:
    databases.register(config)
