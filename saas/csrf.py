"""Cross-site request forgery: a token bound to the session, and the browser's own word on the origin."""

from __future__ import annotations

import base64
import hmac
import secrets
from functools import lru_cache

from flask import Request
from markupsafe import Markup, escape

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
MASK = 16
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def make_token(key: bytes, binding: str) -> str:
    """A token for the visitor that `binding` names (a session's digest, or an anonymous seed).

    Masked anew each time, so that compression of the page tells nothing about it.
    """
    proof = _proof(key, binding)
    mask = secrets.token_bytes(MASK)
    return base64.urlsafe_b64encode(mask + _xor(proof, mask)).decode().rstrip("=")


def check_token(key: bytes, binding: str, token: str | None) -> bool:
    if not token or not binding or len(token) > 100 or not token.isascii():
        return False
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return False
    if len(raw) != 2 * MASK:
        return False
    return hmac.compare_digest(_xor(raw[MASK:], raw[:MASK]), _proof(key, binding))


def same_origin(request: Request, origin: str) -> bool:
    """What the browser says: `Sec-Fetch-Site` and `Origin`, when sent, must name our own page (case E03).

    `Origin: null` names nobody: a sandboxed frame of another site sends it, but also our own page under
    `Referrer-Policy: no-referrer`. It counts as ours only when `Sec-Fetch-Site: same-origin` says so.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    said = request.headers.get("Origin")
    if said == "null":
        return site == "same-origin"
    return said in (None, origin)


def field(token: str) -> Markup:
    return Markup(f'<input type="hidden" name="{FIELD}" value="{escape(token)}">')  # noqa: S704 - escaped here


@lru_cache(maxsize=4)
def _keyed(key: bytes) -> hmac.HMAC:
    """Ready for its message: setting one up is dearer than the rest of a token."""
    return hmac.new(key, digestmod="sha256")


def _proof(key: bytes, binding: str) -> bytes:
    keyed = _keyed(key).copy()
    keyed.update(binding.encode())
    return keyed.digest()[:MASK]


def _xor(left: bytes, right: bytes) -> bytes:
    both = int.from_bytes(left) ^ int.from_bytes(right)
    return both.to_bytes(MASK)
