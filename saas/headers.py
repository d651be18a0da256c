"""Security headers on every answer (checklist: case E09)."""

from __future__ import annotations

from collections.abc import Iterable

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


def secure(response: Response, *, https: bool, form_targets: Iterable[str] = (), private: bool = True) -> Response:
    """Add what is missing; a view may have set something stricter."""
    for name, value in PLAIN.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", policy(form_targets))
    if https:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if private:
        response.headers.setdefault("Cache-Control", "no-store")
    return response
