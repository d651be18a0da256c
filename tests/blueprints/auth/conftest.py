from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest
from flask import Flask

from saas.scope import unit_of_work
from tests.application import client_for
from tests.blueprints.auth import door
from tests.cast import TenantCast, add_user, make_utility

ANA = "ana@x.test"


@dataclass
class Ana:
    """The utility, and a person who has a password there."""

    tenant: TenantCast
    user_id: uuid.UUID
    app: Flask
    email: str = ANA

    def browser(self):
        return client_for(self.app, self.tenant.host)

    def inside(self):
        client = self.browser()
        assert door.log_in(client, self.tenant, self.email).status_code == 303
        return client


@pytest.fixture
def ana(app: Flask) -> Ana:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        user_id = add_user(ANA, name="Ana Pérez")
    return Ana(tenant, user_id, app)
