"""Runs go on here, outside the request: a minute at a time, so that other work of the tenant gets its turn and a
process that is killed loses at most one step."""

from __future__ import annotations

import contextlib
import time
import uuid
from typing import Any, Final

from sqlalchemy import delete, select

from blueprints.billing.models import BillingItem
from blueprints.billing.runs import step, undo
from saas import outbox
from saas.audit import SYSTEM, Actor
from saas.database import db
from saas.refusals import NotFound, Refusal
from saas.scope import current_tenant_id, unit_of_work
from tenants.people import User

STEP: Final = "billing.step"
UNDO: Final = "billing.undo"
CLEAR: Final = "billing.clear"
AT_A_TIME: Final = 60  # seconds


def order_steps(run_id: uuid.UUID) -> None:
    outbox.enqueue(STEP, {"run": str(run_id)})


def order_undo(run_id: uuid.UUID, actor: Actor) -> None:
    outbox.enqueue(UNDO, {"run": str(run_id), "user": str(actor.user_id or "")})


def order_clearing(run_id: uuid.UUID) -> None:
    outbox.enqueue(CLEAR, {"run": str(run_id)})


@outbox.handler(STEP)
def go_on(payload: dict[str, Any]) -> None:
    """Take a run on. A second handler of the same run is harmless: steps wait for each other."""
    run_id, tenant_id = uuid.UUID(payload["run"]), current_tenant_id()
    until = time.monotonic() + AT_A_TIME
    with contextlib.suppress(NotFound):
        while step(tenant_id, run_id):
            if time.monotonic() > until:
                order_steps(run_id)
                return


@outbox.handler(UNDO)
def take_back(payload: dict[str, Any]) -> None:
    user = uuid.UUID(payload["user"]) if payload["user"] else None
    name = db.session.execute(select(User.name).where(User.id == user)).scalar() if user else None
    actor = Actor("staff", user, name or "") if user else SYSTEM
    with contextlib.suppress(Refusal, NotFound):  # it is written down in the run, for the page
        undo(current_tenant_id(), uuid.UUID(payload["run"]), actor=actor)


@outbox.handler(CLEAR)
def clear(payload: dict[str, Any]) -> None:
    """The items of a draft that nobody wants, some at a time."""
    run_id = uuid.UUID(payload["run"])
    while True:
        with unit_of_work(current_tenant_id()) as session:
            some = select(BillingItem.id).where(BillingItem.run_id == run_id).limit(20_000)
            gone = session.execute(
                delete(BillingItem)
                .where(BillingItem.id.in_(some))
                .execution_options(synchronize_session=False)
            )
            if not getattr(gone, "rowcount", 0):
                return
