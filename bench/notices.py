"""Notices of payments a second, the whole way: over HTTP, kept and committed, applied and committed, answered.

The floor is one bare INSERT with its commit, of a row as large as a notice, by as many connections as the server works
with at once: less than that nobody can do who promises to lose nothing.
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import psycopg
from flask import Flask

from bench.load import ADDRESS, WrongAnswer, request_bytes
from bench.report import Figure, of_rounds
from bench.servers import WORKERS, serving
from bench.world import INVOICES_EACH, build_town
from blueprints.payments.providers.bank_simulator import signing
from blueprints.payments.providers.bank_simulator.opening import open_simulator_account
from saas.clock import now
from saas.scope import unit_of_work
from tenants.provider_account_services import HOOK_TOKEN, open_account

TENANTS = 4  # whose notices come mixed, as they do on one installation
PATIENCE = 10.0

ATTEMPTS = """
    WITH open AS (
        SELECT i.id, i.account_id, i.open_amount, i.currency, row_number() OVER (ORDER BY i.id) AS n
          FROM invoices AS i WHERE i.tenant_id = %(tenant)s AND i.open_amount > 0 ORDER BY i.id LIMIT %(count)s
    ), started AS (
        INSERT INTO payment_attempts (
            tenant_id, id, reference, user_id, provider_account_id, secrets_version, mode, state, payer, language,
            amount, currency, items_key, facts, created_at, expires_at, polls)
        SELECT %(tenant)s, o.id, 'B-' || lpad(o.n::text, 8, '0'), a.user_id, %(provider)s, 1, 'test', 'created',
               '{"email": "persona@example.com"}', 'es', o.open_amount, o.currency, 'x', '{}', %(now)s,
               %(now)s::timestamptz + interval '1 hour', 0
          FROM open AS o JOIN access AS a ON a.tenant_id = %(tenant)s AND a.account_id = o.account_id
        RETURNING id
    )
    INSERT INTO payment_attempt_items (tenant_id, id, attempt_id, invoice_id, amount, surcharge, open)
    SELECT %(tenant)s, o.id, o.id, o.id, o.open_amount, 0, true FROM open AS o JOIN started AS s ON s.id = o.id
"""
STARTED = "SELECT reference, amount, currency FROM payment_attempts WHERE tenant_id = %s ORDER BY reference"
CAPTURED = "SELECT count(*) FROM payments WHERE attempt_id IS NOT NULL AND tenant_id = ANY(%s)"
FLOOR = "CREATE TABLE bench_notices (id uuid PRIMARY KEY, body bytea NOT NULL)"


@dataclass(frozen=True, slots=True)
class Orders:
    """One tenant's attempts, waiting to be told that they are paid."""

    tenant_id: uuid.UUID
    path: str
    merchant: str
    secret: str
    started: Sequence[tuple[str, int, str]]

    def notice(self, place: int, port: int) -> bytes:
        """What the bank sends when an order is paid, signed now."""
        reference, amount, currency = self.started[place]
        said = {
            "merchant": self.merchant, "reference": reference, "order": reference[-4:], "state": "approved",
            "transaction": 1, "amount": amount, "currency": currency, "occurred_at": now().isoformat(),
            "refunds": [], "dispute": "", "disputed_at": "", "test": True,
        }  # fmt: skip
        body, moment = json.dumps(said).encode(), str(int(now().timestamp()))
        head = (
            request_bytes(f"localhost:{port}", self.path).removesuffix(b"\r\n").replace(b"GET ", b"POST ", 1)
        )
        signature = signing.sign_message(self.secret, moment, body)
        more = (
            f"{signing.TIME_HEADER}: {moment}\r\n{signing.SIGNATURE_HEADER}: {signature}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head + more.encode() + body


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a number of requests or rows: how many, seconds in all, and the seconds that each took."""

    seconds: float
    each: Sequence[float]

    @property
    def rate(self) -> float:
        return len(self.each) / self.seconds

    @property
    def p99(self) -> float:
        return quantiles(self.each, n=100, method="inclusive")[98]


def measure(
    app: Flask,
    environ: Mapping[str, str],
    home: Path,
    *,
    notices: int,
    rounds: int,
    threads: int,
    say: Callable[[str], None],
) -> list[Figure]:
    """`notices` in each round, one after another and then several at once. `app` needs a pushed context."""
    superuser, port = environ["MIGRATION_DATABASE_URL"], int(environ["VENTANILLA_PORT"])
    at_once = WORKERS * threads
    each = -(-notices * (rounds + 1) * 2 // TENANTS)
    orders = [_orders(app, superuser, number, each) for number in range(TENANTS)]
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(FLOOR)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    # Tenants take turns, as they would.
    waiting = iter([(one, place) for place in range(each) for one in orders])
    rounds_taken: list[tuple[Sent, Sent, Sent, Sent, Sent]] = []
    with serving(
        "product", "wsgi:application", port=port, threads=threads, environ=environ, log=home / "notices.log",
        ready=request_bytes(f"localhost:{port}", "/readyz"),
    ):  # fmt: skip
        for number in range(rounds + 1):  # the first one warms up
            lone = [next(waiting) for _one in range(notices)]
            crowd = [next(waiting) for _one in range(notices)]
            size = len(crowd[0][0].notice(crowd[0][1], port))
            alone = deliver(port, [one.notice(place, port) for one, place in lone], 1)
            floor = insert_rows(superuser, notices, 1, size)
            requests = [one.notice(place, port) for one, place in crowd]
            together = deliver(port, requests, at_once)
            repeats = deliver(port, requests, at_once)
            floors = insert_rows(superuser, notices, at_once, size)
            if number == 0:
                continue
            rounds_taken.append((alone, floor, together, repeats, floors))
            p99 = f"p99 {together.p99 * 1000:.1f} : {floors.p99 * 1000:.1f} ms"
            say(f"  round {number} of {rounds}: {together.rate:.0f} : {floors.rate:.0f} a second, {p99}")
    _check(superuser, orders, notices * (rounds + 1) * 2)
    return _figures(rounds_taken, at_once)


def _figures(taken: Sequence[tuple[Sent, Sent, Sent, Sent, Sent]], at_once: int) -> list[Figure]:
    """What a notice costs, in bare INSERTs."""
    singles = [floor.rate / alone.rate for alone, floor, *_others in taken]
    many = [floors.rate / together.rate for _alone, _floor, together, _repeats, floors in taken]
    again = [floors.rate / repeats.rate for *_others, repeats, floors in taken]
    late = [together.p99 / floors.p99 for _alone, _floor, together, _repeats, floors in taken]
    alone, floor, together, repeats, bare = (median(one[place].rate for one in taken) for place in range(5))
    p99, bare_p99 = (median(one[place].p99 * 1000 for one in taken) for place in (2, 4))
    return [
        of_rounds(
            "a notice applied : a bare INSERT with commit",
            many,
            orientation=f"{together:.0f} : {bare:.0f} a second, {at_once} at once, {TENANTS} tenants",
        ),
        of_rounds("the same, one at a time", singles, orientation=f"{alone:.0f} : {floor:.0f} a second"),
        of_rounds(
            "a notice said again : a bare INSERT", again, orientation=f"{repeats:.0f} : {bare:.0f} a second"
        ),
        of_rounds(
            "p99 of the answer to the gateway : of the INSERT",
            late,
            orientation=f"{p99:.0f} : {bare_p99:.1f} ms, {at_once} at once",
        ),
    ]


def _orders(app: Flask, superuser: str, number: int, count: int) -> Orders:
    """A tenant with so many attempts, each of one open invoice."""
    invoices = -(-count // 6) * INVOICES_EACH  # six of each twenty are open
    town = build_town(app, superuser, f"paid-{number}", max(invoices, 40 * INVOICES_EACH))
    with unit_of_work(town.id):
        account = open_account(open_simulator_account("Bench"))
    with psycopg.connect(superuser, autocommit=True) as connection:
        given = {"tenant": town.id, "provider": account.id, "count": count, "now": now()}
        connection.execute(ATTEMPTS, given)
        started = connection.execute(STARTED, (town.id,)).fetchall()
    path = f"/hooks/{account.provider}/{account.secrets[HOOK_TOKEN]}"
    return Orders(town.id, path, account.settings["merchant"], account.secrets["secret"], started)


def deliver(port: int, requests: Sequence[bytes], connections: int) -> Sent:
    """Send each request once, over some kept connections. Raises WrongAnswer for anything but 200."""
    upcoming = iter(requests)
    poll = select.poll()
    sockets: dict[int, socket.socket] = {}
    sent_at: dict[int, float] = {}
    each: list[float] = []
    began = time.perf_counter()
    try:
        for _connection, request in zip(range(connections), upcoming, strict=False):
            opened = socket.create_connection((ADDRESS, port), timeout=PATIENCE)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sockets[opened.fileno()] = opened
            poll.register(opened.fileno(), select.POLLIN)
            sent_at[opened.fileno()] = time.perf_counter()
            opened.sendall(request)
        while len(each) < len(requests):
            ready = poll.poll(PATIENCE * 1000)
            if not ready:
                raise WrongAnswer(f"no answer in {PATIENCE} s")
            for number, _events in ready:
                answer = sockets[number].recv(1 << 16)  # a head and nothing more: it comes in one piece
                if not answer.startswith(b"HTTP/1.1 200"):
                    raise WrongAnswer(answer[:200].decode(errors="replace"))
                each.append(time.perf_counter() - sent_at[number])
                following = next(upcoming, None)
                if following is not None:
                    sent_at[number] = time.perf_counter()
                    sockets[number].sendall(following)
        return Sent(time.perf_counter() - began, each)
    finally:
        for one in sockets.values():
            one.close()


def insert_rows(url: str, rows: int, connections: int, size: int) -> Sent:
    """Insert a row and commit, again and again, on some connections at once."""
    each: list[float] = []
    body = bytes(size)

    def insert(count: int, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        for _row in range(count):
            asked = time.perf_counter()
            connection.execute("INSERT INTO bench_notices VALUES (%s, %s)", (uuid.uuid4(), body))
            connection.commit()
            each.append(time.perf_counter() - asked)

    opened = [psycopg.connect(url) for _one in range(connections)]
    workers = [threading.Thread(target=insert, args=(rows // connections, one)) for one in opened]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    spent = time.perf_counter() - began
    for one in opened:
        one.close()
    return Sent(spent, each)


def _check(superuser: str, orders: Sequence[Orders], told: int) -> None:
    """Speed without the payments would be worthless. Raises WrongAnswer."""
    with psycopg.connect(superuser) as connection:
        row = connection.execute(CAPTURED, ([one.tenant_id for one in orders],)).fetchone()
    if row is None or row[0] != told:
        raise WrongAnswer(f"{told} payments were told of, {row and row[0]} are in the books")
