"""What renters and owners see of their contracts, and what they do not."""

from __future__ import annotations

import datetime
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blueprints.leases.contracts import end_lease
from blueprints.leases.models import LeaseDocument
from blueprints.leases.papers import Paper, add_paper
from saas.audit import SYSTEM
from saas.database import db
from saas.scope import unit_of_work
from tests.blueprints.leases.village import Village, lease, login_of, make_village, write_lease
from tests.cast import add_customer
from tests.pages import checked_get
from tests.signed_in import signed_in

PDF = b"%PDF-1.4\n%%EOF\n"
TODAY = datetime.date(2026, 11, 21)


@pytest.fixture
def village(app: Flask) -> Village:
    return make_village()


def paper(village: Village, title: str, *, renter: bool, owner: bool) -> uuid.UUID:
    return add_paper(
        village.home,
        Paper("other", title, datetime.date(2027, 1, 31), renter, owner),
        PDF + title.encode(),
        f"{title}.pdf",
        user_id=None,
        actor=SYSTEM,
    )


def client_of(
    app: Flask, village: Village, customer: uuid.UUID, *accounts: tuple[uuid.UUID, str]
) -> FlaskClient:
    with unit_of_work(village.tenant.id):
        user = login_of(customer, f"{customer.hex}@example.com", *accounts)
    return signed_in(app, village.tenant, user)


def accounts_of(village: Village, lease_id: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID]:
    with unit_of_work(village.tenant.id):
        row = lease(lease_id)
        return row.lease_account_id, row.mandate_account_id


def test_a_renter_sees_the_own_contract_and_no_owner(app: Flask, village: Village):
    rented, _mandate = accounts_of(village, village.home)
    with unit_of_work(village.tenant.id):
        both = paper(village, "Inventario", renter=True, owner=True)
        theirs = paper(village, "Acuerdo con el propietario", renter=False, owner=True)
    renter = client_of(app, village, village.renter, (rented, "renter"))
    assert renter.get("/contracts").headers["Location"].endswith(f"/contracts/{village.home}")
    page = checked_get(renter, f"/contracts/{village.home}")
    for shown in ("$2.000.000", "1/12/2026", "Ley 820 de 2003", "Inventario", "30 de noviembre de 2026"):
        assert shown in page.text, shown
    for hidden in ("Omar Restrepo", "Beatriz", "Acuerdo con el propietario", "Comisión"):
        assert hidden not in page.text, hidden
    served = renter.get(f"/contracts/documents/{both}")
    assert served.data == PDF + b"Inventario"
    assert served.headers["Cache-Control"] == "private, no-store"
    assert served.headers["Content-Disposition"].startswith("attachment")
    assert renter.get(f"/contracts/documents/{theirs}").status_code == 404
    assert renter.get(f"/contracts/{village.office}").status_code == 404


def test_a_co_owner_sees_the_own_share_and_the_whole(app: Flask, village: Village):
    _rented, mandate = accounts_of(village, village.home)
    with unit_of_work(village.tenant.id):
        theirs = paper(village, "Acuerdo", renter=False, owner=True)
        renters = paper(village, "Llaves", renter=True, owner=False)
    co_owner = client_of(app, village, village.co_owner, (mandate, "owner"))
    page = checked_get(co_owner, f"/contracts/{village.home}")
    for shown in ("40 %", "$800.000", "$2.000.000", "Omar Restrepo (60 %)", "9 %", "Acuerdo"):
        assert shown in page.text, shown
    for hidden in ("Renata", "Llaves"):
        assert hidden not in page.text, hidden
    assert co_owner.get(f"/contracts/documents/{theirs}").status_code == 200
    assert co_owner.get(f"/contracts/documents/{renters}").status_code == 404
    assert co_owner.get(f"/contracts/{village.office}").status_code == 404


def test_an_owner_of_several_sees_a_list(app: Flask, village: Village):
    accounts = [accounts_of(village, one)[1] for one in (village.home, village.office)]
    owner = client_of(app, village, village.owner, *((account, "owner") for account in accounts))
    page = checked_get(owner, "/contracts")
    assert "Calle 10 # 20-30" in page.text
    assert "Carrera 7 # 1-1" in page.text


def test_a_former_renter_sees_the_own_contract_only(app: Flask, village: Village):
    rented, _mandate = accounts_of(village, village.home)
    with unit_of_work(village.tenant.id):
        kept = paper(village, "Acta de entrega", renter=True, owner=False)
        place = lease(village.home).property_id
        end_lease(village.home, datetime.date(2026, 9, 30), "Entrega", today=TODAY, actor=SYSTEM)
    former = client_of(app, village, village.renter, (rented, "renter"))
    with unit_of_work(village.tenant.id):
        after = add_customer("Otra Inquilina", document="777")
        next_lease = write_lease(
            "CT-7", "A7", "Calle 10 # 20-30, apartamento 401", [after], [(village.owner, 1_000_000)],
            rent=3_333_000_00, scenario="vivienda", starts_on=datetime.date(2026, 10, 1),
        )  # fmt: skip
        assert lease(next_lease).property_id != place
    page = checked_get(former, f"/contracts/{village.home}")
    assert "Terminó el 30 de septiembre de 2026" in page.text
    assert former.get(f"/contracts/documents/{kept}").status_code == 200
    assert former.get(f"/contracts/{next_lease}").status_code == 404
    assert "3.333.000" not in former.get("/contracts", follow_redirects=True).get_data(as_text=True)


def test_strangers_and_drafts_and_old_versions_are_not_found(app: Flask, village: Village):
    rented, _mandate = accounts_of(village, village.home)
    with unit_of_work(village.tenant.id):
        old = paper(village, "Póliza", renter=True, owner=True)
        new = paper(village, "Póliza", renter=True, owner=True)
        stranger = add_customer("Zoila Extraña", document="999")
        assert (
            db.session.execute(select(LeaseDocument.version).where(LeaseDocument.id == new)).scalar_one() == 2
        )
        lease(village.office).status = "draft"
    renter = client_of(app, village, village.renter, (rented, "renter"))
    assert renter.get(f"/contracts/documents/{old}").status_code == 404
    assert renter.get(f"/contracts/documents/{new}").status_code == 200
    outside = client_of(app, village, stranger)
    for path in (f"/contracts/{village.home}", f"/contracts/documents/{new}"):
        assert outside.get(path).status_code == 404
    checked_get(outside, "/contracts")
    firm, _ = accounts_of(village, village.office)
    drafted = client_of(app, village, stranger_of(village), (firm, "renter"))
    assert drafted.get(f"/contracts/{village.office}").status_code == 404


def stranger_of(village: Village) -> uuid.UUID:
    with unit_of_work(village.tenant.id):
        return add_customer("Firma", document="998")


def test_staff_who_look_on_see_what_the_customer_sees(app: Flask, village: Village):
    looking = signed_in(app, village.tenant, village.staff, viewing=village.renter)
    page = checked_get(looking, f"/contracts/{village.home}")
    assert "Omar Restrepo" not in page.text
    assert looking.get(f"/contracts/{village.office}").status_code == 404


def test_lists_leave_the_house_as_files_that_run_nothing(app: Flask, village: Village):
    desk = signed_in(app, village.tenant, village.staff)
    with unit_of_work(village.tenant.id):
        write_lease(
            "CT-8", "A8", "=cmd|' /C calc'!A0", [village.renter], [(village.owner, 1_000_000)],
            rent=1_000_000_00, scenario=None,
        )  # fmt: skip
        paper(village, "Póliza", renter=True, owner=True)
    for path in ("?", "/adjustments?month=2026-12&", "/properties?", "/documents?days=90&"):
        for kind, start in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("pdf", b"%PDF-")):
            answer = desk.get(f"/desk/leases{path}format={kind}")
            assert answer.status_code == 200, path
            assert answer.data.startswith(start), (path, kind)
    text = desk.get("/desk/leases?format=csv").data.decode("utf-8-sig")
    assert "'=cmd" in text
    assert "CT-1" in text
    assert "CT-2" not in desk.get("/desk/leases?format=csv&purpose=housing").data.decode("utf-8-sig")
    checked_get(desk, "/desk/leases")
