"""Lets processes die while customers pay, and says what became of the money. See `bin/chaos`."""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import sys
import tempfile
from pathlib import Path

from chaos.house import HouseFailed
from chaos.report import printed
from chaos.run import endure
from saas.local.postgres import PostgresFailed
from saas.local.redis import RedisFailed


def main(arguments: list[str] | None = None) -> int:
    """0 when nothing was lost, doubled, wrong or stuck."""
    parser = argparse.ArgumentParser(
        prog="bin/chaos",
        description="kill -9 while customers pay; afterwards both sides' books are compared.",
    )
    parser.add_argument("--rounds", type=int, default=500, help="how many processes are killed (default 500)")
    parser.add_argument("--payers", type=int, default=8, help="customers who pay at once (default 8)")
    parser.add_argument("--seed", type=int, default=1, help="what the moments are chosen by (default 1)")
    parser.add_argument("--without-redis", action="store_true", help="no RQ worker among the victims")
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda which, _frame: sys.exit(128 + which))
    logging.disable(logging.WARNING)  # the driver's own application has nothing to tell
    with tempfile.TemporaryDirectory(prefix="ventanilla-chaos-", ignore_cleanup_errors=True) as folder:
        try:
            report = endure(
                Path(folder),
                kills=options.rounds,
                seed=options.seed,
                payers=options.payers,
                redis=not options.without_redis,
                say=lambda words: print(words, file=sys.stderr, flush=True),
            )
        except (HouseFailed, PostgresFailed, RedisFailed) as problem:
            print(problem, file=sys.stderr)
            return 1
    print(printed(report))
    return 0 if report.clean else 1


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
