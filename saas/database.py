"""The one database: PostgreSQL, through SQLAlchemy."""

from __future__ import annotations

import datetime
import select
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    ForeignKeyConstraint,
    MetaData,
    Text,
    UniqueConstraint,
    Uuid,
    event,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.pool import Pool

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

CONNECTING = {"connect_timeout": 2}
"""For the driver: seconds until a database that does not even answer counts as gone (libpq takes no fewer)."""


class Base(DeclarativeBase):
    # A registry rather than a type_annotation_map: Flask-SQLAlchemy rebuilds the class from its parts.
    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={
            str: Text,
            int: BigInteger,
            bytes: BYTEA,
            uuid.UUID: Uuid,
            datetime.date: Date,
            datetime.datetime: DateTime(timezone=True),
            dict[str, Any]: JSONB,
            list[Any]: JSONB,
            list[str]: ARRAY(Text),
        },
    )


@event.listens_for(Pool, "checkout")
def _still_there(connection: object, _record: object, _fairy: object) -> None:
    """A connection that lies idle has nothing to say: when it does, it is the server's farewell. Then all of the pool
    is made anew, and no request fails for a server that was started again. A glance, where a ping is a round trip."""
    if not isinstance(connection, psycopg.Connection):
        return
    try:
        glance = select.poll()
        glance.register(connection.fileno(), select.POLLIN)
        gone = bool(glance.poll(0))
    except (OSError, psycopg.Error):
        gone = True
    if gone:
        raise InvalidatePoolError("the server has closed the connection")


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def belongs_to(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A foreign key that cannot cross tenants, because the tenant is part of it."""
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], ondelete=ondelete
    )


def unique(*columns: str, **options: Any) -> UniqueConstraint:
    """Unique within a tenant: a bare UNIQUE would tell one tenant what another one has."""
    return UniqueConstraint("tenant_id", *columns, **options)
