"""Giving money back: two people, one call, every end of it; at the bank, outside it, as credit."""

from __future__ import annotations

import datetime
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import time_machine
from sqlalchemy import select

from blueprints.payments.interface import RefundNotPossible, Unreachable
from blueprints.payments.providers.bank_simulator import books as bank
from blueprints.payments.providers.bank_simulator.adapter import BankSimulator
from blueprints.payments.providers.bank_simulator.models import BankOrder
from blueprints.payments.refund_sending import look, send
from blueprints.payments.refunds import (
    NewRefund,
    approve,
    ask_back,
    conclude,
    reject,
    request_refund,
    take_up,
)
from saas import audit
from saas.audit import Actor, AuditRow
from saas.clock import now
from saas.database import db
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tests.blueprints.payments.returned import (
    agree,
    credit,
    drain,
    open_of,
    paid,
    payment_of,
    refund_of,
    refunds,
    request,
    staff,
    standing,
    tell,
    threshold,
)
from tests.blueprints.payments.world import PayingWorld

HIGH = 10**9


@pytest.fixture
def ana(world: PayingWorld) -> Actor:
    return staff(world, "ana")


@pytest.fixture
def luis(world: PayingWorld) -> Actor:
    return staff(world, "luis")


def agree_to(world: PayingWorld, refund_id: uuid.UUID, actor: Actor) -> None:
    with unit_of_work(world.tenant.id):
        approve(refund_id, actor=actor, now=now())
    agree(world)


def approved_at_the_bank(world: PayingWorld, attempt_id: uuid.UUID) -> None:
    """The bank's own books know the order that we call captured."""
    row = world.attempt(attempt_id)
    with world.app.app_context(), unit_of_work(world.tenant.id):
        db.session.add(
            BankOrder(
                merchant=str(world.provider_account().settings["merchant"]),
                reference=row.reference,
                description="x",
                amount=row.amount,
                currency=row.currency,
                state="approved",
                return_url="http://x.localhost/",
                notice_url="http://localhost/",
                language="es",
                created_at=now(),
                decided_at=now(),
                transaction_number=1,
            )
        )


def test_a_second_person_must_agree_and_then_the_bank_is_told(world: PayingWorld, ana, luis, mailbox):
    one = world.invoice(100_000)
    attempt, payment = paid(world, one)
    approved_at_the_bank(world, attempt)
    refund = request(world, ana, payment, (one, 30_000))
    drain(world)
    assert refund_of(world, refund).state == "requested" and standing(world)["clearing"] == 100_000
    with pytest.raises(Refusal, match="Somebody else must agree"):
        agree_to(world, refund, ana)
    agree_to(world, refund, luis)
    assert refund_of(world, refund).state == "approved" and standing(world)["clearing"] == 100_000
    drain(world)
    row = refund_of(world, refund)
    assert (row.state, row.told, row.event) == ("done", "refunded", "R1")
    assert standing(world) == {"clearing": 70_000, "owed": 30_000, "credit": 0, "surcharge": 0}
    assert world.wire.sent.count("POST /api/refund") == 1
    subjects = [letter["Subject"] for _name, letter in mailbox.letters()]
    assert len(subjects) == 2  # the receipt and the refund
    with unit_of_work(world.tenant.id):
        actions = set(db.session.execute(select(AuditRow.action)).scalars())
        assert {"refund.requested", "refund.approved", "refund.done"} <= actions
        assert audit.first_broken() is None
    with pytest.raises(Refusal, match="decided this already"):
        agree_to(world, refund, luis)


def test_below_the_threshold_one_person_is_enough_but_many_small_ones_are_one(world: PayingWorld, ana):
    threshold(world, 50_000)
    one = world.invoice(100_000)
    _attempt, payment = paid(world, one)
    first = request(world, ana, payment, (one, 30_000), way="outside", reference="TR-1")
    second = request(world, ana, payment, (one, 30_000), way="outside", reference="TR-2")
    assert refund_of(world, first).state == "done"
    assert refund_of(world, second).state == "requested"


def test_more_than_there_is_is_refused_also_while_another_waits(world: PayingWorld, ana):
    one, two = world.invoice(100_000), world.invoice(40_000)
    attempt, payment = paid(world, one, two)
    for parts in ([(one, 100_001)], [(one, 0)], [(one, -5)], [], [(None, 1)], [(one, 60_000), (one, 60_000)]):
        with pytest.raises(Refusal):
            request(world, ana, payment, *parts)
    request(world, ana, payment, (one, 80_000))
    with pytest.raises(Refusal, match="more than can be given back"):
        request(world, ana, payment, (one, 20_001))
    tell(world, world.said(attempt, "refunded", amount=100_000, event="x"))
    with pytest.raises(Refusal, match="more than can be given back"):
        request(world, ana, payment, (two, 1))


def test_two_refunds_of_the_same_money_at_once(world: PayingWorld, ana):
    threshold(world, HIGH)
    one = world.invoice(100_000)
    _attempt, payment = paid(world, one)

    def once(turn: int) -> bool:
        try:
            with world.app.app_context(), unit_of_work(world.tenant.id):
                new = NewRefund(payment, [(one, 70_000)], "outside", "Cobro duplicado", f"TR-{turn}")
                request_refund(new, actor=ana, now=now())
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(once, range(2))) == [False, True]
    agree(world)
    assert standing(world)["clearing"] == 30_000


def test_agreeing_twice_at_once_sends_once(world: PayingWorld, ana, luis):
    eva = staff(world, "eva")
    one = world.invoice(100_000)
    attempt, payment = paid(world, one)
    approved_at_the_bank(world, attempt)
    refund = request(world, ana, payment, (one, 100_000))

    def once(actor: Actor) -> bool:
        try:
            with world.app.app_context(), unit_of_work(world.tenant.id):
                approve(refund, actor=actor, now=now())
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(once, [luis, eva])) == [False, True]
    drain(world)
    assert world.wire.sent.count("POST /api/refund") == 1 and standing(world)["clearing"] == 0


def test_no_answer_is_unknown_and_the_same_refund_is_sent_again(world: PayingWorld, ana):
    threshold(world, HIGH)
    one = world.invoice(100_000)
    attempt, payment = paid(world, one)
    approved_at_the_bank(world, attempt)
    refund = request(world, ana, payment, (one, 100_000))
    world.wire.down = True
    drain(world)
    row = refund_of(world, refund)
    assert (row.state, row.tries, row.problem) == ("sent", 1, "the wire is down")
    assert standing(world)["clearing"] == 100_000
    world.wire.down = False
    with time_machine.travel(now() + datetime.timedelta(minutes=2), tick=True):
        drain(world)
    assert refund_of(world, refund).state == "done" and refund_of(world, refund).problem is None


def test_a_lost_answer_does_not_give_back_twice(world: PayingWorld, ana, monkeypatch):
    threshold(world, HIGH)
    one = world.invoice(100_000)
    attempt, payment = paid(world, one)
    approved_at_the_bank(world, attempt)
    refund = request(world, ana, payment, (one, 60_000))
    right = BankSimulator.refund

    def lost(self, account, capture, refund, wire):
        right(self, account, capture, refund, wire)
        raise Unreachable("the answer was lost")

    monkeypatch.setattr(BankSimulator, "refund", lost)
    drain(world)
    assert refund_of(world, refund).state == "sent"
    monkeypatch.setattr(BankSimulator, "refund", right)
    with time_machine.travel(now() + datetime.timedelta(minutes=2), tick=True):
        drain(world)
    assert refund_of(world, refund).state == "done" and standing(world)["clearing"] == 40_000
    with world.app.app_context(), unit_of_work(world.tenant.id):
        assert bank.given_back(str(world.provider_account().settings["merchant"])) == 60_000


def test_after_a_day_it_is_only_asked_about(world: PayingWorld, ana, monkeypatch):
    threshold(world, HIGH)
    one = world.invoice(100_000)
    attempt, payment = paid(world, one)
    approved_at_the_bank(world, attempt)
    refund = request(world, ana, payment, (one, 60_000))
    world.wire.down = True
    drain(world)
    with time_machine.travel(now() + datetime.timedelta(hours=24), tick=True):
        with world.app.app_context(), unit_of_work(world.tenant.id):
            assert send(refund, wire=world.wire, now=now()) == "sent"
        assert not [sent for sent in world.wire.sent[-1:] if "refund" in sent] or world.wire.down
        with world.app.app_context(), unit_of_work(world.tenant.id):
            look(refund, 0, wire=world.wire, now=now())
    assert refund_of(world, refund).tries == 1
    with unit_of_work(world.tenant.id):
        conclude(refund, done=False, note="No figura en la consola", actor=ana, now=now())
    assert refund_of(world, refund).state == "failed" and standing(world)["clearing"] == 100_000


def test_what_the_provider_cannot_do_comes_back_with_its_words(world: PayingWorld, ana, monkeypatch):
    threshold(world, HIGH)
    one = world.invoice(100_000)
    _attempt, payment = paid(world, one)
    refund = request(world, ana, payment, (one, 100_000))

    def cannot(*_anything):
        raise RefundNotPossible("cash cannot be given back")

    monkeypatch.setattr(BankSimulator, "refund", cannot)
    drain(world)
    row = refund_of(world, refund)
    assert (row.state, row.problem) == ("failed", "cash cannot be given back")
    again = request(world, ana, payment, (one, 100_000), way="outside", reference="TR-9")
    assert refund_of(world, again).state == "done" and open_of(world, one) == 100_000


def test_pending_for_days_then_declined(world: PayingWorld, ana, monkeypatch):
    threshold(world, HIGH)
    one = world.invoice(100_000)
    attempt, payment = paid(world, one)
    refund = request(world, ana, payment, (one, 50_000))

    def slow(self, account, capture, view, wire):
        return world.said(attempt, "refund_pending", amount=50_000, event="", refund_id=view.id)

    monkeypatch.setattr(BankSimulator, "refund", slow)
    drain(world)
    assert refund_of(world, refund).state == "pending" and standing(world)["clearing"] == 100_000
    with pytest.raises(Refusal):  # what waits cannot be given a second time
        request(world, ana, payment, (one, 60_000))
    # The provider numbers it now and no longer repeats our id.
    assert tell(world, world.said(attempt, "refund_failed", amount=50_000, event="T77")) == ["moved"]
    row = refund_of(world, refund)
    assert (row.state, row.event) == ("failed", "T77")
    assert refunds(world) == [("failed", 50_000)] and standing(world)["clearing"] == 100_000


def test_one_made_elsewhere_is_not_taken_for_ours(world: PayingWorld, ana, monkeypatch):
    threshold(world, HIGH)
    one = world.invoice(100_000)
    attempt, payment = paid(world, one)
    refund = request(world, ana, payment, (one, 50_000))
    tell(world, world.said(attempt, "refunded", amount=50_000, event="EXT"))  # before ours was sent
    said = world.said(attempt, "refunded", amount=50_000, event="OURS", refund_id=refund)
    assert tell(world, said) == ["moved"]
    assert refunds(world) == [("done", 50_000), ("done", 50_000)]
    assert standing(world) == {"clearing": 0, "owed": 100_000, "credit": 0, "surcharge": 0}


def test_a_disputed_payment_is_not_given_back_as_well(world: PayingWorld, ana, luis):
    one = world.invoice(100_000)
    attempt, payment = paid(world, one)
    before = request(world, ana, payment, (one, 10_000))
    tell(world, world.said(attempt, "disputed", amount=90_000, event="d1"))
    with pytest.raises(Refusal, match="disputed"):
        request(world, ana, payment, (one, 10_000))
    with pytest.raises(Refusal, match="disputed"):
        agree_to(world, before, luis)


def test_turned_into_credit_it_stays_in_the_house(world: PayingWorld, ana):
    one = world.invoice(100_000)
    attempt, payment = paid(world, one)
    refund = request(world, ana, payment, (one, 100_000), way="credit")
    assert refund_of(world, refund).state == "done"  # no second person: nothing leaves
    assert standing(world) == {"clearing": 100_000, "owed": 100_000, "credit": 100_000, "surcharge": 0}
    tell(world, world.said(attempt, "refunded", event="x"))
    assert standing(world) == {"clearing": 0, "owed": 100_000, "credit": 0, "surcharge": 0}


def test_rejected_nothing_moves(world: PayingWorld, ana, luis):
    one = world.invoice(100_000)
    _attempt, payment = paid(world, one)
    refund = request(world, ana, payment, (one, 100_000))
    with unit_of_work(world.tenant.id), pytest.raises(Refusal):
        reject(refund, "  ", actor=luis, now=now())
    with unit_of_work(world.tenant.id):
        reject(refund, "No corresponde", actor=luis, now=now())
    drain(world)
    assert refund_of(world, refund).state == "rejected" and standing(world)["clearing"] == 100_000


def test_outside_needs_to_say_how(world: PayingWorld, ana):
    one = world.invoice(100_000)
    _attempt, payment = paid(world, one)
    with pytest.raises(Refusal):
        request(world, ana, payment, (one, 1_000), way="outside")
    with pytest.raises(Refusal):
        request(world, ana, payment, (one, 1_000), reason="  ")
    with pytest.raises(Refusal):
        request(world, ana, payment, (one, 1_000), way="by-carrier-pigeon")


def twice_paid(world: PayingWorld) -> tuple[uuid.UUID, uuid.UUID]:
    """An invoice paid by two attempts: credit. Returns both attempts."""
    one = world.invoice(100_000)
    first = world.start(one)
    second = world.start(one, world.invoice(5_000))
    tell(world, world.said(first.attempt_id), world.said(second.attempt_id))
    assert credit(world) == 100_000
    return first.attempt_id, second.attempt_id


def test_a_customer_asks_credit_back_and_two_of_staff_decide(world: PayingWorld, ana, luis):
    _first, second = twice_paid(world)
    approved_at_the_bank(world, second)
    customer, ask = Actor("customer", world.user_id, "Camila"), uuid.uuid4()
    for expected in (60_000, 0):  # a second click asks for nothing more
        with unit_of_work(world.tenant.id):
            assert ask_back(ask, world.account_id, 60_000, actor=customer, now=now()) == expected
    with unit_of_work(world.tenant.id), pytest.raises(Refusal):
        ask_back(uuid.uuid4(), world.account_id, 40_001, actor=customer, now=now())
    with unit_of_work(world.tenant.id):
        from blueprints.payments.refund_models import Refund

        refund = db.session.execute(select(Refund.id)).scalar_one()
    with pytest.raises(Refusal):
        agree_to(world, refund, ana)  # nobody has said yet how
    how = {"way": "provider", "reason": "Pago doble", "reference": ""}
    with unit_of_work(world.tenant.id):
        take_up(refund, actor=ana, now=now(), **how)
    with pytest.raises(Refusal, match="Somebody else"):
        agree_to(world, refund, ana)
    agree_to(world, refund, luis)
    drain(world)
    assert refund_of(world, refund).state == "done"
    assert standing(world) == {"clearing": 145_000, "owed": 0, "credit": 40_000, "surcharge": 0}
    assert payment_of(world, second) == refund_of(world, refund).payment_id


def test_the_bank_gives_back_once_per_number(world: PayingWorld):
    one = world.invoice(100_000)
    attempt, _payment = paid(world, one)
    approved_at_the_bank(world, attempt)
    from blueprints.payments.accounts import adapter_of, view_of
    from blueprints.payments.interface import CaptureView, RefundView

    account, row = world.provider_account(), world.attempt(attempt)
    capture = CaptureView(row.id, row.reference, row.amount, row.currency, "x", now())
    refund = RefundView(uuid.uuid4(), 60_000, "x")
    with world.app.app_context():
        adapter = adapter_of(account)
        said = {adapter.refund(view_of(account), capture, refund, world.wire).event for _turn in range(3)}
        assert said == {"R1"}
        with pytest.raises(RefundNotPossible):
            adapter.refund(view_of(account), capture, replace(refund, id=uuid.uuid4()), world.wire)
        wrong = replace(view_of(account), secrets={"secret": "x"})
        with pytest.raises(Unreachable):
            adapter.refund(wrong, capture, refund, world.wire)
