"""Imported leases: how they are taxed, since when they cost what they cost, and what a second file changes."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from blueprints.invoices.models import Invoice
from blueprints.leases.models import Lease, LeaseRent, LeaseScenario
from saas.database import db
from saas.outbox import drain
from saas.scope import unit_of_work
from tenants.loading import serving
from tests.blueprints.imports.files import PACKS
from tests.blueprints.imports.loads import good, load, numbers, one
from tests.cast import make_agency


def test_a_pack_s_leases_are_taxed_as_their_invoices_show(app: Flask) -> None:
    tenant = make_agency()
    good(tenant.id, "agencia")
    with unit_of_work(tenant.id):
        rows = db.session.execute(
            select(
                Lease.number, LeaseScenario.rent_taxes, Lease.scenario_from, Invoice.tax, Invoice.withholding
            )
            .join(Invoice, Invoice.account_id == Lease.lease_account_id)
            .join(LeaseScenario, LeaseScenario.code == Lease.scenario_code)
        ).all()
        assert len(rows) > 200
        for row in rows:
            assert row.scenario_from == "invoiced"
            assert {levy["kind"] for levy in row.rent_taxes} == (
                {kind for kind, amount in (("tax", row.tax), ("withholding", row.withholding)) if amount}
            ), row.number
        assert len({tuple(levy["rate"] for levy in row.rent_taxes) for row in rows}) == 2
        leases, rents = (
            db.session.execute(select(func.count()).select_from(model)).scalar_one()
            for model in (Lease, LeaseRent)
        )
        assert leases == rents
        odd = db.session.execute(
            select(Lease.number)
            .join(LeaseRent, LeaseRent.lease_id == Lease.id)
            .where(
                (LeaseRent.valid_from != Lease.starts_on)
                | (LeaseRent.rent != Lease.rent)
                | (Lease.rent_since != Lease.starts_on)
                | (Lease.term_until != Lease.ends_on)
            )
        ).all()
        assert not odd


def test_a_higher_rent_in_a_second_file_holds_from_this_month(app: Flask, tmp_path: Path) -> None:
    tenant = make_agency()
    for profile, name in (
        ("terceros", "terceros.csv"),
        ("inmuebles", "inmuebles.xlsx"),
        ("contratos", "contratos.csv"),
    ):
        one(load(tenant.id, profile, PACKS / "agencia" / name))
    text = (PACKS / "agencia" / "contratos.csv").read_bytes().decode("latin-1").splitlines()
    changed = text[1].split(";")
    changed[5], changed[7] = "9.999.000", "31/12/2030"
    path = tmp_path / "contratos.csv"
    path.write_bytes("\r\n".join([text[0], ";".join(changed), *text[2:], ""]).encode("latin-1"))
    assert numbers(one(load(tenant.id, "contratos", path))) == (0, 1, 11, 0)
    assert numbers(one(load(tenant.id, "contratos", path))) == (0, 0, 12, 0)
    with unit_of_work(tenant.id):
        lease = db.session.execute(select(Lease).where(Lease.number == changed[0])).scalar_one()
        rents = db.session.execute(
            select(LeaseRent.rent, LeaseRent.reason, LeaseRent.valid_from)
            .where(LeaseRent.lease_id == lease.id)
            .order_by(LeaseRent.valid_from)
        ).all()
        assert [row.reason for row in rents] == ["start", "agreed"]
        assert rents[1].rent == lease.rent == 9_999_000_00
        assert lease.rent_since == rents[1].valid_from
        assert lease.rent_since.day == 1
        assert lease.term_until == lease.ends_on


def test_leases_that_renewed_long_ago_say_so_at_once(app: Flask) -> None:
    tenant = make_agency()
    good(tenant.id, "agencia")
    with unit_of_work(tenant.id):
        today = serving().today()
    with app.app_context():
        drain()
    with unit_of_work(tenant.id):
        renewed = select(func.count()).select_from(Lease)
        assert db.session.execute(renewed.where(Lease.term_until > Lease.ends_on)).scalar_one()
        assert not db.session.execute(renewed.where(Lease.term_until < today)).scalar_one()
