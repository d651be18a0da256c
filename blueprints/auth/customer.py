"""The pages of access: the door, the links from letters, a person's own data."""

from __future__ import annotations

from blueprints.auth import door, link_pages, profile_pages, session_pages
from blueprints.auth.blueprint import pages

__all__ = ["door", "link_pages", "pages", "profile_pages", "session_pages"]
