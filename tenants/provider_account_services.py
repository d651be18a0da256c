"""Verbs on a tenant's accounts at payment providers: add one, list them, open one to use it."""

from __future__ import annotations

import datetime
import logging
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
from saas.locks import lock
from saas.refusals import NotFound, Refusal
from saas.scope import current_tenant_id
from saas.secrets import Unreadable
from saas.tokens import digest, new_token
from tenants.frame import config, keyring
from tenants.payment_stops import stopped
from tenants.provider_accounts import ProviderAccount
from tenants.services import touch

HOOK_TOKEN = "hook_token"  # noqa: S105 - the name of a field
NEVER_IN_PRODUCTION = frozenset({"bank-simulator"})
ACCOUNTS_LOCK = "provider-accounts"
LONGEST_NAME = 60  # characters

log = logging.getLogger("ventanilla.payments")


class SecretsUnreadable(Exception):
    """The secrets of an account do not open: the platform's key for them is missing, or they are damaged.
    Nothing can be paid or asked through it until then; its notices must come again."""


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
    enabled: bool = True,
    checked_at: datetime.datetime | None = None,
    check_problem: str | None = None,
) -> tuple[uuid.UUID, str]:
    """Give the active tenant an account at a provider. Returns its id and the token of its notice address.

    Secrets are sealed for this tenant, account and field, the token among them. `checked_at` and
    `check_problem` say what a test of the credentials found. Raises Refusal for a name that is empty, too
    long or taken, and for the simulator in production.
    """
    if provider in NEVER_IN_PRODUCTION and config().simulator_host is None:
        raise Refusal(N_("The bank simulator does not exist in this installation."))
    if mode not in ("test", "live") or (provider in NEVER_IN_PRODUCTION and mode != "test"):
        raise Refusal(N_("This provider account can only be used for tests."), field="mode")
    lock(ACCOUNTS_LOCK)
    check_name(provider, name)
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
            enabled=enabled,
            checked_at=checked_at,
            check_problem=check_problem,
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
        data={
            "provider": provider,
            "name": name,
            "mode": mode,
            "enabled": enabled,
            "secrets": sorted(secrets),
        },
    )
    return account_id, token


def check_name(provider: str, name: str, *, own: uuid.UUID | None = None) -> None:
    """Raises Refusal for a name that cannot be given to an account at this provider (`own`: to this one)."""
    if not name:
        raise Refusal(N_("Give the account a name."), field="name")
    if len(name) > LONGEST_NAME:
        raise Refusal(N_("Use at most %(max)d characters."), field="name", max=LONGEST_NAME)
    taken = db.session.execute(
        select(ProviderAccount.id).where(ProviderAccount.provider == provider, ProviderAccount.name == name)
    ).scalar()
    if taken is not None and taken != own:
        raise Refusal(N_("There is already an account with this name."), field="name")


def enabled_accounts() -> list[OpenedAccount]:
    """The active tenant's accounts that may be paid through, the preferred one first. One whose secrets do
    not open is left out: the others go on."""
    rows = db.session.execute(
        select(*_COLUMNS)
        .where(ProviderAccount.enabled, ~stopped())
        .order_by(ProviderAccount.preference, ProviderAccount.id)
    )
    opened = []
    for row in rows:
        if _exists_here(row.provider):
            try:
                opened.append(_open(row))
            except SecretsUnreadable as problem:
                log.error(
                    "no payments through an account: %s", problem, extra={"event": "secrets_unreadable"}
                )
    return opened


def open_account(account_id: uuid.UUID) -> OpenedAccount:
    """One account of the active tenant, switched off or not. Raises NotFound, SecretsUnreadable."""
    row = db.session.execute(select(*_COLUMNS).where(ProviderAccount.id == account_id)).first()
    if row is None or not _exists_here(row.provider):
        raise NotFound()
    return _open(row)


def account_of_hook(provider: str, token: str) -> OpenedAccount:
    """The account that a notice address belongs to. Raises NotFound; an account that is switched off
    still gets its notices, because money may be on its way. Raises SecretsUnreadable."""
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
        secrets=unsealed(row.secrets, row.tenant_id, row.id),
        previous=_previous(row),
    )


def _previous(row: Any) -> dict[str, str]:
    """The secrets before the last rotation while they are believed; those that do not open help nobody."""
    if row.previous_until is None or row.previous_until <= now():
        return {}
    try:
        return unsealed(row.previous_secrets, row.tenant_id, row.id)
    except SecretsUnreadable:
        return {}


def unsealed(sealed: Mapping[str, str], tenant_id: uuid.UUID, account_id: uuid.UUID) -> dict[str, str]:
    """The secrets of one account in the clear. Raises SecretsUnreadable."""
    ring = keyring()
    try:
        return {key: ring.unseal(text, tenant_id, account_id, key) for key, text in sealed.items()}
    except Unreadable as problem:
        raise SecretsUnreadable(f"account {account_id}: {problem}") from problem
