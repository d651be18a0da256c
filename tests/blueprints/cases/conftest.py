from __future__ import annotations

from datetime import date

import pytest
import time_machine
from flask import Flask

from saas.scope import unit_of_work
from tests import cast
from tests.blueprints.cases.bureau import Bureau, moment


@pytest.fixture
def bureau(app: Flask) -> Bureau:
    tenant = cast.make_agency()
    with unit_of_work(tenant.id):
        customer = cast.add_customer("Ñandú Peña, José", document="1032456", email="jose@example.com")
        user = cast.add_user("jose@example.com", name="José Peña", customer_id=customer)
        sara = cast.add_user("sara@example.com", name="Sara Atiende", staff_role="service")
        beto = cast.add_user("beto@example.com", name="Beto Cobros", staff_role="billing")
    return Bureau(tenant, sara, beto, customer, user)


@pytest.fixture
def tuesday():
    """24 March 2026: two business days after the Friday of the cases, in the middle of nothing."""
    with time_machine.travel(moment(date(2026, 3, 25)), tick=True):
        yield
