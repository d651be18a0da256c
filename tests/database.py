"""One PostgreSQL per test run, one migrated template in it, one clone of that per worker.

With xdist the controller owns the server and the workers are told its address; without, the server starts when the
first test asks for it. Tests get clean tables by asking for the fixture `database`.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql

from saas.local.installation import prepare
from saas.local.postgres import Server, database_server
from saas.local.redis import redis_server
from saas.schema import APP, BACKUP, OWNER, PLATFORM

ONE_AT_A_TIME = 7_305_001  # advisory lock: one worker builds the template, the others wait for it
LOCK_WAIT = "5s"


@dataclass(frozen=True)
class DatabaseUrls:
    """Addresses of the worker's own database, one per role."""

    superuser: str
    owner: str
    app: str
    platform: str
    backup: str


class SharedServer:
    """What the controller of a distributed run keeps for its workers."""

    def __init__(self) -> None:
        self._exit = contextlib.ExitStack()
        self._tells: dict[str, str] | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        if self._tells is None:
            server = self._exit.enter_context(database_server())
            self._tells = {"server": server.superuser_url(), "run": secrets.token_hex(4)}
        node.workerinput["database"] = self._tells

    def pytest_unconfigure(self) -> None:
        if self._tells is not None:
            with contextlib.suppress(psycopg.Error):
                _drop(Server(self._tells["server"]), _template(self._tells["run"]))
        self._exit.close()


def register(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(SharedServer(), "shared-database-server")


@pytest.fixture(scope="session")
def database_urls(request: pytest.FixtureRequest) -> Iterator[DatabaseUrls]:
    """The worker's own database, migrated; not cleaned between tests (ask for `database` to write into it)."""
    told: dict[str, str] | None = getattr(request.config, "workerinput", {}).get("database")
    with contextlib.ExitStack() as stack:
        server = Server(told["server"]) if told else stack.enter_context(database_server())
        run = told["run"] if told else secrets.token_hex(4)
        name = f"{_template(run)}_{secrets.token_hex(3)}"
        _build_template(server, run)
        _clone(server, _template(run), name)
        yield DatabaseUrls(
            superuser=server.superuser_url(name),
            owner=_as_owner(server.superuser_url(name)),
            app=server.role_url(APP, name),
            platform=server.role_url(PLATFORM, name),
            backup=server.role_url(BACKUP, name),
        )
        _drop(server, name)
        if not told:
            _drop(server, _template(run))


@pytest.fixture(scope="session")
def superuser_url(database_urls: DatabaseUrls) -> str:
    return database_urls.superuser


@pytest.fixture(scope="session")
def _cleaner(superuser_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (LOCK_WAIT,))
        # Append-only tables refuse DELETE through triggers, and foreign keys want an order: neither is asked here.
        connection.execute("SET session_replication_role = replica")
        connection.execute(_cleaning_function(connection))
        yield connection


@pytest.fixture
def database(database_urls: DatabaseUrls, _cleaner: psycopg.Connection) -> Iterator[DatabaseUrls]:
    """The worker's database, whose tables are as the migrations left them; they are emptied after the test."""
    yield database_urls
    try:
        _cleaner.execute("SELECT pg_temp.clean()")
    except psycopg.errors.LockNotAvailable:
        _cleaner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        _cleaner.execute("SELECT pg_temp.clean()")
        pytest.fail("The test left a transaction open: its locks kept the tables from being emptied.")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of a real Redis, started for the first test of the worker that asks for it."""
    with redis_server() as url:
        yield url


def _as_owner(superuser_url: str) -> str:
    """The owner cannot log in: the superuser becomes the owner when the session begins."""
    return f"{superuser_url}{'&' if '?' in superuser_url else '?'}options=-c%20role%3D{OWNER}"


def _template(run: str) -> str:
    return f"ventanilla_test_{run}"


def _build_template(server: Server, run: str) -> None:
    name = _template(run)
    with psycopg.connect(server.superuser_url(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (ONE_AT_A_TIME,))
        ready = connection.execute(
            "SELECT datistemplate FROM pg_database WHERE datname = %s", (name,)
        ).fetchone()
        if ready == (True,):
            return
        prepare(server, name)
        connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(name)))


def _clone(server: Server, template: str, name: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY wal_log").format(
        sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
    )
    with psycopg.connect(server.superuser_url(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (ONE_AT_A_TIME,))
        connection.execute(statement)


def _drop(server: Server, name: str) -> None:
    with psycopg.connect(server.superuser_url(), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(sql.Identifier(name)))
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _cleaning_function(connection: psycopg.Connection) -> sql.Composed:
    """Empties the tables that were empty after the migrations; the others hold reference rows and stay.

    DELETE where there is something, because TRUNCATE costs the same milliseconds for every table, used or not.
    """
    tables = [
        sql.Identifier(schema, table)
        for schema, table in connection.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1, 2"
        ).fetchall()
    ]
    used = sql.SQL("SELECT EXISTS (SELECT FROM {})")
    empty = [table for table in tables if connection.execute(used.format(table)).fetchone() == (False,)]
    step = sql.SQL("IF EXISTS (SELECT FROM {0}) THEN DELETE FROM {0}; END IF;")
    return sql.SQL(
        "CREATE FUNCTION pg_temp.clean() RETURNS void LANGUAGE plpgsql AS $clean$ BEGIN {} END $clean$"
    ).format(sql.SQL(" ").join(step.format(table) for table in empty))
