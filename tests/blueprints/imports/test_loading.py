"""Packs go in whole, the wrong rows alone stay out, and a repeat changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from blueprints.accounts.models import Account, AccountParty, Customer, Property
from blueprints.imports import runs
from blueprints.imports.batches import find_batch
from blueprints.imports.loading import SLICE
from blueprints.imports.models import ImportBatch, ImportRefusal
from blueprints.imports.staging.statement import NoTenantNamed, arrange, execute
from blueprints.imports.staging.stems import Stems
from blueprints.invoices.models import Invoice, InvoiceLine
from blueprints.leases.models import Lease
from blueprints.ledger import queries as books
from blueprints.ledger import rules
from blueprints.payments.models import Payment
from saas import audit
from saas.clock import now
from saas.events import _handlers
from saas.scope import unit_of_work
from tests.blueprints.imports.files import PACKS, RENT_HEADER, put, receipts
from tests.blueprints.imports.loads import (
    balances,
    check_books,
    checksum,
    good,
    load,
    numbers,
    one,
    reasons,
)
from tests.cast import add_customer, add_user, make_agency, make_utility
from tests.database import DatabaseUrls

AGENCIA = {
    "agencia-terceros": (26, 0, 0, 0),
    "agencia-inmuebles": (12, 0, 0, 0),
    "agencia-contratos": (12, 0, 0, 0),
    "agencia-facturas-arrendamiento": (222, 0, 0, 5),
    "agencia-facturas-comision": (213, 0, 0, 0),
    "agencia-recibos-caja": (213, 0, 0, 0),
    "agencia-egresos-propietarios": (288, 0, 0, 0),
}
WRONG_RENT = {
    119: ["There is no account “CT-9999”."],
    140: ["“31/09/2026” is not a day of the calendar."],
    157: ["It does not add up: valor + iva - retencion is 1.000.000,00, not 1.100.000,00."],
    198: ["“FV-10006” is already in row 7."],
    215: ["It is negative.", "It is not more than zero."],
}
WRONG_WATER = {
    72: ["“30/02/2026” is not a day of the calendar."],
    101: ["There is no account “999-0000000-000-0”."],
    108: ["“B-0012-00000004” is already in row 5."],
    135: ["“mil” is not an amount of money."],
}


def test_the_agency_comes_in_whole(app: Flask) -> None:
    tenant = make_agency()
    outcomes = good(tenant.id, "agencia")
    assert {one.profile: numbers(one) for one in outcomes} == AGENCIA
    assert reasons(outcomes[3]) == WRONG_RENT
    assert [one.report.problems for one in outcomes if one is not outcomes[3]] == [[]] * 6
    check_books(tenant.id)
    found = balances(tenant.id)
    # All that was collected is paid out or was withheld, to the cent; nothing is left that was only declared.
    assert found[rules.OWNER_PAYABLE] == found[rules.DECLARED] == 0
    assert found[rules.RECEIVABLE] == -found[rules.UNCOLLECTED_RENT] > 0
    # What came in less what was handed on is what the agency earned and owes in tax.
    assert found[rules.CLEARING] == -(found[rules.COMMISSION] + found[rules.TAX_PAYABLE])


def test_the_utility_comes_in_whole(app: Flask) -> None:
    tenant = make_utility()
    accounts, bills = good(tenant.id, "agua")
    assert (numbers(accounts), numbers(bills)) == ((12, 0, 0, 0), (132, 0, 0, 4))
    assert reasons(bills) == WRONG_WATER
    check_books(tenant.id)
    with unit_of_work(tenant.id) as session:
        first = session.execute(select(Invoice).where(Invoice.number == "B-0012-00000001")).scalar_one()
        # Paid on 22/02 after the first date, 18/02: the second amount, with the difference as surcharge.
        assert (first.total, first.second_total, first.open_amount) == (1410614, 1436005, 0)
        assert (first.fiscal_kind, first.details) == ("cae", {"consumption": 22, "unit": "m³"})
        payment = session.execute(
            select(Payment).where(Payment.reference == "5277956320100000000")
        ).scalar_one()
        assert (payment.amount, payment.paid_on.isoformat(), payment.method) == (
            1436005,
            "2025-02-22",
            "Registrado por la empresa",
        )
        account = session.get(Account, (tenant.id, first.account_id))
        assert account is not None
        assert account.details == {
            "category": "Residencial",
            "metered": True,
            "meter": "800420",
            "latitude": "-32.809787",
            "longitude": "-68.877894",
        }
        assert payment.customer_id is not None


def test_a_lease_opens_both_accounts_with_shares(app: Flask) -> None:
    tenant = make_agency()
    for name in ("terceros.csv", "inmuebles.xlsx", "contratos.csv"):
        good(tenant.id, "agencia", PACKS / "agencia" / name)
    with unit_of_work(tenant.id) as session:
        lease = session.execute(select(Lease).where(Lease.number == "CT-2000")).scalar_one()
        assert (lease.rent, lease.commission, lease.payment_day) == (467000000, 90_000, 10)
        owners = session.execute(
            select(AccountParty.share)
            .where(AccountParty.account_id == lease.mandate_account_id)
            .order_by(AccountParty.share)
        ).scalars()
        assert list(owners) == [400_000, 600_000]
        place = session.execute(select(Property).where(Property.code == "A1000")).scalar_one()
        assert (place.latitude, place.longitude is not None) == (6_175_768, True)


def test_a_repeat_changes_nothing(app: Flask, database: DatabaseUrls) -> None:
    agency, utility = make_agency(), make_utility()
    first = [*good(agency.id, "agencia"), *good(utility.id, "agua")]
    before = checksum(database.superuser, {"import_batches", "import_refusals", "audit_rows"})
    again = [*good(agency.id, "agencia"), *good(utility.id, "agua")]
    for one_, same in zip(first, again, strict=True):
        created, _updated, _unchanged, refused = numbers(one_)
        assert numbers(same) == (0, 0, created, refused)
        assert reasons(same) == reasons(one_)
    assert checksum(database.superuser, {"import_batches", "import_refusals", "audit_rows"}) == before


def test_a_dry_run_changes_nothing_and_tells_all(app: Flask, database: DatabaseUrls) -> None:
    tenant = make_agency()
    before = checksum(database.superuser)
    outcomes = load(tenant.id, "agencia", dry_run=True)
    assert checksum(database.superuser) == before
    assert {one.profile: numbers(one) for one in outcomes} == AGENCIA
    assert [one.state for one in outcomes] == ["done"] * 3 + ["refused"] + ["done"] * 3
    with unit_of_work(tenant.id) as session:
        kept = session.execute(select(func.count()).select_from(ImportRefusal)).scalar_one()
        assert kept == 6


def test_all_or_nothing_leaves_nothing_and_stops_the_pack(app: Flask, database: DatabaseUrls) -> None:
    tenant = make_agency()
    outcomes = load(tenant.id, "agencia")
    assert [one.state for one in outcomes] == ["done"] * 3 + ["refused"]
    assert numbers_of_refused(outcomes[3].report) == (0, 0, 5)
    assert reasons(outcomes[3]) == WRONG_RENT
    with unit_of_work(tenant.id) as session:
        assert session.execute(select(func.count()).select_from(Invoice)).scalar_one() == 0
        left = session.execute(
            select(ImportBatch.problem).where(ImportBatch.profile == "agencia-egresos-propietarios")
        ).scalar_one()
        assert left is not None and left["facts"] == {"name": "facturas_arrendamiento.csv"}


def numbers_of_refused(report) -> tuple[int, int, int]:
    return report.created, report.updated, report.refused


def test_lines_add_up_and_say_what_they_are(app: Flask) -> None:
    tenant = make_agency()
    good(tenant.id, "agencia")
    with unit_of_work(tenant.id) as session:
        rows = session.execute(
            select(Invoice.id, Invoice.total, func.sum(InvoiceLine.amount).label("lines"))
            .join(
                InvoiceLine,
                (InvoiceLine.tenant_id == Invoice.tenant_id) & (InvoiceLine.invoice_id == Invoice.id),
            )
            .group_by(Invoice.id, Invoice.total)
        ).all()
        assert len(rows) == 435
        assert all(row.total == row.lines for row in rows)
        first = session.execute(select(Invoice.id).where(Invoice.number == "FV-10001")).scalar_one()
        lines = session.execute(
            select(InvoiceLine.position, InvoiceLine.kind, InvoiceLine.description, InvoiceLine.amount)
            .where(InvoiceLine.invoice_id == first)
            .order_by(InvoiceLine.position)
        ).all()
        assert [tuple(line) for line in lines] == [
            (1, "charge", "Canon de arrendamiento", 467000000),
            (2, "tax", "IVA", 88730000),
            (3, "withholding", "Retención en la fuente", -16345000),
        ]


def test_an_account_of_another_tenant_is_unknown(app: Flask, tmp_path: Path) -> None:
    """K02: a row may not point at another tenant's account, even when its number is right."""
    mine, theirs = make_agency(), make_agency("otra", canary="CANARIO-OTRA")
    good(theirs.id, "agencia")
    path = put(tmp_path, "\r\n".join((RENT_HEADER, rent(1, "CT-2000"))) + "\r\n")
    outcome = one(load(mine.id, "facturas_arrendamiento", path))
    assert (outcome.state, reasons(outcome)) == ("refused", {2: ["There is no account “CT-2000”."]})
    found = one(load(mine.id, "recibos_caja", receipts(tmp_path, "RC-1;FV-10001;31/01/2026;1,00;PSE;x")))
    assert reasons(found) == {2: ["There is no invoice “FV-10001”."]}


def rent(number: int, account: str, *, total: str = "100,00", state: str = "PENDIENTE") -> str:
    return f"FV-{number};{account};2026-01;Canon;{total};0;0;{total};01/01/2026;10/01/2026;{state};"


@pytest.fixture
def leased(app: Flask):
    """An agency with people, properties and leases."""
    tenant = make_agency()
    for name in ("terceros.csv", "inmuebles.xlsx", "contratos.csv"):
        good(tenant.id, "agencia", PACKS / "agencia" / name)
    return tenant


def rents(folder: Path, *rows: str) -> Path:
    return put(folder, "\r\n".join((RENT_HEADER, *rows)) + "\r\n", name="rents.csv")


def test_a_number_with_other_content_is_refused_with_the_columns(leased, tmp_path: Path) -> None:
    load(leased.id, "facturas_arrendamiento", rents(tmp_path, rent(1, "CT-2000")))
    found = one(
        good(
            leased.id,
            "facturas_arrendamiento",
            rents(tmp_path, rent(1, "CT-2001", total="90,00"), rent(2, "CT-2000")),
        )
    )
    assert numbers(found) == (1, 0, 0, 1)
    assert reasons(found) == {
        2: ["“FV-1” is already in the books with other content: contrato, total, valor."]
    }


def test_an_invoice_that_is_said_paid_later_is_settled_then(leased, tmp_path: Path) -> None:
    load(leased.id, "facturas_arrendamiento", rents(tmp_path, rent(1, "CT-2000"), rent(2, "CT-2000")))
    found = one(
        load(
            leased.id,
            "facturas_arrendamiento",
            rents(tmp_path, rent(1, "CT-2000", state="PAGADA"), rent(2, "CT-2000")),
        )
    )
    assert numbers(found) == (0, 1, 1, 0)
    check_books(leased.id)
    assert balances(leased.id)[rules.DECLARED] == 100_00
    assert balances(leased.id)[rules.OWNER_PAYABLE] == -100_00
    # Our own knowledge is not undone by a file that still says pending.
    again = one(load(leased.id, "facturas_arrendamiento", rents(tmp_path, rent(1, "CT-2000"))))
    assert numbers(again) == (0, 0, 1, 0)


def test_receipts_confirm_what_was_declared_and_settle_the_rest(leased, tmp_path: Path) -> None:
    load(
        leased.id,
        "facturas_arrendamiento",
        rents(tmp_path, rent(1, "CT-2000", state="PAGADA"), rent(2, "CT-2000"), rent(3, "CT-2000")),
    )
    found = one(
        good(
            leased.id,
            "recibos_caja",
            receipts(
                tmp_path,
                "RC-1;FV-1;11/01/2026;40,00;PSE;a",
                "RC-2;FV-1;12/01/2026;60,00;PSE;b",
                "RC-3;FV-2;12/01/2026;30,00;PSE;c",
                "RC-4;FV-2;13/01/2026;30,00;PSE;d",
                "RC-5;FV-2;13/01/2026;50,00;PSE;e",
                "RC-6;FV-9;13/01/2026;50,00;PSE;f",
            ),
        )
    )
    assert numbers(found) == (4, 0, 0, 2)
    assert reasons(found) == {
        6: ["It is more than what is owed on invoice FV-2."],
        7: ["There is no invoice “FV-9”."],
    }
    check_books(leased.id)
    held = balances(leased.id)
    assert (held[rules.CLEARING], held[rules.DECLARED]) == (160_00, 0)
    assert held[rules.OWNER_PAYABLE] == -160_00
    assert held[rules.RECEIVABLE] == 140_00


def test_people_are_brought_up_to_date(app: Flask, tmp_path: Path) -> None:
    tenant = make_agency()
    header = "tipo_documento;numero_documento;nombre;correo;celular;direccion;ciudad"
    load(
        tenant.id, "terceros", put(tmp_path, f"{header}\nCC;1.017.123.456;Ana Ríos;ANA@Example.com;;;Bello\n")
    )
    found = one(
        load(tenant.id, "terceros", put(tmp_path, f"{header}\nCC;1017123456;Ana Ríos Paz;;300 123 4567;;\n"))
    )
    assert numbers(found) == (0, 1, 0, 0)
    with unit_of_work(tenant.id) as session:
        person = session.execute(select(Customer)).scalar_one()
        assert (person.name, person.email, person.phone, person.city) == (
            "Ana Ríos Paz",
            "ana@example.com",
            "+573001234567",
            "Bello",
        )


def test_another_holder_is_not_put_in_by_a_file(app: Flask, tmp_path: Path) -> None:
    tenant = make_utility()
    good(tenant.id, "agua", PACKS / "agua" / "cuentas.csv")
    header, first = (PACKS / "agua" / "cuentas.csv").read_bytes().splitlines()[:2]
    changed = first.replace(b";19261266;", b";20000001;")
    assert changed != first
    found = one(load(tenant.id, "agua-cuentas", put(tmp_path, header + b"\r\n" + changed + b"\r\n")))
    assert reasons(found) == {2: ["The account “061-0100000-625-0” has another holder in the books."]}


def test_people_with_a_login_are_told_of_new_accounts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_utility()
    told: list[object] = []
    monkeypatch.setitem(
        _handlers, "customer.parties-changed", [lambda customer_ids: told.extend(customer_ids)]
    )
    with unit_of_work(tenant.id):
        known = add_customer("Camila", document="19261266", document_kind="DNI")
        add_user("camila@x.test", customer_id=known)
    good(tenant.id, "agua", PACKS / "agua" / "cuentas.csv")
    assert told == [known]


def test_more_rows_than_a_slice(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_agency()
    monkeypatch.setattr("blueprints.imports.loading.SLICE", 7)
    outcomes = good(tenant.id, "agencia")
    assert {one.profile: numbers(one) for one in outcomes} == AGENCIA
    check_books(tenant.id)
    assert balances(tenant.id)[rules.OWNER_PAYABLE] == 0
    assert SLICE > 7


def test_progress_is_seen_from_outside_while_it_runs(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_utility()
    good(tenant.id, "agua", PACKS / "agua" / "cuentas.csv")
    monkeypatch.setattr(runs, "SECONDS_BETWEEN_TICKS", 0)
    monkeypatch.setattr("blueprints.imports.loading.SLICE", 50)
    seen: list[tuple[str, int, int]] = []
    tick = runs.Progress.__call__

    def look(self: runs.Progress, rows_read: int, rows_done: int) -> None:
        tick(self, rows_read, rows_done)
        with unit_of_work(tenant.id) as session:
            row = session.execute(
                select(ImportBatch.state, ImportBatch.rows_read, ImportBatch.rows_done)
                .order_by(ImportBatch.created_at.desc())
                .limit(1)
            ).one()
            assert session.execute(select(func.count()).select_from(Invoice)).scalar_one() == 0
            seen.append(tuple(row))

    monkeypatch.setattr(runs.Progress, "__call__", look)
    good(tenant.id, "agua", PACKS / "agua" / "facturas.csv")
    assert [done for _state, _read, done in seen] == [0, 54, 104, 136]
    assert {state for state, _read, _done in seen} == {"running"}


def test_one_import_at_a_time(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one waits for the tenant's lock; it would find the first one's rows then."""
    import threading

    tenant = make_utility()
    inside, go_on = threading.Event(), threading.Event()
    begin = runs._begin

    def held(*args: object) -> bool:
        answer = begin(*args)  # type: ignore[arg-type]
        inside.set()
        assert go_on.wait(20)
        return answer

    monkeypatch.setattr(runs, "_begin", held)
    found: list[object] = []

    def work() -> None:
        with app.app_context():
            found.append(good(tenant.id, "agua", PACKS / "agua" / "cuentas.csv"))

    first, second = threading.Thread(target=work), threading.Thread(target=work)
    first.start()
    assert inside.wait(20)
    inside.clear()
    second.start()
    assert not inside.wait(0.5)  # the second stands before the lock
    go_on.set()
    first.join(20)
    second.join(20)
    assert sorted(numbers(one(outcomes)) for outcomes in found) == [(0, 0, 12, 0), (12, 0, 0, 0)]  # type: ignore[arg-type]


def test_a_batch_that_fails_says_so_and_keeps_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_utility()
    monkeypatch.setattr("blueprints.imports.staging.supplies.finish", lambda load: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        good(tenant.id, "agua", PACKS / "agua" / "cuentas.csv")
    with unit_of_work(tenant.id) as session:
        batch = session.execute(select(ImportBatch)).scalar_one()
        assert (batch.state, batch.created) == ("failed", 0)
        assert session.execute(select(func.count()).select_from(Account)).scalar_one() == 0


def test_an_import_leaves_evidence(app: Flask) -> None:
    tenant = make_utility()
    outcome = one(good(tenant.id, "agua", PACKS / "agua" / "cuentas.csv"))
    with unit_of_work(tenant.id) as session:
        row = session.execute(select(audit.AuditRow)).scalar_one()
        assert (row.action, row.subject_id, row.data["created"]) == ("import.done", outcome.batch_id, 12)
        assert find_batch(outcome.batch_id).state == "done"
        assert books.balance(rules.RECEIVABLE) == 0


def test_statements_must_name_the_tenant(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        with pytest.raises(NoTenantNamed):
            execute("SELECT count(*) FROM invoices")
        for statement in (
            "SELECT count(*) FROM invoices",
            "SELECT count(*) FROM staged s JOIN invoices i ON true",
            "DELETE FROM customers",
            "INSERT INTO customers SELECT 1",
            "UPDATE customers SET name = ''",
        ):
            with pytest.raises(NoTenantNamed):
                arrange(statement)


def test_stems_make_ids_of_version_seven_in_order() -> None:
    import uuid

    made = [uuid.UUID(stem + "0010") for stem in Stems(now()).take(10_000)]
    assert made == sorted(made) and len(set(made)) == 10_000
    assert {one.version for one in made} == {7} and {one.variant for one in made} == {uuid.RFC_4122}
