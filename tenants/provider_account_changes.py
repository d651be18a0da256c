"""Verbs on an account that is there: rename it, replace its secrets, switch it, move it, note what a test found."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select, update

from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.languages import N_
from saas.locks import lock
from saas.refusals import NotFound, Refusal
from saas.tokens import digest, new_token
from tenants.frame import keyring
from tenants.provider_account_services import (
    ACCOUNTS_LOCK,
    HOOK_TOKEN,
    SecretsUnreadable,
    check_name,
    unsealed,
)
from tenants.provider_accounts import ProviderAccount
from tenants.services import touch

USUAL_OVERLAP = datetime.timedelta(days=7)
LONGEST_OVERLAP = datetime.timedelta(days=30)
SUBJECT = "provider-account"


def change_account(
    account_id: uuid.UUID,
    *,
    name: str,
    settings: Mapping[str, Any],
    off_for: Mapping[str, Iterable[str]],
    actor: Actor,
) -> None:
    """Give an account another name, other settings (never secrets), and say where it is not offered.

    Raises NotFound; Refusal for a name that is empty, too long or taken.
    """
    lock(ACCOUNTS_LOCK)
    row = _row(account_id)
    check_name(row.provider, name, own=account_id)
    off = {place: sorted(set(codes)) for place, codes in off_for.items() if codes}
    before = {"name": row.name, "settings": row.settings, "off_for": row.off_for}
    after = {"name": name, "settings": dict(settings), "off_for": off}
    if before == after:
        return
    _write(account_id, **after)
    data = {
        "name": name,
        "before": {key: value for key, value in before.items() if value != after[key]},
        "after": {key: value for key, value in after.items() if value != before[key]},
    }
    audit.record(f"{SUBJECT}.changed", actor=actor, subject=(SUBJECT, account_id), data=data)


def replace_secrets(
    account_id: uuid.UUID,
    secrets: Mapping[str, str],
    *,
    overlap: datetime.timedelta,
    new_address: bool,
    actor: Actor,
) -> None:
    """Seal new secrets, and make a new notice address if asked to; the account's version grows.

    What is replaced is believed for `overlap` more, because payments are on their way; one replacement back,
    not two. Secrets that are not named stay. When those that are there do not open, nothing of them is kept
    and the notice address is new. Raises NotFound; Refusal when there is nothing new or the overlap is too long.
    """
    if not secrets and not new_address:
        raise Refusal(N_("Type at least one new secret, or ask for a new notice address."))
    if not datetime.timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Refusal(N_("Type a number from %(low)s to %(high)s"), field="overlap", low=0, high=30)
    lock(ACCOUNTS_LOCK)
    row = _row(account_id)
    readable = _opens(row)
    fresh = dict(secrets)
    if new_address or not readable:
        fresh[HOOK_TOKEN] = f"{row.tenant_id.hex}.{new_token()}"
    ring, believed = keyring(), bool(overlap)
    sealed = {name: ring.seal(text, row.tenant_id, account_id, name) for name, text in fresh.items()}
    values: dict[str, Any] = {
        "secrets": {**(row.secrets if readable else {}), **sealed},
        "version": row.version + 1,
        "previous_secrets": dict(row.secrets) if believed and readable else {},
        "previous_until": now() + overlap if believed else None,
        "previous_hook_digest": None,
    }
    if HOOK_TOKEN in fresh:
        values["hook_digest"] = digest(fresh[HOOK_TOKEN])
        values["previous_hook_digest"] = row.hook_digest if believed else None
    elif believed and row.previous_until is not None and row.previous_until > now():
        values["previous_hook_digest"] = row.previous_hook_digest
    _write(account_id, **values)
    audit.record(
        f"{SUBJECT}.secrets-replaced",
        actor=actor,
        subject=(SUBJECT, account_id),
        data={
            "name": row.name,
            "secrets": sorted(secrets),
            "new_address": HOOK_TOKEN in fresh,
            "version": row.version + 1,
            "believed_until": values["previous_until"].isoformat() if believed else None,
        },
    )


def end_overlap(account_id: uuid.UUID, *, actor: Actor) -> None:
    """From now on only the new secrets and the new notice address are believed. Raises NotFound."""
    row = _row(account_id)
    if row.previous_until is None:
        return
    _write(account_id, previous_secrets={}, previous_hook_digest=None, previous_until=None)
    data = {"name": row.name, "version": row.version}
    audit.record(f"{SUBJECT}.overlap-ended", actor=actor, subject=(SUBJECT, account_id), data=data)


def switch_account(account_id: uuid.UUID, *, enabled: bool, actor: Actor) -> str:
    """Begin or cease to send payers to an account; what is under way is still listened to. Returns its name.

    Raises NotFound.
    """
    row = _row(account_id)
    if row.enabled != enabled:
        _write(account_id, enabled=enabled)
        audit.record(
            "provider.switched-on" if enabled else "provider.switched-off",
            actor=actor,
            subject=(SUBJECT, account_id),
            data={"name": row.name, "mode": row.mode},
        )
    return str(row.name)


def move_account(account_id: uuid.UUID, *, up: bool, actor: Actor) -> None:
    """Offer an account before the one above it, or after the one below it. Raises NotFound."""
    lock(ACCOUNTS_LOCK)
    rows = db.session.execute(
        select(ProviderAccount.id, ProviderAccount.name).order_by(
            ProviderAccount.preference, ProviderAccount.id
        )
    ).all()
    order = [row.id for row in rows]
    if account_id not in order:
        raise NotFound()
    here = order.index(account_id)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(order):
        return
    order[here], order[there] = order[there], order[here]
    for place, moved in enumerate(order, 1):
        _write(moved, preference=place)
    names = {row.id: row.name for row in rows}
    data = {"name": names[account_id], "order": [names[moved] for moved in order]}
    audit.record(f"{SUBJECT}.moved", actor=actor, subject=(SUBJECT, account_id), data=data)


def note_check(account_id: uuid.UUID, problem: str | None, *, at: datetime.datetime) -> None:
    """Keep what a test of the credentials found: a msgid, or None when they work."""
    db.session.execute(
        update(ProviderAccount)
        .where(ProviderAccount.id == account_id)
        .values(checked_at=at, check_problem=problem)
        .execution_options(synchronize_session=False)
    )


def _row(account_id: uuid.UUID) -> Any:
    """The account as it stands, locked. Raises NotFound."""
    row = db.session.execute(
        select(
            ProviderAccount.id,
            ProviderAccount.tenant_id,
            ProviderAccount.provider,
            ProviderAccount.name,
            ProviderAccount.mode,
            ProviderAccount.enabled,
            ProviderAccount.settings,
            ProviderAccount.off_for,
            ProviderAccount.secrets,
            ProviderAccount.version,
            ProviderAccount.hook_digest,
            ProviderAccount.previous_hook_digest,
            ProviderAccount.previous_until,
        )
        .where(ProviderAccount.id == account_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    return row


def _opens(row: Any) -> bool:
    try:
        unsealed(row.secrets, row.tenant_id, row.id)
    except SecretsUnreadable:
        return False
    return bool(row.secrets)


def _write(account_id: uuid.UUID, **values: Any) -> None:
    db.session.execute(
        update(ProviderAccount)
        .where(ProviderAccount.id == account_id)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    touch()
