"""Proving again who one is, before something risky: with a code where there is a second factor, else the password."""

from __future__ import annotations

import datetime
import uuid

from sqlalchemy import update

from blueprints.auth.password_change import confirm_password
from blueprints.auth.rules import GUESSES, STEP_LIFE
from blueprints.auth.second_factor import check_code, has_second_factor
from blueprints.auth.sign_in import TooManyAttempts
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.limits import count_attempt, forget
from tenants.people import UserSession

BY_SESSION = "code-session"


def confirm_identity(user_id: uuid.UUID, session_id: uuid.UUID, typed: str, *, actor: Actor) -> None:
    """Mark the session as confirmed now. Raises Refusal (field `current` or `code`) and TooManyAttempts."""
    if has_second_factor(user_id):
        if count_attempt(BY_SESSION, str(session_id), window=STEP_LIFE) > GUESSES:
            raise TooManyAttempts
        check_code(user_id, typed, actor=actor)
        forget(BY_SESSION, str(session_id))
    else:
        confirm_password(user_id, typed)
    mark_confirmed(session_id, now())


def mark_confirmed(session_id: uuid.UUID, moment: datetime.datetime) -> None:
    db.session.execute(
        update(UserSession)
        .where(UserSession.id == session_id)
        .values(confirmed_at=moment)
        .execution_options(synchronize_session=False)
    )
