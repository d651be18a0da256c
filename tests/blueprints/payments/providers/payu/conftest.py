"""The fixture of a tenant that is paid through PayU's look-alike."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.blueprints.payments.providers.payu.world import PayuWorld, payu_world


@pytest.fixture
def world(app: Flask) -> PayuWorld:
    return payu_world(app)
