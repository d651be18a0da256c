"""What the world does when the killing is over: the bank repeats its notices, the clock goes on, workers work."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import psycopg
from sqlalchemy import select

from blueprints.payments.providers.bank_simulator import books, signing
from blueprints.payments.providers.bank_simulator.models import BankOrder
from chaos.gate import ADDRESS
from chaos.world import World
from saas.clock import now
from saas.database import db
from tenants.frame import keyring

AT_ONCE = 4
# Everything that waits for a time that has not come: leases of the dead, polls, second tries. Not the ends of attempts,
# whose time is an hour away and changes nothing that this compares.
TIME_PASSES = """
    UPDATE outbox SET due_at = least(due_at, now()), locked_until = NULL
     WHERE done_at IS NULL AND dead_at IS NULL AND topic NOT IN ('payments.expire', 'payments.compare')
"""
POLLS_ARE_DUE = "UPDATE payment_attempts SET poll_at = now() WHERE poll_at IS NOT NULL"
WAITING = """
    SELECT topic, count(*) FROM outbox
     WHERE done_at IS NULL AND dead_at IS NULL AND topic NOT IN ('payments.expire', 'payments.compare')
     GROUP BY topic
"""


def repeat_notices(world: World, port: int) -> Counter[int]:
    """Carry the notice of every decided order once more, some at the same time. Returns the answers by status."""
    letters: list[tuple[str, bytes, str]] = []
    with world.app.app_context():
        moment = now()
        for order in db.session.execute(select(BankOrder).where(BankOrder.state != "new")).scalars():
            body = books.message(order, books.standing(order, moment))
            letters.append((order.notice_url, body, signing.issue_secret(keyring(), order.merchant)))
        db.session.remove()

    with httpx.Client(base_url=f"http://{ADDRESS}:{port}", timeout=60) as client:

        def carry(letter: tuple[str, bytes, str]) -> int:
            url, body, secret = letter
            time = str(int(now().timestamp()))
            headers = {
                "Host": urlsplit(url).netloc,
                "Connection": "close",
                signing.TIME_HEADER: time,
                signing.SIGNATURE_HEADER: signing.sign_message(secret, time, body),
            }
            return client.post(urlsplit(url).path, content=body, headers=headers).status_code

        with ThreadPoolExecutor(AT_ONCE) as carriers:
            return Counter(carriers.map(carry, letters))


def time_passes(superuser_url: str) -> dict[str, int]:
    """Hours go by: whatever waits for its time is due now. Nobody may be working on it. Returns what waits."""
    with psycopg.connect(superuser_url) as connection:
        connection.execute(POLLS_ARE_DUE)
        connection.execute(TIME_PASSES)
        return {str(topic): int(count) for topic, count in connection.execute(WAITING).fetchall()}


def dead_rows(superuser_url: str) -> list[tuple[uuid.UUID, str, str]]:
    """What the outbox gave up: id, topic, why."""
    with psycopg.connect(superuser_url) as connection:
        rows = connection.execute("SELECT id, topic, error FROM outbox WHERE dead_at IS NOT NULL").fetchall()
    return [(row[0], str(row[1]), str(row[2])) for row in rows]
