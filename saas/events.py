"""Named events: how an earlier capability is heard by a later one that it must not import.

Handlers run at once, in the emitter's transaction, in the order of subscription.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

Handler = Callable[..., None]
_handlers: dict[str, list[Handler]] = defaultdict(list)


def subscribe(name: str, handler: Handler) -> None:
    """Subscribe once; a second subscription of the same function changes nothing."""
    if handler not in _handlers[name]:
        _handlers[name].append(handler)


def emit(name: str, **facts: Any) -> None:
    for handler in tuple(_handlers[name]):
        handler(**facts)


def subscribers(name: str) -> tuple[Handler, ...]:
    return tuple(_handlers[name])
