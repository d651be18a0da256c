"""Starting a payment: one attempt, frozen amounts, nobody else's invoices."""

from __future__ import annotations

import datetime
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update

from blueprints.invoices.models import Invoice
from blueprints.invoices.services import void_invoice
from blueprints.payments.applying import apply
from blueprints.payments.choosing import InProcess
from blueprints.payments.interface import Redirect, Unreachable
from blueprints.payments.models import Attempt, AttemptItem
from blueprints.payments.providers.bank_simulator.adapter import BankSimulator
from saas.clock import now
from saas.database import db
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tests import cast
from tests.blueprints.payments.world import PayingWorld, paying_world


def counted(world: PayingWorld) -> tuple[int, int]:
    with unit_of_work(world.tenant.id):
        attempts = db.session.execute(select(func.count()).select_from(Attempt)).scalar_one()
        items = db.session.execute(select(func.count()).select_from(AttemptItem).where(AttemptItem.open))
        return attempts, items.scalar_one()


def test_amounts_are_todays_and_ours(world: PayingWorld):
    plain = world.invoice(100_000)
    late = world.invoice(50_000, due_in=-3, second_due_on=datetime.date(2099, 1, 1), second_total=51_000)
    started = world.start(plain, late)
    assert started.fresh and isinstance(started.step, Redirect)
    assert started.step.url.startswith("http://bank.localhost/pay?")
    assert world.attempt(started.attempt_id).amount == 151_000
    with unit_of_work(world.tenant.id):
        items = db.session.execute(select(AttemptItem.invoice_id, AttemptItem.amount, AttemptItem.surcharge))
        assert {row.invoice_id: (row.amount, row.surcharge) for row in items} == {
            plain: (100_000, 0),
            late: (51_000, 1_000),
        }


def test_a_second_click_returns_the_first_step(world: PayingWorld):
    one, two = world.invoice(), world.invoice()
    first, second = world.start(one, two), world.start(two, one, one)
    assert (second.attempt_id, second.step, second.fresh) == (first.attempt_id, first.step, False)
    assert counted(world) == (1, 2)


def test_twenty_at_once_are_one_attempt(world: PayingWorld):
    one, two = world.invoice(), world.invoice()

    def click(_turn: int) -> uuid.UUID:
        with world.app.app_context():
            return world.start(one, two).attempt_id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(click, range(20)))) == 1
    assert counted(world) == (1, 2)


def test_two_people_cannot_hold_one_invoice(world: PayingWorld):
    shared = world.invoice()
    with unit_of_work(world.tenant.id):
        other = cast.add_user("otra@example.com")
        cast.give_access(other, world.account_id)
    world.start(shared)
    with pytest.raises(InProcess) as refused:
        world.start(shared, user_id=other)
    assert refused.value.attempt_id is None
    assert counted(world) == (1, 1)


def test_choosing_anew_leaves_the_first_attempt(world: PayingWorld):
    one, two = world.invoice(), world.invoice()
    first = world.start(one)
    second = world.start(one, two)
    assert second.attempt_id != first.attempt_id
    assert world.attempt(first.attempt_id).state == "canceled"
    assert counted(world) == (2, 2)


def test_what_the_bank_calls_pending_is_not_left(world: PayingWorld):
    one, two = world.invoice(), world.invoice()
    first = world.start(one)
    said = world.said(first.attempt_id, "pending")
    with unit_of_work(world.tenant.id):
        assert apply(said, account=world.provider_account(), now=now()) == "moved"
    with pytest.raises(InProcess) as refused:
        world.start(one, two)
    assert refused.value.attempt_id == first.attempt_id
    again = world.start(one)
    assert (again.attempt_id, again.state) == (first.attempt_id, "pending")


def test_an_attempt_whose_time_is_over_makes_room(world: PayingWorld):
    one = world.invoice()
    first = world.start(one)
    with unit_of_work(world.tenant.id):
        db.session.execute(update(Attempt).values(expires_at=now() - datetime.timedelta(minutes=1)))
        other = cast.add_user("otra@example.com")
        cast.give_access(other, world.account_id)
    second = world.start(one, user_id=other)
    assert second.attempt_id != first.attempt_id
    assert world.attempt(first.attempt_id).state == "expired"


def test_a_strangers_invoice_refuses_the_whole_choice(world: PayingWorld):
    own = world.invoice()
    with unit_of_work(world.tenant.id):
        stranger = cast.add_account("999")
        theirs = cast.add_invoice(stranger, "X-1", due_on=datetime.date(2099, 1, 1))
    other = paying_world(world.app, "vecina")
    beyond = other.invoice()
    for foreign in (theirs, beyond, uuid.uuid4()):
        with pytest.raises(NotFound):
            world.start(own, foreign)
    assert counted(world) == (0, 0)


def test_what_cannot_be_paid_is_refused_with_a_reason(world: PayingWorld):
    paid, void, dollars = world.invoice(), world.invoice(), world.invoice()
    plain = world.invoice()
    with unit_of_work(world.tenant.id):
        db.session.execute(update(Invoice).where(Invoice.id == paid).values(open_amount=0))
        void_invoice(void, reason="error", today=datetime.date(2026, 11, 21))
        db.session.execute(update(Invoice).where(Invoice.id == dollars).values(currency="USD"))
        watcher = cast.add_user("mira@example.com")
        cast.give_access(watcher, world.account_id, can_pay=False)
    for chosen, reason in [
        ([paid], "already paid"),
        ([void], "cancelled"),
        ([plain, dollars], "currencies"),
        ([], "at least one"),
        ([uuid.uuid4() for _ in range(41)], "at most 40"),
    ]:
        with pytest.raises(Refusal, match=reason):
            world.start(*chosen)
    with pytest.raises(Refusal, match="not pay"):
        world.start(plain, user_id=watcher)
    assert counted(world) == (0, 0)


def test_an_invoice_older_than_ones_access_does_not_exist(world: PayingWorld):
    old = world.invoice()
    with unit_of_work(world.tenant.id):
        newcomer = cast.add_user("nueva@example.com")
        cast.give_access(newcomer, world.account_id, valid_from=datetime.date(2026, 1, 1))
        db.session.execute(update(Invoice).values(issued_on=datetime.date(2025, 12, 31)))
    with pytest.raises(NotFound):
        world.start(old, user_id=newcomer)


def test_no_answer_is_unknown_and_the_next_try_uses_the_same_reference(world: PayingWorld, monkeypatch):
    one = world.invoice()

    def silent(*_given):
        raise Unreachable("timeout")

    with monkeypatch.context() as patch:
        patch.setattr(BankSimulator, "start", silent)
        first = world.start(one)
    assert first.step is None
    row = world.attempt(first.attempt_id)
    assert (row.state, row.poll_at is not None) == ("created", True)
    second = world.start(one)
    assert second.attempt_id == first.attempt_id
    assert isinstance(second.step, Redirect) and f"reference={row.reference}" in second.step.url


def test_an_amount_that_the_bank_cannot_take_leaves_nothing(world: PayingWorld):
    huge = world.invoice(10**14)
    with pytest.raises(Refusal, match="cannot be paid online in one payment"):
        world.start(huge)
    assert counted(world) == (0, 0)


def test_without_a_provider_there_is_a_reason(world: PayingWorld):
    from tenants.provider_accounts import ProviderAccount

    one = world.invoice()
    with unit_of_work(world.tenant.id):
        db.session.execute(update(ProviderAccount).values(enabled=False))
    with pytest.raises(Refusal, match="not available"):
        world.start(one)
