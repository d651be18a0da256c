"""Buckets of attempts: counted in a transaction of their own, so a refused request still counts.

On connections of their own too: a request counts while it holds one of the application's pool, and would wait there
for a second one that other requests hold, who wait for theirs. Whoever holds one of these waits for nobody.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app
from sqlalchemy import Connection, Engine, Index, create_engine, text
from sqlalchemy.orm import Mapped

from saas.clock import now
from saas.config import Config
from saas.database import CONNECTING, Model, unique
from saas.ids import new_id
from saas.scope import TenantOwned, current_tenant_id

EXTENSION = "limits_engine"
CONNECTIONS = 2  # a process; each is held for one statement
PATIENCE = 1.5  # seconds


class AttemptBucket(TenantOwned, Model):
    """How often something was tried by one key since the window began. Keys are digests."""

    __tablename__ = "attempt_buckets"

    kind: Mapped[str]
    key: Mapped[str]
    window_began: Mapped[datetime.datetime]
    count: Mapped[int]

    __table_args__ = (unique("kind", "key"), Index("ix_attempt_buckets_age", "tenant_id", "window_began"))


def init_limits(app: Flask, config: Config) -> None:
    app.extensions[EXTENSION] = create_engine(
        config.database_url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=PATIENCE,
        pool_pre_ping=True,
        connect_args=CONNECTING,
    )


@contextmanager
def _counting() -> Iterator[Connection]:
    """A transaction of the active tenant, beside the one of the request."""
    engine: Engine = current_app.extensions[EXTENSION]
    tenant_id = current_tenant_id()
    with engine.begin() as connection:
        connection.exec_driver_sql("SELECT set_config('app.tenant_id', %s, true)", (str(tenant_id),))
        yield connection


def count_attempt(kind: str, key: str, *, window: datetime.timedelta) -> int:
    """Add one and return the count inside the window; atomic, however many ask at once."""
    tenant_id = current_tenant_id()
    moment = now()
    with _counting() as connection:
        count: int = connection.execute(
            text(
                "INSERT INTO attempt_buckets (tenant_id, id, kind, key, window_began, count) "
                "VALUES (:tenant, :id, :kind, :key, :now, 1) "
                "ON CONFLICT (tenant_id, kind, key) DO UPDATE SET "
                "count = CASE WHEN attempt_buckets.window_began < :edge THEN 1 ELSE attempt_buckets.count + 1 END, "
                "window_began = CASE WHEN attempt_buckets.window_began < :edge THEN :now "
                "ELSE attempt_buckets.window_began END "
                "RETURNING count"
            ),
            {
                "tenant": tenant_id,
                "id": new_id(),
                "kind": kind,
                "key": _digest(tenant_id.hex, kind, key),
                "now": moment,
                "edge": moment - window,
            },
        ).scalar_one()
    return count


def attempts(kind: str, key: str, *, window: datetime.timedelta) -> int:
    """The count inside the window, without adding to it."""
    tenant_id = current_tenant_id()
    with _counting() as connection:
        count = connection.execute(
            text(
                "SELECT count FROM attempt_buckets WHERE tenant_id = :tenant AND kind = :kind AND key = :key "
                "AND window_began >= :edge"
            ),
            {
                "tenant": tenant_id,
                "kind": kind,
                "key": _digest(tenant_id.hex, kind, key),
                "edge": now() - window,
            },
        ).scalar()
    return count or 0


def forget(kind: str, key: str) -> None:
    """Empty a bucket, after a success."""
    tenant_id = current_tenant_id()
    with _counting() as connection:
        connection.execute(
            text("DELETE FROM attempt_buckets WHERE tenant_id = :tenant AND kind = :kind AND key = :key"),
            {"tenant": tenant_id, "kind": kind, "key": _digest(tenant_id.hex, kind, key)},
        )


def network_of(address: str) -> str:
    """Under what an address is counted: an IPv4 address alone, an IPv6 one with the /64 that one household has to
    itself, or whoever guesses would never come from the same address twice. What is no address stays as it is."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False).network_address)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()
