"""Stripe's way to write nested parameters in a form: `line_items[0][price_data][currency]=cop`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

_PART = re.compile(r"\[([^\[\]]*)\]")


def nested(text: str) -> dict[str, Any]:
    """The parameters of a form or a query; lists where all names are numbers. Values stay texts. Raises
    ValueError for a name that is both a value and a group."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, parts = name.partition("[")[0], _PART.findall(name)
        place = tree
        for part, following in zip([head, *parts], [*parts, None], strict=True):
            if following is None:
                place[part] = value
                break
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise ValueError(f"{name} is a value and a group")
    return {name: _listed(value) for name, value in tree.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner
