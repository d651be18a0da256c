"""Secrets at rest: every tenant, account and field has its own key, so a ciphertext moved elsewhere does not open."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_SHORTEST_MASTER: Final = 32  # bytes
_SHORTEST_TO_HINT: Final = 12  # characters; of a shorter secret four would be too much


class Unreadable(Exception):
    """A sealed value does not open: a wrong or missing master key, another tenant's value, or damage."""


class Keyring:
    """Keys derived from the master keys, newest first: the first one seals, all of them open.

    A sealed value is text "<key id>.<Fernet token>". The id tells which master key it needs, so that a master key
    can be counted out before it is removed; it opens nothing. Raises ValueError without master keys, or for one
    shorter than 32 bytes.
    """

    def __init__(self, master_keys: Sequence[bytes]) -> None:
        if not master_keys:
            raise ValueError("no master key")
        if any(len(key) < _SHORTEST_MASTER for key in master_keys):
            raise ValueError(f"a master key needs {_SHORTEST_MASTER} bytes")
        self._masters = tuple(master_keys)
        self._ids = tuple(_expand(key, "key id")[:4].hex() for key in self._masters)

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._ids)})"

    @property
    def key_id(self) -> str:
        """Id of the master key that seals now."""
        return self._ids[0]

    @staticmethod
    def key_id_of(sealed: str) -> str:
        """Id of the master key that a sealed value needs."""
        return sealed.partition(".")[0]

    def seal(self, plaintext: str, tenant_id: UUID, account_id: UUID | None, field: str) -> str:
        """Encrypt `plaintext` for exactly this tenant, account and field."""
        token = self._fernet(tenant_id, account_id, field).encrypt(plaintext.encode())
        return f"{self.key_id}.{token.decode()}"

    def unseal(self, sealed: str, tenant_id: UUID, account_id: UUID | None, field: str) -> str:
        """The plaintext. Raises Unreadable for a value of another place, of a key we lack, or a damaged one."""
        fernet = self._fernet(tenant_id, account_id, field)
        try:
            return fernet.decrypt(sealed.partition(".")[2]).decode()
        except (InvalidToken, ValueError):
            raise Unreadable(f"{field} does not open with the keys at hand") from None

    def rotate(self, sealed: str, tenant_id: UUID, account_id: UUID | None, field: str) -> str:
        """The same secret sealed with the newest key; the value itself when it already is. Raises Unreadable."""
        plaintext = self.unseal(sealed, tenant_id, account_id, field)
        if self.key_id_of(sealed) == self.key_id:
            return sealed
        return self.seal(plaintext, tenant_id, account_id, field)

    def fingerprint(self, plaintext: str, tenant_id: UUID) -> str:
        """16 hex digits that tell whether a secret changed; another tenant or master key gives others."""
        key = self.derive(f"fingerprint|{tenant_id}")
        return hmac.new(key, plaintext.encode(), hashlib.sha256).hexdigest()[:16]

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose (an HMAC, a signer), from the newest master key."""
        return _expand(self._masters[0], f"purpose|{purpose}")

    def derive_all(self, purpose: str) -> list[bytes]:
        """The same for every master key, newest first: to check what was signed before a rotation."""
        return [_expand(master, f"purpose|{purpose}") for master in self._masters]

    def _fernet(self, tenant_id: UUID, account_id: UUID | None, field: str) -> MultiFernet:
        if "|" in field:
            raise ValueError("a field's name has no |")
        info = f"secret|{tenant_id}|{account_id or ''}|{field}"
        return MultiFernet(
            [Fernet(base64.urlsafe_b64encode(_expand(master, info))) for master in self._masters]
        )


def last_four(plaintext: str) -> str:
    """The end of a secret, to tell it from another on a page; empty when the secret is too short to show any."""
    return plaintext[-4:] if len(plaintext) >= _SHORTEST_TO_HINT else ""


def _expand(master: bytes, info: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"ventanilla|{info}".encode()).derive(master)
