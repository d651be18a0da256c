"""Passwords: chosen by a link from a letter, changed by whoever knows the old one."""

from __future__ import annotations

import uuid

from sqlalchemy import exists, select, update

from blueprints.auth.letters import ask_for_recovery, send_letter
from blueprints.auth.links import BadLink, LiveLink, consume, drop_links, find_link
from blueprints.auth.models import SecondFactor
from blueprints.auth.rules import (
    INVITATION,
    LETTERS_PER_ADDRESS,
    LETTERS_PER_EMAIL,
    LETTERS_WINDOW,
    RECOVERY,
    WINDOW,
    WRONG_PER_USER,
)
from blueprints.auth.sessions import end_sessions
from blueprints.auth.sign_in import BY_USER, TooManyAttempts, actor_of
from saas import audit, passwords
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.identity_numbers import normalise_email
from saas.languages import N_
from saas.limits import count_attempt, forget, network_of
from saas.refusals import Refusal
from tenants.loading import serving
from tenants.people import StaffRole, User, UserSession

CONFIRMING = "confirm-password"
BY_MAILBOX, BY_ADDRESS = "recovery-mailbox", "recovery-address"


def ask_recovery(email: str, address: str) -> None:
    """Send a recovery letter if somebody has that e-mail; the asker sees the same either way.

    A mailbox that got its letters for this hour gets no more, silently. Raises TooManyAttempts for an address
    that keeps asking, and Refusal for what is no e-mail at all.
    """
    if count_attempt(BY_ADDRESS, network_of(address), window=LETTERS_WINDOW) > LETTERS_PER_ADDRESS:
        raise TooManyAttempts
    normal = normalise_email(email)
    if normal is None:
        raise Refusal(N_("Type an e-mail address such as name@example.com."), field="email")
    if count_attempt(BY_MAILBOX, normal, window=LETTERS_WINDOW) <= LETTERS_PER_EMAIL:
        ask_for_recovery(normal)


def set_password_by_link(token: str, password: str) -> None:
    """Choose the password with an invitation or a recovery link.

    Ends every session and every other such link; nobody is signed in by it. Raises BadLink, or Refusal for a
    weak password, after which the link still works.
    """
    link = find_link(token)
    if link.purpose not in (INVITATION, RECOVERY):
        raise BadLink
    passwords.check_strength(password, _about(link.name, link.email))
    consume(link)
    _store(link.user_id, password)
    forget(BY_USER, link.email)
    drop_links(link.user_id, INVITATION, RECOVERY)
    end_sessions(link.user_id)
    if link.purpose == RECOVERY:
        send_letter("password-changed", link.user_id)
    audit.record(
        "user.accepted" if link.purpose == INVITATION else "password.recovered",
        actor=actor_of_link(link),
        subject=("user", link.user_id),
    )


def change_password(
    user_id: uuid.UUID, session_id: uuid.UUID, current: str, fresh: str, *, actor: Actor
) -> None:
    """Change the password, close the user's other sessions, kill recovery links, tell the mailbox.

    Raises Refusal (field `current` or `password`) and TooManyAttempts.
    """
    confirm_password(user_id, current)
    row = db.session.execute(select(User.name, User.email).where(User.id == user_id)).one()
    passwords.check_strength(fresh, _about(row.name, row.email))
    _store(user_id, fresh)
    drop_links(user_id, INVITATION, RECOVERY)
    end_sessions(user_id, keep=session_id)
    with_code = exists().where(
        SecondFactor.user_id == user_id, SecondFactor.tenant_id == UserSession.tenant_id
    )
    db.session.execute(
        update(UserSession)
        .where(
            UserSession.id == session_id, ~with_code
        )  # for whom has one, a password alone proves too little
        .values(confirmed_at=now())
        .execution_options(synchronize_session=False)
    )
    send_letter("password-changed", user_id)
    audit.record("password.changed", actor=actor, subject=("user", user_id))


def confirm_password(user_id: uuid.UUID, password: str) -> None:
    """Ask for the password again before something risky. Raises Refusal and TooManyAttempts."""
    if count_attempt(CONFIRMING, str(user_id), window=WINDOW) > WRONG_PER_USER:
        raise TooManyAttempts
    hashed = db.session.execute(select(User.password_hash).where(User.id == user_id)).scalar()
    if hashed is None or not passwords.verify(hashed, password):
        raise Refusal(N_("This is not your present password."), field="current")
    forget(CONFIRMING, str(user_id))


def _store(user_id: uuid.UUID, password: str) -> None:
    db.session.execute(
        update(User)
        .where(User.id == user_id)
        .values(password_hash=passwords.hash_password(password), status="active")
        .execution_options(synchronize_session=False)
    )


def _about(name: str, email: str) -> list[str]:
    """What others would try first: the person and the organisation."""
    tenant = serving()
    return [name, *email.split("@"), tenant.name, tenant.legal_name, tenant.slug]


def actor_of_link(link: LiveLink) -> Actor:
    """Whoever opens a link acts as its user."""
    role = db.session.execute(select(StaffRole.id).where(StaffRole.user_id == link.user_id).limit(1)).first()
    return actor_of(link.user_id, link.name, staff=role is not None)
