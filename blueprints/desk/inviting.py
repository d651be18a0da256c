"""Inviting every customer who can be invited: in steps, each a row of the outbox, however many there are."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select

from blueprints.auth.services import invite_user
from blueprints.desk.queries import invitable
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.ids import new_id
from saas.locks import lock
from saas.outbox import enqueue, handler
from saas.refusals import Refusal
from tenants.people import User

INVITE = "desk.invite-customers"
STEP = 50


def ask_to_invite(count: int, *, actor: Actor) -> None:
    """Have everybody invited who can be. Asked twice, nobody is invited twice: the second finds them invited."""
    run = new_id()
    enqueue(INVITE, {"by": str(actor.user_id), "run": str(run)}, key=str(run))
    audit.record("user.all-invited", actor=actor, data={"count": count})


@handler(INVITE)
def invite_some(payload: dict[str, Any]) -> None:
    """The next of them. Who cannot be invited after all, because somebody took the address meanwhile, is left out."""
    lock(INVITE)
    actor = _actor(uuid.UUID(payload["by"]))
    after = uuid.UUID(payload["after"]) if payload.get("after") else None
    rows = invitable.next_ready(after, STEP)
    for row in rows:
        try:
            with db.session.begin_nested():
                invite_user(email=row.email, name=row.name, actor=actor, customer_id=row.id)
        except Refusal:
            continue
    if len(rows) == STEP:
        rest = str(rows[-1].id)
        enqueue(INVITE, {**payload, "after": rest}, key=f"{payload['run']}:{rest}")


def _actor(user_id: uuid.UUID) -> Actor:
    name = db.session.execute(select(User.name).where(User.id == user_id)).scalar()
    return Actor("staff", user_id, name or "")
