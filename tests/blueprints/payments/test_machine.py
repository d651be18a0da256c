"""Nothing is lost, doubled or guessed: whatever happens in whatever order, nine invariants hold after every step.

A state machine on the real database: two tenants, and beside each a provider with books of its own. Invoices are
issued and taken back, attempts are started over each other, in part and through links; notices come late, twice, in
any order, wrong, misdirected, or to a process that dies; money goes back on every way there is. The invariants are in
`machine/invariants.py`.

`VENTANILLA_MACHINE=300x40` runs 300 examples of 40 steps.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ClassVar

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from blueprints.payments.interface import CAPTURED, DISPUTED
from saas.clock import now
from tests.blueprints.payments.machine.house import (
    ANSWERS,
    DEATHS,
    DISPUTE_SAYS,
    PAYER_SAYS,
    WAYS_BACK,
    WRONG,
    House,
    random_act,
)
from tests.blueprints.payments.machine.side import Side

EXAMPLES, STEPS = (int(word) for word in os.environ.get("VENTANILLA_MACHINE", "12x25").split("x"))
STORIES = max(EXAMPLES // 4, 1)

side = st.integers(0, 1)
pick = st.integers(0, 99)
portion = st.sampled_from([100, 100, 60, 33, 1])
draws = st.integers(0, 10**6).map(random.Random)


class Payments(RuleBasedStateMachine):
    """Each rule is an act of the house, which looks at the invariants itself after every transaction."""

    app: ClassVar[Flask]
    eye: ClassVar[psycopg.Connection[Any]]
    house: House

    @initialize()
    def begin(self) -> None:
        self.house = House(self.app, self.eye)

    @rule(which=side, amount=st.integers(1, 500_000), late=st.booleans(), account=side, dollars=st.booleans())
    def issue(self, **given: Any) -> None:
        self.house.issue(**given)

    @rule(which=side, pick=pick)
    def void(self, **given: Any) -> None:
        self.house.void(**given)

    @rule(which=side, picks=st.sets(pick, min_size=1, max_size=3), per_cent=portion, link=st.booleans())
    def start(self, **given: Any) -> None:
        self.house.start(**given)

    @rule(which=side, pick=pick, per_cent=portion)
    def pay_outside(self, **given: Any) -> None:
        self.house.pay_outside(**given)

    @rule(which=side, pick=pick, per_cent=portion)
    def use_credit(self, **given: Any) -> None:
        self.house.use_credit(**given)

    @rule(
        which=side,
        pick=pick,
        portion=portion,
        way=st.sampled_from(WAYS_BACK),
        answer=st.sampled_from(ANSWERS),
    )
    def give_back(self, **given: Any) -> None:
        self.house.give_back(**given)

    @rule(which=side)
    def send_again(self, **given: Any) -> None:
        self.house.send_again(**given)

    @rule(which=side, pick=pick, kind=st.sampled_from(PAYER_SAYS), tell=st.booleans())
    def decide(self, **given: Any) -> None:
        self.house.decide(**given)

    @rule(which=side, pick=pick, wrong=st.integers(0, len(WRONG) - 1))
    def pay_something_else(self, **given: Any) -> None:
        self.house.pay_something_else(**given)

    @rule(which=side, pick=pick, portion=portion, tell=st.booleans())
    def give_back_at_the_provider(self, **given: Any) -> None:
        self.house.give_back_at_the_provider(**given)

    @rule(which=side, pick=pick, fails=st.booleans(), tell=st.booleans())
    def refund_ends(self, **given: Any) -> None:
        self.house.refund_ends(**given)

    @rule(which=side, pick=pick, kind=st.sampled_from(DISPUTE_SAYS), tell=st.booleans())
    def dispute(self, **given: Any) -> None:
        self.house.dispute(**given)

    @rule(which=side, draw=draws, most=st.integers(1, 5))
    def deliver(self, **given: Any) -> None:
        self.house.deliver(**given)

    @rule(which=side, draw=draws, times=st.integers(1, 3))
    def repeat(self, **given: Any) -> None:
        self.house.repeat(**given)

    @rule(which=side, pick=pick)
    def charge_twice(self, **given: Any) -> None:
        self.house.charge_twice(**given)

    @rule(which=side, pick=pick, signed_right=st.booleans())
    def misdirect(self, **given: Any) -> None:
        self.house.misdirect(**given)

    @rule(which=side, draw=draws, where=st.sampled_from(DEATHS))
    def die(self, **given: Any) -> None:
        self.house.die(**given)

    @rule(which=side, pick=pick, silent=st.booleans())
    def poll(self, **given: Any) -> None:
        self.house.poll(**given)

    @rule(which=side, pick=pick)
    def expire(self, **given: Any) -> None:
        self.house.expire(**given)

    @rule(which=side, pick=pick, draw=draws)
    def twin(self, **given: Any) -> None:
        self.house.twin(**given)

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.house.come_to_rest()


@pytest.mark.slow
def test_nine_invariants_hold_whatever_happens(app: Flask, eye: psycopg.Connection[Any]):
    Payments.app, Payments.eye = app, eye
    run_state_machine_as_test(
        Payments,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_nine_invariants_hold_with_two_workers(app: Flask, eye: psycopg.Connection[Any]):
    """Two workers get the same notices, each in an order of its own, and send the same refunds, while credit is
    used and attempts are started, asked about and ended."""
    for seed in range(STORIES):
        draw = random.Random(seed)
        house = House(app, eye)
        for _act in range(STEPS // 2):
            random_act(house, draw)
        for one in house.sides:
            much_happens(one, draw)
        tasks = [task for one in house.sides for task in everything_to_do(house, one, draw)]
        with ThreadPoolExecutor(2) as workers:
            orders = [draw.sample(tasks, k=len(tasks)) for _worker in range(2)]
            for done in [workers.submit(work, app, order) for order in orders]:
                done.result()
        house.settled("two workers", *house.sides)
        house.come_to_rest()


def much_happens(one: Side, draw: random.Random) -> None:
    """At the provider, unheard: payments, refunds that were made there, disputes. At the desk: refunds to send."""
    for attempt_id in one.attempts:
        order = one.orders[attempt_id]
        one.provider.decide(order, CAPTURED, now())
        if draw.random() < 0.5:
            one.provider.give_back(order, max(order.amount // 3, 1), now())
        if draw.random() < 0.3:
            one.provider.dispute(order, DISPUTED, now())
    for payment in one.payments():
        one.give_back(payment.id, 30, "provider")


def everything_to_do(house: House, one: Side, draw: random.Random) -> list[Callable[[], object]]:
    notices = house.untold(one)
    again = draw.sample(notices, k=len(notices) // 2)
    return [
        *(partial(arrived, one, fact) for fact in [*notices, *again]),
        *(partial(one.send, refund_id) for refund_id in one.refunds_to_send()),
        *(partial(one.poll, attempt_id) for attempt_id in one.attempts[:3]),
        *(partial(one.expire, attempt_id) for attempt_id in one.attempts[:2]),
        *(partial(one.use_credit, invoice_id, 50) for invoice_id in one.invoices[:4]),
        *(partial(one.start, invoice_id) for invoice_id in one.invoices[:4]),
    ]


def arrived(one: Side, fact: Any) -> None:
    assert one.notify([fact]) == 200


def work(app: Flask, tasks: list[Callable[[], object]]) -> None:
    with app.app_context():
        for task in tasks:
            task()
