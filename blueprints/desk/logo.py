"""Uploaded logos, for everybody who sees the tenant's pages."""

from __future__ import annotations

import uuid

from flask import Response
from sqlalchemy import select

from saas import files
from saas.database import db
from saas.files import StoredFileRow
from saas.permissions import PUBLIC, allow
from saas.refusals import NotFound
from saas.web import Pages
from tenants.assets import FOREVER
from tenants.look import LOGO_PURPOSE

pages = Pages("logo", __name__)


@pages.get("/logo/<uuid:file_id>.png")
@allow(PUBLIC)
def picture(file_id: uuid.UUID) -> Response:
    """A logo that was uploaded, and no other file: the purpose is asked first. Its content never changes."""
    purpose = db.session.execute(select(StoredFileRow.purpose).where(StoredFileRow.id == file_id)).scalar()
    if purpose != LOGO_PURPOSE:
        raise NotFound()
    response = Response(files.load(file_id).content, mimetype="image/png")
    response.headers["Cache-Control"] = FOREVER
    return response


picture.quiet = True  # type: ignore[attr-defined]  # a picture does not use up what waits to be said
