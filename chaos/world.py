"""Two tenants with payers: one is paid through a bank that signs its notices, one through Stripe's look-alike."""

from __future__ import annotations

import datetime
import itertools
import threading
import uuid
from dataclasses import dataclass, field

from flask import Flask

from blueprints.accounts.models import Access, Account, AccountParty, Customer
from blueprints.invoices.services import NewInvoice, NewLine, issue_invoice
from blueprints.payments.providers.bank_simulator.opening import open_simulator_account
from blueprints.payments.providers.stripe_simulator.opening import open_test_account
from blueprints.platform.starter import give_starter_kit
from saas.audit import SYSTEM
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.scope import unit_of_work
from saas.tokens import digest, new_token
from tenants.loading import serving
from tenants.people import User, UserSession
from tenants.services import NewTenant, create_tenant

BANK, STRIPE = "bank", "stripe"


@dataclass(frozen=True, slots=True)
class Town:
    """A tenant: how it is paid, and what its invoices are called."""

    id: uuid.UUID
    host: str
    provider: str
    type_code: str
    currency: str


@dataclass(slots=True)
class Payer:
    """A customer who is signed in. `csrf` is what a page gave, good for the session."""

    town: Town
    account_id: uuid.UUID
    token: str
    email: str
    csrf: str = ""
    invoices: list[uuid.UUID] = field(default_factory=list)


class World:
    """The towns of one installation; `invoice` may be asked by several threads at once."""

    def __init__(self, app: Flask, payers: int) -> None:
        self.app = app
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        with app.app_context():
            self.towns = [_found("aguas", "utility", BANK), _found("hogar", "agency", STRIPE)]
            self.payers = [
                self._settle(town, number)
                for number, town in zip(range(payers), itertools.cycle(self.towns), strict=False)
            ]

    def invoice(self, payer: Payer) -> uuid.UUID:
        """A new invoice of the payer's account, issued now."""
        number = next(self._numbers)
        with self.app.app_context(), unit_of_work(payer.town.id):
            today = serving().today()
            invoice_id = issue_invoice(
                NewInvoice(
                    number=f"F-{number:06d}",
                    type_code=payer.town.type_code,
                    account_id=payer.account_id,
                    period=f"{today:%Y-%m}",
                    issued_on=today - datetime.timedelta(days=3),
                    due_on=today + datetime.timedelta(days=20),
                    currency=payer.town.currency,
                    lines=[NewLine("charge", "Servicio", 100_000 + number)],
                )
            )
        payer.invoices.append(invoice_id)
        return invoice_id

    def _settle(self, town: Town, number: int) -> Payer:
        moment, token, email = now(), new_token(), f"persona{number}@example.com"
        kind = "supply" if town.type_code == "supply" else "lease"
        customer_id, user_id, account_id = new_id(), new_id(), new_id()
        person = {"name": f"Persona {number}", "email": email, "created_at": moment}
        with unit_of_work(town.id) as session:
            session.add(
                Customer(
                    id=customer_id,
                    document_kind="DNI",
                    document_number=str(10_000_000 + number),
                    updated_at=moment,
                    **person,
                )
            )
            session.add(
                Account(
                    id=account_id,
                    kind=kind,
                    number=f"061-{number}",
                    address="Calle 1",
                    city="Ciudad",
                    created_at=moment,
                )
            )
            session.flush()
            session.add(User(id=user_id, status="active", customer_id=customer_id, **person))
            session.add(
                AccountParty(
                    id=new_id(),
                    account_id=account_id,
                    customer_id=customer_id,
                    role="holder",
                    share=1_000_000,
                )
            )
            session.flush()
            session.add(
                Access(
                    id=new_id(),
                    user_id=user_id,
                    account_id=account_id,
                    role="holder",
                    main=True,
                    can_pay=True,
                    created_at=moment,
                )
            )
            session.add(
                UserSession(
                    id=new_id(),
                    token_digest=digest(token),
                    user_id=user_id,
                    host=town.host,
                    created_at=moment,
                    last_seen_at=moment,
                    expires_at=moment + datetime.timedelta(days=2),
                    confirmed_at=moment,
                    device="Firefox",
                    address="127.0.0.1",
                )
            )
        return Payer(town, account_id, token, email)


def _found(slug: str, kind: str, provider: str) -> Town:
    utility = kind == "utility"
    currency, type_code = ("ARS", "supply") if utility else ("COP", "rent")
    tenant_id = create_tenant(
        NewTenant(
            slug=slug,
            name=slug.capitalize(),
            legal_name=f"{slug.capitalize()} S.A.",
            tax_number="30-70000000-1" if utility else "900123456-7",
            country="AR" if utility else "CO",
            locale="es_AR" if utility else "es_CO",
            currency=currency,
            time_zone="America/Argentina/Mendoza" if utility else "America/Bogota",
            host=f"{slug}.localhost",
            settings={
                "staff.second-factor": "optional",
                "support.phone": "0800 222 2482",
                "support.email": "hola@example.com",
            },
        )
    )
    with unit_of_work(tenant_id):
        give_starter_kit(kind, theme=None, actor=SYSTEM)
        open_simulator_account() if provider == BANK else open_test_account()
        db.session.flush()
    return Town(tenant_id, f"{slug}.localhost", provider, type_code, currency)
