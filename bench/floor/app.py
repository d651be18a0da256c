"""A bare Flask view: one query through SQLAlchemy's engine, one small template, nothing else.

It reads the same rows from the same PostgreSQL, as a role that row security does not concern, and knows neither
tenants nor sessions nor permissions.
"""

from __future__ import annotations

import os
import uuid

from flask import Flask, render_template
from sqlalchemy import create_engine, text

INVOICES = text(
    "SELECT number, period, issued_on, due_on, total, open_amount, currency FROM invoices "
    "WHERE tenant_id = :tenant AND account_id = :account ORDER BY due_on DESC LIMIT 20"
)


def create_app() -> Flask:
    """Reads BENCH_FLOOR_DATABASE_URL."""
    app = Flask(__name__)
    engine = create_engine(os.environ["BENCH_FLOOR_DATABASE_URL"], pool_size=5)

    @app.get("/<uuid:tenant>/<uuid:account>")
    def invoices(tenant: uuid.UUID, account: uuid.UUID) -> str:
        with engine.connect() as connection:
            rows = connection.execute(INVOICES, {"tenant": tenant, "account": account}).all()
        return render_template("invoices.html", rows=rows)

    @app.get("/ready")
    def ready() -> str:
        return "ready"

    return app
