"""What a route demands, declared on its view. A test fails when a route declares nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

PUBLIC = "public"  # anybody on the right host
SIGNED_IN = "signed-in"  # a user of the tenant
GATEWAY = "gateway"  # a machine that proves itself by a token and a signature; no cookie, no CSRF token
# Everything else is a staff permission, such as "desk.customers".

View = TypeVar("View", bound=Callable[..., Any])


def allow(permission: str) -> Callable[[View], View]:
    """Declare who may call the view."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return mark


def recently_confirmed(view: View) -> View:
    """Declare a risky act: who opens or sends it must have proved a short while ago that it is them."""
    view.recently_confirmed = True  # type: ignore[attr-defined]
    return view


def needs_confirmation(view: Callable[..., Any]) -> bool:
    return getattr(view, "recently_confirmed", False)


def permission_of(view: Callable[..., Any]) -> str | None:
    return getattr(view, "permission", None)
