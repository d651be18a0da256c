"""The second of the two layers that keep tenants apart (the first is row-level security).

With no tenant active, touching a tenant-owned model raises. With one, every ORM statement is
filtered, every new row is stamped, and PostgreSQL is told the tenant when the transaction begins.
Statements that are not built from mapped classes are refused here, because the filter could not
reach them; `leaving_the_net(reason)` is the only way out and only listed files may use it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import psycopg
from flask import current_app
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Alias, Connection, ForeignKey, Join, Select, Table, Uuid, bindparam, event
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    Session,
    SessionTransaction,
    UOWTransaction,
    declared_attr,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.sql import visitors

from saas.database import db
from saas.having import Having
from saas.ids import new_id

_tenant: ContextVar[uuid.UUID | None] = ContextVar("tenant", default=None)
_outside: ContextVar[str | None] = ContextVar("outside_the_net", default=None)
_net_disabled_by_test = False


class NoTenant(RuntimeError):
    """A tenant-owned row was touched while no tenant was active."""


class WrongTenant(RuntimeError):
    """A row of one tenant was about to be written while another one was active."""


class OutsideTheNet(RuntimeError):
    """A statement that the filter cannot reach was run without leaving the net on purpose."""


def current_tenant_id() -> uuid.UUID:
    """The active tenant. Raises NoTenant."""
    tenant_id = _tenant.get()
    if tenant_id is None:
        raise NoTenant("no tenant is active")
    return tenant_id


def active_tenant_id() -> uuid.UUID | None:
    return _tenant.get()


def tenant_scope(tenant_id: uuid.UUID | None) -> Having[uuid.UUID | None]:
    """Make a tenant the active one. A transaction belongs to one tenant, so none may be open."""
    return Having(_tenant, tenant_id)


def leaving_the_net(reason: str) -> Having[str | None]:
    """Run statements that the filter cannot rewrite. They must name the tenant themselves."""
    if not reason:
        raise ValueError("leaving the net needs a reason")
    return Having(_outside, reason)


@contextmanager
def unit_of_work(tenant_id: uuid.UUID) -> Iterator[Session]:
    """One transaction of one tenant outside a request: a job, a command, a test.

    A fresh session, committed at the end and rolled back when anything is raised.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with app.app_context(), tenant_scope(tenant_id):
        try:
            yield db.session()
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
        finally:
            db.session.remove()


class TenantOwned:
    """A table whose rows belong to a tenant: key `(tenant_id, id)`, guarded by both layers."""

    @declared_attr
    def tenant_id(cls) -> Mapped[uuid.UUID]:
        return mapped_column(
            ForeignKey("tenants.id", ondelete="CASCADE"),
            primary_key=True,
            default=current_tenant_id,
            sort_order=-2,
        )

    @declared_attr
    def id(cls) -> Mapped[uuid.UUID]:
        return mapped_column(primary_key=True, default=new_id, sort_order=-1)


@lru_cache(maxsize=512)
def _criteria(tenant_id: uuid.UUID) -> Any:
    return with_loader_criteria(TenantOwned, lambda cls: cls.tenant_id == tenant_id, include_aliases=True)


ACTIVE_TENANT = "active_tenant"
_ACTIVE = bindparam(ACTIVE_TENANT, callable_=current_tenant_id, type_=Uuid)
_OF_ACTIVE_TENANT = with_loader_criteria(
    TenantOwned, lambda cls: cls.tenant_id == _ACTIVE, include_aliases=True
)


def net_is_on() -> bool:
    return not _net_disabled_by_test


def filtered(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The statement with the net woven in, for whoever tenant is active when it is executed (`saas.readings`).

    Raises OutsideTheNet for one that is not built from mapped classes, or has a part that is not: in a subquery
    whose columns stand inside functions alone, SQLAlchemy sees tables and no classes, unless `select_from(Class)` says.
    """
    if not _made_of_classes(statement) or any(
        _reads_tables(part) and not _made_of_classes(part)
        for part in visitors.iterate(statement)
        if isinstance(part, Select)
    ):
        raise OutsideTheNet("only statements built from mapped classes are filtered by tenant")
    return statement.options(_OF_ACTIVE_TENANT) if net_is_on() else statement


def _made_of_classes(part: Select[*tuple[Any, ...]]) -> bool:
    return part._propagate_attrs.get("compile_state_plugin") == "orm"


def _reads_tables(source: Any) -> bool:
    """Whether tenants' rows are read here and not in a subquery, which is a part of its own."""
    if isinstance(source, Select):
        return any(_reads_tables(found) for found in source.get_final_froms())
    if isinstance(source, Join):
        return _reads_tables(source.left) or _reads_tables(source.right)
    if isinstance(source, Alias):
        return _reads_tables(source.element)
    return isinstance(source, Table) and "tenant_id" in source.c


@event.listens_for(Session, "do_orm_execute")
def _filter(state: ORMExecuteState) -> None:
    if _net_disabled_by_test or _outside.get() is not None:
        return
    tenant_id = _tenant.get()
    if not state.is_orm_statement:
        raise OutsideTheNet("only statements built from mapped classes are filtered by tenant")
    if tenant_id is None:
        owned = [
            mapper.class_.__name__ for mapper in state.all_mappers if issubclass(mapper.class_, TenantOwned)
        ]
        if owned or not state.all_mappers:
            raise NoTenant(f"{', '.join(owned) or 'a statement'} was read while no tenant was active")
        return
    if state.is_insert:
        _check_parameters(state.parameters, tenant_id)
        return
    state.statement = state.statement.options(_criteria(tenant_id))


def _check_parameters(parameters: Any, tenant_id: uuid.UUID) -> None:
    rows = parameters if isinstance(parameters, list) else [parameters or {}]
    for row in rows:
        if row.get("tenant_id", tenant_id) != tenant_id:
            raise WrongTenant("a row of another tenant was about to be inserted")


@event.listens_for(Session, "before_flush")
def _stamp(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    if _net_disabled_by_test:
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(row, TenantOwned):
            continue
        tenant_id = current_tenant_id()
        if row.tenant_id is None:
            row.tenant_id = tenant_id
        elif row.tenant_id != tenant_id:
            raise WrongTenant(f"{type(row).__name__} belongs to another tenant")


@event.listens_for(Session, "after_begin")
def _tell_postgresql(_session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    """`set_config(..., true)` dies with the transaction; SET would leak through the pool."""
    tenant_id = _tenant.get()
    if tenant_id is None or connection.dialect.name != "postgresql":
        return
    if not _begun_with_tenant(connection, tenant_id):
        connection.exec_driver_sql("SELECT set_config('app.tenant_id', %s, true)", (str(tenant_id),))


def _begun_with_tenant(connection: Connection, tenant_id: uuid.UUID) -> bool:
    """Begin and name the tenant in one round trip instead of two; psycopg sees that a transaction has begun.

    False when that is not possible here (a transaction is open already, a savepoint, a connection that is gone):
    the ordinary way then does it, or raises what SQLAlchemy knows how to handle.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection) or driver.autocommit or driver.isolation_level is not None:
        return False
    try:
        if driver.pgconn.transaction_status != TransactionStatus.IDLE:
            return False
        # A UUID's own text: nothing in it needs quoting.
        told = driver.pgconn.exec_(f"BEGIN; SELECT set_config('app.tenant_id', '{tenant_id}', true)".encode())
    except psycopg.Error:
        return False
    return told.status == ExecStatus.TUPLES_OK
