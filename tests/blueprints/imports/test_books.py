"""What a file posts set-based is what the services post one by one, account by account, to the cent."""

from __future__ import annotations

import datetime
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select, update

from blueprints.accounts.models import Account, AccountParty, Customer, Property
from blueprints.imports.recognise import files_of, resolve_profile
from blueprints.invoices.models import Invoice
from blueprints.invoices.services import NewInvoice, NewLine, issue_invoice
from blueprints.leases.models import Lease
from blueprints.leases.parties import OWNER, RENTER, NewPeople, change_people
from blueprints.leases.people import Person, find
from blueprints.leases.services import (
    NewLease,
    book_collected_rent,
    open_lease,
    record_payout,
    withhold_commission,
)
from blueprints.ledger import rules
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.services import post
from blueprints.payments.models import Payment
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from saas.audit import SYSTEM
from saas.clock import now
from saas.database import db
from saas.identity_numbers import normalise_document
from saas.ids import new_id
from saas.money import split
from saas.scope import unit_of_work
from tests.blueprints.imports.files import PACKS, RENT_HEADER, put, read
from tests.blueprints.imports.loads import balances, check_books, good, numbers, one
from tests.cast import add_account, add_customer, make_agency, make_utility


def ledger(tenant_id: uuid.UUID) -> dict[tuple[Any, ...], tuple[int, int]]:
    """Balance and number of postings of every ledger account, named without ids."""
    with unit_of_work(tenant_id) as session:
        rows = session.execute(
            select(
                LedgerAccount.kind,
                Account.kind.label("of"),
                Account.number,
                Customer.document_number,
                func.sum(Posting.amount).label("amount"),
                func.count().label("postings"),
            )
            .select_from(LedgerAccount)
            .join(
                Posting,
                (Posting.tenant_id == LedgerAccount.tenant_id)
                & (Posting.ledger_account_id == LedgerAccount.id),
            )
            .outerjoin(
                Account,
                (Account.tenant_id == LedgerAccount.tenant_id) & (Account.id == LedgerAccount.account_id),
            )
            .outerjoin(
                Customer,
                (Customer.tenant_id == LedgerAccount.tenant_id) & (Customer.id == LedgerAccount.customer_id),
            )
            .group_by(LedgerAccount.kind, Account.kind, Account.number, Customer.document_number)
        )
        return {
            (row.kind, row.of, row.number, row.document_number): (int(row.amount), row.postings)
            for row in rows
        }


def entries(tenant_id: uuid.UUID) -> dict[tuple[str, str], int]:
    """How many entries of each kind and day."""
    with unit_of_work(tenant_id) as session:
        rows = session.execute(
            select(JournalEntry.kind, JournalEntry.occurred_on, func.count().label("entries")).group_by(
                JournalEntry.kind, JournalEntry.occurred_on
            )
        )
        return {(row.kind, str(row.occurred_on)): row.entries for row in rows}


def records(pack: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for profile, path in files_of(resolve_profile(pack), PACKS / pack):
        yield profile.name, read(path, profile.id)[0]


def test_the_agency_posts_what_the_services_post(app: Flask) -> None:
    imported, served = make_agency(), make_agency("servida", canary="CANARIO-SERVIDA")
    good(imported.id, "agencia")
    files = dict(records("agencia"))
    with unit_of_work(served.id):
        _serve_agency(files)
    assert ledger(imported.id) == ledger(served.id)
    assert entries(imported.id) == entries(served.id)
    check_books(imported.id)
    check_books(served.id)


def _serve_agency(files: dict[str, list[dict[str, Any]]]) -> None:
    people: dict[str, uuid.UUID] = {}
    for person in files["terceros"]:
        kind, number = person["document_type"], person["document_number"]
        people[number] = add_customer(
            person["name"], document=normalise_document("CO", kind, number), document_kind=kind
        )
    leases: dict[str, tuple[uuid.UUID, uuid.UUID]] = {}
    for row in files["contratos"]:
        place = Property(
            id=new_id(), code=row["property_code"], kind="", address="-", city="", created_at=now()
        )
        db.session.add(place)
        db.session.flush()
        shares = zip(row["owner_documents"], row["owner_shares"], strict=True)
        open_lease(
            NewLease(
                number=row["number"],
                property_id=place.id,
                address="-",
                city="",
                renters=[people[row["renter_document"]]],
                owners=[(people[document], share * 100) for document, share in shares],
                rent=row["rent"],
                currency="COP",
                commission=row["commission"] * 100,
                payment_day=row["payment_day"],
                starts_on=row["starts_on"],
                ends_on=row["ends_on"],
            )
        )
        found = {
            kind: db.session.execute(
                select(Account.id).where(Account.kind == kind, Account.number == row["number"])
            ).scalar_one()
            for kind in ("lease", "mandate")
        }
        leases[row["number"]] = (found["lease"], found["mandate"])
    invoices: dict[str, uuid.UUID] = {}
    for row in files["facturas-arrendamiento"]:
        if row["account_number"] not in leases:
            continue
        account = leases[row["account_number"]][0]
        invoice = invoices[row["number"]] = _issue(row, account, "rent")
        if row["state"] == "paid":
            post(
                f"declared:{invoice}",
                "payment-declared",
                rules.settle(
                    source=rules.DECLARED, account_id=account, invoice_id=invoice, amount=row["total"]
                ),
                currency="COP",
                occurred_on=row["due_on"],
            )
            book_collected_rent(
                "import:test", [(invoice, row["total"])], currency="COP", paid_on=row["due_on"]
            )
    for row in files["facturas-comision"]:
        invoice = _issue(row, leases[row["account_number"]][1], "commission")
        withhold_commission(invoice, on=row["due_on"])
    for row in files["recibos-caja"]:
        invoice = invoices[row["invoice_number"]]
        post(
            f"confirmed:{invoice}",
            "payment-confirmed",
            rules.confirm_declared(invoice_id=invoice, amount=row["amount"]),
            currency="COP",
            occurred_on=row["received_on"],
        )
    for row in files["egresos-propietarios"]:
        record_payout(
            number=row["number"],
            mandate_account_id=leases[row["account_number"]][1],
            customer_id=people[row["owner_document"]],
            period=row["period"],
            amount=row["amount"],
            currency="COP",
            paid_on=row["paid_on"],
            method="",
            reference="",
        )


def _issue(row: dict[str, Any], account_id: uuid.UUID, type_code: str) -> uuid.UUID:
    lines = [
        NewLine("charge", "-", row["net"]),
        NewLine("tax", "-", row["tax"]),
        NewLine("withholding", "-", row.get("withholding") or 0),
    ]
    return issue_invoice(
        NewInvoice(
            number=row["number"],
            type_code=type_code,
            account_id=account_id,
            period=row["period"],
            issued_on=row["issued_on"],
            due_on=row["due_on"],
            currency="COP",
            lines=lines,
        )
    )


def test_the_utility_posts_what_the_services_post(app: Flask) -> None:
    imported, served = make_utility(), make_utility("servida", canary="CANARIO-SERVIDA")
    good(imported.id, "agua")
    files = dict(records("agua"))
    with unit_of_work(served.id):
        accounts = {row["number"]: add_account(row["number"]) for row in files["cuentas"]}
        for row in files["facturas"]:
            if row["account_number"] not in accounts:
                continue
            invoice = issue_invoice(
                NewInvoice(
                    number=row["number"],
                    type_code="supply",
                    account_id=accounts[row["account_number"]],
                    period=row["period"],
                    issued_on=row["issued_on"],
                    due_on=row["due_on"],
                    second_due_on=row["second_due_on"],
                    second_total=row["second_total"],
                    currency="ARS",
                    lines=[NewLine("charge", "-", row["total"])],
                )
            )
            if row["state"] == "paid":
                amount = row["total"] if row["paid_on"] <= row["due_on"] else row["second_total"]
                record_outside_payment(
                    OutsidePayment([(invoice, amount)], row["paid_on"], "ARS", method="-", reference="-")
                )
    assert ledger(imported.id) == ledger(served.id)
    assert entries(imported.id) == entries(served.id)
    with unit_of_work(imported.id) as session:
        mine = {
            row.number: (row.open_amount, row.settled_on)
            for row in session.execute(select(Invoice.number, Invoice.open_amount, Invoice.settled_on))
        }
    with unit_of_work(served.id) as session:
        theirs = {
            row.number: (row.open_amount, row.settled_on)
            for row in session.execute(select(Invoice.number, Invoice.open_amount, Invoice.settled_on))
        }
    assert mine == theirs


def test_owners_share_to_the_last_cent(app: Flask, tmp_path: Path) -> None:
    """Forty leases of up to five owners with crooked shares, and crooked amounts: parts are saas.money.split's, and
    what owners are owed, the agency's commission and the tax are together what was collected."""
    dice = random.Random(7)
    tenant = make_agency()
    people = [f"{1_000_000 + number}" for number in range(12)]
    put(
        tmp_path,
        "tipo_documento;numero_documento;nombre\n"
        + "".join(f"CC;{number};P {number}\n" for number in people),
        name="terceros.csv",
    )
    wanted: dict[tuple[str, str], int] = {}
    leases, rents, commissions, collected, withheld = [], [], [], 0, 0
    for number in range(40):
        owners = dice.sample(people, dice.randint(1, 5))
        cuts = sorted(dice.sample(range(1, 10_000), len(owners) - 1))
        shares = [b - a for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)]
        written = "|".join(f"{share // 100},{share % 100:02}" for share in shares)
        leases.append(
            f"CT-{number};L{number};{people[0]};{'|'.join(owners)};{written};1.000,00;01/01/2026;31/12/2026;5;9"
        )
        total, fee = dice.randrange(1, 10**9), dice.randrange(1, 10**6)
        tax = fee * 19 // 100
        collected, withheld = collected + total, withheld + fee + tax
        rents.append(
            f"FV-{number};CT-{number};2026-01;Canon;{money(total)};0;0;{money(total)};01/01/2026;10/01/2026;PAGADA;"
        )
        commissions.append(
            f"FC-{number};CT-{number};{'|'.join(owners)};2026-01;{money(fee)};{money(tax)};{money(fee + tax)};"
            "01/01/2026;10/01/2026;PAGADA"
        )
        # Equal remainders go to the larger share, then to the older customer.
        order = sorted(range(len(owners)), key=lambda i: (-shares[i], people.index(owners[i])))
        parts = split(total, [shares[i] for i in order])
        fees = split(fee + tax, [shares[i] for i in order])
        for i, part, less in zip(order, parts, fees, strict=True):
            wanted[f"CT-{number}", owners[i]] = less - part
    header = (
        "contrato;inmueble;documento_inquilino;documentos_propietarios;participacion;canon;inicio;fin;dia_pago;"
        "comision_pct"
    )
    put(tmp_path, "\n".join((header, *leases)) + "\n", name="contratos.csv")
    put(
        tmp_path,
        "Código;Tipo;Dirección;Ciudad\n"
        + "".join(f"L{number};Casa;Calle {number};Bello\n" for number in range(40)),
        name="inmuebles.csv",
    )
    put(tmp_path, "\n".join((RENT_HEADER, *rents)) + "\n", name="facturas_arrendamiento.csv")
    header = "factura;contrato;documentos_propietarios;periodo;valor;iva;total;emision;vencimiento;estado"
    put(tmp_path, "\n".join((header, *commissions)) + "\n", name="facturas_comision.csv")
    for name in ("terceros", "inmuebles", "contratos", "facturas_arrendamiento", "facturas_comision"):
        outcome = one(good(tenant.id, f"agencia-{name}", tmp_path / f"{name}.csv"))
        assert outcome.state == "done" and numbers(outcome)[3] == 0, outcome.problem
    found = {
        (number, document): amount
        for (kind, _of, number, document), (amount, _count) in ledger(tenant.id).items()
        if kind == rules.OWNER_PAYABLE
    }
    assert found == wanted
    sums = balances(tenant.id)
    assert sums[rules.OWNER_PAYABLE] + sums[rules.COMMISSION] + sums[rules.TAX_PAYABLE] == -collected
    assert sums[rules.COMMISSION] + sums[rules.TAX_PAYABLE] == -withheld
    check_books(tenant.id)


def money(amount: int) -> str:
    return f"{amount // 100},{amount % 100:02}"


def test_a_file_shares_among_the_owners_of_the_day(app: Flask, tmp_path: Path) -> None:
    """The same sale as one by one: rent that came in before it is the seller's, afterwards the buyer's. And a payment
    bears the name of who rented on its day."""
    tenant = make_agency()
    put(
        tmp_path,
        "tipo_documento;numero_documento;nombre\n"
        + "".join(f"CC;{n}000000;P {n}\n" for n in (1, 2, 3, 4, 5)),
        name="terceros.csv",
    )
    put(tmp_path, "Código;Tipo;Dirección;Ciudad\nL1;Casa;Calle 1;Bello\n", name="inmuebles.csv")
    put(
        tmp_path,
        "contrato;inmueble;documento_inquilino;documentos_propietarios;participacion;canon;inicio;fin;dia_pago;"
        "comision_pct\nCT-1;L1;1000000;2000000|3000000;60,00|40,00;1.000,00;01/02/2026;31/12/2026;5;9\n",
        name="contratos.csv",
    )
    for name in ("terceros", "inmuebles", "contratos"):
        good(tenant.id, f"agencia-{name}", tmp_path / f"{name}.csv")
    sold = datetime.date(2026, 7, 1)
    with unit_of_work(tenant.id) as session:
        people = {
            row.document_number[0]: row.id
            for row in session.execute(select(Customer.document_number, Customer.id))
        }
        accounts = {row.kind: row.id for row in session.execute(select(Account.kind, Account.id))}
        for kind, role, goes, comes, share in (
            ("mandate", "owner", "2", "4", 600_000),
            ("lease", "renter", "1", "5", 1_000_000),
        ):
            session.execute(
                update(AccountParty)
                .where(AccountParty.account_id == accounts[kind], AccountParty.customer_id == people[goes])
                .values(valid_until=sold - datetime.timedelta(days=1))
                .execution_options(synchronize_session=False)
            )
            session.add(
                AccountParty(
                    id=new_id(),
                    account_id=accounts[kind],
                    customer_id=people[comes],
                    role=role,
                    share=share,
                    valid_from=sold,
                )
            )
    # One is collected before the contract begins, one on the eve of the sale, one on its day.
    dues = ("10/01/2026", "30/06/2026", "01/07/2026")
    rents = [
        f"FV-{n};CT-1;2026-0{n + 1};Canon;10,00;0;0;10,00;01/01/2026;{due};PAGADA;"
        for n, due in enumerate(dues)
    ]
    put(tmp_path, "\n".join((RENT_HEADER, *rents)) + "\n", name="facturas_arrendamiento.csv")
    outcome = one(good(tenant.id, "agencia-facturas-arrendamiento", tmp_path / "facturas_arrendamiento.csv"))
    assert outcome.state == "done" and numbers(outcome)[3] == 0, outcome.problem
    found = {
        document[0]: -amount
        for (kind, _of, _number, document), (amount, _count) in ledger(tenant.id).items()
        if kind == rules.OWNER_PAYABLE
    }
    assert found == {"2": 1_200, "3": 1_200, "4": 600}
    check_books(tenant.id)
    put(
        tmp_path,
        "recibo,factura,fecha,valor,medio,referencia\n"
        'RC-1,FV-1,30/06/2026,"10,00",PSE,1\nRC-2,FV-2,01/07/2026,"10,00",PSE,2\n',
        name="recibos_caja.csv",
    )
    outcome = one(good(tenant.id, "agencia-recibos-caja", tmp_path / "recibos_caja.csv"))
    assert outcome.state == "done" and numbers(outcome)[3] == 0, outcome.problem
    with unit_of_work(tenant.id) as session:
        rows = session.execute(select(Payment.number, Payment.customer_id))
        payers = {row.number: row.customer_id for row in rows}
    assert payers == {"RC-1": people["1"], "RC-2": people["5"]}


def test_a_file_of_any_day_s_people_is_right_and_changes_nothing_about_them(
    app: Flask, tmp_path: Path
) -> None:
    """Owners and a renter changed at the desk: the old file, the new one, and one with strangers come again."""
    tenant = make_agency()
    put(
        tmp_path,
        "tipo_documento;numero_documento;nombre\n"
        + "".join(f"CC;{n}000000;P {n}\n" for n in (1, 2, 3, 4, 5)),
        name="terceros.csv",
    )
    put(tmp_path, "Código;Tipo;Dirección;Ciudad\nL1;Casa;Calle 1;Bello\n", name="inmuebles.csv")

    def lease_file(renter: str, owners: str, shares: str) -> Path:
        put(
            tmp_path,
            "contrato;inmueble;documento_inquilino;documentos_propietarios;participacion;canon;inicio;fin;dia_pago;"
            f"comision_pct\nCT-1;L1;{renter};{owners};{shares};1.000,00;01/02/2026;31/12/2026;5;9\n",
            name="contratos.csv",
        )
        return tmp_path / "contratos.csv"

    for name in ("terceros", "inmuebles"):
        good(tenant.id, f"agencia-{name}", tmp_path / f"{name}.csv")
    old = ("1000000", "2000000|3000000", "60,00|40,00")
    good(tenant.id, "agencia-contratos", lease_file(*old))
    with unit_of_work(tenant.id) as session:
        lease_id = session.execute(select(Lease.id)).scalar_one()
        for role, people in (
            (OWNER, [("2000000", 250_000), ("4000000", 750_000)]),
            (RENTER, [("5000000", 1_000_000)]),
        ):
            who = [Person("x", "CC", document, share=share) for document, share in people]
            new = NewPeople(role, find(who, "CO"), datetime.date(2026, 7, 1), "Venta")
            assert change_people(lease_id, new, actor=SYSTEM)

    def everybody() -> list[tuple[object, ...]]:
        with unit_of_work(tenant.id) as session:
            rows = session.execute(
                select(
                    AccountParty.id, AccountParty.share, AccountParty.valid_from, AccountParty.valid_until
                ).order_by(AccountParty.id)
            )
            return [tuple(row) for row in rows]

    before = everybody()
    for file in (old, ("5000000", "2000000|4000000", "25,00|75,00"), old):
        outcome = one(good(tenant.id, "agencia-contratos", lease_file(*file)))
        assert numbers(outcome) == (0, 0, 1, 0), file
        assert everybody() == before
    for file in (
        ("1000000", "2000000|4000000", "60,00|40,00"),  # of no day
        ("3000000", "2000000|3000000", "60,00|40,00"),  # never rented
        ("1000000", "2000000|3000000", "50,00|50,00"),
    ):
        outcome = one(good(tenant.id, "agencia-contratos", lease_file(*file)))
        assert numbers(outcome) == (0, 0, 0, 1), file
        assert everybody() == before
