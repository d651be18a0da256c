"""Who stands behind an account in the books sees it, for as long as the books say."""

from __future__ import annotations

import datetime
import uuid

import pytest
from sqlalchemy import delete, select, update

from blueprints.accounts.models import Access, AccountParty
from blueprints.accounts.services import grant_access_from_parties, invite_customer
from blueprints.auth.services import invite_user
from saas.audit import Actor
from saas.database import db
from saas.events import emit
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tenants.people import User
from tests.cast import add_account, add_customer, add_user, give_access
from tests.signed_in import statements

STAFF = Actor("staff", None, "Jefa")
TODAY = datetime.date(2026, 11, 21)


def access_of(user_id: uuid.UUID) -> dict[tuple[uuid.UUID, str], Access]:
    rows = db.session.execute(select(Access).where(Access.user_id == user_id)).scalars()
    return {(row.account_id, row.role): row for row in rows}


def test_an_invited_customer_gets_the_accounts_of_the_books(ana) -> None:
    with unit_of_work(ana.tenant.id):
        customer = add_customer("Luz", document="1", email="luz@x.test")
        supply = add_account("200", customers=[(customer, "holder", 1_000_000)])
        rented = add_account("100", kind="lease", customers=[(customer, "renter", 1_000_000)])
        owned = add_account("300", kind="lease", customers=[(customer, "owner", 500_000)])
        add_account("400")
        user = invite_customer(customer, actor=STAFF).user_id
    with unit_of_work(ana.tenant.id):
        held = access_of(user)
        assert set(held) == {(supply, "holder"), (rented, "renter"), (owned, "owner")}
        assert [key[0] for key, row in held.items() if row.main] == [rented], "the first by number"
        assert held[rented, "renter"].can_pay and not held[owned, "owner"].can_pay
        assert db.session.execute(select(User.name, User.email).where(User.id == user)).one() == (
            "Luz",
            "luz@x.test",
        )


def test_what_changes_in_the_books_changes_for_the_user(ana) -> None:
    with unit_of_work(ana.tenant.id):
        customer = add_customer("Luz", document="1", email="luz@x.test")
        kept = add_account("100", customers=[(customer, "holder", 1_000_000)])
        sold = add_account("200", customers=[(customer, "holder", 1_000_000)])
        user = invite_customer(customer, actor=STAFF).user_id
        bought = add_account("050", customers=[(customer, "holder", 1_000_000)])
        db.session.execute(delete(AccountParty).where(AccountParty.account_id == sold))
        db.session.execute(
            update(AccountParty)
            .where(AccountParty.account_id == kept)
            .values(valid_until=datetime.date(2030, 1, 31))
        )
        for _ in range(2):
            grant_access_from_parties(user, customer, TODAY)
    with unit_of_work(ana.tenant.id):
        held = access_of(user)
        assert set(held) == {(kept, "holder"), (sold, "holder"), (bought, "holder")}
        assert held[kept, "holder"].valid_until == datetime.date(2030, 1, 31)
        assert held[sold, "holder"].valid_until == datetime.date(2026, 11, 20)
        assert held[kept, "holder"].main, "a main account stays so while it is in force"


def test_the_main_account_moves_on_when_it_ends(ana) -> None:
    with unit_of_work(ana.tenant.id):
        customer = add_customer("Luz", document="1", email="luz@x.test")
        first = add_account("100", customers=[(customer, "holder", 1_000_000)])
        second = add_account("200", customers=[(customer, "holder", 1_000_000)])
        user = invite_customer(customer, actor=STAFF).user_id
        db.session.execute(delete(AccountParty).where(AccountParty.account_id == first))
        grant_access_from_parties(user, customer, TODAY)
    with unit_of_work(ana.tenant.id):
        assert [key[0] for key, row in access_of(user).items() if row.main] == [second]


def test_what_people_gave_is_left_alone(ana) -> None:
    with unit_of_work(ana.tenant.id):
        customer = add_customer("Luz", document="1")
        user = add_user("luz@x.test", customer_id=customer)
        lent = add_account("900")
        give_access(user, lent, role="delegate", main=True)
        grant_access_from_parties(user, customer, TODAY)
    with unit_of_work(ana.tenant.id):
        row = access_of(user)[lent, "delegate"]
        assert row.valid_until is None and row.main


def test_an_import_tells_all_users_of_a_customer_in_few_statements(ana) -> None:
    with unit_of_work(ana.tenant.id):
        customer, other = add_customer("Luz", document="1"), add_customer("Nadie", document="2")
        users = [add_user(f"luz{n}@x.test", customer_id=customer) for n in range(2)]
        strangers = add_user("otra@x.test", customer_id=other)
        account = add_account("100", customers=[(customer, "holder", 1_000_000)])
        emit("customer.parties-changed", customer_ids=[customer])
        emit("customer.parties-changed", customer_id=customer)
        with statements() as sent:
            emit("customer.parties-changed", customer_ids=[uuid.uuid4() for _ in range(500)])
        assert len(sent) == 1
    with unit_of_work(ana.tenant.id):
        assert [set(access_of(user)) for user in users] == [{(account, "holder")}] * 2
        assert access_of(strangers) == {}


def test_who_cannot_be_invited_as_a_customer(ana) -> None:
    with unit_of_work(ana.tenant.id):
        mute = add_customer("Sin correo", document="1")
        with pytest.raises(Refusal):
            invite_customer(mute, actor=STAFF)
        with pytest.raises(NotFound):
            invite_customer(uuid.uuid4(), actor=STAFF)
        assert invite_customer(mute, actor=STAFF, email="Mute@x.test").token


def test_an_existing_user_who_becomes_a_customer_gets_the_accounts_too(ana) -> None:
    with unit_of_work(ana.tenant.id):
        customer = add_customer("Ana", document="1")
        account = add_account("100", customers=[(customer, "holder", 1_000_000)])
        invite_user(email=ana.email, name="Ana", actor=STAFF, customer_id=customer)
    with unit_of_work(ana.tenant.id):
        assert set(access_of(ana.user_id)) == {(account, "holder")}
