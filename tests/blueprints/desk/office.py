"""A utility with people at its desk, a customer with an account, and what a page must be."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.scope import unit_of_work
from tenants.provider_accounts import ProviderAccount
from tests import cast, signed_in
from tests.cast import TenantCast

DUE = datetime.date(2026, 10, 15)


@dataclass
class Office:
    tenant: TenantCast
    admin: uuid.UUID
    billing: uuid.UUID
    service: uuid.UUID
    reader: uuid.UUID
    holder: uuid.UUID  # the customer's login
    customer: uuid.UUID
    account: uuid.UUID
    invoice: uuid.UUID
    provider: uuid.UUID

    def at_desk(self, app: Flask, who: str = "admin") -> FlaskClient:
        return signed_in.signed_in(app, self.tenant, getattr(self, who))


def make_office(
    slug: str = "aguas", *, name: str = "Ñandú Peña, José", canary: str = "CANARIO-AGUAS"
) -> Office:
    tenant = cast.make_utility(slug, canary=canary)
    with unit_of_work(tenant.id):
        customer = cast.add_customer(name, document="30123456", email="jose@example.com", document_kind="DNI")
        account = cast.add_account("0042-7", customers=[(customer, "holder", 1_000_000)])
        invoice = cast.add_invoice(account, "B-1", amount=1_234_50, due_on=DUE)
        holder = cast.add_user("jose@example.com", name="José Peña", customer_id=customer)
        cast.give_access(holder, account, main=True)
        return Office(
            tenant,
            admin=cast.add_user("ana@example.com", name="Ana Admin", staff_role="administrator"),
            billing=cast.add_user("beto@example.com", name="Beto Cobros", staff_role="billing"),
            service=cast.add_user("sara@example.com", name="Sara Atiende", staff_role="service"),
            reader=cast.add_user("rita@example.com", name="Rita Lee", staff_role="reader"),
            holder=holder,
            customer=customer,
            account=account,
            invoice=invoice,
            provider=_provider(),
        )


def _provider() -> uuid.UUID:
    row = ProviderAccount(
        id=new_id(), provider="bank_simulator", name="Banco de prueba", mode="test", enabled=True,
        hook_digest="x" * 64, secrets={"key": "SECRETO-SELLADO"}, created_at=now(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row.id


def text_of(answer: TestResponse, status: int = 200) -> str:
    body = answer.get_data(as_text=True)
    assert answer.status_code == status, (answer.status_code, body[-3000:])
    return body


def post(
    client: FlaskClient, page: str, to: str = "", fields: dict[str, object] | None = None
) -> TestResponse:
    """Send the form of a page with its token; `to` when the form leads elsewhere."""
    return signed_in.post(client, page, to or page, fields)  # type: ignore[arg-type]
