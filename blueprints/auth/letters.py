"""The letters of this capability. What must stay secret travels sealed for tenant and user."""

from __future__ import annotations

import json
import uuid
from typing import Any

from sqlalchemy import select

from blueprints.auth.letter_texts import TEXTS
from blueprints.auth.links import make_link
from blueprints.auth.rules import INVITATION, RECOVERY
from saas.database import db
from saas.mail import deliver
from saas.outbox import enqueue, handler
from saas.scope import current_tenant_id
from tenants.frame import keyring
from tenants.letters import address_of
from tenants.people import User
from tenants.worded_letters import Content, compose_worded

TOPIC = "auth.mail"
ASKED = "auth.recovery-asked"
FIELD = "auth-letter"


def send_letter(kind: str, user_id: uuid.UUID, **sealed: str) -> None:
    """Put a letter to a user into the outbox, in the caller's transaction.

    `sealed` may carry `token` (the link's), `to` (another address than the user's) and values of the letter's fields.
    """
    secret = keyring().seal(json.dumps(sealed), current_tenant_id(), user_id, FIELD)
    enqueue(TOPIC, {"kind": kind, "user": str(user_id), "sealed": secret})


def ask_for_recovery(email: str) -> None:
    """Note that an e-mail asked; whether anybody has it is found out later, where nobody can time it (B06)."""
    secret = keyring().seal(email, current_tenant_id(), None, FIELD)
    enqueue(ASKED, {"sealed": secret})


@handler(TOPIC)
def _send(payload: dict[str, Any]) -> None:
    user_id = uuid.UUID(payload["user"])
    sealed = json.loads(keyring().unseal(payload["sealed"], current_tenant_id(), user_id, FIELD))
    _deliver(payload["kind"], user_id, **sealed)


@handler(ASKED)
def _recover(payload: dict[str, Any]) -> None:
    email = keyring().unseal(payload["sealed"], current_tenant_id(), None, FIELD)
    row = db.session.execute(select(User.id, User.status).where(User.email == email)).first()
    if row is None or row.status == "disabled":
        return
    # Who never accepted the invitation gets a new one: the same proof, the same page.
    kind = INVITATION if row.status == "invited" else RECOVERY
    _deliver(kind, row.id, token=make_link(kind, row.id))


def _deliver(kind: str, user_id: uuid.UUID, *, token: str = "", to: str = "", **facts: str) -> None:
    row = db.session.execute(select(User.email, User.name, User.language).where(User.id == user_id)).first()
    if row is None:
        return
    url = address_of("auth.link", token=token) if token else ""
    deliver(
        compose_worded(
            TEXTS[kind],
            to or row.email,
            {"customer": row.name, **facts},
            lambda: Content(url=url),
            language=row.language,
            kind="security",
            # A letter to another address is no news of this user's: it would tell whether somebody has that address.
            user_id=None if to else user_id,
            secrets=[token],
        )
    )
