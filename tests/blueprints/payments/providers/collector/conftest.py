"""The fixture of a tenant that is paid in cash."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.blueprints.payments.providers.collector.world import CashWorld, cash_world
from tests.blueprints.payments.world import paying_world


@pytest.fixture
def cash(app: Flask) -> CashWorld:
    return cash_world(paying_world(app))
