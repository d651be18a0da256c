"""A batch can be taken back while nobody built on it, and the same file goes in again afterwards."""

from __future__ import annotations

import datetime
import uuid
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from blueprints.accounts.models import Account, Customer, Property
from blueprints.imports.batches import find_batch
from blueprints.imports.runs import undo_import
from blueprints.imports.staging.undo import references
from blueprints.invoices.models import Invoice
from blueprints.leases.models import Lease, Payout
from blueprints.ledger import rules
from blueprints.ledger.models import JournalEntry
from blueprints.payments.models import Payment
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from saas import audit
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tests.blueprints.imports.files import PACKS
from tests.blueprints.imports.loads import balances, check_books, good, numbers, one
from tests.cast import TenantCast, make_agency, make_utility


def count(tenant: TenantCast, model: type, *conditions: object) -> int:
    with unit_of_work(tenant.id) as session:
        statement = select(func.count()).select_from(model)
        return session.execute(statement.where(*conditions)).scalar_one()  # type: ignore[arg-type]


def water(tenant: TenantCast) -> uuid.UUID:
    return good(tenant.id, "agua")[1].batch_id


def test_invoices_are_voided_and_go_in_again(app: Flask) -> None:
    tenant = make_utility()
    batch = water(tenant)
    before = balances(tenant.id)
    assert undo_import(tenant.id, batch) == {"voided": 132, "deleted": 127, "kept": 0}
    assert set(balances(tenant.id).values()) == {0}
    check_books(tenant.id)
    assert count(tenant, Payment) == 0
    assert count(tenant, Invoice, Invoice.void_at.is_(None)) == 0
    assert count(tenant, JournalEntry, JournalEntry.kind == "invoice-voided") == 132
    assert find_state(tenant, batch) == "undone"
    again = one(good(tenant.id, "agua", PACKS / "agua" / "facturas.csv"))
    assert numbers(again) == (132, 0, 0, 4)
    assert balances(tenant.id) == before
    check_books(tenant.id)
    with unit_of_work(tenant.id) as session:
        actions = session.execute(select(audit.AuditRow.action).order_by(audit.AuditRow.number)).scalars()
        assert list(actions) == ["import.done", "import.done", "import.undone", "import.done"]


def find_state(tenant: TenantCast, batch: uuid.UUID) -> str:
    with unit_of_work(tenant.id):
        return find_batch(batch).state


def test_only_what_is_done_can_be_undone_and_once(app: Flask) -> None:
    tenant = make_utility()
    batch = water(tenant)
    undo_import(tenant.id, batch)
    with pytest.raises(Refusal, match="Only an import that is done"):
        undo_import(tenant.id, batch)
    with pytest.raises(NotFound):
        undo_import(tenant.id, uuid.uuid4())
    other = make_utility("otra", canary="CANARIO-OTRA")
    with pytest.raises(NotFound):
        undo_import(other.id, batch)


def test_a_payment_from_outside_stands_in_the_way(app: Flask) -> None:
    tenant = make_utility()
    batch = water(tenant)
    with unit_of_work(tenant.id) as session:
        bill = session.execute(
            select(Invoice.id, Invoice.total).where(Invoice.open_amount > 0).limit(1)
        ).one()
        record_outside_payment(
            OutsidePayment(
                [(bill.id, bill.total)], datetime.date(2026, 1, 1), "ARS", method="-", reference="-"
            )
        )
    before = balances(tenant.id)
    with pytest.raises(Refusal, match="Something was paid since on 1 of its invoices"):
        undo_import(tenant.id, batch)
    assert balances(tenant.id) == before
    assert find_state(tenant, batch) == "done"


def test_accounts_and_their_holders_go_when_nothing_refers_to_them(app: Flask) -> None:
    tenant = make_utility()
    outcome = one(good(tenant.id, "agua", PACKS / "agua" / "cuentas.csv"))
    assert undo_import(tenant.id, outcome.batch_id) == {"voided": 0, "deleted": 24, "kept": 0}
    assert count(tenant, Account) == count(tenant, Customer) == 0
    assert numbers(one(good(tenant.id, "agua", PACKS / "agua" / "cuentas.csv"))) == (12, 0, 0, 0)


def test_accounts_with_invoices_stay(app: Flask) -> None:
    tenant = make_utility()
    accounts, bills = good(tenant.id, "agua")
    with pytest.raises(Refusal, match="There are invoices on 12 of its accounts"):
        undo_import(tenant.id, accounts.batch_id)
    undo_import(tenant.id, bills.batch_id)
    with pytest.raises(Refusal, match="in use by other records"):  # voided invoices still refer to them
        undo_import(tenant.id, accounts.batch_id)
    assert count(tenant, Account) == 12


def test_a_pack_is_undone_from_its_end(app: Flask) -> None:
    tenant = make_agency()
    people, places, leases, rents, fees, receipts, payouts = good(tenant.id, "agencia")
    with pytest.raises(Refusal, match="Something was paid since on 213 of its invoices"):
        undo_import(tenant.id, rents.batch_id)
    undo_import(tenant.id, receipts.batch_id)
    check_books(tenant.id)
    assert balances(tenant.id)[rules.DECLARED] > 0
    with pytest.raises(Refusal, match="Owners were already paid for 213 of its invoices"):
        undo_import(tenant.id, rents.batch_id)
    undo_import(tenant.id, payouts.batch_id)
    assert count(tenant, Payout) == 0
    undo_import(tenant.id, fees.batch_id)
    assert undo_import(tenant.id, rents.batch_id)["voided"] == 222
    check_books(tenant.id)
    assert set(balances(tenant.id).values()) == {0}
    assert undo_import(tenant.id, people.batch_id)["kept"] == 24  # who stands behind a lease
    assert {one.profile: numbers(one)[0] for one in good(tenant.id, "agencia")}[
        "agencia-egresos-propietarios"
    ] == 288
    assert balances(tenant.id)[rules.OWNER_PAYABLE] == 0
    check_books(tenant.id)
    assert places.state == leases.state == "done"


def test_leases_go_with_both_accounts(app: Flask) -> None:
    tenant = make_agency()
    outcomes = [
        one(good(tenant.id, "agencia", PACKS / "agencia" / name))
        for name in ("terceros.csv", "inmuebles.xlsx", "contratos.csv")
    ]
    assert undo_import(tenant.id, outcomes[2].batch_id) == {"voided": 0, "deleted": 24, "kept": 0}
    assert count(tenant, Lease) == 0
    assert undo_import(tenant.id, outcomes[1].batch_id)["deleted"] == 12
    assert undo_import(tenant.id, outcomes[0].batch_id)["deleted"] == 26
    assert count(tenant, Property) == count(tenant, Customer) == 0


def test_a_settlement_of_a_known_invoice_is_taken_back(app: Flask, tmp_path: Path) -> None:
    tenant = make_utility()
    good(tenant.id, "agua", PACKS / "agua" / "cuentas.csv")
    source = (PACKS / "agua" / "facturas.csv").read_bytes()
    pending = tmp_path / "pending.csv"
    pending.write_bytes(source.replace(b";PAG;", b";IMP;"))
    good(tenant.id, "agua-facturas", pending)
    before = balances(tenant.id)
    later = one(good(tenant.id, "agua", PACKS / "agua" / "facturas.csv"))
    assert numbers(later) == (0, 127, 5, 4)
    assert undo_import(tenant.id, later.batch_id)["voided"] == 0
    found = balances(tenant.id)
    assert {kind: found[kind] for kind in before} == before
    assert count(tenant, Invoice, Invoice.open_amount == Invoice.total) == 132
    check_books(tenant.id)
    assert numbers(one(good(tenant.id, "agua", PACKS / "agua" / "facturas.csv"))) == (0, 127, 5, 4)


def test_whoever_refers_to_a_customer_is_found_in_the_schema(app: Flask) -> None:
    found = references("customers")
    assert ("users", "customer_id") in found and ("payments", "customer_id") in found
    assert ("account_parties", "account_id") not in references("accounts")  # it goes with its account
