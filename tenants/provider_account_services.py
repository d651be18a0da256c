"""Verbs on a tenant's accounts at payment providers: add one, list them, open one to use it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, func, or_, select

from saas import audit
from saas.audit import SYSTEM, Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import NotFound, Refusal
from saas.scope import current_tenant_id
from saas.tokens import digest, new_token
from tenants.frame import config, keyring
from tenants.provider_accounts import ProviderAccount
from tenants.services import touch

HOOK_TOKEN = "hook_token"  # noqa: S105 - the name of a field
NEVER_IN_PRODUCTION = frozenset({"bank-simulator"})


@dataclass(frozen=True, slots=True)
class OpenedAccount:
    """One provider account. `secrets` and `previous` (those before the last rotation, while they are still
    believed) are in the clear: keep them in memory, out of logs and rows."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    provider: str
    name: str
    mode: str
    enabled: bool
    settings: Mapping[str, Any]
    off_for: Mapping[str, Any]
    version: int
    secrets: Mapping[str, str] = field(repr=False)
    previous: Mapping[str, str] = field(default_factory=dict, repr=False)


def add_provider_account(
    provider: str,
    name: str,
    mode: str,
    settings: Mapping[str, Any],
    secrets: Mapping[str, str],
    *,
    actor: Actor = SYSTEM,
) -> tuple[uuid.UUID, str]:
    """Give the active tenant an account at a provider. Returns its id and the token of its notice address.

    Secrets are sealed for this tenant, account and field. The token is shown this once; afterwards only
    adapters see it, when they must tell the provider where to send its notices. Raises Refusal for a
    name that is taken and for the simulator in production.
    """
    if provider in NEVER_IN_PRODUCTION and config().simulator_host is None:
        raise Refusal(N_("The bank simulator does not exist in this installation."))
    if mode not in ("test", "live") or (provider in NEVER_IN_PRODUCTION and mode != "test"):
        raise Refusal(N_("This provider account can only be used for tests."), field="mode")
    taken = db.session.execute(
        select(ProviderAccount.id).where(ProviderAccount.provider == provider, ProviderAccount.name == name)
    ).first()
    if taken is not None:
        raise Refusal(N_("There is already an account with this name."), field="name")
    account_id, tenant_id, ring = new_id(), current_tenant_id(), keyring()
    token = f"{tenant_id.hex}.{new_token()}"
    sealed = {
        key: ring.seal(value, tenant_id, account_id, key)
        for key, value in {**secrets, HOOK_TOKEN: token}.items()
    }
    last = db.session.execute(select(func.max(ProviderAccount.preference))).scalar()
    db.session.add(
        ProviderAccount(
            id=account_id,
            provider=provider,
            name=name,
            mode=mode,
            enabled=True,
            preference=(last or 0) + 1,
            settings=dict(settings),
            secrets=sealed,
            hook_digest=digest(token),
            created_at=now(),
        )
    )
    db.session.flush()
    touch()
    audit.record(
        "provider-account.added",
        actor=actor,
        subject=("provider-account", account_id),
        data={"provider": provider, "name": name, "mode": mode, "secrets": sorted(secrets)},
    )
    return account_id, token


def enabled_accounts() -> list[OpenedAccount]:
    """The active tenant's accounts that may be paid through, the preferred one first."""
    rows = db.session.execute(
        select(*_COLUMNS).where(ProviderAccount.enabled).order_by(ProviderAccount.preference)
    )
    return [_open(row) for row in rows if _exists_here(row.provider)]


def open_account(account_id: uuid.UUID) -> OpenedAccount:
    """One account of the active tenant, switched off or not. Raises NotFound."""
    row = db.session.execute(select(*_COLUMNS).where(ProviderAccount.id == account_id)).first()
    if row is None or not _exists_here(row.provider):
        raise NotFound()
    return _open(row)


def account_of_hook(provider: str, token: str) -> OpenedAccount:
    """The account that a notice address belongs to. Raises NotFound; an account that is switched off
    still gets its notices, because money may be on its way."""
    row = db.session.execute(
        select(*_COLUMNS).where(
            ProviderAccount.provider == provider,
            or_(
                ProviderAccount.hook_digest == digest(token),
                and_(
                    ProviderAccount.previous_hook_digest == digest(token),
                    ProviderAccount.previous_until > now(),
                ),
            ),
        )
    ).first()
    if row is None or not _exists_here(provider):
        raise NotFound()
    return _open(row)


def tenant_of_hook(token: str) -> uuid.UUID | None:
    """Which tenant a notice token claims; it proves nothing before `account_of_hook` has found it."""
    claimed, dot, secret = token.partition(".")
    if not dot or len(claimed) != 32 or not 20 <= len(secret) <= 100:
        return None
    try:
        return uuid.UUID(hex=claimed)
    except ValueError:
        return None


_COLUMNS = (
    ProviderAccount.id,
    ProviderAccount.tenant_id,
    ProviderAccount.provider,
    ProviderAccount.name,
    ProviderAccount.mode,
    ProviderAccount.enabled,
    ProviderAccount.settings,
    ProviderAccount.off_for,
    ProviderAccount.version,
    ProviderAccount.secrets,
    ProviderAccount.previous_secrets,
    ProviderAccount.previous_until,
)


def _exists_here(provider: str) -> bool:
    return provider not in NEVER_IN_PRODUCTION or config().simulator_host is not None


def _open(row: Any) -> OpenedAccount:
    believed = row.previous_until is not None and row.previous_until > now()
    return OpenedAccount(
        id=row.id,
        tenant_id=row.tenant_id,
        provider=row.provider,
        name=row.name,
        mode=row.mode,
        enabled=row.enabled,
        settings=row.settings,
        off_for=row.off_for,
        version=row.version,
        secrets=_unsealed(row.secrets, row),
        previous=_unsealed(row.previous_secrets, row) if believed else {},
    )


def _unsealed(sealed: Mapping[str, str], row: Any) -> dict[str, str]:
    ring = keyring()
    return {key: ring.unseal(text, row.tenant_id, row.id, key) for key, text in sealed.items()}
