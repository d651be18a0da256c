"""The desk's blueprint, and how its views read what was asked."""

from __future__ import annotations

import unicodedata
import uuid

from flask import g, request

from blueprints.auth.sessions import leave_notice
from saas.web import Pages

pages = Pages("desk", __name__, url_prefix="/desk")

LONGEST_QUESTION = 200


def tidy(typed: str, longest: int = LONGEST_QUESTION) -> str:
    """Typed text on one line in one normal form, without the characters that no database takes."""
    plain = "".join(
        " " if sign.isspace() else sign for sign in typed[:longest] if sign.isspace() or sign.isprintable()
    )
    return " ".join(unicodedata.normalize("NFC", plain).split())


def asked(name: str) -> str:
    """One word of the address' query, tidied; empty when it is not there."""
    return tidy(request.args.get(name, ""))


def asked_id(name: str) -> uuid.UUID | None:
    """An id of the address' query; None when it is missing or no id."""
    try:
        return uuid.UUID(request.args.get(name, ""))
    except ValueError:
        return None


def say(text: str, tone: str = "success") -> None:
    """Leave a translated sentence for the viewer's next page. Tones: success, info, warning, danger."""
    leave_notice(g.viewer.session_id, text, tone)
