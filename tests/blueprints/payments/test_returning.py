"""What providers say after a capture, in any order: the books agree after every word (F10, F11, F12)."""

from __future__ import annotations

import datetime
import itertools
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from blueprints.payments.applying import apply
from saas.clock import now
from saas.scope import unit_of_work
from tests.blueprints.payments.returned import (
    agree,
    credit,
    disputes,
    open_of,
    paid,
    payment_of,
    refunds,
    standing,
    tell,
)
from tests.blueprints.payments.test_applying import quarantine
from tests.blueprints.payments.world import PayingWorld, paying_world

LATE = {"due_in": -3, "second_due_on": datetime.date(2099, 1, 1)}


def test_a_refund_made_at_the_provider_opens_the_invoice_again(world: PayingWorld):
    one, two = world.invoice(100_000), world.invoice(40_000, due_in=20)
    attempt, _payment = paid(world, one, two)
    assert tell(world, world.said(attempt, "refunded", amount=140_000, event="r1")) == ["moved"]
    assert standing(world) == {"clearing": 0, "owed": 140_000, "credit": 0, "surcharge": 0}
    assert (open_of(world, one), open_of(world, two)) == (100_000, 40_000)
    assert refunds(world) == [("done", 140_000)]


def test_a_part_is_taken_off_the_newest_debt(world: PayingWorld):
    one, two = world.invoice(100_000), world.invoice(40_000, due_in=20)
    attempt, _payment = paid(world, one, two)
    tell(world, world.said(attempt, "refunded", amount=50_000, event="r1"))
    assert (open_of(world, one), open_of(world, two)) == (10_000, 40_000)


def test_many_refunds_add_up_and_one_too_many_is_put_aside(world: PayingWorld):
    one = world.invoice(100_000)
    attempt, _payment = paid(world, one)
    parts = [world.said(attempt, "refunded", amount=40_000, event=f"r{number}") for number in range(3)]
    assert tell(world, *parts) == ["moved", "moved", "quarantined:refund-exceeds"]
    assert tell(world, *parts) == ["duplicate"] * 3
    assert standing(world)["clearing"] == 20_000 and open_of(world, one) == 80_000
    assert quarantine(world) == ["refund-exceeds"]


def test_a_refund_that_was_too_much_counts_once_an_earlier_one_has_failed(world: PayingWorld):
    attempt, _payment = paid(world, world.invoice(100_000))
    one, two = (world.said(attempt, "refunded", amount=60_000 + n, event=f"r{n}") for n in range(2))
    failed = world.said(attempt, "refund_failed", amount=60_000, event="r0")
    assert tell(world, one, two, failed) == ["moved", "quarantined:refund-exceeds", "moved"]
    assert standing(world)["clearing"] == 39_999
    assert tell(world, two, failed) == ["duplicate"] * 2


@pytest.mark.parametrize("amount", [100_001, 0, -1])
def test_a_refund_of_more_than_the_payment_or_of_nothing_is_put_aside(world: PayingWorld, amount):
    attempt, _payment = paid(world, world.invoice(100_000))
    said = world.said(attempt, "refunded", amount=amount, event="r1")
    assert tell(world, said) == ["quarantined:amount-differs"]
    assert standing(world)["clearing"] == 100_000


@pytest.mark.parametrize("changes", [{"currency": "COP"}, {"mode": "live"}])
@pytest.mark.parametrize("kind", ["refunded", "disputed"])
def test_what_differs_moves_nothing(world: PayingWorld, kind, changes):
    attempt, _payment = paid(world, world.invoice(100_000))
    effects = tell(world, world.said(attempt, kind, event="x", **changes))
    assert effects[0].startswith("quarantined:")
    assert standing(world)["clearing"] == 100_000 and refunds(world) == [] and disputes(world) == []


def test_the_same_refund_twice_and_from_two_mouths_counts_once(world: PayingWorld):
    attempt, _payment = paid(world, world.invoice(100_000))
    said = world.said(attempt, "refunded", amount=30_000, event="r1")
    later = world.said(attempt, "refunded", amount=30_000, event="r1", evidence="polled")
    assert tell(world, said, said, later) == ["moved", "duplicate", "duplicate"]
    assert standing(world)["clearing"] == 70_000


def test_the_same_refund_from_fifty_threads(world: PayingWorld):
    attempt, _payment = paid(world, world.invoice(100_000))
    account = world.provider_account()
    said = [world.said(attempt, "refunded", amount=30_000, event=f"r{turn % 3}") for turn in range(24)]

    def once(one) -> str:
        with world.app.app_context(), unit_of_work(world.tenant.id):
            return apply(one, account=account, now=now())

    with ThreadPoolExecutor(6) as pool:
        effects = list(pool.map(once, said))
    assert sorted(effects) == ["duplicate"] * 21 + ["moved"] * 3
    agree(world)
    assert standing(world) == {"clearing": 10_000, "owed": 90_000, "credit": 0, "surcharge": 0}


def test_declined_days_later_restores_everything(world: PayingWorld):
    one = world.invoice(100_000)
    attempt, _payment = paid(world, one)
    kinds = ["refund_pending", "refunded", "refund_failed"]
    assert tell(world, *[world.said(attempt, kind, event="r1") for kind in kinds]) == ["moved"] * 3
    assert standing(world) == {"clearing": 100_000, "owed": 0, "credit": 0, "surcharge": 0}
    assert refunds(world) == [("failed", 100_000)]


def test_a_surcharge_goes_back_first_and_is_owed_again_when_the_refund_fails(world: PayingWorld):
    late = world.invoice(50_000, second_total=51_000, **LATE)
    attempt, _payment = paid(world, late)
    assert standing(world)["surcharge"] == 1_000
    tell(world, world.said(attempt, "refunded", amount=11_000, event="r1"))
    assert standing(world) == {"clearing": 40_000, "owed": 10_000, "credit": 0, "surcharge": 0}
    tell(world, world.said(attempt, "refund_failed", amount=11_000, event="r1"))
    assert standing(world) == {"clearing": 51_000, "owed": 0, "credit": 0, "surcharge": 1_000}


def test_a_dispute_opens_the_invoice_and_its_end_decides(world: PayingWorld):
    one, two = world.invoice(100_000), world.invoice(40_000)
    won, _payment = paid(world, one)
    lost, _payment = paid(world, two)
    tell(world, world.said(won, "disputed", event="d1"), world.said(lost, "disputed", event="d1"))
    assert standing(world) == {"clearing": 0, "owed": 140_000, "credit": 0, "surcharge": 0}
    tell(world, world.said(won, "dispute_won", event="d1"), world.said(lost, "dispute_lost", event="d1"))
    assert standing(world) == {"clearing": 100_000, "owed": 40_000, "credit": 0, "surcharge": 0}
    assert disputes(world) == ["won", "lost"]


@pytest.mark.parametrize(("end", "clearing"), [("dispute_won", 40_000), ("dispute_lost", 0)])
def test_a_dispute_after_a_refund_takes_what_is_left(world: PayingWorld, end, clearing):
    one = world.invoice(100_000)
    attempt, _payment = paid(world, one)
    refund = world.said(attempt, "refunded", amount=60_000, event="r1")
    tell(world, refund, world.said(attempt, "disputed", event="d1"))
    assert standing(world)["clearing"] == 0 and open_of(world, one) == 100_000
    assert quarantine(world) == ["beyond-capture"]
    tell(world, world.said(attempt, end, event="d1"))
    assert standing(world)["clearing"] == clearing


def test_won_when_somebody_paid_meanwhile_is_credit(world: PayingWorld):
    one = world.invoice(100_000)
    first, _payment = paid(world, one)
    tell(world, world.said(first, "disputed", event="d1"))
    paid(world, one)
    tell(world, world.said(first, "dispute_won", event="d1"))
    assert standing(world) == {"clearing": 200_000, "owed": 0, "credit": 100_000, "surcharge": 0}
    assert credit(world) == 100_000


def test_paid_twice_and_one_given_back_is_paid_once(world: PayingWorld):
    one, two = world.invoice(100_000), world.invoice(40_000)
    first = world.start(one)
    second = world.start(one, two)
    tell(world, world.said(first.attempt_id), world.said(second.attempt_id))
    assert credit(world) == 100_000
    tell(world, world.said(first.attempt_id, "refunded", event="r1"))
    assert standing(world) == {"clearing": 140_000, "owed": 0, "credit": 0, "surcharge": 0}


def test_before_the_money_it_waits_and_the_provider_is_asked(world: PayingWorld):
    started = world.start(world.invoice(100_000))
    early = world.said(started.attempt_id, "refunded", amount=30_000, event="r1")
    assert tell(world, early, early) == ["waiting", "duplicate"]
    assert standing(world)["clearing"] == 0 and refunds(world) == []
    assert tell(world, world.said(started.attempt_id)) == ["moved"]
    assert standing(world) == {"clearing": 70_000, "owed": 30_000, "credit": 0, "surcharge": 0}
    assert payment_of(world, started.attempt_id)


def stories():
    yield "refund", [("captured", 0, "c"), ("refund_pending", 30_000, "r"), ("refunded", 30_000, "r")]
    yield "returned", [("captured", 0, "c"), ("refunded", 30_000, "r"), ("refund_failed", 30_000, "r")]
    yield "two", [("captured", 0, "c"), ("refunded", 30_000, "r1"), ("refunded", 41_000, "r2")]
    yield "won", [("captured", 0, "c"), ("disputed", 71_000, "d"), ("dispute_won", 71_000, "d")]
    yield "lost", [("captured", 0, "c"), ("disputed", 71_000, "d"), ("dispute_lost", 71_000, "d")]
    yield "both", [("captured", 0, "c"), ("refunded", 30_000, "r"), ("dispute_lost", 71_000, "d")]
    yield (
        "whole",
        [
            ("captured", 0, "c"),
            ("refunded", 30_000, "r"),
            ("disputed", 71_000, "d"),
            ("dispute_won", 71_000, "d"),
        ],
    )


@pytest.mark.parametrize(("name", "story"), list(stories()))
def test_any_order_ends_in_the_same_balances(app, name, story):
    ends = set()
    for turn, order in enumerate(itertools.permutations(story)):
        world = paying_world(app, f"{name}-{turn}", email=f"p{turn}@example.com")
        started = world.start(world.invoice(70_000, second_total=71_000, **LATE))
        for kind, amount, event in order:
            more = {"amount": amount} if amount else {}
            tell(world, world.said(started.attempt_id, kind, event=event, **more))
        ends.add(tuple(standing(world).values()))
    assert len(ends) == 1, ends


def test_two_payments_of_one_invoice_in_any_order(app):
    """Both captured, the first given back: whatever is heard first, it ends paid once."""
    ends = set()
    for turn, order in enumerate(itertools.permutations(["c1", "c2", "r1"])):
        world = paying_world(app, f"doble-{turn}", email=f"p{turn}@example.com")
        late = world.invoice(70_000, second_total=71_000, **LATE)
        one, two = world.start(late), world.start(late, world.invoice(5_000))
        said = {
            "c1": world.said(one.attempt_id),
            "c2": world.said(two.attempt_id),
            "r1": world.said(one.attempt_id, "refunded", event="r"),
        }
        tell(world, *[said[name] for name in order])
        ends.add(tuple(standing(world).values()))
    assert ends == {(76_000, 0, 0, 1_000)}


def test_another_tenant_cannot_give_back(world: PayingWorld):
    attempt, _payment = paid(world, world.invoice(100_000))
    other = paying_world(world.app, "vecina", email="otra@example.com")
    with unit_of_work(other.tenant.id):
        said = world.said(attempt, "refunded", event="r1")
    with unit_of_work(other.tenant.id):
        effect = apply(said, account=other.provider_account(), now=now())
    assert effect == "quarantined:unknown-reference"
    assert standing(world)["clearing"] == 100_000


def test_a_refund_nobody_of_ours_asked_for_may_carry_a_strange_id(world: PayingWorld):
    attempt, _payment = paid(world, world.invoice(100_000))
    said = world.said(attempt, "refunded", amount=10_000, event="r1", refund_id=uuid.uuid4())
    assert tell(world, said) == ["moved"]
    assert refunds(world) == [("done", 10_000)]
