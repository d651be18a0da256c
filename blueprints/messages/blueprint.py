"""The blueprints, apart from the pages so that each of them can import its own."""

from __future__ import annotations

from saas.web import Pages

pages = Pages("messages", __name__)
desk = Pages("messages_desk", __name__, url_prefix="/desk/messages")
