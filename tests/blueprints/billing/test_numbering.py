"""The numbers that the first run would give, beside those that the back office gave."""

from __future__ import annotations

import pytest
from flask import Flask

from blueprints.billing.numbering import Numbering, numbering
from saas.scope import unit_of_work
from tests.blueprints.billing.agency import add_lease, drafted, ran, settle_in
from tests.blueprints.leases.village import switch_on
from tests.cast import TenantCast, add_account, add_invoice, add_user, make_agency
from tests.pages import checked_get
from tests.signed_in import signed_in

WARNING = "La numeración no continúa"


@pytest.fixture
def agency(app: Flask) -> TenantCast:
    """Two leases, and three invoices of a back office, one of them with a number of another form."""
    cast = make_agency()
    with unit_of_work(cast.id):
        switch_on("leases", "billing")
        people = settle_in()
        add_lease(people, "CT-1")
        add_lease(people, "CT-2")
        before = add_account("CT-0", kind="lease")
        for number in ("FV-998", "FV-1002", "FV-2-B", "XX-5000"):
            add_invoice(before, number, type_code="rent", currency="COP")
    return cast


def test_until_the_first_run_a_gap_to_the_back_office_is_seen(app: Flask, agency: TenantCast) -> None:
    with unit_of_work(agency.id):
        assert numbering("FV-", 1) == Numbering(1, 1002)
        assert numbering("FV-", 1003) == Numbering(1003, None)
        assert numbering("F", 1) == Numbering(1, None), "what follows is no number"
        assert numbering("F%", 1) == Numbering(1, None), "a prefix is no pattern"
    ran(agency.id)
    with unit_of_work(agency.id):
        assert numbering("FV-", 1) == Numbering(3, None), "it was decided"


def test_who_issues_is_told_the_numbers(app: Flask, agency: TenantCast) -> None:
    run_id = drafted(agency.id)
    with unit_of_work(agency.id):
        clerk = add_user("clerk@x.test", name="Beatriz Caja", staff_role="billing")
        admin = add_user("admin@x.test", name="Ana Jefa", staff_role="administrator")
    page = f"/desk/billing/{run_id}/start"
    shown = checked_get(signed_in(app, agency, clerk), page).text
    assert "FV-1 a FV-2" in shown and WARNING in shown and "FV-1002" in shown
    assert "Fijar el primer número" not in shown, "only who may"
    assert "Fijar el primer número" in checked_get(signed_in(app, agency, admin), page).text
