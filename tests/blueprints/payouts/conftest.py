from __future__ import annotations

import pytest
from flask import Flask

from tests.blueprints.payouts.world import Agency, make_agency


@pytest.fixture
def agency(app: Flask) -> Agency:
    return make_agency(app)
