"""The demo's cases can be loaded, stand where they should, and their pages can be read."""

from __future__ import annotations

from sqlalchemy import select

from blueprints.accounts.models import Account, Property
from blueprints.cases.models import Case
from blueprints.cases.quote_models import CaseQuote
from blueprints.platform.demo import cases
from blueprints.platform.demo.logins import BOTH, HOLDER, OWNER, RENTER, STAFF
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.scope import unit_of_work
from tests.cast import TenantCast, add_account, add_customer, add_user, give_access, make_agency, make_utility
from tests.pages import checked_get
from tests.signed_in import signed_in

KINDS = {"lease": "renter", "mandate": "owner", "supply": "holder"}


def add_person(tenant: TenantCast, email: str, *kinds: str, place=None):
    customer = add_customer(email, document=email, email=email)
    user = add_user(email, name=email.partition("@")[0].title(), customer_id=customer)
    for kind in kinds:
        account = add_account(f"{kind}-{email}", kind=kind, customers=[(customer, KINDS[kind], 1_000_000)])
        db.session.get_one(Account, (tenant.id, account)).property_id = place
        give_access(user, account, role=KINDS[kind])
    return user


def test_the_agency(app):
    tenant, place = make_agency(), new_id()
    with unit_of_work(tenant.id):
        moment = now()
        row = Property(id=place, code="P", kind="Casa", address="Calle 9", city="Cali", created_at=moment)
        db.session.add(row)
        db.session.flush()
        renata = add_person(tenant, RENTER.email, "lease", place=place)
        omar = add_person(tenant, OWNER.email, "mandate", place=place)
        add_person(tenant, BOTH.email, "lease", "mandate")
        add_user(STAFF.email, name="Ana Ruiz", staff_role="administrator")
        cases.load("agency")
        states = db.session.execute(select(Case.state).order_by(Case.state)).scalars().all()
        quote = db.session.execute(select(CaseQuote.id)).scalar_one()
        case_ids = db.session.execute(select(Case.id).where(Case.user_id == renata)).scalars().all()
    assert states == ["answered", "closed", "in-progress", "received", "waiting-customer"]
    renter, owner = signed_in(app, tenant, renata), signed_in(app, tenant, omar)
    for address in ("/cases", "/cases/new", *(f"/cases/{case_id}" for case_id in case_ids)):
        checked_get(renter, address)
    for address in ("/", "/repairs", f"/repairs/{quote}"):
        checked_get(owner, address)


def test_the_utility(app):
    tenant = make_utility()
    with unit_of_work(tenant.id):
        add_person(tenant, HOLDER.email, "supply")
        add_user(STAFF.email, name="Ana Ruiz", staff_role="administrator")
        cases.load("utility")
        states = db.session.execute(select(Case.state).order_by(Case.state)).scalars().all()
    assert states == ["closed", "in-progress", "received"]
