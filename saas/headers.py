"""Security headers on every answer (checklist: case E09)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from flask import Response

PLAIN = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


def policy(form_targets: Iterable[str] = ()) -> str:
    """The content policy. `form_targets` are the origins of payment gateways: browsers also apply
    form-action to the redirect that follows a form."""
    targets = " ".join(["'self'", *form_targets])
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "worker-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {targets}"
    )


def secure(
    response: Response, *, https: bool, form_targets: Iterable[str] = (), private: bool = True
) -> Response:
    """Add what is missing; a view may have set something stricter."""
    # Compared once: asking the response header by header costs more than the rest of an answer's way out.
    there = {name.lower() for name, _ in response.headers}
    wanted = _headers(https, tuple(form_targets), private)
    response.headers.extend([(name, value) for name, value in wanted if name.lower() not in there])
    return response


@lru_cache(maxsize=64)
def _headers(https: bool, form_targets: tuple[str, ...], private: bool) -> tuple[tuple[str, str], ...]:
    wanted = {**PLAIN, "Content-Security-Policy": policy(form_targets)}
    if https:
        wanted["Strict-Transport-Security"] = "max-age=31536000"
    if private:
        wanted["Cache-Control"] = "no-store"
    return tuple(wanted.items())
