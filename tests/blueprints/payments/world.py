"""A tenant that can be paid: its bank, a payer, invoices; wires that never leave the process."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blueprints.payments.choosing import choose
from blueprints.payments.interface import Answer, Observation, Unreachable
from blueprints.payments.models import Attempt
from blueprints.payments.payers import user_as_payer
from blueprints.payments.providers.bank_simulator import messenger, signing
from blueprints.payments.providers.bank_simulator.messenger import Delivery
from blueprints.payments.providers.bank_simulator.opening import open_simulator_account
from blueprints.payments.starting import Started, keep_step, start
from blueprints.payments.wire import EXTENSION as WIRE
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tenants.context import Reach, Viewer
from tenants.loading import serving
from tenants.provider_account_services import HOOK_TOKEN, OpenedAccount, open_account
from tests import cast
from tests.application import client_for
from tests.signed_in import signed_in


class HouseWire:
    """Requests go straight into the application, as if the network had carried them."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.down = False
        self.sent: list[str] = []

    def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        self.sent.append(f"{method} {urlsplit(url).path}")
        if self.down:
            raise Unreachable("the wire is down")
        parts = urlsplit(url)
        client = client_for(self.app, parts.hostname or "")
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        response = client.open(path, method=method, data=body, headers=dict(headers or {}))
        return Answer(
            response.status_code, response.data, {key.lower(): value for key, value in response.headers}
        )


class HeldMessenger(messenger.Messenger):
    """Keeps what the bank would carry, until a test lets it go."""

    def __init__(self, wire: HouseWire) -> None:
        super().__init__(wire)
        self.held: list[Delivery] = []

    def carry(self, delivery: Delivery) -> None:
        self.held.append(delivery)


@dataclass
class PayingWorld:
    app: Flask
    tenant: cast.TenantCast
    provider_account_id: uuid.UUID
    user_id: uuid.UUID
    customer_id: uuid.UUID
    account_id: uuid.UUID
    wire: HouseWire
    bank: HeldMessenger
    email: str
    numbers: int = 0
    invoices: list[uuid.UUID] = field(default_factory=list)

    def client(self) -> FlaskClient:
        return signed_in(self.app, self.tenant, self.user_id)

    def invoice(self, amount: int = 100_000, *, due_in: int = 10, **more: object) -> uuid.UUID:
        """A new invoice on the payer's account; `due_in` days from the tenant's today."""
        self.numbers += 1
        with unit_of_work(self.tenant.id):
            today = serving().today()
            invoice_id = cast.add_invoice(
                self.account_id,
                f"F-{self.numbers}",
                amount=amount,
                currency=self.tenant.currency,
                issued_on=today - datetime.timedelta(days=30),
                due_on=today + datetime.timedelta(days=due_in),
                **more,  # type: ignore[arg-type]
            )
        self.invoices.append(invoice_id)
        return invoice_id

    def reach(self, user_id: uuid.UUID | None = None) -> Reach:
        return Reach(user_id=user_id or self.user_id, today=serving().today())

    def start(self, *invoice_ids: uuid.UUID, user_id: uuid.UUID | None = None) -> Started:
        """Start a payment as a request does: frozen in one transaction, its step kept in a second."""
        with unit_of_work(self.tenant.id):
            who = user_id or self.user_id
            choice = choose(self.reach(who), invoice_ids, today=serving().today(), lock=True)
            started = start(user_as_payer(viewer(who)), choice, now(), origin="http://x.localhost")
        if started.errand is None:
            return started
        step = started.errand.run(self.wire)
        with unit_of_work(self.tenant.id):
            keep_step(started.attempt_id, step)
        return replace(started, step=step)

    def provider_account(self) -> OpenedAccount:
        with unit_of_work(self.tenant.id):
            return open_account(self.provider_account_id)

    def attempt(self, attempt_id: uuid.UUID) -> Attempt:
        with unit_of_work(self.tenant.id):
            return db.session.execute(select(Attempt).where(Attempt.id == attempt_id)).scalar_one()

    def said(self, attempt_id: uuid.UUID, kind: str = "captured", **changes: object) -> Observation:
        """What the bank would say of an attempt, with `changes`."""
        row = self.attempt(attempt_id)
        values: dict[str, object] = {
            "reference": row.reference,
            "kind": kind,
            "amount": row.amount,
            "currency": row.currency,
            "mode": row.mode,
            "provider_reference": "bank-1",
            "occurred_at": now(),
            "evidence": "signed",
            "raw_digest": "0" * 64,
            "event": "1",
            **changes,
        }
        return Observation(**values)  # type: ignore[arg-type]

    def hook_path(self) -> str:
        account = self.provider_account()
        return f"/hooks/bank-simulator/{account.secrets[HOOK_TOKEN]}"

    def notify(
        self,
        body: bytes,
        *,
        path: str | None = None,
        secret: str | None = None,
        at: datetime.datetime | None = None,
    ) -> int:
        """Post a notice as the bank signs it; returns the status."""
        moment = str(int((at or now()).timestamp()))
        key = secret or self.provider_account().secrets["secret"]
        response = client_for(self.app, "localhost").post(
            path or self.hook_path(),
            data=body,
            headers={
                signing.TIME_HEADER: moment,
                signing.SIGNATURE_HEADER: signing.sign_message(key, moment, body),
            },
        )
        assert "Set-Cookie" not in response.headers
        return response.status_code


def viewer(user_id: uuid.UUID) -> Viewer:
    nothing: frozenset[str] = frozenset()
    return Viewer(
        user_id=user_id,
        session_id=user_id,
        name="Persona",
        email="persona@example.com",
        language=None,
        customer_id=None,
        roles=nothing,
        staff_roles=nothing,
        staff_permissions=nothing,
        account_id=None,
        confirmed_at=now(),
    )


def paying_world(app: Flask, slug: str = "aguas", *, email: str = "paga@example.com") -> PayingWorld:
    """A utility with a simulated bank and one holder who may pay."""
    tenant = cast.make_utility(slug, canary=f"CANARIO-{slug.upper()}")
    with unit_of_work(tenant.id):
        provider_account_id = open_simulator_account()
        customer = cast.add_customer("Camila Santino", document="19261266", document_kind="DNI")
        user = cast.add_user(email, name="Camila Santino", customer_id=customer)
        account = cast.add_account("061-1", customers=[(customer, "holder", 1_000_000)])
        cast.give_access(user, account, main=True)
    wire = app.extensions[WIRE] = HouseWire(app)
    bank = app.extensions[messenger.EXTENSION] = HeldMessenger(wire)
    return PayingWorld(app, tenant, provider_account_id, user, customer, account, wire, bank, email)
