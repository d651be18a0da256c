"""Whether the process lives and whether it can serve; on the platform's host only."""

from __future__ import annotations

from flask import Response, current_app, jsonify
from sqlalchemy import text

from saas.permissions import PUBLIC, allow
from saas.platform_database import platform_connection
from saas.schema import newest_revision
from saas.web import PLATFORM, Pages

pages = Pages("health", __name__, place=PLATFORM)


@pages.get("/livez")
@allow(PUBLIC)
def livez() -> Response:
    """The process answers. It asks no database: a database that blinks must not restart everything."""
    return jsonify(status="alive")


livez.static = True  # type: ignore[attr-defined]


@pages.get("/readyz")
@allow(PUBLIC)
def readyz() -> tuple[Response, int]:
    """The database answers, the schema is the code's, the keys are there."""
    checks = {"keys": bool(current_app.extensions["keyring"].key_id), "database": False, "schema": False}
    try:
        with platform_connection() as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        checks["database"] = True
        checks["schema"] = found == newest_revision()
    except Exception:
        current_app.logger.exception("not ready")
    ready = all(checks.values())
    return jsonify(status="ready" if ready else "not-ready", checks=checks), 200 if ready else 503


readyz.static = True  # type: ignore[attr-defined]
