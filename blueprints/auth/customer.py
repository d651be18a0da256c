"""The pages of access: the door, the links from letters, a person's own data."""

from __future__ import annotations

from blueprints.auth import (
    code_pages,
    door,
    identity_pages,
    link_pages,
    profile_pages,
    second_factor_pages,
    session_pages,
)
from blueprints.auth.blueprint import pages

__all__ = [
    "code_pages",
    "door",
    "identity_pages",
    "link_pages",
    "pages",
    "profile_pages",
    "second_factor_pages",
    "session_pages",
]
