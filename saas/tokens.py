"""Tokens for links, and short codes that a person reads aloud or types from paper."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

# Crockford's base 32: no I, L, O, U, so nothing is taken for 1 or 0 and no word arises by chance.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans("OIL", "011")


def new_token() -> str:
    """256 random bits, safe in a URL (43 characters). Only its digest is stored."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """SHA-256 of a token, 64 hex digits: what is stored and looked up. Any text has one, so nothing is raised."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def same(token: str, stored_digest: str) -> bool:
    """Whether `token` is the one whose digest was stored, in constant time."""
    return hmac.compare_digest(digest(token).encode(), stored_digest.encode("utf-8", "surrogatepass"))


def new_code(groups: int = 2, size: int = 4) -> str:
    """A random code such as "K7QF-2M9X", 5 bits a character: too short to be safe without a limit on attempts."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(size)) for _ in range(groups))


def code_of(secret: bytes, groups: int = 2, size: int = 4) -> str:
    """A code in the form of `new_code`, made of bytes that nobody can guess. Raises ValueError for too few of them."""
    if len(secret) * 8 < groups * size * 5:
        raise ValueError("too few bytes for the code")
    number = int.from_bytes(secret)
    signs = [_ALPHABET[number >> 5 * place & 31] for place in range(groups * size)]
    return "-".join("".join(signs[i : i + size]) for i in range(0, len(signs), size))


def normalise_code(text: str, groups: int = 2, size: int = 4) -> str | None:
    """The code that a person typed, in the form of `new_code`; None when it cannot be one.

    Lower case, spaces, missing hyphens, and O, I, L for 0, 1, 1 are forgiven.
    """
    bare = re.sub(r"[\s-]+", "", text[:100]).upper().translate(_MISREAD)
    if len(bare) != groups * size or not set(bare) <= set(_ALPHABET):
        return None
    return "-".join(bare[i : i + size] for i in range(0, len(bare), size))
