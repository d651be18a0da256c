"""What the desk's first page says to a new organisation, and when it stops saying it."""

from __future__ import annotations

import re
import uuid

from flask import Flask

from saas.audit import SYSTEM
from saas.scope import unit_of_work
from tenants.services import change_settings
from tests import cast, signed_in
from tests.blueprints.desk.office import text_of
from tests.cast import TenantCast

DATA, COLLEAGUES, REACH = "Traiga sus datos", "Invite a quienes trabajan con usted", "Diga cómo lo contactan"


def ticked(app: Flask, tenant: TenantCast, user_id: uuid.UUID) -> dict[str, bool]:
    """The steps on the page, and whether each is said to be done; empty where the page has none."""
    body = text_of(signed_in.signed_in(app, tenant, user_id).get("/desk"))
    if "Primeros pasos" not in body:
        return {}
    card = body.split("Primeros pasos", 1)[1].split("</section>", 1)[0]
    rows = re.findall(r"<b>(.*?)</b>(.*?)</a>", card, re.DOTALL)
    return {label: "Hecho" in rest for label, rest in rows}


def test_a_new_organisation_is_told_what_to_do_first_until_customers_can_come_in(app: Flask) -> None:
    tenant = cast.make_agency("nueva")
    with unit_of_work(tenant.id):
        admin = cast.add_user("jefa@example.com", name="Rosa Peña", staff_role="administrator")
    steps = ticked(app, tenant, admin)
    assert len(steps) == 6 and not any(steps.values())
    with unit_of_work(tenant.id):
        customer = cast.add_customer("Ana Gil", document="30123456")
        service = cast.add_user("sara@example.com", name="Sara", staff_role="service")
    steps = ticked(app, tenant, admin)
    assert {label for label, done in steps.items() if done} == {DATA, COLLEAGUES}
    assert ticked(app, tenant, service) == {}, "who sets up nothing is not told to"
    with unit_of_work(tenant.id):
        cast.add_user("ana@example.com", name="Ana Gil", customer_id=customer)
    assert not ticked(app, tenant, admin)[next(label for label in steps if label.startswith(REACH))]
    with unit_of_work(tenant.id):
        change_settings({"support.phone": "604 444 1820"}, actor=SYSTEM)
    assert ticked(app, tenant, admin) == {}
