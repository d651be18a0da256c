"""Stop and resume online payments: all of a tenant's, or those through one provider."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_, select, update

from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.refusals import Refusal
from tenants.people import User
from tenants.provider_accounts import PaymentStop, ProviderAccount
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
    """The active tenant's stops that are in force, the oldest first."""
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
    return [Stop(*row) for row in rows]


def stopped() -> ColumnElement[bool]:
    """Whether a stop holds for a `ProviderAccount`, as a condition."""
    return exists().where(
        PaymentStop.ended_at.is_(None),
        or_(PaymentStop.provider.is_(None), PaymentStop.provider == ProviderAccount.provider),
    )


def stop_payments(reason: str, *, actor: Actor, provider: str | None = None, by: str = BY_TENANT) -> bool:
    """From the next page on nobody is sent to the provider (None: to any). False when that was so already.

    Raises Refusal without a reason, or for one that is too long.
    """
    words = " ".join(reason.split())
    if not words:
        raise Refusal(N_("Say why payments are stopped."), field="reason")
    if len(words) > LONGEST_REASON:
        raise Refusal(N_("Use at most %(max)d characters."), field="reason", max=LONGEST_REASON)
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


def _open_ids(provider: str | None, by: str) -> list[uuid.UUID]:
    whose = PaymentStop.provider.is_(None) if provider is None else PaymentStop.provider == provider
    return list(
        db.session.execute(
            select(PaymentStop.id).where(PaymentStop.ended_at.is_(None), PaymentStop.by == by, whose)
        ).scalars()
    )
