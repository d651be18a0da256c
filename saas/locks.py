"""Advisory locks that die with the transaction."""

from __future__ import annotations

from sqlalchemy import func, select

from saas.database import db
from saas.scope import current_tenant_id, leaving_the_net


def lock(name: str) -> None:
    """Wait for the tenant's lock of this name; released at commit or rollback."""
    key = f"{current_tenant_id()}:{name}"
    with leaving_the_net("an advisory lock reads no table; its key carries the tenant"):
        db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
