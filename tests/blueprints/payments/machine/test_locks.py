"""Two who hear of the same at once wait for each other and never block each other for good."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from flask import Flask

from blueprints.hooks import services
from blueprints.payments import polling, refund_sending
from blueprints.payments.applying import apply
from blueprints.payments.interface import CAPTURED
from saas.clock import now
from tests.blueprints.payments.machine.house import House
from tests.blueprints.payments.machine.side import Side

LONG_ENOUGH = 0.5  # for the other one to come as far as the locks let it


@pytest.fixture
def house(app: Flask, eye: psycopg.Connection[Any]) -> House:
    return House(app, eye)


def at_once(
    side: Side, one: Callable[[], object], other: Callable[[], object], begun: threading.Event
) -> None:
    """`one` at once, `other` when it has begun."""

    def first() -> None:
        with side.app.app_context():
            one()

    def second() -> None:
        assert begun.wait(10)
        with side.app.app_context():
            other()

    with ThreadPoolExecutor(2) as workers:
        for done in (workers.submit(first), workers.submit(second)):
            done.result(timeout=30)


def slow(begun: threading.Event, *, before: bool) -> Callable[..., str]:
    def take(*given: Any, **more: Any) -> str:
        if before:
            begun.set()
            time.sleep(LONG_ENOUGH)
        effect = apply(*given, **more)
        if not before and not begun.is_set():
            begun.set()
            time.sleep(LONG_ENOUGH)
        return effect

    return take


def notified(side: Side, *facts: Any) -> Callable[[], object]:
    def arrive() -> None:
        assert side.notify(facts) == 200

    return arrive


def test_a_refund_is_told_while_its_capture_is_asked_about(house: House, monkeypatch):
    side, begun = house.sides[0], threading.Event()
    attempt_id = side.attempts[0]
    order = side.orders[attempt_id]
    side.provider.decide(order, CAPTURED, now())
    refund = side.provider.give_back(order, 1_000, now())
    monkeypatch.setattr(polling, "apply", slow(begun, before=False))
    at_once(side, lambda: side.poll(attempt_id), notified(side, refund), begun)
    house.settled("a question and a notice", side)


def test_a_refund_is_told_while_the_provider_answers_for_it(house: House, monkeypatch):
    side, begun = house.sides[0], threading.Event()
    house.decide(0, 0, CAPTURED, tell=True)
    (payment,) = side.payments()
    refund_id = side.give_back(payment.id, 10, "provider")
    assert refund_id is not None
    assert side.send(refund_id, "lost") == "sent"
    (refund,) = house.untold(side)
    monkeypatch.setattr(refund_sending, "apply", slow(begun, before=True))
    at_once(side, lambda: side.send(refund_id), notified(side, refund), begun)
    house.settled("an answer and a notice", side)


def test_a_notice_of_everything_and_one_of_its_refund(house: House, monkeypatch):
    side, begun = house.sides[0], threading.Event()
    order = side.orders[side.attempts[0]]
    captured = side.provider.decide(order, CAPTURED, now())
    refund = side.provider.give_back(order, 1_000, now())
    monkeypatch.setattr(services, "apply", slow(begun, before=False))
    at_once(side, notified(side, captured, refund), notified(side, refund), begun)
    house.settled("two notices", side)
