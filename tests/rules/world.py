"""Two tenants of the same shape with something in every table, and the people whose rights are tried on them.

Everything that belongs to the tenant carries its canary, everything that belongs to the customer under attack also
carries a second one. A page that shows either to somebody else has leaked.
"""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import select, text

from blueprints import capabilities
from blueprints.accounts.models import Access, Account, ContactChange, Property
from blueprints.auth.models import RecoveryCode, SecondFactor
from blueprints.auth.second_factor import SECRET
from blueprints.auth.totp import new_secret
from blueprints.cases.catalogue import own_catalogue
from blueprints.cases.certificate import KIND as CASE_FILING
from blueprints.cases.follow_codes import link_token
from blueprints.cases.models import Case, CaseEvent, CaseFile
from blueprints.cases.quote_models import CaseQuote, CaseQuoteLink
from blueprints.imports.models import ImportBatch, ImportRefusal
from blueprints.invoices.models import Invoice
from blueprints.invoices.services import add_invoice_type
from blueprints.leases.models import Lease, LeaseCharge, Payout, PriceIndex
from blueprints.payments.collected_models import CollectedFile, CollectedLineRow, Coupon
from blueprints.payments.interface import Instructions, step_as_data
from blueprints.payments.models import (
    Allocation,
    Attempt,
    AttemptItem,
    InboxRow,
    ObservationRow,
    Payment,
    PaymentLink,
    QuarantinedPayment,
    Receipt,
)
from blueprints.payments.providers.bank_simulator.models import BankOrder
from blueprints.payments.providers.payu_simulator.models import PayuOrder
from blueprints.payments.providers.stripe_simulator.database_shelf import DatabaseShelf, row_of
from blueprints.payments.receipts import CODE_GROUPS
from blueprints.payments.refund_models import (
    Credit,
    CreditUse,
    Dispute,
    Refund,
    RefundPart,
    Reversal,
)
from blueprints.payments.settlement_models import SettlementDifference, SettlementRun
from saas.audit import Actor, record
from saas.clock import now
from saas.database import db
from saas.files import store
from saas.ids import new_id
from saas.platform_database import platform_connection
from saas.scope import unit_of_work
from saas.tokens import digest, new_code, new_token
from tenants.frame import keyring
from tenants.issued_documents import IssuedDocument
from tenants.look import LOGO_PURPOSE
from tenants.models import CalendarChange
from tenants.people import OneTimeLink, StaffRole
from tenants.provider_accounts import ProviderAccount
from tests import cast
from tests.cast import TenantCast
from tests.database import DatabaseUrls
from tests.rules.messages_world import write_messages
from tests.rules.owners_world import earn
from tests.rules.payouts_world import pay_owners
from tests.rules.rows import insert_row, owned_models

PDF = b"%PDF-1.7\n% "
UNKNOWN_ROLE = "a-role-that-allows-nothing"


@dataclass
class Person:
    """A user with an open session; `token` is what the cookie holds."""

    user_id: uuid.UUID
    customer_id: uuid.UUID | None = None
    session_id: uuid.UUID = field(default_factory=new_id)
    token: str = field(default_factory=new_token)


@dataclass
class Side:
    """One tenant of the world. `rows` has the ids of the customer's rows per table, `first` the first of them."""

    cast: TenantCast
    canary: str
    person_canary: str
    rows: dict[str, list[uuid.UUID]] = field(default_factory=lambda: defaultdict(list))
    people: dict[str, Person] = field(default_factory=dict)
    hook_token: str = field(default_factory=new_token)
    link_token: str = field(default_factory=new_token)
    payment_token: str = field(default_factory=new_token)
    quote_token: str = field(default_factory=new_token)
    unsubscribe_token: str = ""
    follow_token: str = ""
    bank_token: str = ""
    alarm_token: str = ""
    linked_reference: str = ""
    verification_code: str = ""
    order_id: uuid.UUID | None = None
    payu_order_id: uuid.UUID | None = None
    stripe_session_id: uuid.UUID | None = None
    stripe_merchant_id: uuid.UUID | None = None

    @property
    def id(self) -> uuid.UUID:
        return self.cast.id

    @property
    def host(self) -> str:
        return self.cast.host

    def first(self, table: str) -> uuid.UUID:
        return self.rows[table][0]

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """What nobody else may see."""
        return (self.canary.encode(), self.person_canary.encode())


@dataclass
class World:
    app: Flask
    urls: DatabaseUrls
    superuser: psycopg.Connection
    victim: Side
    other: Side


@contextmanager
def a_world(
    app: Flask, urls: DatabaseUrls, *, size: int = 2, other_size: int | None = None
) -> Iterator[World]:
    """Build the world; `size` is how many rows the lists of each side have at least."""
    with psycopg.connect(urls.superuser, autocommit=True) as superuser:
        superuser.execute("SELECT set_config('lock_timeout', '5s', false)")
        victim = build_side(app, "hogar", "CANARIO-HOGAR", "PERSONA-ZULEMA", size)
        other = build_side(app, "vecino", "CANARIO-VECINO", "PERSONA-YOLANDA", other_size or size)
        world = World(app, urls, superuser, victim, other)
        for side in (victim, other):
            for person in side.people.values():
                open_session(world, side, person)
        yield world


def build_side(app: Flask, slug: str, canary: str, person_canary: str, size: int) -> Side:
    with app.app_context():
        side = Side(cast.make_agency(slug, canary=canary), canary, person_canary)
        _turn_everything_on(side)
    with app.app_context(), unit_of_work(side.id):
        names = {language: {"one": canary, "many": canary} for language in ("es", "en")}
        add_invoice_type("supply", account_kind="supply", books="revenue", names=names)
        _people(side)
        _accounts(side, size)
        _files(side)
        _invoices(side, size)
        _payments(side, size)
        _agency(side, size)
        earn(side, size, add)
        pay_owners(side, size, add)
        _cases(side, size)
        write_messages(side, size, add)
        _desk(side, size)
        _whatever_is_missing(side)
    return side


def _turn_everything_on(side: Side) -> None:
    optional = [capability.name for capability in capabilities() if not capability.always]
    with platform_connection() as connection:
        connection.execute(
            text("UPDATE tenants SET capabilities = :all, version = version + 1 WHERE id = :id"),
            {"all": optional, "id": side.id},
        )


def add(side: Side, model: type[Any], *, remember: bool = True, own: bool = True, **given: Any) -> uuid.UUID:
    """A row of the active tenant; `remember` when it is the attacked customer's own or the tenant's."""
    canary = f"{side.canary} {side.person_canary}" if own else side.canary
    row_id = insert_row(model, side.rows, canary, **given)
    if remember:
        side.rows[model.__tablename__].append(row_id)
    return row_id


def _people(side: Side) -> None:
    slug = side.cast.slug
    name = f"Zoila {side.person_canary}"
    customer = cast.add_customer(name, document=f"{side.person_canary}-1", email=f"cliente@{slug}.example")
    side.rows["customers"].append(customer)
    neighbour = cast.add_customer(f"Nadie {side.canary}", document="2002", email=f"otra@{slug}.example")
    users = {
        "customer": cast.add_user(f"cliente@{slug}.example", name=name, customer_id=customer),
        "neighbour": cast.add_user(f"otra@{slug}.example", name="Nadie", customer_id=neighbour),
        "admin": cast.add_user(f"jefa@{slug}.example", name="Jefa", staff_role="administrator"),
        "colleague": cast.add_user(f"colega@{slug}.example", name="Colega", staff_role="reader"),
        "clerk": cast.add_user(f"auxiliar@{slug}.example", name="Auxiliar"),
    }
    side.rows["users"].append(users["customer"])
    side.people = {
        name: Person(user_id, customer if name == "customer" else None) for name, user_id in users.items()
    }
    side.people["neighbour"].customer_id = neighbour
    add(side, StaffRole, remember=False, user_id=users["clerk"], role=UNKNOWN_ROLE)
    side.rows["staff_roles"].append(
        db.session.execute(select(StaffRole.id).where(StaffRole.user_id == users["admin"])).scalar_one()
    )
    _second_factor(side, users["customer"])
    add(side, ContactChange, customer_id=customer, field="phone", before=side.person_canary, after="1")
    add(
        side,
        OneTimeLink,
        purpose="recovery",
        user_id=users["customer"],
        token_digest=digest(side.link_token),
        email_version=1,
        expires_at=now() + datetime.timedelta(hours=1),
    )


def _second_factor(side: Side, user_id: uuid.UUID) -> None:
    """The customer comes in with a code; nobody of the cast needs to type it, their sessions are open."""
    sealed = keyring().seal(new_secret(), side.id, user_id, SECRET)
    add(side, SecondFactor, user_id=user_id, secret=sealed, last_step=0)
    add(side, RecoveryCode, user_id=user_id)


def _accounts(side: Side, size: int) -> None:
    customer, user = side.first("customers"), side.people["customer"].user_id
    place = add(side, Property, city="Ciudad", kind="apartment")
    for number, (kind, role) in enumerate(
        [("supply", "holder"), ("lease", "renter"), ("mandate", "owner")]
        + [("supply", "holder")] * (size - 1)
    ):
        account = cast.add_account(
            f"{side.person_canary}-{number}",
            kind=kind,
            customers=[(customer, role, 1_000_000)],
            address=f"Calle {side.person_canary} {number}",
        )
        side.rows["accounts"].append(account)
        cast.give_access(user, account, role=role, main=number == 0)
        if kind == "lease":
            db.session.get_one(Account, (side.id, account)).property_id = place
    side.rows["access"] = list(db.session.execute(select(Access.id).where(Access.user_id == user)).scalars())
    neighbour = side.people["neighbour"]
    other = cast.add_account(
        "900-1", customers=[(neighbour.customer_id, "holder", 1_000_000)], address="Avenida 9"
    )
    cast.give_access(neighbour.user_id, other, main=True)
    cast.add_invoice(other, "V-1", currency=side.cast.currency, text="Agua")
    for number in range(size):
        cast.add_customer(f"Cliente {side.canary} {number}", document=f"77{number}")


def _files(side: Side) -> None:
    side.rows["files"] = [
        store(
            PDF + f"{side.canary} {side.person_canary}".encode(),
            media_type="application/pdf",
            name=f"{side.person_canary}.pdf",
            purpose="test",
        )
    ]
    side.rows["logos"] = [store(PDF, media_type="image/png", name="logo.png", purpose=LOGO_PURPOSE)]


def _invoices(side: Side, size: int) -> None:
    """One open invoice on the first account comes first; then the rest, half of them settled by hand."""
    supply, lease, mandate, *_more = side.rows["accounts"]
    made = [(supply, "supply", size + 1), (lease, "rent", size), (mandate, "commission", size)]
    for account, code, count in made:
        for number in range(count):
            invoice = cast.add_invoice(
                account,
                f"{side.person_canary}-{code}-{number}",
                type_code=code,
                currency=side.cast.currency,
                text=f"Concepto {side.person_canary}",
                issued_on=datetime.date(2026, 11, 1) - datetime.timedelta(days=number),
                due_on=datetime.date(2026, 11, 30) - datetime.timedelta(days=number),
            )
            side.rows["invoices"].append(invoice)
            db.session.get_one(Invoice, (side.id, invoice)).document_file_id = side.first("files")


def _payments(side: Side, size: int) -> None:
    user, customer = side.people["customer"].user_id, side.first("customers")
    add(
        side,
        ProviderAccount,
        provider="bank_simulator",
        name=f"Banco {side.canary}",
        mode="test",
        enabled=True,
        hook_digest=digest(side.hook_token),
        settings={"merchant": f"m-{side.cast.slug}"},
    )
    own = list(side.rows["invoices"])
    for number in range(size):
        waiting = number == 0
        reference = f"{side.cast.slug}-{number}"
        attempt = add(
            side,
            Attempt,
            reference=reference,
            user_id=user,
            mode="test",
            state="pending" if waiting else "captured",
            amount=100_000,
            currency=side.cast.currency,
            created_at=now() - datetime.timedelta(minutes=number),
            expires_at=now() + datetime.timedelta(hours=1),
        )
        add(side, AttemptItem, attempt_id=attempt, invoice_id=own[-1 - number], amount=100_000, open=waiting)
        payment = add(
            side,
            Payment,
            remember=number > 0,
            attempt_id=None if waiting else attempt,
            number=f"{side.person_canary}-RC-{number}" if waiting else None,
            customer_id=customer,
            paid_on=now().date(),
            amount=100_000,
            currency=side.cast.currency,
            method="bank",
        )
        add(side, Allocation, payment_id=payment, invoice_id=own[-1 - number], amount=100_000)
        if waiting:
            side.rows["payments"].append(payment)
        code = new_code(groups=CODE_GROUPS)
        add(
            side,
            Receipt,
            id=payment,  # a receipt has the id of its payment
            number=f"{side.person_canary}-{number}",
            payment_id=payment,
            verification_code=code,
            file_id=side.first("files"),
        )
        side.verification_code = side.verification_code or code
        add(
            side,
            ObservationRow,
            attempt_id=attempt,
            kind="captured",
            amount=100_000,
            currency=side.cast.currency,
        )
        add(side, QuarantinedPayment, attempt_id=attempt, kind="surplus", data={"note": side.person_canary})
        add(side, InboxRow, headers={}, state="received")
    _coupon(side)
    # Like the captured one, but the first: pages of receipts start from an attempt that is done.
    if size > 1:
        attempts = side.rows["payment_attempts"]
        side.rows["finished_attempts"] = attempts[1:]
    _payment_link(side)
    _clearance(side)
    _money_back(side, size)
    _settlement(side)
    _bank_order(side)
    _payu_order(side)
    _stripe_session(side)


def _clearance(side: Side) -> None:
    """A certificate that the customer's account owes nothing."""
    account = side.first("accounts")
    side.rows["clearances"] = [
        add(
            side,
            IssuedDocument,
            remember=False,
            kind="clearance",
            key=f"{account}:2026-03-04",
            subject=f"account:{account}",
            file_id=side.first("files"),
            facts=[],
        )
    ]


def _money_back(side: Side, size: int) -> None:
    """Refunds, disputes and credit of the customer's last payment, each as often as lists need."""
    payment, invoice = side.rows["payments"][-1], side.rows["invoices"][-1]
    currency = side.cast.currency
    for number in range(size):
        refund = add(
            side,
            Refund,
            payment_id=payment,
            amount=100,
            currency=currency,
            way="outside",
            state="requested",
            event="",
        )
        add(side, RefundPart, refund_id=refund, invoice_id=invoice, amount=100)
        add(side, Dispute, payment_id=payment, state="open", amount=100, currency=currency)
        credit = add(
            side,
            Credit,
            payment_id=side.rows["payments"][-1 - number % len(side.rows["payments"])],
            account_id=side.first("accounts"),
            invoice_id=side.rows["invoices"][-1 - number],
            amount=100,
            remaining=100,
            currency=currency,
        )
        add(
            side,
            CreditUse,
            account_id=side.first("accounts"),
            invoice_id=invoice,
            currency=currency,
            used_by=side.first("users"),
        )
        add(
            side,
            Reversal,
            payment_id=payment,
            refund_id=refund,
            dispute_id=None,
            invoice_id=None,
            credit_id=credit,
        )


def _payment_link(side: Side) -> None:
    """A way to pay without logging in, and what somebody began through it."""
    link = add(
        side,
        PaymentLink,
        token_digest=digest(side.payment_token),
        invoice_id=side.first("invoices"),
        customer_id=side.first("customers"),
        created_at=now(),
        expires_at=now() + datetime.timedelta(days=7),
        revoked_at=None,
    )
    side.linked_reference = new_code(groups=3)
    add(
        side,
        Attempt,
        remember=False,
        reference=side.linked_reference,
        user_id=None,
        link_id=link,
        state="failed",
        mode="test",
        amount=100_000,
        currency=side.cast.currency,
        payer={"email": "visita@example.com"},
        created_at=now() - datetime.timedelta(days=1),
        expires_at=now() - datetime.timedelta(hours=1),
    )


def _settlement(side: Side) -> None:
    """A day whose comparison found something, and what it was."""
    run = add(side, SettlementRun, day=now().date(), ours=1, theirs=2, checked_at=now())
    add(
        side,
        SettlementDifference,
        run_id=run,
        kind="extra",
        reference=f"{side.canary}-9",
        currency=side.cast.currency,
    )


def _coupon(side: Side) -> None:
    """A payment on paper, and a file of the collector who takes it."""
    step = Instructions(f"Caja {side.canary}", "1000016", now().date(), "1234", "itf")
    attempt = add(
        side,
        Attempt,
        remember=False,
        user_id=side.people["customer"].user_id,
        mode="test",
        state="expired",
        amount=100_000,
        currency=side.cast.currency,
        step=step_as_data(step),
        created_at=now() - datetime.timedelta(days=9),
        expires_at=now() - datetime.timedelta(days=2),
    )
    side.rows["coupon_attempts"] = [attempt]
    add(side, Coupon, attempt_id=attempt, file_id=side.first("files"))
    files = [
        add(
            side,
            CollectedFile,
            file_name=f"{side.canary}-{number}.txt",
            state="done",
            lines=1,
            total=100_000,
            currency=side.cast.currency,
            layout="csv-v1",
            outcome={"paid": 1},
        )
        for number in range(2)
    ]
    add(
        side,
        CollectedLineRow,
        collected_file_id=files[0],
        number=2,
        amount=100_000,
        currency=side.cast.currency,
        reference=side.canary,
        effect="quarantined:unknown-reference",
        applied_at=now(),
    )


def _bank_order(side: Side) -> None:
    """The bank's own row of the attempt that waits. It has no tenant; the open transaction takes it as it is."""
    order = BankOrder(
        id=new_id(),
        merchant=f"m-{side.cast.slug}",
        reference=f"{side.cast.slug}-0",
        description=f"{side.canary} {side.person_canary}",
        amount=100_000,
        currency=side.cast.currency,
        state="new",
        return_url=f"http://{side.host}/",
        notice_url="http://localhost/",
        language="es",
        created_at=now(),
    )
    db.session.add(order)
    db.session.flush()
    side.order_id = order.id


def _payu_order(side: Side) -> None:
    """The same at PayU's look-alike."""
    order_id = new_id()
    db.session.add(
        PayuOrder(
            id=order_id,
            number=order_id.int % 10**12,
            merchant="508029",
            account="512321",
            reference=f"{side.cast.slug}-0",
            description=f"{side.canary} {side.person_canary}",
            amount="1000.00",
            currency="COP",
            algorithm="HMAC-SHA256",
            keys_number=0,
            test=True,
            language="es",
            buyer_name="",
            buyer_email="a@example.com",
            response_url=f"http://{side.host}/",
            confirmation_url="http://localhost/hooks/payu/nobody",
            created_at=now(),
        )
    )
    db.session.flush()
    side.payu_order_id = order_id


def _stripe_session(side: Side) -> None:
    """The same at Stripe's look-alike, with the merchant's own page: a session that has a declined try."""
    shelf = DatabaseShelf(f"acct_{side.cast.slug}")
    intent = {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 100_000,
        "amount_received": 0,
        "currency": "cop",
        "description": side.canary,
        "last_payment_error": {"code": "card_declined"},
        "latest_charge": None,
        "metadata": {},
        "status": "requires_payment_method",
    }
    session = {
        "id": "cs_test_1",
        "object": "checkout.session",
        "amount_total": 100_000,
        "cancel_url": f"http://{side.host}/",
        "currency": "cop",
        "customer_email": "a@example.com",
        "expires_at": int(now().timestamp()) + 7200,
        "mode": "payment",
        "payment_intent": "pi_1",
        "payment_status": "unpaid",
        "status": "open",
        "success_url": f"http://{side.host}/",
        "_lines": [[f"{side.canary} {side.person_canary}", 100_000]],
    }
    shelf.put(intent)
    shelf.put(session)
    side.stripe_session_id, side.stripe_merchant_id = row_of(shelf.merchant, "cs_test_1"), shelf.row_id


def _agency(side: Side, size: int) -> None:
    _supply, lease, mandate, *_more = side.rows["accounts"]
    customer = side.first("customers")
    contract = add(
        side,
        Lease,
        lease_account_id=lease,
        mandate_account_id=mandate,
        property_id=side.first("properties"),
        rent=100_000,
        currency=side.cast.currency,
        commission=90_000,
        payment_day=5,
        starts_on=datetime.date(2026, 1, 1),
        ends_on=datetime.date(2026, 12, 31),
    )
    add(side, LeaseCharge, lease_id=contract, from_period="2026-01", until_period=None)
    add(side, PriceIndex, period="2025-12")
    for number in range(size):
        add(
            side,
            Payout,
            number=f"{side.person_canary}-EG-{number}",
            mandate_account_id=mandate,
            customer_id=customer,
            period=f"2026-{1 + number % 12:02d}",
            amount=50_000,
            currency=side.cast.currency,
            paid_on=now().date() - datetime.timedelta(days=number),
            file_id=side.first("files"),
        )


def _cases(side: Side, size: int) -> None:
    """What the customer asked: the first case waits for an answer, the last one has it."""
    add(side, CalendarChange, kind="off", day=now().date())
    own_catalogue()  # real classes and subjects: otherwise no case could be filed
    for number in range(size):
        answered = number == size - 1
        case = add(
            side,
            Case,
            number=f"{side.person_canary}-{number}",
            kind="pqrs",
            class_code="claim",
            subject_code="repairs",
            channel="area",
            state="answered" if answered else "received",
            version=2 if answered else 1,  # as many events
            customer_id=side.first("customers"),
            user_id=side.people["customer"].user_id,
            account_id=side.rows["accounts"][1],
            property_id=side.first("properties"),
            received_at=now(),
            moved_at=now(),
            details={"category": "water", "entry": "call", "hours": side.person_canary},
        )
        event = add(
            side,
            CaseEvent,
            case_id=case,
            number=1,
            kind="opened",
            actor_kind="customer",
            visible=True,
            at=now(),
            data={"class": "claim", "subject": "repairs", "channel": "area"},
        )
        add(
            side,
            CaseFile,
            case_id=case,
            event_id=event,
            file_id=side.first("files"),
            media_type="application/pdf",
        )
        add(
            side,
            IssuedDocument,
            remember=False,
            kind=CASE_FILING,
            key=str(case),
            subject=f"case:{case}",
            file_id=side.first("files"),
            facts=[],
        )
        if answered:
            side.rows["answered_cases"] = [case]
            add(
                side,
                CaseEvent,
                case_id=case,
                number=2,
                kind="answered",
                actor_kind="staff",
                visible=True,
                at=now(),
                data={"stage": 1},
            )
        quote = add(
            side,
            CaseQuote,
            case_id=case,
            mandate_account_id=side.rows["accounts"][2],
            amount=100_000,
            currency=side.cast.currency,
            file_id=side.first("files"),
            valid_until=now().date() + datetime.timedelta(days=9),
            state="open",
        )
        if number == 0:
            add(
                side,
                CaseQuoteLink,
                quote_id=quote,
                token_digest=digest(side.quote_token),
                created_at=now(),
                expires_at=now() + datetime.timedelta(days=7),
                revoked_at=None,
            )
    _case_of_anybody(side)


def _case_of_anybody(side: Side) -> None:
    """Filed without a login: nobody's of the books. Its link opens it and nothing else."""
    case = add(
        side,
        Case,
        remember=False,
        number=f"{side.canary}-W",
        kind="pqrs",
        class_code="claim",
        subject_code="payments",
        channel="web",
        state="received",
        version=1,
        received_at=now(),
        moved_at=now(),
        follow_digest=digest(side.canary),
        details={},
    )
    add(
        side,
        CaseEvent,
        remember=False,
        case_id=case,
        number=1,
        kind="opened",
        actor_kind="customer",
        visible=True,
        at=now(),
        data={"class": "claim", "subject": "payments", "channel": "web"},
    )
    side.follow_token = link_token(case)


def _desk(side: Side, size: int) -> None:
    admin = Actor("staff", side.people["admin"].user_id, f"Jefa {side.canary}")
    for number in range(size):
        batch = add(
            side,
            ImportBatch,
            profile="agua/facturas",
            file_name=f"{side.canary}.csv",
            file_id=side.first("files"),
            mode="good-rows-only",
            dry_run=False,
            state="done",
            created_by=admin.user_id,
            refused=size,
            created_at=now() - datetime.timedelta(minutes=number),
        )
        add(
            side,
            ImportRefusal,
            batch_id=batch,
            row_number=number + 2,
            msgid="Type a whole number",
            value=side.canary,
        )
    for number in range(size):
        record(
            "customer.viewed" if number else "settings.changed",
            actor=admin,
            subject=("customer", side.first("customers")),
            customer_id=side.first("customers"),
            data={"note": side.canary},
        )
        cast.add_user(f"persona{number}@{side.cast.slug}.example", name=f"Persona {side.canary} {number}")


def _whatever_is_missing(side: Side) -> None:
    """Every table has a row: also the one that somebody adds tomorrow."""
    for model in owned_models():
        found = list(db.session.execute(select(model.id).limit(1)).scalars())
        table = model.__tablename__
        if not found:
            add(side, model)
        elif not side.rows[table]:
            side.rows[table] = found


def open_session(world: World, side: Side, person: Person) -> None:
    """The person is signed in again, whatever an earlier request did to the session or the user."""
    moment = now()
    world.superuser.execute(
        "INSERT INTO sessions (tenant_id, id, token_digest, user_id, host, created_at, last_seen_at, expires_at,"
        " confirmed_at, device, address) VALUES (%(tenant)s, %(id)s, %(digest)s, %(user)s, %(host)s, %(now)s, %(now)s,"
        " %(end)s, %(now)s, 'test', '127.0.0.1') ON CONFLICT (tenant_id, id) DO UPDATE SET"
        " host = %(host)s, last_seen_at = %(now)s, expires_at = %(end)s, confirmed_at = %(now)s, notice = NULL,"
        " viewing_customer_id = NULL, viewing_since = NULL, token_digest = %(digest)s",
        {
            "tenant": side.id,
            "id": person.session_id,
            "digest": digest(person.token),
            "user": person.user_id,
            "host": side.host,
            "now": moment,
            "end": moment + datetime.timedelta(hours=8),
        },
    )
    side.rows["sessions"] = [side.people["customer"].session_id]
