"""The two web servers under test: the same granian, workers and threads, for the product and for the floor."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.load import ADDRESS, WrongAnswer, fetch
from saas.local.child import Child

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 2
READY_SECONDS = 60
TICKS = os.sysconf("SC_CLK_TCK")


class ServerFailed(Exception):
    """A server did not get ready; the message holds its last words."""


@dataclass(frozen=True, slots=True)
class WebServer:
    """A running granian."""

    name: str
    port: int
    pid: int

    def workers(self) -> list[int]:
        """Process ids of the workers; empty where /proc does not exist."""
        return [
            child for child in children(self.pid) if "resource_tracker" not in _text(f"/proc/{child}/cmdline")
        ]

    def processor_seconds(self) -> float:
        """Time that the workers have spent on a processor."""
        return sum(processor_seconds(worker) for worker in self.workers())

    def memory(self) -> tuple[int, int]:
        """Bytes per worker, the largest: resident, and the proportional share (shared pages divided)."""
        found = [_memory(worker) for worker in self.workers()]
        return max(rss for rss, _ in found), max(pss for _, pss in found)


@contextlib.contextmanager
def serving(
    name: str, factory: str, *, port: int, threads: int, environ: Mapping[str, str], log: Path, ready: bytes
) -> Iterator[WebServer]:
    """A server from the moment when `ready` is answered with 200. Raises ServerFailed."""
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", ADDRESS, "--port", str(port),
        "--workers", str(WORKERS), "--blocking-threads", str(threads), "--log-level", "warning",
        "--factory", factory,
    ]  # fmt: skip
    with log.open("wb") as output:
        child = Child(command, output=output, cwd=ROOT, env=dict(environ))
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(port, ready):
            if child.exit_status is not None or time.monotonic() > deadline:
                raise ServerFailed(f"{name} did not get ready:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
        yield WebServer(name, port, child.pid)
    finally:
        child.stop(15)


def _answers(port: int, request: bytes) -> bool:
    try:
        return fetch(port, request)[0] == 200
    except (OSError, WrongAnswer):
        return False


def children(pid: int) -> list[int]:
    """Direct children of a process, as Linux tells; empty elsewhere."""
    return [int(word) for word in _text(f"/proc/{pid}/task/{pid}/children").split()]


def processor_seconds(pid: int) -> float:
    """User and system time of a process; 0 when it is gone or cannot be told."""
    fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0


def _memory(pid: int) -> tuple[int, int]:
    values = {
        line.split(":")[0]: int(line.split()[1]) * 1024
        for line in _text(f"/proc/{pid}/smaps_rollup").splitlines()[1:]
        if line.endswith("kB")
    }
    return values.get("Rss", 0), values.get("Pss", 0)


def _text(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
