"""Polls find what notices lost; silence is never a failure; what nobody finished ends."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from blueprints.payments import rules
from blueprints.payments.interface import Answer
from blueprints.payments.models import Attempt
from blueprints.payments.polling import expire, poll
from blueprints.payments.providers.bank_simulator import books
from blueprints.payments.providers.bank_simulator.models import BankOrder
from blueprints.payments.wire import EXTENSION
from saas import outbox
from saas.clock import now
from saas.database import db
from saas.outbox import OutboxRow
from saas.scope import unit_of_work
from tests.application import client_for
from tests.blueprints.payments.world import PayingWorld
from tests.signed_in import post


def at_the_bank(world: PayingWorld, started, decision: str | None = None) -> None:
    """The payer reaches the bank's page and decides; no notice is carried."""
    url = started.step.url.removeprefix("http://bank.localhost")
    response = client_for(world.app, "bank.localhost").get(url)
    assert response.status_code == 303, response.text
    if decision:
        order = (
            db.session.execute(select(BankOrder.id).order_by(BankOrder.created_at.desc())).scalars().first()
        )
        books.decide(order, decision, now())
        db.session.commit()


def ask(world: PayingWorld, attempt_id, moment: datetime.datetime | None = None) -> list[str]:
    with unit_of_work(world.tenant.id):
        return poll(attempt_id, wire=world.wire, now=moment or now(), jitter=0)


def test_a_poll_finds_what_the_notice_lost(world: PayingWorld):
    started = world.start(world.invoice())
    at_the_bank(world, started, "approve")
    assert ask(world, started.attempt_id) == ["moved"]
    assert world.attempt(started.attempt_id).state == "captured"
    assert ask(world, started.attempt_id) == []  # nothing left to ask


def test_the_outbox_asks_by_itself(world: PayingWorld):
    started = world.start(world.invoice())
    at_the_bank(world, started, "approve")
    with time_machine.travel(now() + datetime.timedelta(seconds=30), tick=True):
        outbox.drain()
    assert world.attempt(started.attempt_id).state == "captured"


def test_a_question_out_of_turn_does_not_begin_a_second_chain(world: PayingWorld):
    started = world.start(world.invoice())
    moment = now()
    ask(world, started.attempt_id)
    world.wire.sent.clear()
    with time_machine.travel(moment + datetime.timedelta(seconds=30), tick=True):
        outbox.drain()  # the first question's row: the next one was planned for later meanwhile
        assert world.wire.sent == []
    asked = world.attempt(started.attempt_id).poll_at
    with time_machine.travel(asked + datetime.timedelta(seconds=1), tick=True):
        outbox.drain()
        assert world.wire.sent == ["GET /api/order"]
        assert world.attempt(started.attempt_id).poll_at > now()


def test_silence_is_no_failure_and_the_next_question_comes_later(world: PayingWorld):
    started = world.start(world.invoice())
    world.wire.down = True
    first = world.attempt(started.attempt_id).poll_at
    assert ask(world, started.attempt_id) == []
    row = world.attempt(started.attempt_id)
    assert (row.state, row.polls) == ("created", 1)
    assert row.poll_at > first
    with unit_of_work(world.tenant.id):
        keys = set(
            db.session.execute(select(OutboxRow.key).where(OutboxRow.topic == "payments.poll")).scalars()
        )
    assert keys == {f"{started.attempt_id}:0", f"{started.attempt_id}:1"}


def test_an_order_that_the_bank_does_not_know_is_unknown(world: PayingWorld):
    started = world.start(world.invoice())
    assert ask(world, started.attempt_id) == []
    at_the_bank(world, started)
    assert ask(world, started.attempt_id) == []  # the payer looks at the page
    assert world.attempt(started.attempt_id).state == "created"


def test_a_poll_and_a_notice_say_the_same_thing_once(world: PayingWorld):
    started = world.start(world.invoice())
    at_the_bank(world, started, "pending")
    assert ask(world, started.attempt_id) == ["moved"]
    assert ask(world, started.attempt_id) == ["duplicate"]


def test_a_late_approval_is_pending_until_its_time(world: PayingWorld):
    started = world.start(world.invoice())
    at_the_bank(world, started, "approve-late")
    assert ask(world, started.attempt_id) == ["moved"]
    assert world.attempt(started.attempt_id).state == "pending"
    with time_machine.travel(now() + datetime.timedelta(seconds=31), tick=True):
        assert ask(world, started.attempt_id) == ["moved"]
    assert world.attempt(started.attempt_id).state == "captured"


def test_nobody_finished_it(world: PayingWorld):
    started = world.start(world.invoice())
    with unit_of_work(world.tenant.id):
        assert not expire(started.attempt_id, now=now())
    after = now() + datetime.timedelta(hours=1, minutes=1)
    with unit_of_work(world.tenant.id):
        assert expire(started.attempt_id, now=after)
    assert world.attempt(started.attempt_id).state == "expired"
    at_the_bank(world, started, "approve")
    assert ask(world, started.attempt_id, now()) == ["moved"]  # the money comes after all
    assert world.attempt(started.attempt_id).state == "captured"


def test_pending_waits_for_the_grace(world: PayingWorld):
    started = world.start(world.invoice())
    at_the_bank(world, started, "pending")
    ask(world, started.attempt_id)
    after = now() + datetime.timedelta(hours=2)
    with unit_of_work(world.tenant.id):
        assert not expire(started.attempt_id, now=after)
        due = db.session.execute(
            select(OutboxRow.due_at).where(OutboxRow.key == f"{started.attempt_id}:grace")
        ).scalar_one()
        expires_at = db.session.execute(select(Attempt.expires_at)).scalar_one()
        assert due == expires_at + rules.GRACE
    with unit_of_work(world.tenant.id):
        assert expire(started.attempt_id, now=due)
    assert world.attempt(started.attempt_id).state == "expired"


def test_the_commands(world: PayingWorld):
    started = world.start(world.invoice())
    at_the_bank(world, started, "approve")
    reference = world.attempt(started.attempt_id).reference
    run = world.app.test_cli_runner()
    assert reference in run.invoke(args=["payments", "unknown", "--tenant", "aguas"]).output
    assert "moved" in run.invoke(args=["payments", "poll", "--tenant", "aguas"]).output
    assert run.invoke(args=["payments", "unknown", "--tenant", "aguas"]).output == ""
    assert run.invoke(args=["payments", "poll", "--tenant", "nobody"]).exit_code == 1
    assert re.fullmatch(r"[1-9]\d* done\n", run.invoke(args=["outbox", "run", "--once"]).output)


class Counting:
    """A wire that looks how many connections are out while the provider thinks."""

    def __init__(self, world: PayingWorld) -> None:
        self._wire = world.wire
        self.held: list[int] = []

    def send(self, method: str, url: str, **more: Any) -> Answer:
        self.held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
        return self._wire.send(method, url, **more)


@pytest.fixture
def counting(world: PayingWorld) -> Iterator[Counting]:
    before, wire = world.app.extensions[EXTENSION], Counting(world)
    world.app.extensions[EXTENSION] = wire
    yield wire
    world.app.extensions[EXTENSION] = before


def test_no_connection_waits_while_the_provider_is_asked(world: PayingWorld, counting: Counting):
    """Case M12: whoever waits for a provider takes nobody's place at the database."""
    started = world.start(world.invoice())
    at_the_bank(world, started, "approve")
    with time_machine.travel(now() + datetime.timedelta(seconds=30), tick=True):
        outbox.drain()
    assert counting.held == [0]
    assert world.attempt(started.attempt_id).state == "captured"


def test_no_connection_waits_while_somebody_leaves(world: PayingWorld, counting: Counting):
    started = world.start(world.invoice())
    client = world.client()
    left = post(client, f"/payments/{started.attempt_id}", f"/payments/{started.attempt_id}/leave")
    assert (left.status_code, counting.held) == (303, [0])
    assert world.attempt(started.attempt_id).state == "canceled"
