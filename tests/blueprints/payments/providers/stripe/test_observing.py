"""What Stripe says of a payment: delayed means, refunds and disputes, wherever they were made."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from blueprints.invoices.models import Invoice
from blueprints.payments.interface import (
    CAPTURED,
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    EXPIRED,
    FAILED,
    PENDING,
    REFUND_FAILED,
    REFUND_PENDING,
    REFUNDED,
    Observation,
    Unknown,
    Unreachable,
)
from blueprints.payments.models import Payment
from blueprints.payments.providers.stripe import reading
from blueprints.payments.refund_models import Dispute, Refund
from blueprints.payments.refund_rules import DONE, PROVIDER
from blueprints.payments.refunds import NewRefund, approve, request_refund
from saas import outbox
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tests import cast
from tests.blueprints.payments.providers.stripe.world import StripeWorld


def observe(world: StripeWorld, started: Any) -> list[Observation] | Unknown:
    found = world.adapter().observe(world.view(), world.attempt_view(started.attempt_id), world.peer, now())
    return found if isinstance(found, Unknown) else list(found)


def kinds(world: StripeWorld, started: Any) -> list[str]:
    found = observe(world, started)
    assert not isinstance(found, Unknown), found.why
    return [one.kind for one in found]


def test_nothing_is_known_before_the_payer_decides(world: StripeWorld):
    started = world.start()
    assert isinstance(observe(world, started), Unknown)
    world.do(lambda at_stripe: at_stripe.decline(world.session(started)))
    assert isinstance(observe(world, started), Unknown), "another card may follow on the same page"


def test_a_capture(world: StripeWorld):
    started = world.start()
    world.pay(started)
    found = observe(world, started)
    assert isinstance(found, list)
    (captured,) = found
    row = world.attempt(started.attempt_id)
    intent = world.intent(started)
    assert (captured.kind, captured.amount, captured.currency, captured.mode) == (
        CAPTURED,
        100_000,
        "ARS",
        "test",
    )
    assert (captured.reference, captured.provider_reference, captured.event) == (
        row.reference,
        intent,
        intent,
    )
    assert captured.facts == {"session": world.session(started), "intent": intent}
    assert abs(captured.occurred_at - now()) < datetime.timedelta(minutes=1)
    again = observe(world, started)
    assert isinstance(again, list)
    assert again[0].dedupe_key == captured.dedupe_key


@pytest.mark.parametrize("voucher", [False, True])
def test_a_delayed_means_that_is_kept(world: StripeWorld, voucher: bool):
    started = world.start()
    world.do(lambda at_stripe: at_stripe.promise(world.session(started), voucher=voucher))
    assert set(world.carry()) == {200}
    assert world.state(started) == "pending"
    assert world.attempt(started.attempt_id).provider_reference == world.intent(started)
    days_later = now() + datetime.timedelta(days=6)
    with time_machine.travel(days_later, tick=True):
        outbox.drain()
        assert world.state(started) == "expired", "it was waited for"
        world.do(lambda at_stripe: at_stripe.keep_promise(world.session(started)))
        (captured,) = observe(world, started)  # type: ignore[misc]
        assert captured.occurred_at >= days_later.replace(microsecond=0), (
            "the day it came, not the day it was begun"
        )
        assert set(world.carry()) == {200}
    assert world.state(started) == "captured"
    assert world.payments() == [100_000]


def test_a_delayed_means_that_is_not_kept(world: StripeWorld):
    started = world.start()
    world.do(lambda at_stripe: at_stripe.promise(world.session(started)))
    world.carry()
    world.do(lambda at_stripe: at_stripe.break_promise(world.session(started)))
    world.carry()
    assert world.state(started) == "failed"
    assert world.attempt(started.attempt_id).facts["declined"]
    assert world.payments() == []


def test_events_of_a_delayed_means_in_the_wrong_order(world: StripeWorld):
    started = world.start()
    world.do(lambda at_stripe: at_stripe.promise(world.session(started)))
    world.do(lambda at_stripe: at_stripe.keep_promise(world.session(started)))
    world.carry(order=lambda events: events[::-1])
    assert world.state(started) == "captured"
    assert [kind for kind, _amount in world.observed()] == [CAPTURED]


def test_a_session_is_over_by_the_clock(world: StripeWorld):
    started = world.start()
    with time_machine.travel(now() + datetime.timedelta(hours=2, minutes=1), tick=True):
        assert kinds(world, started) == [EXPIRED]


def test_refunds_are_seen_wherever_they_were_made(world: StripeWorld):
    started = world.start()
    world.pay(started)
    intent, ours = world.intent(started), uuid.uuid4()
    with time_machine.travel(now() + datetime.timedelta(minutes=1), tick=True):
        world.do(lambda at_stripe: at_stripe.refund(intent, 30_000))
    with time_machine.travel(now() + datetime.timedelta(minutes=2), tick=True):
        world.do(lambda at_stripe: at_stripe.refund(intent, 20_000, {"refund": str(ours)}))
    found = observe(world, started)
    assert isinstance(found, list)
    assert [(one.kind, one.amount, one.refund_id) for one in found] == [
        (CAPTURED, 100_000, None),
        (REFUNDED, 30_000, None),
        (REFUNDED, 20_000, ours),
    ]
    assert len({one.dedupe_key for one in found}) == 3
    assert all(one.event == one.provider_reference and one.event.startswith("re_") for one in found[1:])


def test_two_refunds_of_the_same_sum_are_two(world: StripeWorld):
    started = world.start()
    world.pay(started)
    for _turn in range(2):
        world.do(lambda at_stripe: at_stripe.refund(world.intent(started), 10_000))
    found = observe(world, started)
    assert isinstance(found, list)
    assert len({one.dedupe_key for one in found}) == 3


def test_a_refund_that_waits_and_fails(world: StripeWorld):
    started = world.start()
    world.pay(started)
    world.peer.refunds = "pending"
    made = world.do(lambda at_stripe: at_stripe.refund(world.intent(started)))
    assert kinds(world, started) == [CAPTURED, REFUND_PENDING]
    world.do(lambda at_stripe: at_stripe.settle_refund(made["id"], good=False))
    assert kinds(world, started) == [CAPTURED, REFUND_FAILED]


def test_a_refund_is_told_before_the_capture_is_known(world: StripeWorld):
    """The first question brings both, in their order."""
    started = world.start()
    world.pay(started)
    world.do(lambda at_stripe: at_stripe.refund(world.intent(started), 100_000))
    world.carry(order=lambda events: events[::-1])
    assert world.state(started) == "captured"
    observed = world.observed()
    assert observed[0] == (CAPTURED, 100_000)
    assert (REFUNDED, 100_000) in observed


def test_a_dashboard_refund_of_a_finished_attempt_is_asked_about(world: StripeWorld):
    started = world.start()
    world.pay(started)
    world.carry()
    world.do(lambda at_stripe: at_stripe.refund(world.intent(started), 100_000))
    assert set(world.carry()) == {200}
    assert (REFUNDED, 100_000) in world.observed()


@pytest.mark.parametrize(("won", "end"), [(True, DISPUTE_WON), (False, DISPUTE_LOST)])
def test_disputes(world: StripeWorld, won: bool, end: str):
    started = world.start()
    world.pay(started)
    world.carry()
    made = world.do(lambda at_stripe: at_stripe.dispute(world.intent(started)))
    assert set(world.carry()) == {200}
    assert kinds(world, started) == [CAPTURED, DISPUTED]
    assert (DISPUTED, 100_000) in world.observed()
    with unit_of_work(world.tenant_id):
        due = db.session.execute(select(Dispute.evidence_due)).scalar_one()
    assert due is not None and int(due.timestamp()) == made["evidence_details"]["due_by"]
    world.do(lambda at_stripe: at_stripe.close_dispute(made["id"], won=won))
    assert set(world.carry()) == {200}
    found = observe(world, started)
    assert isinstance(found, list)
    assert [one.kind for one in found] == [CAPTURED, DISPUTED, end]
    assert {one.event for one in found[1:]} == {made["id"]}
    assert (end, 100_000) in world.observed()


def test_a_dispute_that_was_opened_and_lost_while_nobody_looked(world: StripeWorld):
    started = world.start()
    world.pay(started)
    made = world.do(lambda at_stripe: at_stripe.dispute(world.intent(started), 40_000))
    world.do(lambda at_stripe: at_stripe.close_dispute(made["id"], won=False))
    found = observe(world, started)
    assert isinstance(found, list)
    assert [(one.kind, one.amount) for one in found] == [
        (CAPTURED, 100_000),
        (DISPUTED, 40_000),
        (DISPUTE_LOST, 40_000),
    ]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("needs_response", [DISPUTED]),
        ("under_review", [DISPUTED]),
        ("appeal_needs_response", [DISPUTED]),
        ("warning_needs_response", []),
        ("warning_closed", []),
        ("prevented", []),
        ("won", [DISPUTED, DISPUTE_WON]),
        ("lost", [DISPUTED, DISPUTE_LOST]),
    ],
)
def test_an_inquiry_takes_no_money(status: str, expected: list[str]):
    thing = {
        "id": "du_1",
        "status": status,
        "amount": 100,
        "currency": "cop",
        "created": 1,
        "livemode": False,
    }
    assert [one.kind for one in reading.disputes("R", thing, now())] == expected


def session(status: str, paid: str) -> dict[str, Any]:
    return {
        "id": "cs_1",
        "status": status,
        "payment_status": paid,
        "amount_total": 7,
        "currency": "cop",
        "livemode": False,
    }


def intent(status: str) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "status": status,
        "amount": 7,
        "amount_received": 7,
        "currency": "cop",
        "livemode": False,
    }


@pytest.mark.parametrize(
    ("of_session", "of_intent", "kind"),
    [
        (session("open", "unpaid"), None, None),
        (session("open", "unpaid"), intent("requires_payment_method"), None),
        (session("open", "unpaid"), intent("requires_action"), None),
        (session("open", "unpaid"), intent("processing"), PENDING),
        (session("open", "unpaid"), intent("succeeded"), CAPTURED),
        (session("complete", "paid"), None, CAPTURED),
        (session("complete", "paid"), intent("succeeded"), CAPTURED),
        (session("complete", "unpaid"), None, PENDING),
        (session("complete", "unpaid"), intent("requires_action"), PENDING),
        (session("complete", "unpaid"), intent("requires_capture"), PENDING),
        (session("complete", "unpaid"), intent("requires_payment_method"), FAILED),
        (session("complete", "unpaid"), intent("canceled"), FAILED),
        (session("expired", "unpaid"), None, EXPIRED),
        (session("expired", "unpaid"), intent("requires_payment_method"), EXPIRED),
        (session("expired", "unpaid"), intent("processing"), PENDING),
        (session("expired", "unpaid"), intent("succeeded"), CAPTURED),
        (None, intent("succeeded"), CAPTURED),
        (None, intent("processing"), PENDING),
        (None, intent("requires_payment_method"), FAILED),
        (None, intent("requires_action"), FAILED),
    ],
)
def test_every_pair_of_states(world: StripeWorld, of_session: Any, of_intent: Any, kind: str | None):
    attempt = world.attempt_view(world.start().attempt_id)
    mine = {"metadata": {"attempt": str(attempt.id)}}
    found = reading.payment(
        attempt, of_session and {**of_session, **mine}, of_intent and {**of_intent, **mine}, now()
    )
    assert (found.kind if found else None) == kind
    if found is not None:
        assert found.provider_reference == ("pi_1" if of_intent else "cs_1")
        assert (found.amount, found.currency) == (7, "COP")


@pytest.mark.parametrize(
    "fault", [["timeout"] * 3, ["503"] * 3, ["429"] * 3, ["html"], ["truncated"], ["list"], ["401"], ["403"]]
)
def test_silence_is_no_failure(world: StripeWorld, fault: list[str]):
    started = world.start()
    world.pay(started)
    world.peer.faults.extend(fault)
    with pytest.raises(Unreachable):
        observe(world, started)
    world.peer.faults.extend(fault)
    assert world.ask(started) == []
    assert world.state(started) == "created"


@pytest.mark.parametrize(
    "lie",
    [
        lambda body: {"object": "checkout.session"},
        lambda body: {**body, "metadata": {}},
        lambda body: {**body, "metadata": None},
        lambda body: {**body, "payment_intent": {"object": "payment_intent", "status": "succeeded"}},
        lambda body: {**body, "payment_intent": {**body["payment_intent"], "amount_received": "many"}},
        lambda body: {**body, "payment_intent": {**body["payment_intent"], "amount_received": None}},
        lambda body: {
            **body,
            "payment_intent": {**body["payment_intent"], "latest_charge": {"created": "x"}},
        },
    ],
)
def test_an_answer_of_another_shape_is_no_answer(world: StripeWorld, lie: Any):
    started = world.start()
    world.pay(started)
    world.peer.lying = lambda _asked, body: lie(body)
    with pytest.raises(Unreachable):
        observe(world, started)


def test_a_session_of_another_key_is_unknown(world: StripeWorld):
    started = world.start()
    world.pay(started)
    world.peer.shelves.clear()
    assert isinstance(observe(world, started), Unknown)


def test_many_refunds_are_read_page_by_page(world: StripeWorld):
    started = world.start()
    world.pay(started)
    for _turn in range(7):
        world.do(lambda at_stripe: at_stripe.refund(world.intent(started), 1_000))
    world.peer.page_size = 3
    assert kinds(world, started) == [CAPTURED, *[REFUNDED] * 7]
    assert len([asked for asked in world.peer.asked if asked.name == "refunds"]) == 3


def owed(world: StripeWorld) -> list[int]:
    with unit_of_work(world.tenant_id):
        return list(db.session.execute(select(Invoice.open_amount)).scalars())


def test_the_books_follow(world: StripeWorld):
    """Whatever happens at Stripe reopens the invoice by as much, and winning a dispute closes it again."""
    started = world.start()
    world.pay(started)
    world.carry()
    assert owed(world) == [0]
    world.do(lambda at_stripe: at_stripe.refund(world.intent(started), 30_000))
    world.carry()
    assert owed(world) == [30_000]
    made = world.do(lambda at_stripe: at_stripe.dispute(world.intent(started), 70_000))
    world.carry(order=lambda events: events[::-1])
    assert owed(world) == [100_000]
    world.do(lambda at_stripe: at_stripe.close_dispute(made["id"], won=True))
    world.carry()
    assert owed(world) == [30_000]
    assert world.quarantine() == []


def test_staff_give_money_back_through_stripe(world: StripeWorld):
    """By way of the desk: asked for, sent once although its answer is lost, booked when Stripe has it."""
    started = world.start()
    world.pay(started)
    world.carry()
    with unit_of_work(world.tenant_id):
        payment_id = db.session.execute(select(Payment.id)).scalar_one()
        new = NewRefund(payment_id, [(world.paying.invoices[0], 40_000)], PROVIDER, "dos veces pagado")
        refund_id = request_refund(new, actor=Actor("user", world.paying.user_id, "Ana"), now=now())
        second = cast.add_user("luis@example.com", name="Luis")
        approve(refund_id, actor=Actor("user", second, "Luis"), now=now())
    world.peer.faults.extend(["", "lost", "lost", "lost"])
    outbox.drain()
    assert [thing["amount"] for thing in world.peer.shelf(world.merchant).all("refund")] == [40_000]
    world.carry()
    with time_machine.travel(now() + datetime.timedelta(hours=1), tick=True):
        outbox.drain()
    assert [thing["amount"] for thing in world.peer.shelf(world.merchant).all("refund")] == [40_000]
    assert owed(world) == [40_000]
    with unit_of_work(world.tenant_id):
        assert db.session.execute(select(Refund.state)).scalars().all() == [DONE]
    assert world.quarantine() == []
