"""One attempt: how adapters see it, and how it ends without money."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import select, update

from blueprints.payments.accounts import notice_url
from blueprints.payments.interface import AttemptView
from blueprints.payments.models import Attempt, AttemptItem
from blueprints.payments.rules import OPEN_STATES
from saas.database import db
from saas.refusals import NotFound
from tenants.loading import serving
from tenants.people import User
from tenants.provider_account_services import OpenedAccount

LONGEST_DESCRIPTION = 120


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """What the verbs need of an attempt."""

    id: uuid.UUID
    reference: str
    state: str
    amount: int
    currency: str
    mode: str
    user_id: uuid.UUID
    provider_account_id: uuid.UUID
    created_at: datetime.datetime
    expires_at: datetime.datetime
    polls: int


_COLUMNS = (
    Attempt.id,
    Attempt.reference,
    Attempt.state,
    Attempt.amount,
    Attempt.currency,
    Attempt.mode,
    Attempt.user_id,
    Attempt.provider_account_id,
    Attempt.created_at,
    Attempt.expires_at,
    Attempt.polls,
)


def read_attempt(attempt_id: uuid.UUID, *, lock: bool = False) -> AttemptRow:
    """One attempt of the active tenant. Raises NotFound."""
    query = select(*_COLUMNS).where(Attempt.id == attempt_id)
    row = db.session.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound()
    return AttemptRow(*row)


def close_attempt(
    attempt_id: uuid.UUID, to: str, *, only_from: frozenset[str], now: datetime.datetime
) -> bool:
    """End an attempt and let go of its invoices. False when its state is not one of `only_from` any more.

    Its money is not refused by this: a success that comes late is still booked.
    """
    moved = db.session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.state.in_(only_from))
        .values(state=to, finished_at=now)
        .returning(Attempt.id)
        .execution_options(synchronize_session=False)
    ).first()
    if moved is None:
        return False
    let_go(attempt_id)
    return True


def let_go(attempt_id: uuid.UUID) -> None:
    """Other attempts may hold the invoices from now on."""
    db.session.execute(
        update(AttemptItem)
        .where(AttemptItem.attempt_id == attempt_id, AttemptItem.open)
        .values(open=False)
        .execution_options(synchronize_session=False)
    )


def adapter_view(
    attempt: AttemptRow, account: OpenedAccount, *, description: str = "", origin: str | None = None
) -> AttemptView:
    """The attempt as its provider is told of it. `origin` is the host that the payer came from."""
    tenant = serving()
    payer = db.session.execute(select(User.email, User.language).where(User.id == attempt.user_id)).one()
    return AttemptView(
        id=attempt.id,
        reference=attempt.reference,
        amount=attempt.amount,
        currency=attempt.currency,
        description=f"{tenant.name}: {description}"[:LONGEST_DESCRIPTION],
        language=payer.language or tenant.language,
        payer_email=payer.email,
        return_url=f"{origin or tenant.canonical_url}/payments/{attempt.id}",
        notice_url=notice_url(account),
        expires_at=attempt.expires_at,
    )


def is_open(state: str) -> bool:
    return state in OPEN_STATES
