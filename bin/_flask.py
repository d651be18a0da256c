"""Runs `flask --app wsgi …` on the installation that the environment names, or on the demo's. See `bin/flask`."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg

from bin._demo import DBNAME, HOME, PORT, ROOT, RUNNING
from saas.local.installation import installation
from saas.local.postgres import PostgresFailed


@contextlib.contextmanager
def environment() -> Iterator[dict[str, str]]:
    """The environment's own database, the running demo's, or the demo's started for one command."""
    if os.environ.get("DATABASE_URL"):
        yield dict(os.environ)
        return
    running = of_running_demo()
    if running is not None:
        yield running
        return
    with installation(HOME, environment="demo", port=PORT, dbname=DBNAME) as demo:
        yield demo.environ


def of_running_demo() -> dict[str, str] | None:
    """What the running demo's processes were started with; None when none runs."""
    try:
        told: dict[str, str] = json.loads(RUNNING.read_text())
        psycopg.connect(told["MIGRATION_DATABASE_URL"], connect_timeout=3).close()
    except (OSError, ValueError, KeyError, psycopg.Error):
        return None
    return {**os.environ, **told}


def main() -> int:
    command = [sys.executable, "-m", "flask", "--app", str(ROOT / "wsgi.py"), *sys.argv[1:]]
    try:
        with environment() as environ:
            return subprocess.run(command, env=environ, check=False, cwd=Path.cwd()).returncode
    except PostgresFailed as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
