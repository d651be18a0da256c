"""A whole installation in one folder, with its own PostgreSQL: for the demo and the bench."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from saas import schema
from saas.local.postgres import Server, database_server

OURS = (
    "VENTANILLA_",
    "DATABASE_URL",
    "PLATFORM_DATABASE_URL",
    "MIGRATION_DATABASE_URL",
    "REDIS_URL",
    "FLASK_",
)


@dataclass(frozen=True)
class Installation:
    """`environ` is what its processes are started with; `is_new` says that the database was made just now."""

    environ: dict[str, str]
    is_new: bool


@contextlib.contextmanager
def installation(
    home: Path, *, environment: str, port: int, dbname: str, durable: bool = True
) -> Iterator[Installation]:
    """Starts what `home` needs, brings the schema up to date, stops everything at the end.

    Data, files, mails and secrets stay in `home`. Raises `saas.local.postgres.PostgresFailed`.
    """
    home.mkdir(parents=True, exist_ok=True)
    with database_server(home / "pg", durable) as server:
        is_new = prepare(server, dbname)
        yield Installation(
            {
                **{name: value for name, value in os.environ.items() if not name.startswith(OURS)},
                "VENTANILLA_ENVIRONMENT": environment,
                "DATABASE_URL": server.role_url(schema.APP, dbname),
                "PLATFORM_DATABASE_URL": server.role_url(schema.PLATFORM, dbname),
                "MIGRATION_DATABASE_URL": server.superuser_url(dbname),
                "VENTANILLA_MASTER_KEYS": _master_key(home / "secrets"),
                "VENTANILLA_PORT": str(port),
                "VENTANILLA_FILES_DIR": str(home / "files"),
                "VENTANILLA_MAIL": f"mailbox:{home / 'mail'}",
            },
            is_new,
        )


def prepare(server: Server, dbname: str) -> bool:
    """Roles, database and schema, each only where it is missing; True when the database is new."""
    schema.create_roles(server.superuser_url())
    server.let_in(schema.APP, schema.PLATFORM, schema.BACKUP)
    is_new = not server.has_database(dbname)
    schema.create_database(server.superuser_url(), dbname)
    schema.migrate(server.superuser_url(dbname))
    return is_new


def _master_key(path: Path) -> str:
    """Made once: what it protects must stay readable after a restart."""
    if not path.exists():
        draft = path.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps({"master_key": secrets.token_hex(32)}))
        draft.replace(path)
    return str(json.loads(path.read_text())["master_key"])
