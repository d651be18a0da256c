"""The fixed cast: two tenants and the people that every rule of access is tried on."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from blueprints.accounts.models import Access, Account, AccountParty, Customer
from blueprints.invoices.services import NewInvoice, NewLine, add_invoice_type, issue_invoice
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.passwords import hash_password
from saas.scope import unit_of_work
from tenants.people import StaffRole, User
from tenants.services import NewTenant, create_tenant
from tenants.settings import OPTIONAL, SECOND_FACTOR

PASSWORD = "una clave larga y tranquila"
# Staff of the cast come in with the password alone; what the product asks for by default has tests of its own.
ONE_STEP = {SECOND_FACTOR: OPTIONAL}
_HASH = ""


def password_hash() -> str:
    """Hashed once a run: it takes as long as it should."""
    global _HASH
    _HASH = _HASH or hash_password(PASSWORD)
    return _HASH


@dataclass(frozen=True, slots=True)
class TenantCast:
    """One tenant of the cast, by id. `canary` stands in every text of the tenant and nowhere else."""

    id: uuid.UUID
    slug: str
    host: str
    canary: str
    currency: str


def make_utility(slug: str = "aguas", *, canary: str = "CANARIO-AGUAS") -> TenantCast:
    return _make(
        NewTenant(
            slug=slug,
            name=f"Aguas {canary}",
            legal_name=f"Aguas {canary} S.A.",
            tax_number="30-70000000-1",
            country="AR",
            locale="es_AR",
            currency="ARS",
            time_zone="America/Argentina/Mendoza",
            host=f"{slug}.localhost",
            settings=ONE_STEP,
        ),
        canary,
        [("supply", "supply", "revenue")],
    )


def make_agency(slug: str = "hogar", *, canary: str = "CANARIO-HOGAR") -> TenantCast:
    return _make(
        NewTenant(
            slug=slug,
            name=f"Hogar {canary}",
            legal_name=f"Hogar {canary} S.A.S.",
            tax_number="900123456-7",
            country="CO",
            locale="es_CO",
            currency="COP",
            time_zone="America/Bogota",
            host=f"{slug}.localhost",
            settings=ONE_STEP,
        ),
        canary,
        [("rent", "lease", "rent"), ("commission", "mandate", "commission")],
    )


def _make(new: NewTenant, canary: str, types: list[tuple[str, str, str]]) -> TenantCast:
    tenant_id = create_tenant(new)
    with unit_of_work(tenant_id):
        for code, account_kind, books in types:
            names = {"es": {"one": code, "many": code}, "en": {"one": code, "many": code}}
            add_invoice_type(code, account_kind=account_kind, books=books, names=names)
    return TenantCast(tenant_id, new.slug, new.host, canary, new.currency)


def add_user(
    email: str,
    *,
    name: str = "Persona",
    customer_id: uuid.UUID | None = None,
    staff_role: str | None = None,
    status: str = "active",
) -> uuid.UUID:
    """A user of the active tenant with the cast's password."""
    user = User(
        id=new_id(),
        email=email,
        name=name,
        password_hash=password_hash(),
        status=status,
        customer_id=customer_id,
        created_at=now(),
    )
    db.session.add(user)
    db.session.flush()
    if staff_role:
        db.session.add(StaffRole(id=new_id(), user_id=user.id, role=staff_role))
        db.session.flush()
    return user.id


def add_customer(
    name: str, *, document: str, email: str | None = None, document_kind: str = "CC"
) -> uuid.UUID:
    moment = now()
    customer = Customer(
        id=new_id(),
        document_kind=document_kind,
        document_number=document,
        name=name,
        email=email,
        created_at=moment,
        updated_at=moment,
    )
    db.session.add(customer)
    db.session.flush()
    return customer.id


def add_account(
    number: str,
    *,
    kind: str = "supply",
    customers: list[tuple[uuid.UUID, str, int]] | None = None,
    address: str = "Calle 1 # 2-3",
) -> uuid.UUID:
    """An account with its parties: (customer, role, share in millionths)."""
    account = Account(id=new_id(), kind=kind, number=number, address=address, city="Ciudad", created_at=now())
    db.session.add(account)
    db.session.flush()
    for customer_id, role, share in customers or []:
        db.session.add(
            AccountParty(id=new_id(), account_id=account.id, customer_id=customer_id, role=role, share=share)
        )
    db.session.flush()
    return account.id


def give_access(
    user_id: uuid.UUID,
    account_id: uuid.UUID,
    *,
    role: str = "holder",
    main: bool = False,
    can_pay: bool = True,
    valid_from: datetime.date | None = None,
    valid_until: datetime.date | None = None,
) -> None:
    db.session.add(
        Access(
            id=new_id(),
            user_id=user_id,
            account_id=account_id,
            role=role,
            main=main,
            can_pay=can_pay,
            valid_from=valid_from,
            valid_until=valid_until,
            created_at=now(),
        )
    )
    db.session.flush()


def add_invoice(
    account_id: uuid.UUID,
    number: str,
    *,
    amount: int = 100_000,
    type_code: str = "supply",
    currency: str = "ARS",
    issued_on: datetime.date = datetime.date(2026, 11, 1),
    due_on: datetime.date = datetime.date(2026, 11, 30),
    second_due_on: datetime.date | None = None,
    second_total: int | None = None,
    text: str = "Servicio",
) -> uuid.UUID:
    return issue_invoice(
        NewInvoice(
            number=number,
            type_code=type_code,
            account_id=account_id,
            period="2026-11",
            issued_on=issued_on,
            due_on=due_on,
            second_due_on=second_due_on,
            second_total=second_total,
            currency=currency,
            lines=[NewLine("charge", text, amount)],
        )
    )
