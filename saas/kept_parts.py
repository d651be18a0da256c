"""Parts of a page that many visitors see alike: drawn once for each set of what they may know, then kept.

A part knows the language, the values it is listed with in `KEPT`, and nothing of whoever looks on: the names of
`PERSONAL` are undefined while it is drawn. So nothing that is kept can name a person or hold a form's token, and what
is drawn for one tenant is never shown for another: the tenant is one of the values, compared as the object it is.
A tenant that changed is another object.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from threading import Lock
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.runtime import Context
from jinja2.utils import missing
from werkzeug.local import LocalProxy

KEPT: dict[str, tuple[str, ...]] = {
    "portal/_header.html": ("tenant", "nav", "bare"),
    "portal/_contact.html": ("tenant",),
    "invoices/_tabs.html": ("tab",),
    "invoices/_choices.html": ("types", "years", "chosen"),
}
"""The templates that are kept, each with the variables it depends on. Their values must be hashable, or the part is
drawn anew every time."""
PERSONAL = frozenset(
    {
        "csrf_field",
        "desk_nav",
        "form",
        "g",
        "mode",
        "notice",
        "request",
        "session",
        "today",
        "viewer",
        "working",
    }
)
MOST_KEPT = 256  # of each part; a few kilobytes each

Draw = Callable[[Context], Iterator[str]]


class KeptPart:
    """Stands in for a template's root function."""

    def __init__(
        self, template: Template, names: tuple[str, ...], spoken: Callable[[], object | None]
    ) -> None:
        self._template, self._names, self._spoken = template, names, spoken
        self._draw: Draw = template.root_render_func
        self._kept: dict[tuple[Hashable, ...], str] = {}
        self._lock = Lock()
        self._hidden = {
            name: StrictUndefined(f"{template.name} is the same for everybody and knows no {name!r}")
            for name in PERSONAL
        }

    def __call__(self, context: Context) -> Iterator[str]:
        yield self._text(context)

    def _text(self, context: Context) -> str:
        given = {name: _itself(context.resolve_or_missing(name)) for name in self._names}
        spoken = self._spoken()
        key = (spoken, *given.values())
        try:
            found = self._kept.get(key)
        except TypeError:  # what has no hash is not known to be the same
            return self._drawn(given)
        if found is None:
            found = self._drawn(given)
            if spoken is not None:
                self._keep(key, found)
        return found

    def _keep(self, key: tuple[Hashable, ...], drawn: str) -> None:
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = drawn

    def _drawn(self, given: dict[str, Any]) -> str:
        known = {name: value for name, value in given.items() if value is not missing}
        return "".join(self._draw(self._template.new_context({**self._hidden, **known})))


def _itself(value: Any) -> Any:
    return value._get_current_object() if isinstance(value, LocalProxy) else value
