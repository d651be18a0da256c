"""Told to stop in the middle of everything (case M14): requests are answered, the row that has begun is finished."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psycopg

from chaos.gate import ADDRESS, unheard
from chaos.world import BANK
from tests.chaos.conftest import Street, stays, wait_until
from tests.chaos.payers import captured, customer, payer_of, rows

# A receipt: the only kind of row that waits for the files, which the tests hold.
IN_HAND = "SELECT count(*) FROM outbox WHERE topic = 'payments.receipt' AND locked_until > now() AND done_at IS NULL"
RECEIPTS_OPEN = "SELECT count(*) FROM outbox WHERE topic = 'payments.receipt' AND done_at IS NULL"
# Who asks a bank locks invoices, which the tests hold as well.
POLLS_CAN_WAIT = (
    "UPDATE outbox SET due_at = now() + interval '1 hour' WHERE topic = 'payments.poll' AND done_at IS NULL"
)
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@contextmanager
def held(street: Street, *tables: str) -> Iterator[psycopg.Connection]:
    """Nobody gets at these tables until the block ends, or the connection is rolled back."""
    with psycopg.connect(street.house.superuser_url) as connection:
        for table in tables:
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield connection


def pay_some(street: Street, count: int) -> None:
    """Payments that leave receipts to print, and nothing else is due. Nobody else may be draining the outbox."""
    for number in range(count):
        payer = payer_of(street, BANK, number)
        invoice_id = street.world.invoice(payer)
        assert customer(street, payer).pay(invoice_id)
        wait_until(partial(captured, street, invoice_id))
    with psycopg.connect(street.house.superuser_url) as connection:
        connection.execute(POLLS_CAN_WAIT)


def test_a_server_that_is_told_to_stop_answers_a_hundred_requests_and_finishes_its_row(street: Street):
    house, payer = street.house, payer_of(street, BANK)
    house.stop("outbox command")
    wait_until(lambda: "outbox command" not in house.pids)
    pay_some(street, 2)
    request = (
        f"GET /invoices HTTP/1.1\r\nHost: {payer.town.host}:{house.gate.port}\r\n"
        f"Cookie: ventanilla={payer.token}\r\n\r\n"
    ).encode()
    with held(street, "files") as files, held(street, "invoices") as invoices:
        port = house.start_web(
            "leaving", outbox="thread", grace=120
        )  # a hundred pages take long on a busy machine
        house.wait_ready("leaving")
        wait_until(lambda: rows(street, IN_HAND) == [(1,)])  # its own thread has a receipt in hand
        browsers = []
        for _ in range(100):
            browser = socket.create_connection((ADDRESS, port), timeout=120)
            browser.sendall(request)
            browsers.append(browser)
        wait_until(
            lambda: rows(street, BLOCKED)[0][0] > 4
        )  # its threads wait for the invoices, the row for the files
        wait_until(lambda: unheard(port) == 0)  # the others wait inside the server
        house.stop("leaving")
        stays(lambda: "leaving" in house.pids)  # it waits for those who wait
        invoices.rollback()
        answers = Counter(answer(browser) for browser in browsers)
        assert answers == {200: 100}
        stays(lambda: "leaving" in house.pids)  # it waits for the row that has begun
        files.rollback()
        wait_until(lambda: "leaving" not in house.pids)
    assert rows(street, IN_HAND) == [(0,)]
    house.start_worker("outbox command", "outbox")
    wait_until(lambda: rows(street, RECEIPTS_OPEN) == [(0,)])
    street.settle()


def test_the_command_that_drains_finishes_its_row(street: Street):
    house = street.house
    house.stop("outbox command")
    wait_until(lambda: "outbox command" not in house.pids)
    pay_some(street, 2)
    with held(street, "files") as files:
        house.start_worker("outbox command", "outbox")
        wait_until(lambda: rows(street, IN_HAND) == [(1,)])
        house.stop("outbox command")
        stays(lambda: "outbox command" in house.pids)
        files.rollback()
        wait_until(lambda: "outbox command" not in house.pids)
    assert rows(street, IN_HAND) == [(0,)]
    assert rows(street, RECEIPTS_OPEN)[0][0] == 1, "the other row is left for who comes next"
    house.start_worker("outbox command", "outbox")
    street.settle()


def answer(browser: socket.socket) -> int:
    """The status of a whole page; 0 when the connection ended before it did."""
    received = b""
    with browser:
        while b"</html>" not in received:
            part = browser.recv(1 << 16)
            if not part:
                return 0
            received += part
    return int(received[9:12])
