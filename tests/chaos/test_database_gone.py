"""The database goes away: killed (M05), without a free connection (M07), cut off in the middle of COMMIT (M20)."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from chaos.house import DATABASE
from chaos.line import Talk, Verdict, passes
from chaos.payers import Counts, Customer
from chaos.world import BANK
from tests.chaos.conftest import Street, wait_until
from tests.chaos.payers import attempts_for, customer, payer_of, rows

OUTAGE = "Servicio no disponible|no está disponible por un momento"


@contextmanager
def cut_once(street: Street, side: str, statement: str, said: str) -> Iterator[list[str]]:
    """Cut the line of whoever says `statement` after `said`, once: before the server hears it, or after it answered."""
    cut: list[str] = []

    def watch(talk: Talk) -> Verdict:
        if cut or not re.search(statement, talk.now) or not any(re.search(said, text) for text in talk.said):
            return Verdict.PASS
        cut.append(talk.now)
        return Verdict.CUT

    setattr(street.house.line, side, watch)
    try:
        yield cut
    finally:
        setattr(street.house.line, side, passes)


def test_a_database_that_is_killed_leaves_no_half_state_and_is_found_again(street: Street):
    """Case M05."""
    house, counts = street.house, Counts()
    customers = [
        Customer(payer, street.world, house.gate.port, counts, random.Random(number))
        for number, payer in enumerate(street.world.payers[:4])
    ]
    for one in customers:
        one.thread.start()
    server = house.pids["web"]
    try:
        wait_until(lambda: counts.approved >= 3, 30)
        house.kill_database()
        payer = street.world.payers[5]
        time.sleep(0.3)
        for _turn in range(4):
            for answer in (street.ask(payer, "/invoices"), street.platform("/readyz")):
                assert answer.status_code == 503
                assert answer.elapsed.total_seconds() < 5
        assert re.search(OUTAGE, street.ask(payer, "/invoices").text)
        assert street.platform("/livez").status_code == 200
        house.start_database_again()
        back = time.monotonic()
        wait_until(lambda: street.ask(payer, "/invoices").status_code == 200, 30)
        wait_until(lambda: street.platform("/readyz").status_code == 200, 30)
        assert time.monotonic() - back < 30
        assert house.pids["web"] == server, "nobody restarted anything"
        paid = counts.approved
        wait_until(lambda: counts.approved >= paid + 3, 60)
    finally:
        for one in customers:
            one.stopping.set()
        for one in customers:
            one.thread.join(60)
    assert not [words for words in counts.strange if "500" in words]
    street.settle()


def test_without_a_free_connection_the_answer_comes_at_once(street: Street):
    """Case M07: the database takes no more connections."""
    payer, limit = street.world.payers[0], sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}")
    with psycopg.connect(street.house.superuser_url, autocommit=True) as connection:
        connection.execute(limit.format(sql.Identifier(DATABASE), sql.Literal(0)))
        try:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'portal%'"
            )
            with ThreadPoolExecutor(4) as browsers:
                answers = list(browsers.map(lambda _: street.ask(payer, "/invoices"), range(12)))
        finally:
            connection.execute(limit.format(sql.Identifier(DATABASE), sql.Literal(-1)))
    assert {answer.status_code for answer in answers} == {503}
    assert sorted(answer.elapsed.total_seconds() for answer in answers)[6] < 2
    wait_until(lambda: street.ask(payer, "/invoices").status_code == 200, 30)


def test_requests_that_find_the_pool_empty_do_not_hang(street: Street):
    """Case M07: every connection of the process is taken by requests that wait for a lock."""
    payer = street.world.payers[0]
    port = street.house.start_web("narrow", outbox="off", threads=9, pool_size=1)
    street.house.wait_ready("narrow")
    assert street.ask(payer, "/invoices", port=port).status_code == 200
    try:
        with (
            psycopg.connect(street.house.superuser_url) as connection,
            ThreadPoolExecutor(9) as browsers,
        ):
            connection.execute("LOCK TABLE invoices IN ACCESS EXCLUSIVE MODE")
            pending = [browsers.submit(street.ask, payer, "/invoices", port=port) for _ in range(9)]
            wait_until(lambda: sum(one.done() for one in pending) == 3, 20)  # one connection and five more
            refused = [one.result() for one in pending if one.done()]
            assert {answer.status_code for answer in refused} == {503}
            assert min(answer.elapsed.total_seconds() for answer in refused) < 2
            connection.rollback()
            assert sorted(one.result().status_code for one in pending) == [200] * 6 + [503] * 3
    finally:
        street.house.stop("narrow")


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_line_that_is_cut_during_commit_leaves_a_retry_safe(street: Street, side: str):
    """Case M20: nobody knows whether it was saved; pressing again finds what there is, or begins."""
    payer = payer_of(street, BANK)
    one, invoice_id = customer(street, payer), street.world.invoice(payer)
    form = street.form(payer, invoice_id)
    with cut_once(street, side, "^COMMIT", "INTO payment_attempts ") as cut:
        answer = street.ask(payer, "/payments/start", form)
    assert cut and answer.status_code == 503
    assert "Puede que lo que estaba haciendo se haya guardado" in answer.text
    known = attempts_for(street, invoice_id)
    assert len(known) == (1 if side == "after" else 0)
    again = street.ask(payer, "/payments/start", form)
    assert again.status_code == 303
    attempts = attempts_for(street, invoice_id)
    assert len(attempts) == 1
    if side == "after":
        assert attempts == known
        assert again.headers["location"].endswith(f"/payments/{known[0][0]}")
        left = street.ask(payer, f"/payments/{known[0][0]}/leave", {"csrf_token": form["csrf_token"]})
        assert left.status_code == 303
    assert one.pay(invoice_id)
    wait_until(lambda: attempts_for(street, invoice_id)[-1][1] == "captured", 30)
    street.settle()


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_notice_whose_commit_is_cut_is_repeated_and_applied_once(street: Street, side: str):
    """Case M20: the gateway hears 503 and comes again."""
    payer = payer_of(street, BANK)
    one, invoice_id = customer(street, payer), street.world.invoice(payer)
    with cut_once(street, side, "^COMMIT", "INTO payments ") as cut:
        assert one.pay(invoice_id)
        wait_until(lambda: bool(cut), 30)
    wait_until(lambda: attempts_for(street, invoice_id)[-1][1] == "captured", 30)
    captured = rows(
        street, "SELECT count(*) FROM payments WHERE attempt_id = %s", attempts_for(street, invoice_id)[-1][0]
    )
    assert captured == [(1,)]
    street.settle()
