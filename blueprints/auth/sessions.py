"""Signed-in browsers: opened, listed, closed. Deleting the row is what ends a session."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from blueprints.auth.models import PendingSignIn
from blueprints.auth.rules import SESSION_LIFE
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.refusals import NotFound
from saas.tokens import digest, new_token
from tenants.loading import IDLE
from tenants.people import UserSession


@dataclass(frozen=True, slots=True)
class Browser:
    """What a request tells of the browser. `token`, `known` and `step` are cookies, empty when there are none."""

    host: str
    address: str
    device: str = ""
    token: str = ""
    known: str = ""
    step: str = ""  # of a sign-in that waits for its code


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One line of a person's list of sessions; moments are UTC."""

    id: uuid.UUID
    device: str
    address: str
    created_at: datetime.datetime
    last_seen_at: datetime.datetime


def open_session(user_id: uuid.UUID, browser: Browser) -> tuple[uuid.UUID, str]:
    """A session under a fresh token, which is returned with its id and stored as a digest only.

    Whatever session this browser had before ends, so a token planted in it is worth nothing (case B01).
    """
    if browser.token:
        _delete(UserSession.token_digest == digest(browser.token), UserSession.host == browser.host)
    moment = now()
    _delete(UserSession.user_id == user_id, UserSession.expires_at < moment)
    token = new_token()
    session = UserSession(
        id=new_id(),
        token_digest=digest(token),
        user_id=user_id,
        host=browser.host,
        created_at=moment,
        last_seen_at=moment,
        expires_at=moment + SESSION_LIFE,
        confirmed_at=moment,
        device=browser.device[:100],
        address=browser.address[:100],
    )
    db.session.add(session)
    db.session.flush()
    return session.id, token


def sign_out(session_id: uuid.UUID) -> None:
    """End a session. A cookie copied before is worth nothing afterwards (case B02)."""
    _delete(UserSession.id == session_id)


def open_sessions(user_id: uuid.UUID) -> list[OpenSession]:
    """The sessions of a user that still count, the one used last first; at most a hundred."""
    moment = now()
    rows = db.session.execute(
        select(
            UserSession.id,
            UserSession.device,
            UserSession.address,
            UserSession.created_at,
            UserSession.last_seen_at,
        )
        .where(
            UserSession.user_id == user_id,
            UserSession.expires_at > moment,
            UserSession.last_seen_at > moment - IDLE,
        )
        .order_by(UserSession.last_seen_at.desc(), UserSession.id)
        .limit(100)
    )
    return [OpenSession(*row) for row in rows]


def close_session(user_id: uuid.UUID, session_id: uuid.UUID, *, actor: Actor) -> None:
    """End one of a user's own sessions. Raises NotFound for a stranger's."""
    if not _delete(UserSession.id == session_id, UserSession.user_id == user_id):
        raise NotFound()
    audit.record("session.closed", actor=actor, subject=("user", user_id), data={"count": 1})


def close_other_sessions(user_id: uuid.UUID, keep: uuid.UUID | None, *, actor: Actor) -> int:
    """End every session of a user except `keep`. Returns how many ended."""
    count = end_sessions(user_id, keep=keep)
    if count:
        audit.record("session.closed", actor=actor, subject=("user", user_id), data={"count": count})
    return count


def end_sessions(user_id: uuid.UUID, *, keep: uuid.UUID | None = None) -> int:
    """The same without an audit row, for deeds that write their own. Sign-ins that wait for a code end as well."""
    conditions = [UserSession.user_id == user_id]
    if keep is not None:
        conditions.append(UserSession.id != keep)
    db.session.execute(
        delete(PendingSignIn)
        .where(PendingSignIn.user_id == user_id)
        .execution_options(synchronize_session=False)
    )
    return _delete(*conditions)


def leave_notice(session_id: uuid.UUID, text: str, tone: str = "success") -> None:
    """Leave an outcome to be said once, on the next page. `text` is already translated."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.id == session_id)
        .values(notice={"tone": tone, "text": text})
        .execution_options(synchronize_session=False)
    )


def _delete(*conditions: object) -> int:
    statement = delete(UserSession).where(*conditions)  # type: ignore[arg-type]
    result = db.session.execute(
        statement.returning(UserSession.id).execution_options(synchronize_session=False)
    )
    return len(result.all())
