"""Starts servers and workers of the product, and starts again whichever ends, as a service manager does.

Run as a program of its own: `python -m chaos.nest`. It has imported the product already and forks, because a process
that is killed five hundred times should not read its source five hundred times. Commands come as JSON lines on
standard input: {"start": name, "what": …, "port": …, "environ": {…}}, {"stop": name, "signal": n}. It says
{"name": …, "pid": n} and {"name": …, "ended": status}. When the input ends, so does everything.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import sys
import time
import traceback
from typing import Any

BRIEFLY = 0.05
PATIENCE = 15.0
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve(order: dict[str, Any]) -> None:
    """What the new process is. Does not return."""
    what = order["what"]
    if what == "web":
        from granian.cli import entrypoint

        sys.argv = [
            "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(order["port"]),
            "--workers", "1", "--blocking-threads", str(order.get("threads", 4)), "--log-level", "warning",
            # A worker that is told to stop while it is still loading does not hear it.
            "--workers-kill-timeout", str(order.get("grace", 20)),
            "--factory", "wsgi:application",
        ]  # fmt: skip
        entrypoint()  # type: ignore[no-untyped-call]
    elif what == "outbox":
        from flask.cli import main

        sys.argv = ["flask", "--app", "wsgi", "outbox", "run"]
        main()
    elif what == "rq":
        from rq.cli.cli import main as rq_main

        sys.argv = ["rq", "worker", "outbox", "--url", order["environ"]["REDIS_URL"], "--quiet"]
        rq_main()


class Nest:
    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.living: dict[int, str] = {}

    def run(self) -> None:
        waiting = b""
        while True:
            ready, _, _ = select.select([0], [], [], BRIEFLY)
            if ready:
                part = os.read(0, 65536)
                if not part:
                    break
                *lines, waiting = (waiting + part).split(b"\n")
                for line in lines:
                    self.obey(json.loads(line))
            self.reap()
        self.end()

    def obey(self, order: dict[str, Any]) -> None:
        if "start" in order:
            self.orders[order["start"]] = order
            self.hatch(order["start"])
            return
        name = order["stop"]
        self.orders.pop(name, None)
        for pid, known in self.living.items():
            if known == name:
                os.kill(pid, order["signal"])

    def hatch(self, name: str) -> None:
        order = self.orders[name]
        # Told to stop in its first moment, it must hear it: until it can, the word waits.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.setpgid(0, 0)
                nothing = os.open(os.devnull, os.O_RDONLY)
                os.dup2(nothing, 0)
                os.dup2(2, 1)
                for number in STOPPING:
                    signal.signal(number, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
                os.environ.clear()
                os.environ.update(order["environ"])
                serve(order)
                status = 0
            except SystemExit as ended:
                status = ended.code if isinstance(ended.code, int) else 1
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(status)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)
        self.living[pid] = name
        say(name=name, pid=pid)

    def reap(self) -> None:
        while self.living:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            name = self.living.pop(pid, "")
            say(name=name, ended=os.waitstatus_to_exitcode(status))
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)  # what it had started itself
            if name in self.orders:
                self.hatch(name)

    def end(self) -> None:
        self.orders.clear()
        for pid in self.living:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while self.living and time.monotonic() < deadline:
            self.reap()
            time.sleep(BRIEFLY)
        for pid in self.living:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)


def say(**words: object) -> None:
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(words).encode() + b"\n")


def main() -> None:
    # Who started it says when to end, by closing the input. Not SIG_IGN: what is ignored does not wait for a child.
    for number in STOPPING:
        signal.signal(number, lambda _number, _frame: None)
    # Only read, not run: threads and connections of a parent are of no use to its children.
    import rq.cli  # noqa: F401

    import wsgi
    from blueprints import capabilities

    wsgi.load_models()
    for capability in capabilities():
        for module in (*capability.wiring, *(name.partition(":")[0] for name in capability.blueprints)):
            __import__(module)
    gc.freeze()
    say(name="nest", ready=True)
    Nest().run()


if __name__ == "__main__":
    main()
