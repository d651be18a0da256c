"""What browsers send, without the one sign that no keyboard types and no text of PostgreSQL can hold (case J13)."""

from __future__ import annotations

from typing import Any

from flask import Request
from werkzeug.datastructures import FileStorage, ImmutableMultiDict

NUL = "\x00"


class Fields(ImmutableMultiDict[str, Any]):
    """The values of an address or a form, and names of files. A view need not think of U+0000: it is not there."""

    def __init__(self, mapping: Any = None) -> None:
        if isinstance(mapping, list):
            mapping = [(_plain(name), _plain(value)) for name, value in mapping]
        super().__init__(mapping)


class Asked(Request):
    """Flask's request with these fields."""

    parameter_storage_class = Fields

    @property
    def is_json(self) -> bool:
        """Never: forms would take a JSON body for their fields, with values that no form sends (case E06). Whoever
        speaks JSON here reads the bytes."""
        return False


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(NUL, "") if NUL in value else value
    if isinstance(value, FileStorage) and value.filename and NUL in value.filename:
        value.filename = value.filename.replace(NUL, "")
    return value
