"""Stop and resume online payments: all of a tenant's, or those through one provider."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.platform_database import platform_connection
from saas.refusals import Refusal
from tenants.models import Tenant
from tenants.people import User
from tenants.provider_accounts import PaymentStop, PlatformStop, ProviderAccount
from tenants.services import touch

BY_TENANT, BY_PLATFORM = "tenant", "platform"
LONGEST_REASON = 300  # characters


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop that is in force. `provider` None: nothing can be paid online."""

    id: uuid.UUID
    provider: str | None
    by: str
    reason: str
    started_at: datetime.datetime
    started_by: str | None


def open_stops() -> list[Stop]:
    """The stops that are in force for the active tenant: the platform's for everybody, then its own, oldest first."""
    everywhere = db.session.execute(_EVERYWHERE)
    rows = db.session.execute(
        select(
            PaymentStop.id,
            PaymentStop.provider,
            PaymentStop.by,
            PaymentStop.reason,
            PaymentStop.started_at,
            User.name,
        )
        .outerjoin(User, and_(User.tenant_id == PaymentStop.tenant_id, User.id == PaymentStop.started_by))
        .where(PaymentStop.ended_at.is_(None))
        .order_by(PaymentStop.started_at)
    )
    return [
        *(Stop(row.id, row.provider, BY_PLATFORM, row.reason, row.started_at, None) for row in everywhere),
        *(Stop(*row) for row in rows),
    ]


_EVERYWHERE = (
    select(PlatformStop.id, PlatformStop.provider, PlatformStop.reason, PlatformStop.started_at)
    .where(PlatformStop.ended_at.is_(None))
    .order_by(PlatformStop.started_at)
)


def everywhere_stopped() -> list[Stop]:
    """The platform's stops for every tenant that are in force, the oldest first; asked through its own role."""
    with platform_connection() as connection:
        return [
            Stop(row.id, row.provider, BY_PLATFORM, row.reason, row.started_at, None)
            for row in connection.execute(_EVERYWHERE)
        ]


def stopped() -> ColumnElement[bool]:
    """Whether a stop holds for a `ProviderAccount`, as a condition."""
    return or_(
        exists().where(
            PaymentStop.ended_at.is_(None),
            or_(PaymentStop.provider.is_(None), PaymentStop.provider == ProviderAccount.provider),
        ),
        exists().where(PlatformStop.ended_at.is_(None), PlatformStop.provider == ProviderAccount.provider),
    )


def stop_payments(reason: str, *, actor: Actor, provider: str | None = None, by: str = BY_TENANT) -> bool:
    """From the next page on nobody is sent to the provider (None: to any). False when that was so already.

    Raises Refusal without a reason, or for one that is too long.
    """
    words = _said(reason)
    lock("payment-stops")
    if _open_ids(provider, by):
        return False
    db.session.add(
        PaymentStop(
            id=new_id(),
            provider=provider,
            by=by,
            reason=words,
            started_at=now(),
            started_by=actor.user_id,
        )
    )
    db.session.flush()
    touch()
    audit.record("payments.stopped", actor=actor, data={"provider": provider, "by": by, "reason": words})
    return True


def resume_payments(*, actor: Actor, provider: str | None = None, by: str = BY_TENANT) -> bool:
    """End the stop that `by` ordered. False when there was none."""
    lock("payment-stops")
    found = _open_ids(provider, by)
    if not found:
        return False
    db.session.execute(
        update(PaymentStop)
        .where(PaymentStop.id.in_(found))
        .values(ended_at=now(), ended_by=actor.user_id)
        .execution_options(synchronize_session=False)
    )
    touch()
    audit.record("payments.resumed", actor=actor, data={"provider": provider, "by": by})
    return True


def stop_everywhere(reason: str, *, provider: str) -> bool:
    """From now on nobody is sent to the provider, whichever tenant, made already or later. Commits through the
    platform's role, at once for all of them. False when that was so already. Raises Refusal as `stop_payments`."""
    words = _said(reason)
    with platform_connection() as connection:
        done = connection.execute(
            insert(PlatformStop)
            .values(id=new_id(), provider=provider, reason=words, started_at=now())
            .on_conflict_do_nothing()
            .returning(PlatformStop.id)
        ).first()
        return _told_everybody(connection, done is not None)


def resume_everywhere(*, provider: str) -> bool:
    """End what `stop_everywhere` ordered. False when there was nothing to end."""
    with platform_connection() as connection:
        done = connection.execute(
            update(PlatformStop)
            .where(PlatformStop.provider == provider, PlatformStop.ended_at.is_(None))
            .values(ended_at=now())
            .returning(PlatformStop.id)
        ).first()
        return _told_everybody(connection, done is not None)


def _told_everybody(connection: Connection, changed: bool) -> bool:
    """Every process reads every tenant anew."""
    if changed:
        connection.execute(update(Tenant).values(version=Tenant.version + 1))
    return changed


def _said(reason: str) -> str:
    words = " ".join(reason.split())
    if not words:
        raise Refusal(N_("Say why payments are stopped."), field="reason")
    if len(words) > LONGEST_REASON:
        raise Refusal(N_("Use at most %(max)d characters."), field="reason", max=LONGEST_REASON)
    return words


def _open_ids(provider: str | None, by: str) -> list[uuid.UUID]:
    whose = PaymentStop.provider.is_(None) if provider is None else PaymentStop.provider == provider
    return list(
        db.session.execute(
            select(PaymentStop.id).where(PaymentStop.ended_at.is_(None), PaymentStop.by == by, whose)
        ).scalars()
    )
