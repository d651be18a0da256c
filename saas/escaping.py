"""Escaping for compiled templates: markupsafe's own, without making each piece an object that remembers it is safe.

What a template prints is joined at once, so the plain text is enough. A page escapes some two hundred values.
"""

from __future__ import annotations

from collections.abc import Callable

import markupsafe
from markupsafe import Markup, escape

# Where another markupsafe has no such function, its own is right, only slower.
_of_text: Callable[[str], str] = getattr(markupsafe, "_escape_inner", escape)


def escaped(value: object) -> str:
    """The same characters as `markupsafe.escape(value)`."""
    kind = type(value)
    if kind is Markup:
        return value  # type: ignore[return-value]
    if kind is str:
        return _of_text(value)  # type: ignore[arg-type]
    return escape(value)
