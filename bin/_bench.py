"""Gives the measurements a database of their own. See `bin/bench`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from saas.local.installation import installation
from saas.local.postgres import PostgresFailed

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    """Hands the arguments to `flask bench`; the data is durable, as in production, and goes away afterwards."""
    with tempfile.TemporaryDirectory(prefix="ventanilla-bench-", ignore_cleanup_errors=True) as folder:
        try:
            with installation(
                Path(folder), environment="bench", port=8000, dbname="ventanilla_bench"
            ) as bench:
                command = [sys.executable, "-m", "flask", "--app", "wsgi", "bench", *arguments]
                return subprocess.run(command, cwd=ROOT, env=bench.environ, check=False).returncode
        except PostgresFailed as problem:
            print(problem, file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
