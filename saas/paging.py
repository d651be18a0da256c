"""Keyset paging: a cursor is the sort key of the row where a page ends, so a page costs the same at any depth."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Generic, TypeVar
from uuid import UUID

Row = TypeVar("Row")
Key = str | int | date | datetime | UUID | None

_LONGEST: Final = 1000  # characters
_LARGEST: Final = 2**63 - 1  # what a bigint holds


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of rows, in the order of the list, and the cursors of its neighbours (None where the list ends)."""

    rows: Sequence[Row]
    newer: str | None = None
    older: str | None = None


def encode_cursor(values: tuple[Key, ...]) -> str:
    """A sort key as text that fits a URL. It is not signed: it says where to begin, never what may be seen."""
    plain = [value if isinstance(value, str | int | None) else _text(value) for value in values]
    packed = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_cursor(text: str | None, types: Sequence[type]) -> tuple[Key, ...] | None:
    """The sort key in a cursor, each value of its type (str, int, date, datetime, UUID) or None.

    A cursor that is missing, damaged or of another list gives None: the first page.
    """
    if not text or len(text) > _LONGEST or not text.isascii():
        return None
    try:
        plain = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        if not isinstance(plain, list) or len(plain) != len(types):
            return None
        return tuple(_value(value, kind) for value, kind in zip(plain, types, strict=True))
    except (ValueError, binascii.Error, RecursionError):
        return None


def _text(value: date | datetime | UUID) -> str:
    return str(value) if isinstance(value, UUID) else value.isoformat()


def _value(value: object, kind: type) -> Key:
    if value is None:
        return None
    if kind is int:
        if type(value) is int and abs(value) <= _LARGEST:
            return value
        raise ValueError
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError
    value.encode()  # a lone surrogate never reaches the database
    if kind is str:
        return value
    if kind is UUID:
        return UUID(value)
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment
    if kind is date:
        return date.fromisoformat(value)
    raise TypeError(f"no cursor holds a {kind}")
