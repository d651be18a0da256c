"""The staff pages' blueprint, apart from the pages so that each of them can import it."""

from __future__ import annotations

import unicodedata
import uuid

from flask import g, request
from werkzeug.wrappers import Response

from blueprints.auth.sessions import leave_notice
from saas.web import Pages

pages = Pages("leases_desk", __name__, url_prefix="/desk/leases")

Answer = str | Response | tuple[str, int]


def asked(name: str, longest: int = 100) -> str:
    """One word of the address' query, on one line and without what cannot be seen."""
    typed = request.args.get(name, "")[:longest]
    seen = "".join(sign for sign in typed if sign.isprintable() or sign.isspace())
    return " ".join(unicodedata.normalize("NFC", seen).split())


def asked_id(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.args.get(name, ""))
    except ValueError:
        return None


def say(text: str, tone: str = "success") -> None:
    """Leave a translated sentence for the viewer's next page."""
    leave_notice(g.viewer.session_id, text, tone)
