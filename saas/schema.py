"""The schema from outside: roles of the cluster, migrations, and what every tenant-owned table gets."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Protocol

import psycopg
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent

OWNER = "portal_owner"
APP = "portal_app"
PLATFORM = "portal_platform"
BACKUP = "portal_backup"

TENANT_IS_ACTIVE = "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid"
APPEND_ONLY = (
    "journal_entries",
    "postings",
    "audit_rows",
    "theme_versions",
    "case_events",
    "calendar_changes",
)


def create_roles(superuser_url: str) -> None:
    """Create the cluster's roles if they are missing. Run as superuser, once per cluster.

    The owner cannot log in; the application's role owns nothing and cannot bypass row security;
    only the backup's role reads everything, and it writes nothing.
    """
    with psycopg.connect(_plain(superuser_url), autocommit=True) as connection:
        for role, options in (
            (OWNER, "NOLOGIN"),
            (APP, "LOGIN NOBYPASSRLS"),
            (PLATFORM, "LOGIN NOBYPASSRLS"),
            (BACKUP, "LOGIN BYPASSRLS"),
        ):
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
            if known is None:
                statement = sql.SQL("CREATE ROLE {} NOSUPERUSER NOCREATEDB NOCREATEROLE ").format(
                    sql.Identifier(role)
                )
                connection.execute(statement + sql.SQL(options))
        connection.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(sql.Identifier(BACKUP)))


def create_database(superuser_url: str, name: str) -> None:
    """Create an empty database owned by the owner's role, if it is missing."""
    with psycopg.connect(_plain(superuser_url), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                    sql.Identifier(name), sql.Identifier(OWNER)
                )
            )


def migrate(url: str) -> None:
    """Bring a database to the newest revision. `url` connects as superuser (or a member of the owner)."""
    command.upgrade(alembic_config(url), "head")


def alembic_config(url: str) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", _driver(url).replace("%", "%%"))
    return config


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _driver(url: str) -> str:
    return url if "+psycopg" in url else url.replace("postgresql://", "postgresql+psycopg://", 1)


class Executor(Protocol):
    def execute(self, statement: str) -> object: ...


def protect(op: Executor, table: str) -> None:
    """Row security on a tenant-owned table, and the rights of the roles. Every migration that creates
    one calls this; the catalogue test fails when it was forgotten."""
    op.execute(f"ALTER TABLE {table} OWNER TO {OWNER}")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table} TO {APP} USING ({TENANT_IS_ACTIVE}) WITH CHECK ({TENANT_IS_ACTIVE})"
    )
    rights = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
    op.execute(f"GRANT {rights} ON {table} TO {APP}")


@lru_cache(maxsize=1)
def newest_revision() -> str | None:
    """The revision that the code was written for."""
    return ScriptDirectory.from_config(alembic_config("postgresql://unused")).get_current_head()
