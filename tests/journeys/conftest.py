"""A whole installation in its demo form, served by the real server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from flask import Flask

from saas.config import Config
from saas.database import db
from saas.local.installation import Installation, installation
from tests.journeys.guests import Guests
from tests.journeys.site import Site
from wsgi import create_app

ROOT = Path(__file__).resolve().parents[2]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def site(_opened: tuple[Site, Flask]) -> Site:
    """The demo's two organisations behind granian, on a port of its own; one per worker that needs it."""
    return _opened[0]


@pytest.fixture(scope="session")
def guests(_opened: tuple[Site, Flask]) -> Guests:
    """People who may visit: each journey pays with a newcomer of its own, so no order of journeys matters."""
    return Guests(_opened[1])


@pytest.fixture(scope="session")
def _opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Flask]]:
    """Where it answers, and an application of our own on its tables, which loads the demo while the server starts."""
    home = tmp_path_factory.mktemp("demo")
    port = _free_port()
    name = f"ventanilla_journeys_{os.getpid()}"
    with installation(home, environment="demo", port=port, dbname=name, durable=False) as demo:
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
            "--workers", "1", "--blocking-threads", "4", "--log-level", "warning", "--factory", "wsgi:application",
        ]  # fmt: skip
        with (home / "server.log").open("wb") as log:
            server = subprocess.Popen(command, cwd=ROOT, env=demo.environ, stdout=log, stderr=log)
        try:
            with _application(demo) as app:
                loaded = app.test_cli_runner().invoke(args=["demo-data", "load"])
                assert loaded.exit_code == 0, loaded.output
                _wait(port, server, home / "server.log")
                yield Site(port), app
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(10)


@contextmanager
def _application(demo: Installation) -> Iterator[Flask]:
    app = create_app(Config.from_env(demo.environ | {"VENTANILLA_OUTBOX": "off"}))
    yield app
    with app.app_context():
        db.engine.dispose()
        app.extensions["platform_engine"].dispose()
        app.extensions["limits_engine"].dispose()


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 180  # a busy machine takes its time
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", headers={"Host": "localhost"}).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    pytest.fail(f"the server did not get ready: {log.read_text(errors='replace')[-3000:]}")
