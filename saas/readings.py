"""Statements that pages send at every visit: built, filtered by tenant and compiled once per process.

Building a list's statement out of mapped classes and finding it again in SQLAlchemy's cache costs several times what
PostgreSQL needs to answer it (docs/performance.md). `read` keeps the compiled text; what changes from visit to visit
are bound values. The net of `saas.scope` is part of the text, with the tenant as one more bound value, which is
taken from the active scope at every execution and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Row, Select

from saas.database import db
from saas.scope import ACTIVE_TENANT, current_tenant_id, filtered, net_is_on


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as the driver takes it. `fixed` are the values that stand in the statement itself; `convert` turns
    given ones into what the driver wants, where it does not take them as they are."""

    text: str
    fixed: Mapping[str, object]
    convert: Mapping[str, Callable[[Any], Any]]

    def values(self, given: Mapping[str, object]) -> dict[str, object]:
        values = {**self.fixed, **given, ACTIVE_TENANT: current_tenant_id()}
        for name, convert in self.convert.items():
            values[name] = convert(values[name])
        return values


_compiled: WeakKeyDictionary[Select[*tuple[Any, ...]], dict[bool, Compiled]] = WeakKeyDictionary()


def read(
    statement: Select[*tuple[Any, ...]], values: Mapping[str, object]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The rows of a statement that is built once and kept (by `lru_cache`, say), in the session's transaction.

    `values` fill its `bindparam("name")`s. Raises NoTenant, OutsideTheNet, and ValueError for a statement that the
    driver could not answer as the models promise. A statement that is not the same object as last time is compiled
    again, which takes longer than the ordinary way.
    """
    current_tenant_id()
    db.session.flush()
    connection = db.session.connection()
    forms = _compiled.setdefault(statement, {})
    compiled = forms.get(net_is_on())
    if compiled is None:
        compiled = forms[net_is_on()] = _compile(statement, connection.dialect)
    return connection.exec_driver_sql(compiled.text, compiled.values(values)).all()


def _compile(statement: Select[*tuple[Any, ...]], dialect: Dialect) -> Compiled:
    compiled = filtered(statement).compile(dialect=dialect)
    if compiled.post_compile_params or compiled.literal_execute_params:
        raise ValueError("a reading has no list of values that grows: use = any(:array)")
    for column in statement.selected_columns:
        if column.type.dialect_impl(dialect).result_processor(dialect, None) is not None:
            raise ValueError(f"{column} comes from the driver in another form than the models promise")
    fixed = {
        name: bound.value
        for bound, name in compiled.bind_names.items()
        if not bound.required and not bound.callable
    }
    convert = {name: found for name, found in compiled._bind_processors.items() if callable(found)}
    if len(convert) < len(compiled._bind_processors):
        raise ValueError("a tuple whose parts must be converted cannot be read here")
    return Compiled(str(compiled), fixed, convert)
