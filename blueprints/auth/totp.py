"""Codes that follow the clock (RFC 6238, on RFC 4226): what every authenticator app understands. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, urlencode

STEP: Final = 30  # seconds a code is shown
DIGITS: Final = 6
DRIFT: Final = 1  # steps that a telephone's clock may be early or late
_BYTES: Final = 20  # RFC 4226 §4: as long as the SHA-1 that it keys


def new_secret() -> str:
    """A fresh secret in base 32, as apps take it (32 characters)."""
    return base64.b32encode(secrets.token_bytes(_BYTES)).decode()


def step_of(seconds: float) -> int:
    """The step that a moment (seconds since 1970, UTC) belongs to."""
    return int(seconds // STEP)


def code_of(secret: str, step: int) -> str:
    """The six digits of a step (RFC 4226 §5.3). Raises ValueError for what is no base 32."""
    mac = hmac.new(base64.b32decode(secret), step.to_bytes(8), hashlib.sha1).digest()
    place = mac[-1] & 0x0F
    number = int.from_bytes(mac[place : place + 4]) & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def typed_code(text: str) -> str | None:
    """The six digits that a person typed, spaces and hyphens forgiven; None when it cannot be a code."""
    bare = re.sub(r"[\s-]+", "", text[:40])
    return bare if len(bare) == DIGITS and bare.isascii() and bare.isdigit() else None


def matching_step(secret: str, code: str, around: int) -> int | None:
    """The newest step near `around` whose code this is. Every one is compared, so the time taken tells nothing."""
    return max(_matching(secret, code, around), default=None)


def _matching(secret: str, code: str, around: int) -> Iterable[int]:
    steps = range(around - DRIFT, around + DRIFT + 1)
    return [step for step in steps if hmac.compare_digest(code_of(secret, step), code)]


def address(secret: str, *, issuer: str, account: str) -> str:
    """What the QR code says: the `otpauth` address of the Key URI format that the apps agreed on."""
    label = f"{quote(issuer.replace(':', ' '))}:{quote(account)}"
    asked = urlencode({"secret": secret, "issuer": issuer.replace(":", " ")}, quote_via=quote)
    return f"otpauth://totp/{label}?{asked}&algorithm=SHA1&digits={DIGITS}&period={STEP}"


def in_groups(secret: str) -> str:
    """The secret as a person copies it: in groups of four."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
