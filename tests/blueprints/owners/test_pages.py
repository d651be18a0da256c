"""The owner's pages: every figure leads somewhere, co-owners see their part and the whole, strangers nothing."""

from __future__ import annotations

import datetime
import re
import uuid
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from blueprints.leases.services import record_payout
from blueprints.owners.charges import NewCharge, make_charge
from saas.clock import now
from saas.database import db
from saas.files import store
from saas.scope import unit_of_work
from tenants.people import User
from tests import cast
from tests.blueprints.owners.estate import Estate, bill, collect, give_back, make_estate, settle_outbox
from tests.pages import checked_get
from tests.signed_in import post, signed_in, statements

LAST_YEAR = now().year - 1
MONTH = f"{LAST_YEAR}-03"
DAY = datetime.date(LAST_YEAR, 3, 7)


@dataclass
class Living:
    estate: Estate
    rent: uuid.UUID
    charge: uuid.UUID
    client: FlaskClient
    co_owner: FlaskClient
    stranger: FlaskClient


@pytest.fixture
def living(app: Flask) -> Living:
    """A month with rent that came in twice and went back once, a repair and a payout; two owners and a stranger."""
    estate = make_estate()
    with unit_of_work(estate.tenant.id):
        other = cast.add_user("dueno@example.com", customer_id=estate.owners[1])
        cast.give_access(other, estate.mandate, role="owner", main=True)
        nobody = cast.add_user("nadie@example.com", customer_id=cast.add_customer("Nadie", document="77"))
        place = cast.add_account("OTRO-1", kind="mandate")
        cast.give_access(nobody, place, role="owner", main=True)
        rent = bill(estate, "FV-1", 4_670_000_00, period=MONTH)
        first = collect(rent, 2_000_000_00, DAY)
        collect(rent, 3_393_850_00, DAY)
        bill_file = store(
            b"%PDF-1.7 x", media_type="application/pdf", name="factura.pdf", purpose="owner-charge"
        )
        charge = make_charge(
            NewCharge(
                estate.mandate, "repair", "Arreglo del techo", 119_000_00, 19_000_00, "COP", DAY,
                supplier="Techos SAS", reference="F-77", source_key="case:1", file_id=bill_file,
            ),
            now=now(),
        )  # fmt: skip
    settle_outbox()
    with unit_of_work(estate.tenant.id):
        give_back(estate, first, rent, 500_000_00)
        record_payout(
            number="CE-1", mandate_account_id=estate.mandate, customer_id=estate.owners[0], period=MONTH,
            amount=1_000_000_00, currency="COP", paid_on=DAY, method="Transferencia", reference="9",
        )  # fmt: skip
    settle_outbox()
    return Living(
        estate,
        rent,
        charge,
        signed_in(app, estate.tenant, estate.user),
        signed_in(app, estate.tenant, other),
        signed_in(app, estate.tenant, nobody),
    )


def statement_of(living: Living, month: str = MONTH) -> str:
    return f"/income/statements/{living.estate.mandate}/{month}"


def figures(page: str) -> list[str]:
    return re.findall(r"-?\$[\d.,]+", page.replace("\xa0", ""))


def test_every_line_of_a_statement_leads_to_its_document(living: Living) -> None:
    income = checked_get(living.client, "/income")
    assert statement_of(living) in income.links
    page = checked_get(living.client, statement_of(living))
    inside = [link for link in page.links if link.startswith(("/income/", "/invoices/"))]
    leads = {link.split("/")[2] for link in inside if link.startswith("/income/")}
    assert {"rents", "charges", "payouts"} <= leads
    assert any(re.fullmatch(r"/invoices/[0-9a-f-]{36}", link) for link in inside)
    for link in inside:
        answer = living.client.get(link)
        assert answer.status_code == 200, link
        if answer.mimetype == "text/html":
            checked_get(living.client, link)
        else:
            assert answer.get_data().startswith(b"%PDF")
    # The rent went back in the month of the test's day, so its credit note stands there.
    this_month = checked_get(living.client, statement_of(living, f"{now():%Y-%m}"))
    notes = [link for link in this_month.links if "/credit-notes/" in link]
    assert len(set(notes)) == 1
    note = checked_get(living.client, notes[0])
    assert living.client.get(f"{notes[0]}/pdf").get_data().startswith(b"%PDF")
    assert "NC-000001" in note.text


def test_the_figures_are_the_whole_and_ones_own_part(living: Living) -> None:
    mine = figures(checked_get(living.client, statement_of(living)).body)
    theirs = figures(checked_get(living.co_owner, statement_of(living)).body)
    for whole in ("$5.393.850", "-$500.157", "-$119.000"):
        assert whole in mine and whole in theirs
    assert "$3.236.310" in mine and "$2.157.540" in theirs  # 60 % and 40 % of what came in
    assert "-$300.094,20" in mine and "-$200.062,80" in theirs
    assert "-$1.000.000" in mine


def test_another_owner_s_payout_is_named_and_no_part_of_mine(living: Living) -> None:
    page = checked_get(living.co_owner, statement_of(living), not_showing=("Transferencia", "CE-1"))
    assert "Giro a Dueña 0" in page.text
    assert "-$1.000.000" in figures(page.body), "the whole payout, as a figure of the whole"
    (row,) = re.findall(r"<tr[^>]*>(?:(?!</tr>).)*Giro a Dueña 0.*?</tr>", page.body, re.DOTALL)
    assert "–" in row and "$0" not in row
    assert not any("/income/payouts/" in link for link in page.links)
    assert living.co_owner.get(f"{statement_of(living)}/pdf").get_data().startswith(b"%PDF")


def test_a_stranger_and_a_co_owner_see_what_they_should(living: Living) -> None:
    charge = f"/income/charges/{living.charge}"
    for path in (statement_of(living), f"/income/rents/{living.rent}", charge, f"{charge}/file"):
        assert living.co_owner.get(path).status_code == 200, path
        assert living.stranger.get(path).status_code == 404, path
    payouts = [link for link in checked_get(living.client, "/income/payouts").links if "/payouts/" in link]
    assert living.client.get(payouts[0]).status_code == 200
    assert living.co_owner.get(payouts[0]).status_code == 404
    assert "CE-1" not in checked_get(living.co_owner, "/income/payouts").text
    for path in ("2026-13", "0000-01", "x", "2019-01"):
        assert living.client.get(statement_of(living, path)).status_code == 404, path


def test_a_year_is_certified_once_and_checked_by_anybody(living: Living, app: Flask) -> None:
    page = f"/income/certificates/{LAST_YEAR}"
    assert page in checked_get(living.client, "/income/certificates").links
    assert living.client.get(f"{page}/pdf").status_code == 404
    assert post(living.client, page, page).status_code == 303
    first = living.client.get(f"{page}/pdf").get_data()
    assert first.startswith(b"%PDF")
    shown = checked_get(living.client, page)
    code = re.search(r"/check/([0-9A-Z-]+)", shown.body)
    assert code is not None
    public = checked_get(signed_in(app, living.estate.tenant, living.estate.user), f"/check/{code[1]}")
    assert str(LAST_YEAR) in public.text and "Dueña" not in public.text
    assert "$2.802.000" in public.text.replace("\xa0", "")  # 60 % of the rent without tax
    with unit_of_work(living.estate.tenant.id):  # a repair of that year is found only now
        make_charge(NewCharge(living.estate.mandate, "other", "Aseo", 100_00, 0, "COP", DAY), now=now())
    token = re.search(r'name="csrf_token" value="([^"]+)"', living.client.get(page).get_data(as_text=True))
    assert token is not None  # the form is there again
    assert living.client.get(f"{page}/pdf").get_data() == first
    assert living.client.post(page, data={"csrf_token": token[1]}).status_code == 303
    assert living.client.get(f"{page}/pdf").get_data() != first
    assert "CI-000002" in checked_get(living.client, f"/check/{code[1]}").text
    again = living.client.post(page, data={"csrf_token": token[1]})
    assert again.status_code == 303 and "CI-000002" in checked_get(living.client, page).text
    assert (
        living.client.post(f"/income/certificates/{now().year}", data={"csrf_token": token[1]}).status_code
        == 409
    )  # not over yet
    assert living.stranger.get(page).status_code == 404


def test_lists_are_files_too(living: Living) -> None:
    for path in ("/income", "/income/payouts"):
        for kind in ("csv", "xlsx", "pdf"):
            assert living.client.get(f"{path}?format={kind}").status_code == 200, (path, kind)
    assert "CT-1" in living.client.get("/income?format=csv").get_data(as_text=True)


def test_a_statement_takes_as_many_statements_however_much_moved(living: Living, app: Flask) -> None:
    def taken() -> int:
        with statements() as sent:
            assert living.client.get(statement_of(living)).status_code == 200
        return len(sent)

    taken()  # the tenant is read once
    before = taken()
    with unit_of_work(living.estate.tenant.id):
        for number in range(5):
            make_charge(
                NewCharge(living.estate.mandate, "other", f"Aseo {number}", 100_00, 0, "COP", DAY), now=now()
            )
    assert taken() == before <= 9


def test_staff_charge_owners_and_take_it_back(living: Living, app: Flask) -> None:
    staff = signed_in(app, living.estate.tenant, living.estate.clerk.user_id)
    form = checked_get(staff, f"/desk/owner-charges/new?mandate={living.estate.mandate}").forms[-1]
    fields = dict(form.fields)
    assert fields["contract"] == "CT-1"
    wrong = staff.post("/desk/owner-charges/new", data={**fields, "amount": "mil", "description": "Pintura"})
    assert wrong.status_code == 422
    good = {
        **fields,
        "kind": "repair",
        "amount": "250.000",
        "tax": "",
        "description": "Pintura",
        "supplier": "Ana",
    }
    made = staff.post("/desk/owner-charges/new", data=good)
    twice = staff.post("/desk/owner-charges/new", data=good)
    assert made.status_code == twice.status_code == 303 and made.location == twice.location
    page = checked_get(staff, made.location)
    assert "$150.000" in page.text.replace("\xa0", "") and "$100.000" in page.text.replace("\xa0", "")
    unclear = staff.post("/desk/owner-charges/new", data={**good, "once": "", "contract": "CT-9"})
    assert unclear.status_code == 422
    back = {"csrf_token": fields["csrf_token"], "reason": "Era de otro inmueble"}
    assert staff.post(f"{made.location}/reverse", data=back).status_code == 303
    assert staff.post(f"{made.location}/reverse", data=back).status_code == 303
    assert "Era de otro inmueble" in checked_get(staff, made.location).text
    listed = checked_get(staff, "/desk/owner-charges?q=Pintura&state=reversed")
    assert "Pintura" in listed.text and "techo" not in listed.text
    for kind in ("csv", "xlsx", "pdf"):
        assert staff.get(f"/desk/owner-charges?format={kind}").status_code == 200
    assert living.client.get("/desk/owner-charges").status_code == 404


def test_a_statement_speaks_the_readers_language(living: Living) -> None:
    with unit_of_work(living.estate.tenant.id):
        db.session.execute(update(User).where(User.id == living.estate.user).values(language="en"))
    page = checked_get(living.client, statement_of(living))
    assert f"Rent of March {LAST_YEAR}" in page.text
    assert f"Commission of March {LAST_YEAR}" in page.text
