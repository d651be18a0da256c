"""The fixture of a tenant that can be paid."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.blueprints.payments.world import PayingWorld, paying_world


@pytest.fixture
def world(app: Flask) -> PayingWorld:
    return paying_world(app)
