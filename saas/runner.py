"""Who drains the outbox: a thread of the server process, or RQ workers when there is a Redis."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from flask import Flask
from redis import Redis
from rq import Queue, Retry

from saas import outbox
from saas.config import Config

PAUSE = 5.0  # seconds between two looks when nobody woke us
GLANCE = 0.5  # seconds between two glances at whether the process is ending
log = logging.getLogger("ventanilla.runner")


class ThreadRunner:
    """Drains the table inside the server process, so that the first run needs no broker.

    No daemon, which would be cut off in the middle of a row: when the process has nothing else left to do it ends
    after the row, and the process waits for it.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.bell = threading.Event()
        self.stopping = False
        self.thread = threading.Thread(target=self._run, name="outbox")

    def start(self) -> None:
        outbox.on_wake(self.bell.set)
        self.thread.start()

    def stop(self) -> None:
        self.stopping = True
        self.bell.set()
        self.thread.join(timeout=10)

    def _over(self) -> bool:
        return self.stopping or not threading.main_thread().is_alive()

    def _run(self) -> None:
        while not self._over():
            self.bell.clear()
            try:
                with self.app.app_context():
                    ran = outbox.drain(stop=self._over)
            except Exception:
                log.exception("the outbox could not be read")
                ran = 0
                time.sleep(1)
            end = time.monotonic() + PAUSE
            while not ran and time.monotonic() < end and not self._over():
                if self.bell.wait(GLANCE):
                    break


def start_runner(app: Flask, config: Config) -> ThreadRunner | None:
    if config.outbox_runner == "thread":
        runner = ThreadRunner(app)
        runner.start()
        return runner
    if config.outbox_runner == "rq" and config.redis_url:
        queue = Queue("outbox", connection=Redis.from_url(config.redis_url))
        outbox.on_wake(lambda: _ring(queue))
    return None


def _ring(queue: Any) -> None:
    """Tell the workers, unless a ring waits already: who answers it sees these rows too. A lost ring loses nothing:
    the periodic drain finds the rows."""
    try:
        if queue.count:
            return
        queue.enqueue("wsgi.drain_outbox", retry=Retry(max=2), result_ttl=0)
    except Exception:
        log.exception("redis did not take the ring; the periodic drain will do the work")
