"""Who drains the outbox: the thread of the first run, and RQ on a real Redis."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from flask import Flask
from redis import Redis
from rq import Queue, SimpleWorker

import wsgi
from saas import outbox
from saas.outbox import enqueue, handler
from saas.runner import ThreadRunner, start_runner
from saas.scope import unit_of_work
from tests.cast import make_utility
from tests.database import DatabaseUrls

seen: list[str] = []


@handler("test.seen")
def _seen(payload: dict[str, str]) -> None:
    seen.append(payload["text"])


@pytest.fixture(autouse=True)
def _quiet_bells() -> Iterator[None]:
    before = list(outbox._wake)
    seen.clear()
    yield
    outbox._wake[:] = before


def test_the_thread_wakes_with_the_commit(app: Flask) -> None:
    tenant = make_utility()
    runner = ThreadRunner(app)
    runner.start()
    try:
        with unit_of_work(tenant.id):
            enqueue("test.seen", {"text": "thread"})
        outbox.wake()
        deadline = time.monotonic() + 4  # less than the pause between two looks
        while not seen and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        runner.stop()
    assert seen == ["thread"]


def test_a_worker_on_redis_drains_what_the_ring_told(
    app: Flask, redis_url: str, database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = make_utility()
    connection = Redis.from_url(redis_url)
    connection.flushdb()
    config = app.extensions["ventanilla_config"]
    monkeypatch.setattr(wsgi, "application", lambda: app)
    start_runner(app, type(config)(**{**_fields(config), "outbox_runner": "rq", "redis_url": redis_url}))
    with unit_of_work(tenant.id):
        enqueue("test.seen", {"text": "redis"})
    outbox.wake()
    SimpleWorker([Queue("outbox", connection=connection)], connection=connection).work(burst=True)
    connection.close()
    assert seen == ["redis"]


def test_a_redis_that_is_gone_loses_nothing(app: Flask, redis_url: str) -> None:
    tenant = make_utility()
    config = app.extensions["ventanilla_config"]
    gone = "redis://127.0.0.1:1/0"
    start_runner(app, type(config)(**{**_fields(config), "outbox_runner": "rq", "redis_url": gone}))
    with unit_of_work(tenant.id):
        enqueue("test.seen", {"text": "later"})
    outbox.wake()  # nobody hears it
    assert outbox.drain() == 1
    assert seen == ["later"]


def _fields(config: object) -> dict[str, object]:
    return {name: getattr(config, name) for name in config.__dataclass_fields__}  # type: ignore[attr-defined]
