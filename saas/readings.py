"""Statements that pages send at every visit: built, filtered by tenant and put into words once per process.

Building a list's statement out of mapped classes, weaving the net of `saas.scope` into it, finding it again in
SQLAlchemy's cache and wrapping its rows costs several times what PostgreSQL needs to answer it (docs/performance.md).
`read` keeps the words; what changes from visit to visit are bound values. One of them is the tenant, which is taken
from the active scope at every execution and nowhere else.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from weakref import WeakKeyDictionary

from psycopg import RawCursor
from sqlalchemy import Dialect, Select

from saas.database import db
from saas.scope import ACTIVE_TENANT, current_tenant_id, filtered, net_is_on

Statement = Select[*tuple[Any, ...]]
CURSOR = "cursor of kept statements"
_NAMED = re.compile(r"%%|%\((\w+)\)s")


class Words:
    """A statement in the driver's words, worked out once. `named` has its values as `%(name)s`, and `%%` for a `%`."""

    __slots__ = ("_make", "names", "text")

    def __init__(self, named: str) -> None:
        places: dict[str, int] = {}

        def number(found: re.Match[str]) -> str:
            return "%" if found[1] is None else f"${places.setdefault(found[1], len(places) + 1)}"

        self.text = _NAMED.sub(number, named)
        self.names = tuple(places)
        self._make: Callable[[Sequence[Any]], Any] | None = None

    def fetch(self, values: Mapping[str, object]) -> Sequence[Any]:
        """The rows, in the session's transaction; columns are attributes. Errors and events are SQLAlchemy's.

        Nothing filters here: the statement names the tenant itself. Raises KeyError when a value is missing.
        """
        given = tuple([values[name] for name in self.names])
        connection = db.session.connection()
        cursor: Any = connection.info.get(CURSOR)
        if cursor is None or cursor.closed:
            # One for as long as the driver's connection lasts (or until it fails): a new one learns all types anew.
            driver: Any = connection.connection.driver_connection
            cursor = connection.info[CURSOR] = RawCursor(driver)
        # The public way takes the statement and the description of each column apart at every execution.
        connection._cursor_execute(cursor, self.text, given)
        if self._make is None:
            names = [column[0] for column in cursor.description or ()]
            self._make = cast(Any, namedtuple("Found", names, rename=True))._make
        make = self._make
        return [make(row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Woven:
    """A statement with the net in it. `own` are the values that stand in it; `convert` turns those that come with each
    reading into what the driver wants, where they must be turned. Without `words` it has to go through SQLAlchemy: a
    list of values that grows, or a column that the driver gives in another form than the models promise."""

    statement: Statement
    words: Words | None = None
    own: Mapping[str, object] = field(default_factory=dict)
    convert: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)


_woven: WeakKeyDictionary[Statement, dict[bool, Woven]] = WeakKeyDictionary()


def read(statement: Statement, values: Mapping[str, object]) -> Sequence[Any]:
    """The rows of a statement that is built once and kept (by `lru_cache`, say), in the session's transaction.

    `values` fill its `bindparam("name")`s. It selects columns, which the rows have as attributes. Raises NoTenant,
    OutsideTheNet, KeyError when a value is missing, and ValueError when the tenant is among the values. A statement
    that is not the same object as last time is worked out again, which takes longer than the ordinary way.
    """
    tenant_id = current_tenant_id()
    if ACTIVE_TENANT in values:
        raise ValueError("the tenant is the active one and cannot be given")
    forms = _woven.setdefault(statement, {})
    woven = forms.get(net_is_on())
    if woven is None:
        woven = forms[net_is_on()] = _weave(filtered(statement), db.session.connection().dialect)
    db.session.flush()
    if woven.words is None:
        return db.session.connection().execute(woven.statement, values).all()
    bound = {**woven.own, **values, ACTIVE_TENANT: tenant_id}
    for name, convert in woven.convert.items():
        bound[name] = convert(bound[name])
    return woven.words.fetch(bound)


def _weave(statement: Statement, dialect: Dialect) -> Woven:
    compiled = statement.compile(dialect=dialect)
    processors = compiled._bind_processors
    bound = {name: value for value, name in compiled.bind_names.items() if name != ACTIVE_TENANT}
    if (
        compiled.post_compile_params
        or compiled.literal_execute_params
        or compiled.escaped_bind_names
        or not all(callable(found) for found in processors.values())
        or any(value.callable for value in bound.values())
        or any(_changed(column.type, dialect) for column in statement.selected_columns)
    ):
        return Woven(statement)
    convert = {name: found for name, found in processors.items() if callable(found) and name in bound}
    own = {name: value.value for name, value in bound.items() if not value.required}
    return Woven(statement, Words(str(compiled)), own, convert)


def _changed(kind: Any, dialect: Dialect) -> bool:
    """Whether SQLAlchemy makes something else of what the driver returns."""
    try:
        return kind.dialect_impl(dialect).result_processor(dialect, None) is not None
    except Exception:  # it depends on what the server says of the column
        return True
