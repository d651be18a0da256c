"""Set-based work: the one file through which imports and the monthly run leave the tenant net.

Bulk work goes through temporary tables of the session's own connection and is inserted from there. The net cannot
rewrite such statements, so each must name the tenant itself; row-level security holds for every table that they
touch, temporary ones excepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Copy, sql
from sqlalchemy import CursorResult, text

from saas.database import db
from saas.scope import current_tenant_id, leaving_the_net

REASON = "set-based work on a staging table; every statement names the tenant"
TEMPORARY = "staged"
_TOUCHED = re.compile(
    r"(?<!DISTINCT )\b(?:FROM|JOIN|INTO|UPDATE|TABLE|ANALYZE|EXISTS)\s+(?!IF\b|EXISTS\b|UNNEST\b|LATERAL\b)(\w+)",
    re.IGNORECASE,
)
_QUOTED = re.compile("'[^']*'")  # in there a colon begins no parameter


class NoTenantNamed(RuntimeError):
    """A statement on the tenant's tables that does not say which tenant."""


def execute(statement: str, **values: Any) -> CursorResult[Any]:
    """Run a statement on the tenant's tables. It must use `:tenant`, which is filled in here."""
    if ":tenant" not in statement:
        raise NoTenantNamed(statement)
    return _run(statement, {"tenant": current_tenant_id(), **values})


def arrange(statement: str, **values: Any) -> CursorResult[Any]:
    """Run a statement that touches temporary tables only."""
    if strange := [name for name in _TOUCHED.findall(statement) if not name.startswith(TEMPORARY)]:
        raise NoTenantNamed(f"{', '.join(strange)}: {statement}")
    return _run(statement, values)


def _run(statement: str, values: dict[str, Any]) -> CursorResult[Any]:
    literal_colons = _QUOTED.sub(lambda quoted: quoted[0].replace(":", "\\:"), statement)
    with leaving_the_net(REASON):
        result = db.session.execute(text(literal_colons), values)
    assert isinstance(result, CursorResult)
    return result


def plan_afresh() -> None:
    """Forget the session's plans, before many rows are inserted.

    The checks of foreign keys keep theirs for as long as the connection lives. One that was made while a table was
    nearly empty reads the whole table for each row, and the table grows under it: minutes become hours.
    """
    _run("DISCARD PLANS", {})


@contextmanager
def joining_by_hash() -> Iterator[None]:
    """Statements that take a time in proportion to what they read, whatever the planner believes.

    What the last import brought has no statistics yet, and neither has what this one brings. Where the planner thinks
    that a tenant has one invoice it may compare every staged row with each of a million.
    """
    _run("SET LOCAL enable_nestloop = off", {})
    yield
    _run("SET LOCAL enable_nestloop = on", {})


@contextmanager
def joining_by_index() -> Iterator[None]:
    """Statements that look up a few thousand staged rows in tables that may hold millions, by their indexes.

    Their cost follows what is staged. A planner without fresh statistics would rather read a whole table.
    """
    _run("SET LOCAL enable_hashjoin = off", {})
    _run("SET LOCAL enable_mergejoin = off", {})
    yield
    _run("SET LOCAL enable_hashjoin = on", {})
    _run("SET LOCAL enable_mergejoin = on", {})


@contextmanager
def copying(table: str, columns: list[str]) -> Iterator[Copy]:
    """COPY into a temporary table, in PostgreSQL's text format."""
    if not table.startswith(TEMPORARY):
        raise NoTenantNamed(table)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with leaving_the_net(REASON):
        connection = db.session.connection().connection.driver_connection
    assert connection is not None
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        yield copy
