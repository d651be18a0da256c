"""A tenant that is paid through PayU's look-alike, and forms and confirmations as PayU writes them."""

from __future__ import annotations

import datetime
import html
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask
from sqlalchemy import select, update

from blueprints.payments.interface import (
    AttemptView,
    CaptureView,
    Form,
    Notice,
    PayerView,
    ProviderAccountView,
)
from blueprints.payments.models import InboxRow, Payment, QuarantinedPayment
from blueprints.payments.polling import poll
from blueprints.payments.providers.payu.adapter import PayU
from blueprints.payments.providers.payu.signing import Keys, confirmation_sign
from blueprints.payments.providers.payu_simulator import merchants, messenger
from blueprints.payments.providers.payu_simulator.checkout import EXTENSION
from blueprints.payments.providers.payu_simulator.messenger import Delivery
from blueprints.payments.providers.payu_simulator.models import PayuOrder
from blueprints.payments.starting import Started
from saas.clock import now
from saas.config import Config
from saas.database import db
from saas.scope import unit_of_work
from tenants.frame import keyring
from tenants.provider_account_services import HOOK_TOKEN, OpenedAccount, add_provider_account, open_account
from tenants.provider_accounts import ProviderAccount
from tests.application import client_for
from tests.blueprints.payments.world import PayingWorld, paying_world

SIMULATOR = "bank.localhost"
MOMENT = datetime.datetime(2026, 11, 21, 15, 0, tzinfo=datetime.UTC)
SANDBOX = {"api_key": "4Vj8eK4rloUd272L48hsrarnUA", "api_login": "pRRXKOl8ikMmt9u"}
TEST_CONFIG = Config.from_env(
    {"VENTANILLA_ENVIRONMENT": "test", "DATABASE_URL": "postgresql://nobody@localhost/x"}
)


def adapter(config: Config = TEST_CONFIG) -> PayU:
    return PayU(config)


def account(
    *,
    mode: str = "test",
    secrets: Mapping[str, str] | None = None,
    previous: Mapping[str, str] | None = None,
    **settings: str,
) -> ProviderAccountView:
    """PayU's sandbox in Colombia, with changes."""
    return ProviderAccountView(
        id=uuid.UUID(int=1),
        tenant_id=uuid.UUID(int=2),
        provider="payu",
        mode=mode,
        settings={"country": "CO", "merchant_id": "508029", "account_id": "512321", **settings},
        secrets=SANDBOX if secrets is None else secrets,
        previous=previous or {},
    )


def attempt(**changes: Any) -> AttemptView:
    values: dict[str, Any] = {
        "id": uuid.UUID(int=3),
        "reference": "ABCD-EFGH-2345",
        "amount": 15_000_50,
        "currency": "COP",
        "description": "Hogar & Raíz: FV-1",
        "language": "es",
        "payer": PayerView("renata@example.com", "Renata Ochoa", "CC", "43.111.222", "+573001112233"),
        "return_url": "http://hogar.localhost/payments/1",
        "notice_url": "http://localhost/hooks/payu/token",
        "created_at": MOMENT,
        "expires_at": MOMENT + datetime.timedelta(hours=24),
        **changes,
    }
    return AttemptView(**values)


def capture(**changes: Any) -> CaptureView:
    values: dict[str, Any] = {
        "attempt_id": uuid.UUID(int=3),
        "reference": "ABCD-EFGH-2345",
        "amount": 15_000_50,
        "currency": "COP",
        "provider_reference": "",
        "captured_at": MOMENT,
        **changes,
    }
    return CaptureView(**values)


def confirmation(
    keys: Keys | None = None, algorithm: str = "HMAC-SHA256", *, sign: str | None = None, **changes: str
) -> dict[str, str]:
    """The fields of a genuine approved confirmation of `attempt()`, signed; `changes` come after the signature
    where they are not signed, before it where they are."""
    signed = {
        "merchant_id": "508029",
        "reference_sale": "ABCD-EFGH-2345",
        "value": "15000.50",
        "currency": "COP",
        "state_pol": "4",
    }
    signed |= {name: value for name, value in changes.items() if name in signed}
    fields = {
        **signed,
        "response_code_pol": "1",
        "reference_pol": "857695047",
        "transaction_id": str(uuid.uuid4()),
        "transaction_date": "2026-11-21 10:00:00",
        "test": "1",
        "tax": "0.00",
        "extra1": "",
        "email_buyer": "renata@example.com",
        "cc_holder": "RENATA OCHOA",
        "sign": confirmation_sign(
            keys or Keys(SANDBOX["api_key"]),
            algorithm,
            merchant_id=signed["merchant_id"],
            reference=signed["reference_sale"],
            value=signed["value"],
            currency=signed["currency"],
            state=signed["state_pol"],
        ),
        **{name: value for name, value in changes.items() if name not in signed},
    }
    return fields if sign is None else {**fields, "sign": sign}


def notice(
    fields: Mapping[str, str] | bytes,
    *,
    content_type: str = "application/x-www-form-urlencoded;charset=UTF-8",
    address: str = "",
) -> Notice:
    body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    return Notice(body, {"content-type": content_type}, MOMENT, address)


class HeldMessenger(messenger.Messenger):
    """Keeps what PayU would carry, until a test lets it go."""

    def __init__(self, wire: Any) -> None:
        super().__init__(wire)
        self.held: list[Delivery] = []

    def carry(self, delivery: Delivery) -> None:
        self.held.append(delivery)


@dataclass
class PayuWorld:
    """The house of `PayingWorld`, paid through PayU in Argentina."""

    house: PayingWorld
    payu_id: uuid.UUID
    merchant: str
    payu: HeldMessenger
    ordered: dict[uuid.UUID, Form] = field(default_factory=dict)

    @property
    def app(self) -> Flask:
        return self.house.app

    @property
    def wire(self) -> Any:
        return self.house.wire

    def invoice(self, amount: int = 100_000) -> uuid.UUID:
        return self.house.invoice(amount)

    def start(self, *invoices: uuid.UUID) -> Started:
        started = self.house.start(*invoices)
        assert isinstance(started.step, Form)
        self.ordered[started.attempt_id] = started.step
        return started

    def state(self, attempt_id: uuid.UUID) -> str:
        return self.house.attempt(attempt_id).state

    def opened(self) -> OpenedAccount:
        with unit_of_work(self.house.tenant.id):
            return open_account(self.payu_id)

    def keys(self, number: int = 0) -> Keys:
        return Keys(merchants.keys_of(keyring(), self.merchant)[number].api_key)

    def change(self, **values: Any) -> None:
        """Write into the provider account's row, past its services."""
        with unit_of_work(self.house.tenant.id):
            db.session.execute(
                update(ProviderAccount).where(ProviderAccount.id == self.payu_id).values(**values)
            )

    def settings(self, **changes: str) -> None:
        self.change(settings={**self.opened().settings, **changes})

    def fields(
        self,
        attempt_id: uuid.UUID,
        *,
        algorithm: str = "HMAC-SHA256",
        keys: Keys | None = None,
        **changes: str,
    ) -> dict[str, str]:
        """A genuine confirmation of an attempt."""
        row = self.house.attempt(attempt_id)
        whole, cents = divmod(row.amount, 100)
        said = {
            "merchant_id": self.merchant,
            "reference_sale": row.reference,
            "value": f"{whole}.{cents:02d}",
            "currency": row.currency,
            **changes,
        }
        return confirmation(keys or self.keys(), algorithm, **said)

    def hook_path(self) -> str:
        return f"/hooks/payu/{self.opened().secrets[HOOK_TOKEN]}"

    def post(
        self,
        fields: Mapping[str, str] | bytes,
        *,
        path: str | None = None,
        content_type: str = "application/x-www-form-urlencoded;charset=UTF-8",
        **headers: str,
    ) -> int:
        body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
        response = client_for(self.app, "localhost").post(
            path or self.hook_path(),
            data=body,
            headers={
                "Content-Type": content_type,
                **{name.replace("_", "-"): v for name, v in headers.items()},
            },
        )
        assert "Set-Cookie" not in response.headers
        return response.status_code

    def at_checkout(self, attempt_id: uuid.UUID) -> str:
        """Send the payer's form. Returns the path of the order's page."""
        form = self.ordered[attempt_id]
        taken = client_for(self.app, SIMULATOR).post(urlsplit(form.action).path, data=dict(form.fields))
        assert taken.status_code == 303, taken.text
        return taken.headers["Location"]

    def decide(self, attempt_id: uuid.UUID, decision: str, notice: str = "once", method: str = "card") -> str:
        """At PayU: decide, and come back. Returns the address that the payer returns to."""
        page = self.at_checkout(attempt_id)
        payu = client_for(self.app, SIMULATOR)
        shown = payu.get(page)
        data = {"csrf_token": token(shown.text), "decision": decision, "notice": notice, "method": method}
        back = payu.post(page, data=data)
        assert back.status_code == 303, back.text
        return back.headers["Location"]

    def carry(self) -> list[int]:
        """Let PayU's messenger go, in the order of time."""
        held, self.payu.held = self.payu.held, []
        return [messenger.post(self.wire, delivery) for delivery in sorted(held, key=lambda one: one.delay)]

    def poll(self, attempt_id: uuid.UUID, *, told: bool = False) -> list[str]:
        with unit_of_work(self.house.tenant.id):
            return poll(attempt_id, wire=self.wire, now=now(), jitter=0, told=told)

    def order_path(self, attempt_id: uuid.UUID) -> str:
        reference = self.house.attempt(attempt_id).reference
        with self.app.app_context():
            order_id = db.session.execute(
                select(PayuOrder.id).where(PayuOrder.reference == reference)
            ).scalar_one()
            db.session.remove()
        return f"/payu/orders/{order_id}"

    def inbox(self) -> list[tuple[str, int]]:
        with unit_of_work(self.house.tenant.id):
            rows = db.session.execute(
                select(InboxRow.state, InboxRow.times).order_by(InboxRow.received_at, InboxRow.id)
            )
            return [(row.state, row.times) for row in rows]

    def quarantine(self) -> list[str]:
        with unit_of_work(self.house.tenant.id):
            return list(db.session.execute(select(QuarantinedPayment.kind)).scalars())

    def payments(self) -> int:
        with unit_of_work(self.house.tenant.id):
            return len(db.session.execute(select(Payment.id)).all())


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return html.unescape(found[1])


def payu_world(app: Flask, slug: str = "aguas", *, merchant: str = "9001", **settings: str) -> PayuWorld:
    """A utility in Argentina whose only way to pay is PayU; `merchant` has keys that the look-alike derives."""
    house = paying_world(app, slug, email=f"paga@{slug}.example")
    keys = merchants.keys_of(app.extensions["keyring"], merchant)[0]
    with unit_of_work(house.tenant.id):
        db.session.execute(update(ProviderAccount).values(enabled=False))
        payu_id, _token = add_provider_account(
            "payu",
            "PayU",
            "test",
            {"country": "AR", "merchant_id": merchant, "account_id": "512322", **settings},
            {"api_key": keys.api_key, "api_login": keys.api_login},
        )
    payu = app.extensions[EXTENSION] = HeldMessenger(house.wire)
    return PayuWorld(house, payu_id, merchant, payu)
