"""Statements that pages send at every visit: built once per process, and filtered by tenant once.

Building a list's statement out of mapped classes, weaving the net of `saas.scope` into it and finding it again in
SQLAlchemy's cache costs several times what PostgreSQL needs to answer it (docs/performance.md). `read` keeps the
woven statement; what changes from visit to visit are bound values. One of them is the tenant, which is taken from
the active scope at every execution and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Row, Select

from saas.database import db
from saas.scope import ACTIVE_TENANT, current_tenant_id, filtered, net_is_on

Statement = Select[*tuple[Any, ...]]
_woven: WeakKeyDictionary[Statement, dict[bool, Statement]] = WeakKeyDictionary()


def read(statement: Statement, values: Mapping[str, object]) -> Sequence[Row[*tuple[Any, ...]]]:
    """The rows of a statement that is built once and kept (by `lru_cache`, say), in the session's transaction.

    `values` fill its `bindparam("name")`s. It selects columns: rows of whole objects would not be the session's.
    Raises NoTenant, OutsideTheNet, and ValueError when the tenant is among the values. A statement that is not the
    same object as last time is worked out again, which takes longer than the ordinary way.
    """
    current_tenant_id()
    if ACTIVE_TENANT in values:
        raise ValueError("the tenant is the active one and cannot be given")
    forms = _woven.setdefault(statement, {})
    woven = forms.get(net_is_on())
    if woven is None:
        woven = forms[net_is_on()] = filtered(statement)
    db.session.flush()
    return db.session.connection().execute(woven, values).all()
