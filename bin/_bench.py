"""Gives the measurements a database of their own, runs them and prints the table. See `bin/bench`."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from bench.billing import NotBilled
from bench.imports import NotImported
from bench.load import WrongAnswer
from bench.run import FULL, PARTS, QUICK, run
from bench.servers import ServerFailed
from saas.local.installation import installation
from saas.local.postgres import PostgresFailed

DATABASE = "ventanilla_bench"


def main(arguments: list[str] | None = None) -> int:
    """0 when it could measure: the figures are there to be read, not to fail a build."""
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="Measures the product against floors in the same run; prints ratios."
    )
    parser.add_argument(
        "--quick", action="store_true", help="smaller tenants and fewer rounds: about a minute"
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="one part (may be repeated)")
    parser.add_argument("--threads", type=int, default=2, help="blocking threads per worker (default 2)")
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda which, _frame: sys.exit(128 + which))  # so that everything is taken away
    began = time.monotonic()
    # Durable as in production: what is measured must wait for the disk where a customer's money would.
    with tempfile.TemporaryDirectory(prefix="ventanilla-bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        try:
            with installation(home, environment="bench", port=0, dbname=DATABASE, durable=True) as bench:
                sizes = QUICK if options.quick else FULL
                print(run(bench.environ, home, sizes, set(options.only or PARTS), threads=options.threads))
        except (PostgresFailed, ServerFailed, WrongAnswer, NotImported, NotBilled, psycopg.Error) as problem:
            print(problem, file=sys.stderr)
            return 1
    print(f"\n{time.monotonic() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
