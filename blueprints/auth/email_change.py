"""A new e-mail: asked for by who proved it is them, confirmed at both addresses, and the old one is told."""

from __future__ import annotations

import uuid

from sqlalchemy import select, update

from blueprints.auth.letters import send_letter
from blueprints.auth.links import BadLink, LiveLink, consume, drop_links, find_link, make_link
from blueprints.auth.password_change import actor_of_link
from blueprints.auth.rules import EMAIL_NEW, EMAIL_OLD, INVITATION, LETTERS_WINDOW, RECOVERY
from blueprints.auth.sign_in import TooManyAttempts
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.events import emit
from saas.identity_numbers import normalise_email
from saas.ids import new_id
from saas.languages import N_
from saas.limits import count_attempt
from saas.locks import lock
from saas.refusals import Refusal
from tenants.people import OneTimeLink, User

CHANGES_PER_HOUR = 5
OTHER = {EMAIL_NEW: EMAIL_OLD, EMAIL_OLD: EMAIL_NEW}


def ask_email_change(user_id: uuid.UUID, new_email: str, *, actor: Actor) -> str:
    """Send a link to each of the two addresses; nothing changes yet. Returns the new address in its normal form.

    The answer is the same when the address already belongs to another user; then only that mailbox is told.
    Who calls has made sure that the person proved a short while ago who they are. Raises Refusal (field `email`) and
    TooManyAttempts.
    """
    wanted = normalise_email(new_email)
    if wanted is None:
        raise Refusal(N_("Type an e-mail address such as name@example.com."), field="email")
    old = db.session.execute(select(User.email).where(User.id == user_id)).scalar_one()
    if wanted == old:
        raise Refusal(N_("This is already your e-mail."), field="email")
    if count_attempt("email-change", str(user_id), window=LETTERS_WINDOW) > CHANGES_PER_HOUR:
        raise TooManyAttempts
    data = {"change": new_id().hex, "new_email": wanted}
    token_old = make_link(EMAIL_OLD, user_id, data)
    send_letter(EMAIL_OLD, user_id, token=token_old, new_email=wanted)
    token_new = make_link(EMAIL_NEW, user_id, data)
    if _taken(wanted):
        send_letter("email-taken", user_id, to=wanted)
    else:
        send_letter(EMAIL_NEW, user_id, token=token_new, to=wanted)
    audit.record("email.change-asked", actor=actor, subject=("user", user_id), data={"new_email": wanted})
    return wanted


def confirm_email(token: str) -> bool:
    """Confirm at one of the two addresses. True when both have and the e-mail changed. Raises BadLink."""
    link = find_link(token)
    if link.purpose not in OTHER:
        raise BadLink
    lock(f"email-change:{link.user_id}")  # both addresses may confirm in the same moment
    consume(link)
    if not _confirmed(link, OTHER[link.purpose]):
        return False
    _change(link)
    return True


def _confirmed(link: LiveLink, purpose: str) -> bool:
    found = db.session.execute(
        select(OneTimeLink.id).where(
            OneTimeLink.user_id == link.user_id,
            OneTimeLink.purpose == purpose,
            OneTimeLink.consumed_at.is_not(None),
            OneTimeLink.data["change"].astext == link.data["change"],
        )
    ).first()
    return found is not None


def _change(link: LiveLink) -> None:
    wanted: str = link.data["new_email"]
    lock(f"email:{wanted}")
    if _taken(wanted):
        raise BadLink
    db.session.execute(
        update(User)
        .where(User.id == link.user_id)
        .values(email=wanted, email_version=User.email_version + 1)
        .execution_options(synchronize_session=False)
    )
    drop_links(link.user_id, INVITATION, RECOVERY, EMAIL_NEW, EMAIL_OLD)
    send_letter("email-changed", link.user_id, to=link.email, new_email=wanted)
    actor = actor_of_link(link)
    audit.record(
        "email.changed",
        actor=actor,
        subject=("user", link.user_id),
        data={"before": link.email, "after": wanted},
    )
    customer_id = db.session.execute(select(User.customer_id).where(User.id == link.user_id)).scalar()
    emit("email.changed", customer_id=customer_id, email=wanted, actor=actor)


def _taken(email: str) -> bool:
    return db.session.execute(select(User.id).where(User.email == email)).first() is not None
