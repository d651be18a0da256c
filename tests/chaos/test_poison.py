"""A row that ends every process that takes it (case M21): it is put aside in the end, and the queue moves on."""

from __future__ import annotations

import os
import signal
from functools import partial

import psycopg
import pytest

from chaos.line import Talk, Verdict, passes
from chaos.world import BANK
from saas.outbox import MAXIMUM_TRIES
from tests.chaos.conftest import Street, wait_until
from tests.chaos.payers import captured, customer, payer_of, rows

pytestmark = pytest.mark.slow
DEAD = "SELECT topic, tries, error FROM outbox WHERE dead_at IS NOT NULL"
PRINTED = "SELECT count(*) FROM receipts WHERE file_id IS NOT NULL"
THE_LEASE_IS_OVER = "UPDATE outbox SET locked_until = NULL WHERE done_at IS NULL AND locked_until IS NOT NULL"
ANOTHER_CHANCE = "UPDATE outbox SET dead_at = NULL, tries = 0, due_at = now() WHERE dead_at IS NOT NULL"


def test_a_row_that_ends_whoever_takes_it_is_put_aside(street: Street):
    house, killed = street.house, []

    def poison(talk: Talk) -> Verdict:
        if "INTO files" not in talk.now or talk.pid != house.pids.get("outbox command"):
            return Verdict.PASS
        os.kill(talk.pid, signal.SIGKILL)
        killed.append(talk.pid)
        return Verdict.CUT

    printed = rows(street, PRINTED)[0][0]
    house.line.before = poison
    try:
        invoice_id = street.world.invoice(payer_of(street, BANK))
        assert customer(street, payer_of(street, BANK)).pay(invoice_id)
        wait_until(lambda: captured(street, invoice_id))
        with psycopg.connect(house.superuser_url, autocommit=True) as connection:
            for turn in range(MAXIMUM_TRIES):
                wait_until(partial(more_than, turn, killed))
                connection.execute(THE_LEASE_IS_OVER)
        wait_until(lambda: rows(street, DEAD) != [])
    finally:
        house.line.before = passes
    assert rows(street, DEAD) == [("payments.receipt", MAXIMUM_TRIES, "the process ended while it ran")]
    assert len(killed) == MAXIMUM_TRIES
    another = street.world.invoice(payer_of(street, BANK))
    assert customer(street, payer_of(street, BANK)).pay(another)
    wait_until(lambda: rows(street, PRINTED)[0][0] == printed + 1)
    with psycopg.connect(house.superuser_url, autocommit=True) as connection:
        connection.execute(ANOTHER_CHANCE)
    wait_until(lambda: rows(street, PRINTED)[0][0] == printed + 2)
    street.settle()


def more_than(few: int, many: list[int]) -> bool:
    return len(many) > few
