"""Read the tenant and the viewer: one statement a request, a second one only when the tenant changed.

These statements are written out, because they run before there is anything to filter by; each names
the tenant itself, and row-level security holds for them as for every other.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from flask import current_app, g
from sqlalchemy import text

from saas.clock import now
from saas.config import Config
from saas.database import db
from saas.readings import Words
from saas.refusals import NotFound
from saas.scope import current_tenant_id, leaving_the_net
from saas.web import TENANT
from tenants import settings as tenant_settings
from tenants.context import Offer, Place, Support, TenantContext, Viewer
from tenants.look import build_look
from tenants.roles import VIEW_AS, permissions_of
from tenants.settings import REQUIRED, SECOND_FACTOR

IDLE = datetime.timedelta(minutes=45)
VIEWING = datetime.timedelta(minutes=30)  # how long staff may look at a customer's pages at a stretch
SEEN_EVERY = datetime.timedelta(minutes=1)
REASON = "read before a viewer exists; every predicate names the tenant"

# In the driver's own words: this one statement runs at every request, and SQLAlchemy's cost more than asking it.
_VISIT = Words("""
    SELECT t.version, t.status, s.id AS session_id, s.user_id, s.last_seen_at, s.notice, s.account_id,
           s.confirmed_at, u.name AS user_name, u.email, u.language, u.customer_id,
           (SELECT array_agg(DISTINCT a.role) FROM access a
             WHERE a.tenant_id = t.id AND a.user_id = u.id AND a.can_see
               AND (CAST(%(now)s AS timestamptz) AT TIME ZONE t.time_zone)::date
                   BETWEEN COALESCE(a.valid_from, '-infinity')
                       AND CASE WHEN a.role IN ('renter', 'owner') THEN 'infinity'
                                ELSE COALESCE(a.valid_until, 'infinity') END
           ) AS roles,
           (SELECT array_agg(r.role) FROM staff_roles r
             WHERE r.tenant_id = t.id AND r.user_id = u.id) AS staff_roles,
           EXISTS (SELECT 1 FROM second_factors f
                    WHERE f.tenant_id = t.id AND f.user_id = u.id) AS second_factor,
           c.id AS viewing_customer_id, c.name AS viewing_customer_name
      FROM tenants t
      JOIN domains d ON d.tenant_id = t.id AND d.host = %(host)s
      LEFT JOIN sessions s ON s.tenant_id = t.id AND s.token_digest = %(digest)s AND s.host = %(host)s
                          AND s.expires_at > %(now)s AND s.last_seen_at > %(idle_edge)s
      LEFT JOIN users u ON u.tenant_id = t.id AND u.id = s.user_id AND u.status = 'active'
      LEFT JOIN customers c ON c.tenant_id = t.id AND c.id = s.viewing_customer_id
                           AND s.viewing_since > %(viewing_edge)s
     WHERE t.id = %(tenant)s
""")

_TENANT = text(
    """
    SELECT t.*, d.host AS canonical_host, v.package, v.tokens,
           COALESCE((SELECT bool_and(p.mode = 'test') FROM provider_accounts p
                      WHERE p.tenant_id = t.id AND p.enabled), false) AS test_mode,
           (SELECT jsonb_agg(p.off_for) FROM provider_accounts p
             WHERE p.tenant_id = t.id AND p.enabled
               AND NOT EXISTS (SELECT 1 FROM payment_stops s
                                WHERE s.tenant_id = t.id AND s.ended_at IS NULL
                                  AND (s.provider IS NULL OR s.provider = p.provider))
               AND NOT EXISTS (SELECT 1 FROM platform_stops s
                                WHERE s.ended_at IS NULL AND s.provider = p.provider)) AS offers,
           (SELECT min(s.reason) FROM payment_stops s
             WHERE s.tenant_id = t.id AND s.ended_at IS NULL AND s.provider IS NULL) AS payments_stopped
      FROM tenants t
      LEFT JOIN domains d ON d.tenant_id = t.id AND d.canonical
      LEFT JOIN theme_versions v ON v.tenant_id = t.id AND v.id = t.theme_version_id
     WHERE t.id = :tenant
    """
)

_cache: dict[uuid.UUID, TenantContext] = {}


def visit(
    host: str, token_digest: str | None
) -> tuple[TenantContext, Viewer | None, Mapping[str, Any] | None]:
    """The tenant of the active scope, who asks, and the notice that waits for them.

    Raises NotFound when the host does not lead to the tenant any more.
    """
    moment = now()
    tenant_id = current_tenant_id()
    with leaving_the_net(REASON):
        rows = _VISIT.fetch(
            {
                "tenant": tenant_id,
                "host": host,
                "digest": token_digest or "",
                "now": moment,
                "idle_edge": moment - IDLE,
                "viewing_edge": moment - VIEWING,
            }
        )
    if not rows:
        _cache.pop(tenant_id, None)
        raise NotFound()
    row = rows[0]
    context = _cache.get(tenant_id)
    if context is None or context.version != row.version:
        context = load_tenant()
    if row.session_id is None or row.user_name is None:
        return context, None, None
    _mark_seen(row, moment)
    return context, _viewer(row, context), row.notice


def _viewer(row: Any, tenant: TenantContext) -> Viewer:
    staff_roles = frozenset(row.staff_roles or ())
    closed = bool(staff_roles) and not row.second_factor and tenant.setting(SECOND_FACTOR) == REQUIRED
    permissions = frozenset[str]() if closed else permissions_of(staff_roles)
    looks_on = VIEW_AS in permissions  # who loses the right stops looking at once
    return Viewer(
        user_id=row.user_id,
        session_id=row.session_id,
        name=row.user_name,
        email=row.email,
        language=row.language,
        customer_id=row.customer_id,
        roles=frozenset(row.roles or ()),
        staff_roles=staff_roles,
        staff_permissions=permissions,
        account_id=row.account_id,
        confirmed_at=row.confirmed_at,
        viewing_customer_id=row.viewing_customer_id if looks_on else None,
        viewing_customer_name=row.viewing_customer_name if looks_on else None,
        second_factor=row.second_factor,
        desk_closed=closed,
    )


def _mark_seen(row: Any, moment: datetime.datetime) -> None:
    """Move the idle clock, at most once a minute; polling views do not move it (case B13)."""
    quiet = getattr(g, "quiet_view", False)
    if quiet or (row.notice is None and moment - row.last_seen_at < SEEN_EVERY):
        return
    with leaving_the_net(REASON):
        db.session.execute(
            text(
                "UPDATE sessions SET last_seen_at = :now, notice = NULL "
                "WHERE tenant_id = :tenant AND id = :session"
            ),
            {"now": moment, "tenant": current_tenant_id(), "session": row.session_id},
        )


def load_tenant() -> TenantContext:
    """The tenant of the active scope, read afresh. Raises NotFound."""
    config: Config = current_app.extensions["ventanilla_config"]
    with leaving_the_net(REASON):
        row = db.session.execute(_TENANT, {"tenant": current_tenant_id()}).first()
    if row is None:
        raise NotFound()
    values = tenant_settings.complete(row.settings, row.country)
    context = TenantContext(
        id=row.id,
        slug=row.slug,
        name=row.name,
        legal_name=row.legal_name,
        tax_number=row.tax_number,
        status=row.status,
        country=row.country,
        locale=row.locale,
        currency=row.currency,
        time_zone=row.time_zone,
        capabilities=frozenset(row.capabilities),
        settings=values,
        words=row.words,
        look=build_look(row.package or "base", row.tokens or {}),
        support=Support(
            phone=values["support.phone"],
            whatsapp=values["support.whatsapp"],
            email=values["support.email"],
            hours=values["support.hours"],
        ),
        canonical_url=config.origin(row.canonical_host) if row.canonical_host else "",
        test_mode=row.test_mode,
        offers=tuple(
            Offer(frozenset(off.get("invoice_types", ())), frozenset(off.get("account_kinds", ())))
            for off in row.offers or ()
        ),
        payments_stopped=row.payments_stopped or "",
        version=row.version,
    )
    _cache[row.id] = context
    return context


def serving() -> TenantContext:
    """The tenant being served: the request's, or in a job the one of the active scope."""
    context: TenantContext | None = g.get("tenant")
    if context is None or context.id != current_tenant_id():
        context = g.tenant = load_tenant()
    return context


def place_of(host: str) -> Place | None:
    """Where a host leads, asked before there is a tenant; None for a stranger's name."""
    with leaving_the_net("the host decides the tenant; the policy shows only the row of this very host"):
        db.session.execute(text("SELECT set_config('app.host', :host, true)"), {"host": host})
        tenant_id = db.session.execute(
            text("SELECT tenant_id FROM domains WHERE host = :host"), {"host": host}
        ).scalar()
    return Place(TENANT, tenant_id) if tenant_id else None
