"""The link at the foot of optional messages: one POST, without a login, switches one kind off (RFC 8058).

The token is made from customer, kind and a key of the tenant, so nothing is stored for it and the database alone
cannot make one. It stays good: who finds an old mail may still say no.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid

from blueprints.messages.kinds import KINDS
from saas.refusals import NotFound
from saas.scope import current_tenant_id
from tenants.frame import keyring
from tenants.letters import address_of

SIGN = 16  # bytes of the signature that are kept


def address_to_unsubscribe(customer_id: uuid.UUID | None, kind: str) -> str:
    """Where one POST switches a kind off; empty for nobody's."""
    return (
        address_of("messages.no_more", unsubscribe_token=token_for(customer_id, kind)) if customer_id else ""
    )


def token_for(customer_id: uuid.UUID, kind: str) -> str:
    """The token of a customer and a kind."""
    said = customer_id.bytes + kind.encode()
    return _text(_sign(keyring().derive(_purpose()), said) + said)


def read_token(token: str) -> tuple[uuid.UUID, str]:
    """Customer and kind of a token that we made. Raises NotFound for any other."""
    try:
        plain = base64.urlsafe_b64decode((token + "=" * (-len(token) % 4)).encode("ascii"))
    except (ValueError, binascii.Error):
        raise NotFound() from None
    signature, said = plain[:SIGN], plain[SIGN:]
    if not any(hmac.compare_digest(signature, _sign(key, said)) for key in keyring().derive_all(_purpose())):
        raise NotFound()
    kind = said[16:].decode("ascii", "replace")
    if kind not in KINDS or KINDS[kind].mandatory:
        raise NotFound()
    return uuid.UUID(bytes=said[:16]), kind


def _sign(key: bytes, said: bytes) -> bytes:
    return hmac.new(key, said, hashlib.sha256).digest()[:SIGN]


def _text(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).decode().rstrip("=")


def _purpose() -> str:
    return f"unsubscribe|{current_tenant_id()}"
