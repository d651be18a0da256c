"""Alembic's entry: one connection, run as the owner of the tables."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool

from saas.database import Base
from saas.schema import OWNER
from wsgi import load_models

load_models()


# Made by hand in a migration, because an expression or a function stands in them.
BY_HAND = {"ix_customers_search", "ix_invoices_payment_code"}


def include(_object: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    return not (kind == "index" and name in BY_HAND)


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    engine = create_engine(str(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET lock_timeout = '5s'")
        connection.exec_driver_sql(f"SET ROLE {OWNER}")
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            include_object=include,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
