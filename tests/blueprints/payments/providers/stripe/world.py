"""A tenant that is paid through Stripe, over the peer."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.attempts import adapter_view, read_attempt
from blueprints.payments.interface import AttemptView, ProviderAccountView
from blueprints.payments.models import Attempt, InboxRow, ObservationRow, Payment, QuarantinedPayment
from blueprints.payments.polling import poll
from blueprints.payments.providers.stripe.adapter import Stripe
from blueprints.payments.providers.stripe_simulator.happenings import Happenings
from blueprints.payments.providers.stripe_simulator.shelf import Thing
from blueprints.payments.starting import Started
from blueprints.payments.wire import EXTENSION as WIRE
from saas import outbox
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tenants.provider_account_services import HOOK_TOKEN, OpenedAccount, add_provider_account, open_account
from tenants.provider_accounts import ProviderAccount
from tests.application import client_for
from tests.blueprints.payments.providers.stripe.peer import Merchant, StripePeer, as_sent, signed
from tests.blueprints.payments.world import PayingWorld, paying_world

SECRET = "whsec_0123456789abcdefghij"


@dataclass
class StripeWorld:
    paying: PayingWorld
    peer: StripePeer
    merchant: Merchant
    secret: str

    @property
    def tenant_id(self) -> uuid.UUID:
        return self.paying.tenant.id

    def account(self) -> OpenedAccount:
        with unit_of_work(self.tenant_id):
            return open_account(self.paying.provider_account_id)

    def view(self) -> ProviderAccountView:
        return view_of(self.account())

    def adapter(self) -> Stripe:
        found = adapter_of(self.account())
        assert isinstance(found, Stripe)
        return found

    def start(self, amount: int = 100_000) -> Started:
        return self.paying.start(self.paying.invoice(amount))

    def attempt(self, attempt_id: uuid.UUID) -> Attempt:
        return self.paying.attempt(attempt_id)

    def attempt_view(self, attempt_id: uuid.UUID) -> AttemptView:
        account = self.account()
        with unit_of_work(self.tenant_id):
            return adapter_view(read_attempt(attempt_id), account, origin="http://x.localhost")

    def session(self, started: Started) -> str:
        """The id of the session that an attempt was given."""
        found = self.attempt(started.attempt_id).facts["session"]
        assert isinstance(found, str)
        return found

    def intent(self, started: Started) -> str:
        shelf = self.peer.shelf(self.merchant)
        session = shelf.get(self.session(started))
        assert session is not None
        return str(session["payment_intent"])

    def do(self, act: Callable[[Happenings], Any]) -> Any:
        return self.peer.do(self.merchant, act)

    def pay(self, started: Started) -> None:
        self.do(lambda at_stripe: at_stripe.pay(self.session(started)))

    def hook_path(self) -> str:
        return f"/hooks/stripe/{self.account().secrets[HOOK_TOKEN]}"

    def post(self, body: bytes, header: str | None, *, path: str | None = None) -> int:
        headers = {"Content-Type": "application/json"}
        if header is not None:
            headers["Stripe-Signature"] = header
        client = client_for(self.paying.app, "localhost")
        response = client.post(path or self.hook_path(), data=body, headers=headers)
        assert "Set-Cookie" not in response.headers
        return response.status_code

    def notify(
        self, event: Thing, *, secret: str | None = None, path: str | None = None, skew: int = 0
    ) -> int:
        """Carry an event as Stripe does; returns the status."""
        body = as_sent(event)
        moment = int(now().timestamp()) + skew
        return self.post(body, signed(body, secret or self.secret, moment), path=path)

    def carry(self, *, order: Callable[[list[Thing]], list[Thing]] = list) -> list[int]:
        """Carry all events that wait, in some order, and do what they ask for."""
        events = [event for merchant, event in self.peer.told if merchant == self.merchant]
        self.peer.told = [
            (merchant, event) for merchant, event in self.peer.told if merchant != self.merchant
        ]
        statuses = [self.notify(event) for event in order(events)]
        outbox.drain()
        return statuses

    def ask(self, started: Started, *, told: bool = False) -> list[str]:
        with unit_of_work(self.tenant_id):
            return poll(started.attempt_id, wire=self.peer, now=now(), jitter=0, told=told)

    def state(self, started: Started) -> str:
        return self.attempt(started.attempt_id).state

    def observed(self) -> list[tuple[str, int]]:
        with unit_of_work(self.tenant_id):
            rows = db.session.execute(
                select(ObservationRow.kind, ObservationRow.amount).order_by(
                    ObservationRow.recorded_at, ObservationRow.id
                )
            )
            return [(row.kind, row.amount) for row in rows]

    def inbox(self) -> list[str]:
        with unit_of_work(self.tenant_id):
            return list(db.session.execute(select(InboxRow.state).order_by(InboxRow.received_at)).scalars())

    def quarantine(self) -> list[str]:
        with unit_of_work(self.tenant_id):
            return list(db.session.execute(select(QuarantinedPayment.kind)).scalars())

    def payments(self) -> list[int]:
        with unit_of_work(self.tenant_id):
            return list(db.session.execute(select(Payment.amount)).scalars())


def stripe_world(
    app: Flask,
    slug: str = "aguas",
    *,
    mode: str = "test",
    key: str | None = None,
    secret: str = SECRET,
    connected: str = "",
) -> StripeWorld:
    """A utility that is paid through Stripe alone; all worlds of a test share one Stripe."""
    before = app.extensions.get(WIRE)
    paying = paying_world(app, slug)
    peer = before if isinstance(before, StripePeer) and before.app is app else StripePeer(app)
    app.extensions[WIRE] = paying.wire = peer
    key = key or f"rk_{mode}_{slug}0123456789"
    settings = {"access": "connect", "connected_account": connected} if connected else {"access": "own"}
    with unit_of_work(paying.tenant.id):
        db.session.execute(update(ProviderAccount).values(enabled=False))
        paying.provider_account_id, _token = add_provider_account(
            "stripe", "Stripe", mode, settings, {"key": key, "webhook_secret": secret}
        )
    return StripeWorld(paying, peer, Merchant(key, connected), secret)


def later(**span: float) -> datetime.datetime:
    return now() + datetime.timedelta(**span)
