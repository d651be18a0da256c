"""A tenant's provider accounts as its staff see them: everything but the secrets."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from saas.clock import now
from saas.database import db
from saas.refusals import NotFound
from saas.secrets import last_four
from tenants.frame import keyring
from tenants.payment_stops import stopped
from tenants.provider_account_services import HOOK_TOKEN, SecretsUnreadable, unsealed
from tenants.provider_accounts import ProviderAccount


@dataclass(frozen=True, slots=True)
class SecretLine:
    """What may be shown of a secret: its end, and a fingerprint that changes when it does and is another one
    for every tenant."""

    name: str
    last_four: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class AccountSheet:
    """One provider account. `secrets` is empty and `readable` False when they do not open; `stopped` when a
    stop holds for it; `previous_until` only while the secrets before the last rotation are believed."""

    id: uuid.UUID
    provider: str
    name: str
    mode: str
    enabled: bool
    stopped: bool
    readable: bool
    settings: Mapping[str, Any]
    off_for: Mapping[str, Any]
    secrets: tuple[SecretLine, ...]
    version: int
    previous_until: datetime.datetime | None
    previous_address: bool
    checked_at: datetime.datetime | None
    check_problem: str | None
    created_at: datetime.datetime

    @property
    def paid_through(self) -> bool:
        """Whether payers may be sent to it."""
        return self.enabled and not self.stopped and self.readable


def account_sheets() -> list[AccountSheet]:
    """The active tenant's accounts, the preferred one first."""
    query = _sheets().order_by(ProviderAccount.preference, ProviderAccount.id)
    return [_sheet(row) for row in db.session.execute(query)]


def account_sheet(account_id: uuid.UUID) -> AccountSheet:
    """One of them. Raises NotFound."""
    row = db.session.execute(_sheets().where(ProviderAccount.id == account_id)).first()
    if row is None:
        raise NotFound()
    return _sheet(row)


def notice_token(account_id: uuid.UUID) -> str:
    """The token of an account's notice address. Raises NotFound, SecretsUnreadable."""
    row = db.session.execute(
        select(ProviderAccount.tenant_id, ProviderAccount.id, ProviderAccount.secrets).where(
            ProviderAccount.id == account_id
        )
    ).first()
    if row is None:
        raise NotFound()
    sealed = {key: text for key, text in row.secrets.items() if key == HOOK_TOKEN}
    if not sealed:
        raise SecretsUnreadable(f"account {account_id} has no token")
    return unsealed(sealed, row.tenant_id, row.id)[HOOK_TOKEN]


def _sheets() -> Any:
    return select(
        ProviderAccount.id,
        ProviderAccount.tenant_id,
        ProviderAccount.provider,
        ProviderAccount.name,
        ProviderAccount.mode,
        ProviderAccount.enabled,
        stopped().label("stopped"),
        ProviderAccount.settings,
        ProviderAccount.off_for,
        ProviderAccount.secrets,
        ProviderAccount.version,
        ProviderAccount.previous_until,
        ProviderAccount.previous_hook_digest,
        ProviderAccount.checked_at,
        ProviderAccount.check_problem,
        ProviderAccount.created_at,
    )


def _sheet(row: Any) -> AccountSheet:
    ring = keyring()
    try:
        lines = tuple(
            SecretLine(name, last_four(secret), ring.fingerprint(secret, row.tenant_id))
            for name, secret in unsealed(row.secrets, row.tenant_id, row.id).items()
            if name != HOOK_TOKEN
        )
        readable = True
    except SecretsUnreadable:
        lines, readable = (), False
    believed = row.previous_until is not None and row.previous_until > now()
    return AccountSheet(
        id=row.id,
        provider=row.provider,
        name=row.name,
        mode=row.mode,
        enabled=row.enabled,
        stopped=row.stopped,
        readable=readable,
        settings=row.settings,
        off_for=row.off_for,
        secrets=lines,
        version=row.version,
        previous_until=row.previous_until if believed else None,
        previous_address=believed and row.previous_hook_digest is not None,
        checked_at=row.checked_at,
        check_problem=row.check_problem,
        created_at=row.created_at,
    )
