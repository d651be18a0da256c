"""One row of any table: what a caller does not give is made up from the column's type and constraints."""

from __future__ import annotations

import datetime
import itertools
import re
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    LargeBinary,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from saas.clock import now
from saas.database import Base, db
from saas.ids import new_id
from saas.scope import TenantOwned

ALLOWED = re.compile(r"\b(\w+) IN \('([^']+)'")
_number = itertools.count(1)


def owned_models() -> list[type[Any]]:
    """Every mapped class with a tenant, in an order in which rows can be made."""
    order = {table.name: place for place, table in enumerate(Base.metadata.sorted_tables)}
    classes = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantOwned)]
    return sorted(classes, key=lambda model: order[model.__tablename__])


def insert_row(model: type[Any], rows: Mapping[str, list[uuid.UUID]], canary: str, **given: Any) -> uuid.UUID:
    """Add a row of the active tenant and return its id. `rows` are the ids that foreign keys may point to."""
    table: Table = model.__table__
    values = {"id": new_id(), **given}
    for column in table.columns:
        made_by_itself = column.nullable or column.default is not None or column.name == "tenant_id"
        if column.name not in values and not made_by_itself:
            values[column.name] = _value(table, column, rows, canary)
    db.session.add(model(**values))
    db.session.flush()
    return values["id"]


def _value(table: Table, column: Column[Any], rows: Mapping[str, list[uuid.UUID]], canary: str) -> Any:
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint) and column.name in constraint.columns:
            return rows[constraint.referred_table.name][0]
        if isinstance(constraint, CheckConstraint):
            match = ALLOWED.search(str(constraint.sqltext))
            if match and match[1] == column.name:
                return match[2]
    return _of_type(table, column, canary)


def _of_type(table: Table, column: Column[Any], canary: str) -> Any:
    kind = column.type
    if isinstance(kind, JSONB):
        return {}
    if isinstance(kind, ARRAY):
        return []
    if isinstance(kind, Text):
        return f"{canary} {table.name} {next(_number)}"
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, BigInteger):
        return next(_number)
    if isinstance(kind, DateTime):
        return now()
    if isinstance(kind, Date):
        return now().date() + datetime.timedelta(days=1)
    if isinstance(kind, Uuid):
        return new_id()
    if isinstance(kind, LargeBinary):
        return canary.encode()
    raise TypeError(f"{table.name}.{column.name}: say in tests/rules/rows.py what a {kind} looks like")
