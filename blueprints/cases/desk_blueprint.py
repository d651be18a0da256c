"""The staff's blueprint of cases, apart from the pages so that each of them can import it."""

from __future__ import annotations

from flask import g

from blueprints.auth.sessions import leave_notice
from saas.web import Pages

pages = Pages("cases_desk", __name__, url_prefix="/desk/cases")


def say(text: str, tone: str = "success") -> None:
    """Leave a translated sentence for the viewer's next page."""
    leave_notice(g.viewer.session_id, text, tone)
