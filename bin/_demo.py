"""Starts and stops everything that the demo consists of. See `bin/demo`."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from saas.local.child import Child
from saas.local.installation import OURS, Installation, installation
from saas.local.postgres import PostgresFailed

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "var" / "demo"
ADDRESS = "127.0.0.1"  # every name below .localhost leads here
PORT = 8000
DBNAME = "ventanilla_demo"
RUNNING = HOME / "running.json"  # while it runs: what bin/flask needs to join in
READY_SECONDS = 60


class DemoFailed(Exception):
    """The message is for the person who typed the command."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bin/demo", description="Two demo organisations on this machine.")
    parser.add_argument("--port", type=int, help=f"where to listen (default {PORT})")
    parser.add_argument("--fresh", action="store_true", help="forget the data of earlier runs first")
    parser.add_argument(
        "--check", action="store_true", help="start apart, walk through the main job, stop, tell"
    )
    options = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        if options.check:
            return check(options.port or free_port())
        return run(options.port or PORT, fresh=options.fresh)
    except (DemoFailed, PostgresFailed) as problem:
        print(problem, file=sys.stderr)
        return 1


def run(port: int, *, fresh: bool = False) -> int:
    """Serves until a signal says stop."""
    refuse_taken(port)
    if fresh:
        shutil.rmtree(HOME, ignore_errors=True)
    print("Starting …", flush=True)
    with installation(HOME, environment="demo", port=port, dbname=DBNAME) as demo, told(demo):
        load_data(demo, HOME)
        with (
            subprocess.Popen(
                _flask("demo-data", "show"), cwd=ROOT, env=demo.environ, stdout=subprocess.PIPE
            ) as show,
            serving(demo, HOME, port) as server,
        ):
            words = show.communicate()[0].decode()
            print(f"\n{words.strip()}\n\nLog: {log_of(HOME)}\nCtrl-C stops everything.", flush=True)
            while server.exit_status is None:
                time.sleep(0.5)
            raise DemoFailed(f"The web server ended by itself:\n{tail(log_of(HOME))}")


@contextlib.contextmanager
def told(demo: Installation) -> Iterator[None]:
    """Leaves word, for our own user only, how commands reach the running demo."""
    ours = {name: value for name, value in demo.environ.items() if name.startswith(OURS)}
    RUNNING.unlink(missing_ok=True)
    RUNNING.touch(mode=0o600)
    RUNNING.write_text(json.dumps(ours))
    try:
        yield
    finally:
        RUNNING.unlink(missing_ok=True)


def check(port: int) -> int:
    """Starts a demo of its own in a temporary folder and walks through it over HTTP; 0 when all went well."""
    refuse_taken(port)
    with tempfile.TemporaryDirectory(prefix="ventanilla-check-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        name = f"ventanilla_check_{port}"
        with installation(home, environment="demo", port=port, dbname=name, durable=False) as demo:
            load_data(demo, home)
            with serving(demo, home, port):
                walk = subprocess.run(
                    _flask("demo-check", "--port", str(port)), cwd=ROOT, env=demo.environ, check=False
                )
            if walk.returncode:
                print(f"The server's last words:\n{tail(log_of(home))}", file=sys.stderr)
            return walk.returncode


def load_data(demo: Installation, home: Path) -> None:
    """The marker is written after the data, so an interrupted load is done again."""
    marker = home / "loaded"
    if demo.is_new or not marker.exists():
        print("Making the demo organisations …", flush=True)
        load = subprocess.run(_flask("demo-data", "load"), cwd=ROOT, env=demo.environ, check=False)
        if load.returncode:
            raise DemoFailed("The demo data could not be loaded: see above.")
        marker.touch()


@contextlib.contextmanager
def serving(demo: Installation, home: Path, port: int) -> Iterator[Child]:
    """The web server, from the moment when it answers that it is ready."""
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", ADDRESS, "--port", str(port),
        "--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers", "--log-level", "warning",
        # Requests are answered and the outbox' row is finished first; who does not hear is ended before we end all.
        "--workers-kill-timeout", "10",
        "--factory", "wsgi:application",
    ]  # fmt: skip
    with log_of(home).open("ab") as log:
        log.truncate(0)
        server = Child(command, output=log, cwd=ROOT, env=demo.environ)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready(port):
            if server.exit_status is not None or time.monotonic() > deadline:
                raise DemoFailed(f"The web server did not get ready:\n{tail(log_of(home))}")
            time.sleep(0.1)
        yield server
    finally:
        server.stop(15)


def is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as problem:
            raise DemoFailed(
                f"Port {port} cannot be used ({problem.strerror}). Choose another one: bin/demo --port {port + 1}"
            ) from problem


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def log_of(home: Path) -> Path:
    return home / "server.log"


def tail(path: Path) -> str:
    return path.read_text(errors="replace")[-3000:] if path.exists() else ""


def _flask(*words: str) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "wsgi", *words]


def _stop(number: int, _frame: FrameType | None) -> None:
    for again in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(again, signal.SIG_IGN)  # everything is being stopped already
    print("\nStopping …", flush=True)
    sys.exit(0 if number == signal.SIGINT else 128 + number)


if __name__ == "__main__":
    sys.exit(main())
