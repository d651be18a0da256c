"""The outbox: nothing is lost, nothing is done twice for good, a poison row does not block the queue."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from saas import outbox
from saas.outbox import MAXIMUM_TRIES, OutboxRow, drain, enqueue, handler
from saas.scope import NoTenant, current_tenant_id, unit_of_work
from tests.cast import TenantCast, make_agency, make_utility

done: list[tuple[str, str]] = []
failing: set[str] = set()


@handler("test.note")
def _note(payload: dict[str, str]) -> None:
    if payload["text"] in failing:
        raise RuntimeError("not today")
    done.append((str(current_tenant_id()), payload["text"]))


@pytest.fixture
def tenant(app: Flask) -> Iterator[TenantCast]:
    done.clear()
    failing.clear()
    yield make_utility()


def test_a_row_runs_after_its_transaction_and_once(tenant: TenantCast) -> None:
    with unit_of_work(tenant.id):
        enqueue("test.note", {"text": "one"})
        assert done == []
    assert drain() == 1
    assert drain() == 0
    assert done == [(str(tenant.id), "one")]


def test_a_rolled_back_cause_leaves_nothing(tenant: TenantCast) -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work(tenant.id):
        enqueue("test.note", {"text": "one"})
        _ = 1 / 0
    assert drain() == 0


def test_the_same_key_is_sent_once(tenant: TenantCast) -> None:
    for _ in range(3):
        with unit_of_work(tenant.id):
            enqueue("test.note", {"text": "one"}, key="k")
    drain()
    assert len(done) == 1


def test_a_poison_row_is_dead_after_its_tries_and_the_queue_moves_on(tenant: TenantCast) -> None:
    failing.add("poison")
    with unit_of_work(tenant.id):
        enqueue("test.note", {"text": "poison"})
        enqueue("test.note", {"text": "good"})
    moment = datetime.datetime.now(datetime.UTC)
    with time_machine.travel(moment, tick=False) as clock:
        for _ in range(MAXIMUM_TRIES + 2):
            drain()
            clock.shift(datetime.timedelta(days=1))
    assert [text for _tenant, text in done] == ["good"]
    with unit_of_work(tenant.id) as session:
        row = session.execute(
            select(OutboxRow.tries, OutboxRow.dead_at, OutboxRow.error).where(OutboxRow.done_at.is_(None))
        ).one()
        assert (row.tries, row.dead_at is not None) == (MAXIMUM_TRIES, True)
        assert "not today" in row.error
        assert outbox.backlog() == {"waiting": 0, "dead": 1}


def test_a_worker_that_died_leaves_a_row_whose_lease_ends(tenant: TenantCast) -> None:
    moment = datetime.datetime.now(datetime.UTC)
    with time_machine.travel(moment, tick=False) as clock:
        with unit_of_work(tenant.id) as session:
            enqueue("test.note", {"text": "one"})
            row = session.execute(select(OutboxRow)).scalar_one()
            row.locked_until = moment + outbox.LEASE  # claimed by a worker that is gone
        assert drain() == 0
        clock.shift(outbox.LEASE + datetime.timedelta(seconds=1))
        assert drain() == 1


def test_nobody_waits_until_another_ones_thousands_are_done(tenant: TenantCast) -> None:
    other = make_agency()
    for where, count in ((tenant, 12), (other, 12)):
        with unit_of_work(where.id):
            for number in range(count):
                enqueue("test.note", {"text": str(number)})
    assert drain(10) == 10
    assert sorted(tenant_id for tenant_id, _text in done) == sorted(
        [str(tenant.id)] * 5 + [str(other.id)] * 5
    )


def test_a_row_that_ends_its_worker_every_time_is_dead_in_the_end(tenant: TenantCast) -> None:
    with unit_of_work(tenant.id) as session:
        enqueue("test.note", {"text": "killer"})
        session.execute(select(OutboxRow)).scalar_one().tries = MAXIMUM_TRIES  # claimed, and nobody came back
    drain()
    assert done == []
    with unit_of_work(tenant.id):
        assert outbox.backlog() == {"waiting": 0, "dead": 1}


def test_every_row_runs_as_its_own_tenant(tenant: TenantCast) -> None:
    other = make_agency()
    for number in range(20):
        for one in (tenant, other):
            with unit_of_work(one.id):
                enqueue("test.note", {"text": f"{one.slug} {number}"})
    assert drain() == 40
    assert {(who, text.split()[0]) for who, text in done} == {
        (str(tenant.id), tenant.slug),
        (str(other.id), other.slug),
    }


def test_work_without_a_tenant_fails_loudly(tenant: TenantCast) -> None:
    with pytest.raises(NoTenant):
        enqueue("test.note", {"text": "whose?"})


def test_an_unknown_topic_is_refused_when_it_is_written(tenant: TenantCast) -> None:
    with pytest.raises(KeyError), unit_of_work(tenant.id):
        enqueue("test.nobody", {})
