"""Refunds ordered by us, and the books of a day."""

from __future__ import annotations

import dataclasses
import datetime
import uuid
from typing import Any

import pytest
import time_machine

from blueprints.payments.interface import (
    REFUND_FAILED,
    REFUND_PENDING,
    REFUNDED,
    CaptureView,
    RefundNotPossible,
    RefundView,
    Unreachable,
)
from saas.clock import now
from saas.refusals import Refusal
from tests.blueprints.payments.providers.stripe.world import StripeWorld


def captured(world: StripeWorld, amount: int = 100_000) -> CaptureView:
    started = world.start(amount)
    world.pay(started)
    assert world.ask(started) == ["moved"]
    row = world.attempt(started.attempt_id)
    assert row.provider_reference is not None
    return CaptureView(
        row.id, row.reference, row.amount, row.currency, row.provider_reference, now(), row.facts
    )


def wanted(amount: int = 100_000) -> RefundView:
    return RefundView(uuid.uuid4(), amount, "dos veces pagado")


def give_back(world: StripeWorld, capture: CaptureView, refund: RefundView) -> Any:
    return world.adapter().refund(world.view(), capture, refund, world.peer)


def refunds(world: StripeWorld) -> list[int]:
    return [thing["amount"] for thing in world.peer.shelf(world.merchant).all("refund")]


def test_a_refund_carries_our_number(world: StripeWorld):
    capture, refund = captured(world), wanted()
    found = give_back(world, capture, refund)
    assert (found.kind, found.amount, found.refund_id) == (REFUNDED, 100_000, refund.id)
    assert (found.reference, found.currency, found.mode) == (capture.reference, "ARS", "test")
    asked = world.peer.posts("refunds")[0]
    assert asked.key == f"{world.tenant_id}:{refund.id}:refund"
    assert asked.params == {
        "payment_intent": capture.provider_reference,
        "amount": "100000",
        "metadata": {"refund": str(refund.id), "reference": capture.reference},
    }


def test_the_same_refund_is_given_once(world: StripeWorld):
    capture, refund = captured(world), wanted(10_000)
    found = [give_back(world, capture, refund) for _turn in range(3)]
    assert len({one.dedupe_key for one in found}) == 1
    assert refunds(world) == [10_000]
    with time_machine.travel(now() + datetime.timedelta(days=3), tick=True):
        assert give_back(world, capture, refund).dedupe_key == found[0].dedupe_key
    assert refunds(world) == [10_000]
    assert len(world.peer.posts("refunds")) == 1


def test_a_lost_answer_is_looked_for(world: StripeWorld):
    capture, refund = captured(world), wanted(10_000)
    world.peer.faults.extend(["", "lost", "lost", "lost"])  # the first request only looks
    with pytest.raises(Unreachable):
        give_back(world, capture, refund)
    assert refunds(world) == [10_000]
    assert give_back(world, capture, refund).kind == REFUNDED
    assert refunds(world) == [10_000]


@pytest.mark.parametrize("fault", [["timeout"] * 3, ["503"] * 3, ["html"], ["401"]])
def test_silence_gives_nothing_and_says_nothing(world: StripeWorld, fault: list[str]):
    capture, refund = captured(world), wanted()
    for before in ([], [""]):
        world.peer.faults.extend([*before, *fault])
        with pytest.raises(Unreachable):
            give_back(world, capture, refund)
        world.peer.faults.clear()
    assert give_back(world, capture, refund).kind == REFUNDED


@pytest.mark.parametrize(("fate", "kind"), [("pending", REFUND_PENDING), ("failed", REFUND_FAILED)])
def test_a_refund_may_wait_or_fail(world: StripeWorld, fate: str, kind: str):
    world.peer.refunds = fate
    assert give_back(world, captured(world), wanted()).kind == kind


def test_in_parts_and_never_more_than_there_was(world: StripeWorld):
    capture = captured(world)
    for amount in (30_000, 30_000, 40_000):
        assert give_back(world, capture, wanted(amount)).amount == amount
    with pytest.raises(RefundNotPossible, match="already been refunded"):
        give_back(world, capture, wanted(1))
    assert sum(refunds(world)) == 100_000
    with pytest.raises(RefundNotPossible, match="larger"):
        give_back(world, captured(world), wanted(100_001))


def test_a_disputed_payment_is_not_given_back(world: StripeWorld):
    capture = captured(world)
    world.do(lambda at_stripe: at_stripe.dispute(capture.provider_reference))
    with pytest.raises(RefundNotPossible, match="charged back"):
        give_back(world, capture, wanted())


def test_a_payment_of_another_account_is_not_given_back(world: StripeWorld):
    capture = dataclasses.replace(captured(world), provider_reference="pi_0", facts={})
    with pytest.raises(RefundNotPossible, match="No such payment_intent"):
        give_back(world, capture, wanted())


def test_what_stripe_cannot_express_is_not_sent(world: StripeWorld):
    with pytest.raises(Refusal):
        give_back(world, dataclasses.replace(captured(world), currency="CLF"), wanted())


def settled(world: StripeWorld, since: datetime.datetime, until: datetime.datetime) -> list[tuple[str, int]]:
    found = world.adapter().settled(world.view(), since, until, (), world.peer)
    return sorted((one.reference, one.amount) for one in found)


def test_the_books_of_a_day(world: StripeWorld):
    captures = [captured(world, 10_000 + number) for number in range(5)]
    delayed = world.start(77_000)
    world.do(lambda at_stripe: at_stripe.promise(world.session(delayed)))
    unpaid = world.start()
    world.do(lambda at_stripe: at_stripe.decline(world.session(unpaid)))
    shop = world.start(1)
    world.pay(shop)
    charge = world.peer.shelf(world.merchant).all("charge")[0]
    world.peer.shelf(world.merchant).put({**charge, "metadata": {}})
    world.peer.page_size = 2
    moment = now()
    hour = datetime.timedelta(hours=1)
    expected = sorted((capture.reference, capture.amount) for capture in captures)
    assert settled(world, moment - hour, moment + hour) == expected
    assert settled(world, moment - 2 * hour, moment - hour) == []
    with time_machine.travel(moment + datetime.timedelta(days=2), tick=True):
        world.do(lambda at_stripe: at_stripe.keep_promise(world.session(delayed)))
        late = (world.attempt(delayed.attempt_id).reference, 77_000)
        assert settled(world, now() - hour, now() + hour) == [late], "on the day it was booked"
    assert settled(world, moment - hour, moment + hour) == expected
    found = world.adapter().settled(world.view(), moment - hour, moment + hour, (), world.peer)
    assert {one.provider_reference for one in found} == {one.provider_reference for one in captures}
    assert {one.currency for one in found} == {"ARS"}
    assert all(one.occurred_at is not None for one in found)


def test_refunds_do_not_change_what_was_captured(world: StripeWorld):
    capture = captured(world)
    give_back(world, capture, wanted(40_000))
    hour = datetime.timedelta(hours=1)
    assert settled(world, now() - hour, now() + hour) == [(capture.reference, 100_000)]


@pytest.mark.parametrize("fault", [["timeout"] * 3, ["503"] * 3, ["html"], ["403"]])
def test_no_books_are_no_empty_books(world: StripeWorld, fault: list[str]):
    captured(world)
    world.peer.faults.extend(fault)
    with pytest.raises(Unreachable):
        settled(world, now() - datetime.timedelta(days=1), now())
