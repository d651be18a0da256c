"""A tenant that is paid through Stripe; retries that do not wait."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from blueprints.payments.providers.stripe.client import WireClient
from blueprints.payments.wire import EXTENSION as WIRE
from tests.blueprints.payments.providers.stripe.world import StripeWorld, stripe_world


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WireClient, "_sleep_time_seconds", lambda *_given: 0.0)


@pytest.fixture(autouse=True)
def own_wire(request: pytest.FixtureRequest) -> Iterator[None]:
    """No wire is left behind: the application lives longer than a test."""
    if "app" not in request.fixturenames:
        yield
        return
    app: Flask = request.getfixturevalue("_app")
    app.extensions.pop(WIRE, None)
    yield
    app.extensions.pop(WIRE, None)


@pytest.fixture
def world(app: Flask) -> StripeWorld:
    return stripe_world(app)
