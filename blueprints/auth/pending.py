"""A sign-in between its two steps: bound to tenant, host and browser, for ten minutes and five codes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select, update

from blueprints.auth.models import PendingSignIn
from blueprints.auth.rules import GUESSES, STEP_LIFE
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.tokens import digest, new_token


@dataclass(frozen=True, slots=True)
class Guess:
    """One code that may be compared, and how many are left after it."""

    attempt_id: uuid.UUID
    user_id: uuid.UUID
    left: int


def begin(user_id: uuid.UUID, host: str, earlier: str = "") -> str:
    """The password was right: returns the token of the attempt. The one that this browser had before ends."""
    moment = now()
    old = (PendingSignIn.expires_at < moment) | (PendingSignIn.token_digest == digest(earlier))
    db.session.execute(delete(PendingSignIn).where(old).execution_options(synchronize_session=False))
    token = new_token()
    db.session.add(
        PendingSignIn(
            id=new_id(),
            token_digest=digest(token),
            user_id=user_id,
            host=host,
            created_at=moment,
            expires_at=moment + STEP_LIFE,
        )
    )
    db.session.flush()
    return token


def find(token: str, host: str) -> uuid.UUID | None:
    """The id of the attempt when it may still try a code. Looking changes nothing."""
    return db.session.execute(
        select(PendingSignIn.id).where(*_alive(token, host), PendingSignIn.guesses < GUESSES)
    ).scalar()


def take_guess(token: str, host: str, attempt_id: uuid.UUID) -> Guess | None:
    """Spend one of the attempt's codes; None when it has none left, or is over, or of another browser.

    The caller commits before the code is compared, so that a refused request counts too. The row is locked while it
    is counted: of fifty guesses in the same moment five are compared (case B11).
    """
    row = db.session.execute(
        update(PendingSignIn)
        .where(*_alive(token, host), PendingSignIn.id == attempt_id, PendingSignIn.guesses < GUESSES)
        .values(guesses=PendingSignIn.guesses + 1)
        .returning(PendingSignIn.user_id, PendingSignIn.guesses)
        .execution_options(synchronize_session=False)
    ).first()
    return Guess(attempt_id, row.user_id, GUESSES - row.guesses) if row else None


def finish(attempt_id: uuid.UUID) -> bool:
    """Close the attempt, once. False when somebody was faster."""
    done = db.session.execute(
        update(PendingSignIn)
        .where(PendingSignIn.id == attempt_id, PendingSignIn.done_at.is_(None))
        .values(done_at=now())
        .returning(PendingSignIn.id)
        .execution_options(synchronize_session=False)
    ).first()
    return done is not None


def _alive(token: str, host: str) -> tuple[ColumnElement[bool], ...]:
    return (
        PendingSignIn.token_digest == digest(token),
        PendingSignIn.host == host,
        PendingSignIn.done_at.is_(None),
        PendingSignIn.expires_at > now(),
    )
