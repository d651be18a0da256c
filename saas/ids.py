from __future__ import annotations

from uuid import UUID

from uuid_utils import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7 as the standard library's type: sorts by time of making, so indexes grow at one end."""
    return UUID(int=uuid7().int)
