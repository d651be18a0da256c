"""Verbs on the tenant: put on the air, change settings, publish a look."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import current_app
from sqlalchemy import func, insert, select, text, update

from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.config import Config
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.platform_database import platform_connection
from saas.refusals import Refusal
from saas.scope import current_tenant_id
from tenants.models import Domain, Tenant, ThemeVersion
from tenants.settings import complete

SLUG = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"{LABEL}(?:\.{LABEL})+")
SETTINGS_LOCK = "settings"
LOOK_LOCK = "look"


@dataclass(frozen=True, slots=True)
class NewTenant:
    """What is needed to put a tenant on the air. `host` is its canonical domain."""

    slug: str
    name: str
    legal_name: str
    tax_number: str
    country: str
    locale: str
    currency: str
    time_zone: str
    host: str
    capabilities: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, Any] = field(default_factory=dict)


def create_tenant(new: NewTenant) -> uuid.UUID:
    """Create a tenant and its domain through the platform's role and commit. Returns the id.

    Raises Refusal when the name or the host is malformed or taken.
    """
    if not SLUG.fullmatch(new.slug):
        raise Refusal(N_("The short name must be lower-case letters, digits and hyphens."), field="slug")
    if not HOST.fullmatch(new.host) or re.fullmatch(r"[0-9.]+", new.host):
        raise Refusal(N_("“%(host)s” is not a domain name."), field="host", host=new.host)
    config: Config = current_app.extensions["ventanilla_config"]
    if new.host in (config.platform_host, config.simulator_host):
        raise Refusal(N_("“%(host)s” belongs to this platform."), field="host", host=new.host)
    tenant_id = new_id()
    with platform_connection() as connection:
        taken = connection.execute(
            text(
                "SELECT 1 FROM tenants WHERE slug = :slug UNION ALL SELECT 1 FROM domains WHERE host = :host"
            ),
            {"slug": new.slug, "host": new.host},
        ).first()
        if taken:
            raise Refusal(N_("The short name or the domain is already in use."), field="slug")
        connection.execute(
            insert(Tenant).values(
                id=tenant_id,
                slug=new.slug,
                name=new.name,
                legal_name=new.legal_name,
                tax_number=new.tax_number,
                status="active",
                country=new.country,
                locale=new.locale,
                currency=new.currency,
                time_zone=new.time_zone,
                capabilities=list(new.capabilities),
                settings=dict(new.settings),
                words=dict(new.words),
                version=1,
                created_at=now(),
            )
        )
        connection.execute(insert(Domain).values(host=new.host, tenant_id=tenant_id, canonical=True))
    return tenant_id


@dataclass(frozen=True, slots=True)
class TenantLine:
    """One line of the platform's list."""

    id: uuid.UUID
    slug: str
    name: str
    status: str
    host: str
    currency: str


def list_tenants() -> list[TenantLine]:
    """All tenants with their canonical host, by name."""
    with platform_connection() as connection:
        rows = connection.execute(
            text(
                "SELECT t.id, t.slug, t.name, t.status, d.host, t.currency FROM tenants t "
                "LEFT JOIN domains d ON d.tenant_id = t.id AND d.canonical ORDER BY t.name"
            )
        )
        return [TenantLine(*row) for row in rows]


def find_tenant(slug: str) -> uuid.UUID:
    """The id of a short name. Raises Refusal: a command with an unknown tenant must do nothing."""
    with platform_connection() as connection:
        found = connection.execute(text("SELECT id FROM tenants WHERE slug = :slug"), {"slug": slug}).scalar()
    if found is None:
        raise Refusal(N_("There is no tenant “%(slug)s”."), slug=slug)
    tenant_id: uuid.UUID = found
    return tenant_id


def suspend_tenant(tenant_id: uuid.UUID, *, suspended: bool) -> None:
    """Close or open a tenant's pages; from the next request on."""
    with platform_connection() as connection:
        connection.execute(
            update(Tenant)
            .where(Tenant.id == tenant_id)
            .values(status="suspended" if suspended else "active", version=Tenant.version + 1)
        )


def touch() -> None:
    """Tell every process that the active tenant changed."""
    tenant_id = current_tenant_id()
    db.session.execute(update(Tenant).where(Tenant.id == tenant_id).values(version=Tenant.version + 1))


class ChangedMeanwhile(Refusal):
    """Somebody else saved while this person was writing. `current` is what stands now."""

    def __init__(self, current: Mapping[str, Any]) -> None:
        super().__init__(
            N_("Somebody else saved changes here while you were writing. Look at both, then save again.")
        )
        self.current = current


def edition(values: Mapping[str, Any]) -> str:
    """A short name for what somebody was shown: the same values have the same one."""
    content = json.dumps(values, sort_keys=True, default=str).encode()
    return hashlib.sha256(content).hexdigest()[:16]


def change_settings(changes: Mapping[str, Any], *, actor: Actor, seen: str | None = None) -> None:
    """Set some of the active tenant's settings; what was before goes into the audit row.

    `seen` is the edition of all settings that the change was decided on; None: whatever stands.
    Raises ChangedMeanwhile when it is no longer the one that stands.
    """
    tenant_id = current_tenant_id()
    lock(SETTINGS_LOCK)
    row = db.session.execute(select(Tenant.settings, Tenant.country).where(Tenant.id == tenant_id)).one()
    own, current = row.settings, complete(row.settings, row.country)
    if seen is not None and seen != edition(current):
        raise ChangedMeanwhile(current)
    before = {key: own.get(key) for key in changes}
    if before == dict(changes):
        return
    db.session.execute(
        update(Tenant)
        .where(Tenant.id == tenant_id)
        .values(settings={**own, **changes}, version=Tenant.version + 1)
    )
    audit.record("settings.changed", actor=actor, data={"before": before, "after": dict(changes)})


def change_words(words: Mapping[str, Mapping[str, str]], *, actor: Actor, seen: str | None = None) -> None:
    """Replace the active tenant's vocabulary: language -> our word -> theirs.

    `seen` is the edition of the words that the change was decided on; None: whatever stands.
    Raises ChangedMeanwhile when it is no longer the one that stands.
    """
    tenant_id = current_tenant_id()
    lock(SETTINGS_LOCK)
    current = db.session.execute(select(Tenant.words).where(Tenant.id == tenant_id)).scalar_one()
    if seen is not None and seen != edition(current):
        raise ChangedMeanwhile(current)
    db.session.execute(
        update(Tenant)
        .where(Tenant.id == tenant_id)
        .values(words={language: dict(own) for language, own in words.items()}, version=Tenant.version + 1)
    )
    audit.record(
        "words.changed", actor=actor, data={"after": {key: dict(value) for key, value in words.items()}}
    )


def save_look(package: str, tokens: Mapping[str, Any], *, actor: Actor) -> uuid.UUID:
    """Keep a look as a new version without publishing it. `tokens` must have been checked.

    Two that save at once get a number each, one after the other: nobody's version replaces another's.
    """
    lock(LOOK_LOCK)
    number = (db.session.execute(select(func.max(ThemeVersion.number))).scalar() or 0) + 1
    version = ThemeVersion(
        id=new_id(),
        number=number,
        package=package,
        tokens=dict(tokens),
        created_at=now(),
        created_by=actor.user_id,
    )
    db.session.add(version)
    db.session.flush()
    return version.id


def publish_look(version_id: uuid.UUID, *, actor: Actor) -> None:
    """Point the active tenant at a saved look; rolling back is publishing an older one. Raises Refusal."""
    tenant_id = current_tenant_id()
    number = db.session.execute(select(ThemeVersion.number).where(ThemeVersion.id == version_id)).scalar()
    if number is None:
        raise Refusal(N_("That look does not exist."))
    db.session.execute(
        update(Tenant)
        .where(Tenant.id == tenant_id)
        .values(theme_version_id=version_id, version=Tenant.version + 1)
    )
    audit.record("look.published", actor=actor, data={"number": number})


def looks() -> Iterable[Any]:
    """The last twenty saved looks, newest first."""
    return db.session.execute(
        select(
            ThemeVersion.id,
            ThemeVersion.number,
            ThemeVersion.package,
            ThemeVersion.tokens,
            ThemeVersion.created_at,
        )
        .order_by(ThemeVersion.number.desc())
        .limit(20)
    ).all()
