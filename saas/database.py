"""The one database: PostgreSQL, through SQLAlchemy."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any

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
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB
from sqlalchemy.orm import DeclarativeBase, registry

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
