"""Is somebody there? A small proof of work that the browser does unasked, and a form's age where no script runs.

No puzzle, no third party. The work only makes bulk attempts expensive; the limits on attempts do the rest. Why it is
our own small script and not a widget: docs/decisions/0005-human-check.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import altcha

ALGORITHM: Final = "PBKDF2/SHA-256"
TRIES: Final = 128  # at most; half of them on average. The script stops there too
DEFAULT_COST: Final = 2000  # iterations a try: some 50 ms of work on a desk, half a second on a cheap phone
LIFETIME: Final = timedelta(hours=1)
MINIMUM_SECONDS: Final = 3
TRAP_FIELD: Final = "homepage"
"""Name of a field that no person sees and many robots fill in."""

_LONGEST: Final = 4000  # characters of a payload
_MAC: Final = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{22})\.([0-9a-f]{64})")


class ReplayStore(Protocol):
    """Remembers what was used. One per tenant, or its keys carry the tenant."""

    def first_use(self, key: str, until: datetime) -> bool:
        """Record `key` until that moment; False if it was there. Two simultaneous calls must not both be first."""


def challenge(key: bytes, now: datetime, cost: int = DEFAULT_COST) -> dict[str, Any]:
    """A fresh challenge, signed with `key` and valid for LIFETIME, ready for JSON and for human-check.js.

    `cost` is the number of iterations of each of at most TRIES tries. Give every tenant and purpose its own key
    (`Keyring.derive`), so that work done for one does not count for another.
    """
    made = altcha.create_challenge(
        ALGORITHM,
        cost,
        counter=TRIES // 4 + secrets.randbelow(TRIES * 3 // 4),
        data={"until": int((now + LIFETIME).timestamp())},
        hmac_secret=key,
    )
    return dict(made.to_dict())


def verify(key: bytes, payload: str, now: datetime, replay_store: ReplayStore) -> bool:
    """Whether `payload` (base64 of JSON) solves a challenge of ours that has not expired and was not used before.

    Uses the challenge up. Any text may come in; nothing is raised for it.
    """
    if not payload or len(payload) > _LONGEST:
        return False
    try:
        content = json.loads(base64.b64decode(payload, validate=True))
        solved = altcha.Payload.from_dict(content)
        until = solved.challenge.parameters.data["until"]  # type: ignore[index]  # None is caught below
        # The signature comes first, inside: after it every parameter is known to be one that we made.
        if not altcha.verify_solution(solved, key).verified:
            return False
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError, binascii.Error):
        return False
    if now.timestamp() >= until:
        return False
    return replay_store.first_use(f"work:{solved.challenge.parameters.nonce}", now + LIFETIME)


def form_token(key: bytes, now: datetime) -> str:
    """A signed note of when a form was shown, for browsers without script."""
    stamped = f"{int(now.timestamp())}.{secrets.token_urlsafe(16)}"
    return f"{stamped}.{_mac(key, stamped)}"


def check_form_token(
    key: bytes,
    token: str,
    now: datetime,
    minimum_seconds: int = MINIMUM_SECONDS,
    replay_store: ReplayStore | None = None,
    trap: str = "",
) -> bool:
    """Whether the form was shown by us at least `minimum_seconds` and at most LIFETIME ago, and the trap is empty.

    With `replay_store` a token counts once. It is a weaker sign than the work: callers limit attempts that carry
    only this one more tightly.
    """
    match = _MAC.fullmatch(token)
    if trap or match is None:
        return False
    stamp, nonce, mac = match.groups()
    if not hmac.compare_digest(mac, _mac(key, f"{stamp}.{nonce}")):
        return False
    age = now.timestamp() - int(stamp)
    if not minimum_seconds <= age <= LIFETIME.total_seconds():
        return False
    return replay_store is None or replay_store.first_use(f"form:{nonce}", now + LIFETIME)


def _mac(key: bytes, stamped: str) -> str:
    return hmac.new(key, f"form|{stamped}".encode(), hashlib.sha256).hexdigest()
