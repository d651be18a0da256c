"""The desk's pages of a month: draft, look, issue, take back; and the same from the command line."""

from __future__ import annotations

import json
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blueprints.billing import words
from blueprints.billing.models import BillingRun
from blueprints.billing.queries import VIEWS
from blueprints.billing.rules import EFFECTS
from blueprints.desk import words as desk_words
from blueprints.leases.models import Lease
from saas import outbox
from saas.scope import unit_of_work
from tests.blueprints.billing.agency import (
    add_charge,
    add_lease,
    begun,
    day,
    drafted,
    earlier,
    invoices_of,
    ran,
    run_of,
    settle_in,
    this_month,
)
from tests.blueprints.leases.village import switch_on
from tests.cast import TenantCast, add_user, make_agency
from tests.pages import checked_get
from tests.signed_in import post, signed_in, statements


@pytest.fixture
def agency(app: Flask) -> TenantCast:
    cast = make_agency()
    with unit_of_work(cast.id):
        switch_on("leases", "billing")
        people = settle_in()
        add_lease(people, "CT-1", rent=467_000_000, scenario="COMERCIO")
        add_lease(people, "CT-2", starts_on=day(18, this_month()))
        credited = add_lease(people, "CT-3", rent=100_000)
        add_charge(credited, 250_000, kind="credit", text="Arreglo del techo")
        add_lease(people, "CT-4", scenario=None)
    return cast


@pytest.fixture
def clerk(app: Flask, agency: TenantCast) -> FlaskClient:
    with unit_of_work(agency.id):
        user = add_user("clerk@x.test", name="Beatriz Caja", staff_role="billing")
    return signed_in(app, agency, user)


def lease_id(agency: TenantCast, number: str) -> uuid.UUID:
    with unit_of_work(agency.id) as session:
        return session.execute(select(Lease.id).where(Lease.number == number)).scalar_one()


def new_draft(client: FlaskClient, **fields: str) -> str:
    answer = post(client, "/desk/billing/new", "/desk/billing/new", {"month": this_month(), **fields})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.location.removesuffix("/progress")


def test_from_the_month_to_the_invoices_and_back(agency: TenantCast, clerk: FlaskClient) -> None:
    assert "Todavía no se ha facturado" in checked_get(clerk, "/desk/billing").text
    page = new_draft(clerk)
    assert "Revisando contratos" in checked_get(clerk, f"{page}/progress").text
    outbox.drain()
    assert clerk.get(f"{page}/progress").location.endswith(page)
    shown = checked_get(clerk, page)
    for said in (
        "CT-1",
        "$5.393.850",
        "Cubierto por",
        "Sin escenario",
        "Borrador",
        "Continuar para emitirlas",
    ):
        assert said in shown.text, said
    assert invoices_of(agency.id) == []

    asked = checked_get(clerk, f"{page}/start")
    assert "Emitir 3 facturas" in asked.text
    assert post(clerk, f"{page}/start", f"{page}/start").status_code == 303
    assert "Emitiendo facturas" in checked_get(clerk, f"{page}/progress").text
    outbox.drain()
    shown = checked_get(clerk, page)
    assert "FV-1" in shown.text and "Facturas emitidas" in shown.text and len(invoices_of(agency.id)) == 3
    # Pressed again, by somebody whose page is old: said, and nothing happens.
    assert post(clerk, "/desk/billing/new", f"{page}/start").status_code == 422
    assert clerk.get(f"{page}/start").status_code == 303

    assert "¿Deshacer" in checked_get(clerk, f"{page}/undo").text
    assert post(clerk, f"{page}/undo", f"{page}/undo").status_code == 303
    assert "Deshaciendo la facturación" in checked_get(clerk, f"{page}/progress").text
    outbox.drain()
    assert "3 facturas" in checked_get(clerk, page).text and invoices_of(agency.id) == []
    assert "Deshecha" in checked_get(clerk, "/desk/billing").text


def test_a_contract_of_a_draft_shows_how_its_invoice_comes_about(agency, clerk):
    run_id = drafted(agency.id)
    at = f"/desk/billing/{run_id}/leases"
    text = checked_get(clerk, f"{at}/{lease_id(agency, 'CT-1')}").text
    for said in ("IVA 19 %", "Retención en la fuente 3,5 %", "$5.393.850", "Canon de arrendamiento"):
        assert said in text, said
    assert "de 30 días" in checked_get(clerk, f"{at}/{lease_id(agency, 'CT-2')}").text or day(1).month != 11
    assert "pasan al mes siguiente" in checked_get(clerk, f"{at}/{lease_id(agency, 'CT-3')}").text
    assert clerk.get(f"{at}/{uuid.uuid4()}").status_code == 404
    with unit_of_work(agency.id):
        add_charge(lease_id(agency, "CT-1"), 5_000)
    assert "cambió después del borrador" in checked_get(clerk, f"{at}/{lease_id(agency, 'CT-1')}").text


def test_views_narrow_the_list_and_files_have_the_same_rows(agency, clerk):
    ran(agency.id, earlier(this_month()))
    page = f"/desk/billing/{drafted(agency.id)}"
    for view in VIEWS:
        assert checked_get(clerk, f"{page}?view={view}").h1
    assert "CT-4" in clerk.get(f"{page}?view=warned").get_data(as_text=True)
    assert "CT-1" not in clerk.get(f"{page}?view=warned").get_data(as_text=True)
    assert "CT-2" in clerk.get(f"{page}?view=new").get_data(as_text=True)
    rows = clerk.get(f"{page}?view=new&format=csv").get_data(as_text=True)
    assert "CT-2" in rows and "CT-1" not in rows
    for kind in ("csv", "xlsx", "pdf"):
        assert clerk.get(f"{page}?format={kind}").status_code == 200
        assert clerk.get(f"/desk/billing?format={kind}").status_code == 200


def test_a_page_costs_the_same_at_any_size(agency, clerk):
    page = f"/desk/billing/{drafted(agency.id)}"
    clerk.get(page)
    with statements() as few:
        clerk.get(page)
    with unit_of_work(agency.id) as session:
        people = settle_in_again(session)
        for number in range(60):
            add_lease(people, f"X-{number:03d}")
    page = f"/desk/billing/{drafted(agency.id)}"
    with statements() as many:
        text = clerk.get(page).get_data(as_text=True)
    assert len(many) == len(few)
    assert "after=" in text and "CT-1" in text and "X-059" not in text


def settle_in_again(session):
    from tests.blueprints.billing.agency import People

    lease = session.execute(select(Lease).limit(1)).scalar_one()
    from blueprints.accounts.models import AccountParty

    def party(account: uuid.UUID) -> uuid.UUID:
        return session.execute(
            select(AccountParty.customer_id).where(AccountParty.account_id == account)
        ).scalar_one()

    return People(lease.property_id, party(lease.lease_account_id), party(lease.mandate_account_id))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"month": "1999-01"}, ""),
        ({"lease": "CT-99"}, "No existe el contrato"),
        ({"issued_on": "31/02/2026"}, ""),
        ({"issued_on": "01/01/2020"}, "debe estar entre hoy"),
    ],
)
def test_what_cannot_be_drafted_is_said_beside_its_field(agency, clerk, fields, said):
    answer = post(clerk, "/desk/billing/new", "/desk/billing/new", {"month": this_month(), **fields})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422 and 'class="error"' in text and said in text


def test_one_contract_alone_by_the_same_way(agency, clerk):
    page = new_draft(clerk, lease="CT-2")
    outbox.drain()
    post(clerk, f"{page}/start", f"{page}/start")
    outbox.drain()
    assert [number for _, number in invoices_of(agency.id)] == ["CT-2"]
    assert "CT-2" in checked_get(clerk, "/desk/billing").text


def test_a_draft_can_be_dropped_and_a_stopped_run_goes_on(agency, clerk):
    page = new_draft(clerk)
    outbox.drain()
    assert post(clerk, page, f"{page}/discard").location.endswith("/desk/billing")
    run_id = begun(agency.id)
    with unit_of_work(agency.id) as session:
        session.query(BillingRun).filter(BillingRun.id == run_id).update({"state": "stopped"})
    page = f"/desk/billing/{run_id}"
    assert "Detenida" in checked_get(clerk, page).text
    post(clerk, page, f"{page}/go-on")
    outbox.drain()
    assert run_of(agency.id, run_id).state == "done"
    assert post(clerk, page, f"{page}/go-on").status_code == 303  # said, nothing else
    assert "no está detenida" in checked_get(clerk, page).text


def test_only_who_may_bill_comes_in(app, agency):
    run_id = drafted(agency.id)
    with unit_of_work(agency.id):
        reader = add_user("reader@x.test", staff_role="reader")
    client = signed_in(app, agency, reader)
    for page in (
        "/desk/billing",
        "/desk/billing/new",
        f"/desk/billing/{run_id}",
        f"/desk/billing/{run_id}/undo",
    ):
        assert client.get(page).status_code == 403


def test_everything_that_is_kept_has_words():
    from blueprints.billing.models import BillingRun as Run

    (check,) = [one for one in Run.__table__.constraints if "state" in str(getattr(one, "sqltext", ""))]
    states = {part.strip("' ") for part in str(check.sqltext).split("(")[1].rstrip(")").split(",")}
    assert set(words.STATES) == states
    assert set(words.EFFECTS) == set(EFFECTS)
    assert set(words.VIEWS) == set(VIEWS)
    assert {"billing.started", "billing.issued", "billing.undone"} <= set(desk_words.ACTIONS)


# --- from the command line -------------------------------------------------------------------------------------------


def typed(app: Flask, *words_: str) -> tuple[int, str]:
    answer = app.test_cli_runner().invoke(args=["billing", *words_])
    return answer.exit_code, answer.output


def test_a_month_from_the_command_line(app, agency):
    code, said = typed(app, "run", this_month(), "--tenant", agency.slug, "--preview", "--json")
    told = json.loads(said)
    assert (code, told["state"], told["issued"], told["foreseen"]["count"]) == (0, "draft", 0, 3)
    code, said = typed(app, "run", this_month(), "--tenant", agency.slug, "--json")
    told = json.loads(said)
    assert (code, told["state"], told["issued"]) == (0, "done", 3)
    code, said = typed(app, "run", this_month(), "--tenant", agency.slug)
    assert code == 0 and "issued 0" in said and "skipped 3" in said
    code, said = typed(app, "undo", told["run"], "--tenant", agency.slug, "--json")
    assert code == 0 and json.loads(said)["voided"] == 3
    code, said = typed(app, "undo", told["run"], "--tenant", agency.slug)
    assert code == 1 and "Solo se puede deshacer" in said


def test_what_is_typed_wrong(app, agency):
    assert typed(app, "run", "marzo", "--tenant", agency.slug)[0] == 2
    assert typed(app, "run", this_month(), "--tenant", "nobody")[0] == 2
    assert typed(app, "undo", str(uuid.uuid4()), "--tenant", agency.slug)[0] == 2
    assert typed(app, "go-on", str(uuid.uuid4()), "--tenant", agency.slug)[0] == 2


def test_a_run_that_was_killed_goes_on_from_the_command_line(app, agency):
    run_id = begun(agency.id)
    code, said = typed(app, "go-on", str(run_id), "--tenant", agency.slug, "--json")
    assert code == 0 and json.loads(said)["issued"] == 3
