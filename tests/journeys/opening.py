"""What opening an agency takes: its first person, its files, its ways to be paid, and its customers let in."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from decimal import Decimal

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blueprints.accounts.models import Account, AccountParty, Customer
from blueprints.invoices.models import Invoice
from saas import outbox
from saas.database import db
from saas.mail import Mailbox
from saas.scope import unit_of_work
from tests.application import client_for
from tests.blueprints.auth.door import letters, link_in, log_in, use_link
from tests.blueprints.imports.files import PACKS
from tests.cast import PASSWORD, TenantCast
from tests.signed_in import post

PACK = PACKS / "agencia"
ORDER = (
    "terceros.csv",
    "inmuebles.xlsx",
    "contratos.csv",
    "facturas_arrendamiento.csv",
    "facturas_comision.csv",
    "recibos_caja.csv",
    "egresos_propietarios.csv",
)
HOST = "clientes.vecinos.example"
CREATE = [
    "tenant", "create", "vecinos", "--kind", "agency", "--name", "Vecinos Inmobiliaria", "--host", HOST,
    "--country", "CO", "--locale", "es_CO", "--currency", "COP", "--time-zone", "America/Bogota",
]  # fmt: skip


@dataclass
class Opening:
    """An agency from its first command on; `boss` invites, imports and prepares, `partner` approves."""

    app: Flask
    mailbox: Mailbox
    tenant: TenantCast
    boss: FlaskClient = field(init=False)
    partner: FlaskClient = field(init=False)

    def come_in(self, email: str) -> FlaskClient:
        """Who was invited follows the link of the letter, sets a password and signs in."""
        client = client_for(self.app, HOST)
        kept = use_link(client, link_in(letters(self.app, self.mailbox, email)[-1]), password=PASSWORD)
        assert kept.status_code == 303, kept.get_data(as_text=True)
        assert log_in(client, self.tenant, email).status_code == 303
        return client

    def typed(self, *words: str) -> str:
        """What an operator types and reads."""
        done = self.app.test_cli_runner().invoke(args=list(words))
        assert done.exit_code == 0, done.output
        return done.output

    def take_in(self, name: str) -> str:
        """A file of the back office at the desk: read, then its good rows. Returns what the page says of it."""
        page = self.boss.get("/desk/imports/new").get_data(as_text=True)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token
        sent = self.boss.post(
            "/desk/imports/new",
            data={
                "csrf_token": token[1],
                "profile": "auto",
                "file": (io.BytesIO((PACK / name).read_bytes()), name),
            },
            content_type="multipart/form-data",
        )
        assert sent.status_code == 303, sent.get_data(as_text=True)
        begun = post(
            self.boss, sent.location, f"{sent.location}/start", {"what": "import", "mode": "good-rows-only"}
        )
        outbox.drain()
        return self.boss.get(begun.location.removesuffix("/progress")).get_data(as_text=True)

    def invoice(self, contract: str, period: str) -> Invoice:
        """The rent invoice of a contract and a month."""
        with unit_of_work(self.tenant.id):
            return db.session.execute(
                select(Invoice)
                .join(Account, Account.id == Invoice.account_id)
                .where(Account.number == contract, Account.kind == "lease", Invoice.period == period)
            ).scalar_one()

    def renter_of(self, contract: str) -> str:
        """The document of who rents, as the books keep it."""
        with unit_of_work(self.tenant.id):
            return db.session.execute(
                select(Customer.document_number)
                .join(AccountParty, AccountParty.customer_id == Customer.id)
                .join(Account, Account.id == AccountParty.account_id)
                .where(Account.number == contract, Account.kind == "lease")
            ).scalar_one()

    def customer(self, document: str) -> Customer:
        with unit_of_work(self.tenant.id):
            return db.session.execute(
                select(Customer).where(Customer.document_number == document)
            ).scalar_one()


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of a file of the pack, as they stand there."""
    text = (PACK / name).read_bytes().decode("latin-1").removeprefix("\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def cents(written: str) -> int:
    """4.670.000,00 as 467000000."""
    return int(Decimal(written.replace(".", "").replace(",", ".")) * 100)


def last_totals() -> dict[str, int]:
    """What the back office billed each contract in its last month, by the file itself."""
    bills = [row for row in rows_of("facturas_arrendamiento.csv") if row["contrato"] != "CT-9999"]
    last = max(row["periodo"] for row in bills)
    return {row["contrato"]: cents(row["total"]) for row in bills if row["periodo"] == last}
