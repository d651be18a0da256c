"""Browsers in which a person has signed in before.

They are not held up by strangers who guess at the person's password elsewhere (case B08): each has a bucket of its own.
A cookie remembers up to four people as "random.proof" pairs; the proof names tenant and user.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from collections.abc import Sequence

from blueprints.auth.rules import DEVICES_PER_BROWSER
from saas.tokens import new_token

_PAIR = re.compile(r"([A-Za-z0-9_-]{43})\.([0-9a-f]{64})")
_LONGEST = 1000


def recognise(keys: Sequence[bytes], cookie: str, tenant_id: uuid.UUID, user_id: uuid.UUID) -> str | None:
    """The browser's own random name when it is known to this user, else None. Any text may come in."""
    for name, proof in _pairs(cookie):
        if any(hmac.compare_digest(proof, _proof(key, tenant_id, user_id, name)) for key in keys):
            return name
    return None


def remember(keys: Sequence[bytes], cookie: str, tenant_id: uuid.UUID, user_id: uuid.UUID) -> str:
    """The cookie with this user first; whoever was remembered longest ago falls out."""
    mine = recognise(keys, cookie, tenant_id, user_id)
    others = [f"{name}.{proof}" for name, proof in _pairs(cookie) if name != mine]
    name = mine or new_token()
    return "~".join([f"{name}.{_proof(keys[0], tenant_id, user_id, name)}", *others][:DEVICES_PER_BROWSER])


def _pairs(cookie: str) -> list[tuple[str, str]]:
    if len(cookie) > _LONGEST:
        return []
    return [(match[1], match[2]) for part in cookie.split("~") if (match := _PAIR.fullmatch(part))]


def _proof(key: bytes, tenant_id: uuid.UUID, user_id: uuid.UUID, name: str) -> str:
    return hmac.new(key, f"{tenant_id}|{user_id}|{name}".encode(), hashlib.sha256).hexdigest()
