"""One installation with everything around it: database, line, gate, bank, web servers, workers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from chaos.gate import ADDRESS, Gate, free_port
from chaos.line import SOCKET, Line
from saas import schema
from saas.local.installation import OURS, prepare
from saas.local.postgres import LocalPostgres
from saas.local.redis import redis_server

ROOT = Path(__file__).resolve().parents[1]
BANK_HOST = "bank.localhost"
DATABASE = "ventanilla_chaos"
READY_SECONDS = 60
T = TypeVar("T")


class HouseFailed(Exception):
    """Something did not start; the message holds its last words."""


@dataclass(frozen=True, slots=True)
class Room:
    """A process that the nest keeps: its kind, and for a web server its port."""

    name: str
    what: str
    port: int = 0


class House:
    """See `house`."""

    def __init__(self, home: Path, folder: Path, *, redis_url: str | None, pool_size: int) -> None:
        self.home = home
        self.redis_url = redis_url
        self.pool_size = pool_size
        self.log = home / "server.log"
        self.postgres = LocalPostgres(home / "pg", durable=True)
        self.line = Line(folder)
        self.quiet = Line(folder / "q")  # the bank's and our own, where nobody watches
        self.quiet.folder.mkdir()
        self.gate = Gate(free_port(), BANK_HOST, free_port(), [])
        self.rooms: dict[str, Room] = {}
        self.pids: dict[str, int] = {}
        self.ends: dict[str, int] = {}  # how often a room had to be started again
        self._births: dict[str, int] = {}
        self.environ: dict[str, str] = {}
        self.direct: dict[str, str] = {}
        self._keys = secrets.token_hex(32)
        self._loop = asyncio.new_event_loop()
        self._nest: subprocess.Popen[bytes] | None = None
        self._nest_ready = threading.Event()

    @property
    def superuser_url(self) -> str:
        return self.postgres.superuser_url(DATABASE)

    def origin(self, host: str) -> str:
        return f"http://{host}:{self.gate.port}"

    def open(self) -> None:
        self._open_nest()  # it reads the whole product: meanwhile the rest is made
        self.postgres.start()
        prepare(self.postgres, DATABASE)
        threading.Thread(target=self._loop.run_forever, name="line and gate", daemon=True).start()
        self._point_lines()
        for one in (self.line, self.quiet, self.gate):
            self.run(one.start())
        self.direct, self.environ = self._environ(self.quiet), self._environ(self.line)
        if not self._nest_ready.wait(READY_SECONDS):
            raise HouseFailed(f"The nest did not get ready:\n{self.last_words()}")

    def _open_nest(self) -> None:
        with self.log.open("wb") as log:
            self._nest = subprocess.Popen(
                [sys.executable, "-m", "chaos.nest"],
                cwd=ROOT,
                env=_kept(),  # who is started there is told the rest
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        threading.Thread(target=self._listen, name="nest", daemon=True).start()

    def close(self) -> None:
        if self._nest is not None:
            assert self._nest.stdin is not None
            self._nest.stdin.close()
            try:
                self._nest.wait(30)
            except subprocess.TimeoutExpired:
                self._nest.kill()
                self._nest.wait(5)
            assert self._nest.stdout is not None
            self._nest.stdout.close()
        if self._loop.is_running():
            for one in (self.gate, self.line, self.quiet):
                self.run(one.stop())
            self.run(_cancel_all())
            self._loop.call_soon_threadsafe(self._loop.stop)
        self.postgres.stop()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Have the loop of line and gate do something, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def call(self, work: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(work)

    def start_bank(self) -> None:
        """The simulated providers, in a process that nobody kills."""
        self._start(Room("bank", "web", self.gate.bank), self.direct | {"VENTANILLA_OUTBOX": "off"})

    def start_web(
        self,
        name: str,
        *,
        outbox: str = "thread",
        threads: int = 4,
        pool_size: int | None = None,
        grace: int = 20,
    ) -> int:
        """A web server behind the gate, with the outbox drained by its own thread, by RQ, or not. Its port.

        `grace`: seconds from being told to stop until it is made to.
        """
        port = free_port()
        environ = self.environ | {"VENTANILLA_OUTBOX": outbox}
        if pool_size is not None:
            environ["VENTANILLA_POOL_SIZE"] = str(pool_size)
        self._start(Room(name, "web", port), environ, threads=threads, grace=grace)
        self.gate.webs.append(port)
        return port

    def start_worker(self, name: str, what: str) -> None:
        """`outbox`: the command that drains until it is stopped. `rq`: a worker on Redis."""
        self._start(Room(name, what), self.environ | {"VENTANILLA_OUTBOX": "off"})

    def _start(self, room: Room, environ: Mapping[str, str], **more: object) -> None:
        self.rooms[room.name] = room
        before = self._births.get(room.name, 0)
        self._say(start=room.name, what=room.what, port=room.port, environ=dict(environ), **more)
        deadline = time.monotonic() + READY_SECONDS
        while (
            self._births.get(room.name, 0) == before
        ):  # or whoever stops it at once would not see that it is there
            if time.monotonic() > deadline:
                raise HouseFailed(f"{room.name} was not started:\n{self.last_words()}")
            time.sleep(0.005)

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop one for good; `pids` tells when it is gone. Nobody is sent there any more."""
        if self.rooms[name].port in self.gate.webs:
            self.gate.webs.remove(self.rooms[name].port)
        self._say(stop=name, signal=int(number))

    def wait_ready(self, *names: str, seconds: float = READY_SECONDS) -> None:
        """Until these web servers (by default all) answer that they are ready. Raises HouseFailed."""
        deadline = time.monotonic() + seconds
        for room in [self.rooms[name] for name in names or self.rooms]:
            wanted = room.name == "bank" or room.port in self.gate.webs
            while room.what == "web" and wanted and not is_ready(room.port):
                if time.monotonic() > deadline:
                    raise HouseFailed(f"{room.name} did not get ready:\n{self.last_words()}")
                time.sleep(0.05)

    def victims(self) -> dict[int, str]:
        """Processes that may be killed now, and whose they are: workers of web servers, drainers, RQ's horses."""
        found: dict[int, str] = {}
        for name, pid in tuple(self.pids.items()):
            room = self.rooms[name]
            if name == "bank":
                continue
            try:
                below = psutil.Process(pid).children(recursive=True)
            except psutil.Error:
                continue
            if room.what != "web":
                found[pid] = name
            for child in below:
                with contextlib.suppress(psutil.Error):
                    if "resource_tracker" not in " ".join(child.cmdline()):
                        found[child.pid] = name if room.what == "web" else f"{name}'s horse"
        return found

    def whose(self, pid: int) -> str | None:
        """The name of the room that a process belongs to; None for the bank's and strangers."""
        return self.victims().get(pid)

    def kill_database(self) -> None:
        """kill -9 of the postmaster: its children notice and end. Nothing is written any more."""
        pid = int((self.postgres.data_dir / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)

    def start_database_again(self) -> None:
        """On the same data, as its service manager would; the line leads there from now on."""
        self.postgres.stop()
        self.postgres.start()
        self._point_lines()

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""

    def _point_lines(self) -> None:
        assert self.postgres.socket_dir is not None
        self.line.upstream = self.quiet.upstream = self.postgres.socket_dir / SOCKET

    def _environ(self, line: Line) -> dict[str, str]:
        return {
            **_kept(),
            "VENTANILLA_ENVIRONMENT": "demo",
            "DATABASE_URL": f"postgresql://{schema.APP}@/{DATABASE}?host={line.folder}",
            "PLATFORM_DATABASE_URL": f"postgresql://{schema.PLATFORM}@/{DATABASE}?host={line.folder}",
            "MIGRATION_DATABASE_URL": self.superuser_url,
            "VENTANILLA_MASTER_KEYS": self._keys,
            "VENTANILLA_PORT": str(self.gate.port),
            "VENTANILLA_SIMULATOR_HOST": BANK_HOST,
            "VENTANILLA_FILES_DIR": str(self.home / "files"),
            "VENTANILLA_MAIL": f"mailbox:{self.home / 'mail'}",
            "VENTANILLA_POOL_SIZE": str(self.pool_size),
            **({"REDIS_URL": self.redis_url} if self.redis_url else {}),
        }

    def _say(self, **words: object) -> None:
        assert self._nest is not None and self._nest.stdin is not None
        self._nest.stdin.write(json.dumps(words).encode() + b"\n")
        self._nest.stdin.flush()

    def _listen(self) -> None:
        assert self._nest is not None and self._nest.stdout is not None
        for line in self._nest.stdout:
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if "ready" in said:
                    self._nest_ready.set()
                elif "pid" in said:
                    self.pids[said["name"]] = said["pid"]
                    self._births[said["name"]] = self._births.get(said["name"], 0) + 1
                else:
                    self.pids.pop(said["name"], None)
                    self.ends[said["name"]] = self.ends.get(said["name"], 0) + 1


@contextlib.contextmanager
def house(home: Path, *, redis: bool = False, pool_size: int = 5) -> Iterator[House]:
    """A house with its database, line, gate and nest; who lives in it is started by the caller. Everything ends with
    the block."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="line-", dir=_short())))
        url = stack.enter_context(redis_server()) if redis else None
        built = House(home, folder, redis_url=url, pool_size=pool_size)
        stack.callback(built.close)
        built.open()
        yield built


def _kept() -> dict[str, str]:
    """Of our own environment what is not about some other installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith((*OURS, "PG"))}


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def is_ready(port: int) -> bool:
    try:
        answer = httpx.get(f"http://{ADDRESS}:{port}/readyz", headers={"Host": "localhost"}, timeout=5)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200


def _short() -> str | None:
    """A socket's whole path must fit into about a hundred bytes."""
    return None if len(tempfile.gettempdir()) < 60 else "/tmp"  # noqa: S108 - the folder itself is ours alone
