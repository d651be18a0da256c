"""The platform's own, separate pool: it sees tenants, domains and the heads of outbox rows.

This is the other way out of the tenant net, and as narrow as the role behind it: the platform's
role has no right on customers, invoices or money.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app
from sqlalchemy import Connection, Engine, create_engine

from saas.config import Config
from saas.database import CONNECTING

EXTENSION = "platform_engine"


def init_platform_database(app: Flask, config: Config) -> None:
    app.extensions[EXTENSION] = create_engine(
        config.platform_database_url,
        pool_size=2,
        max_overflow=2,
        pool_pre_ping=True,
        pool_timeout=1.5,
        connect_args=CONNECTING,
    )


@contextmanager
def platform_connection() -> Iterator[Connection]:
    """A connection in a transaction of the platform's role; committed when the block ends well."""
    engine: Engine = current_app.extensions[EXTENSION]
    with engine.begin() as connection:
        yield connection
