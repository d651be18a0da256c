"""Imports and undos that were asked for at the desk run here, outside the request."""

from __future__ import annotations

import contextlib
import logging
import tempfile
import uuid
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from blueprints.imports.batches import find_batch
from blueprints.imports.runs import run_batch, undo_import
from saas import files, outbox
from saas.audit import SYSTEM, Actor
from saas.database import db
from saas.refusals import Refusal
from saas.scope import current_tenant_id
from tenants.people import User

RUN: Final = "imports.run"
UNDO: Final = "imports.undo"
log = logging.getLogger("ventanilla.imports")


def order_run(batch_id: uuid.UUID) -> None:
    outbox.enqueue(RUN, {"batch": str(batch_id)})


def order_undo(batch_id: uuid.UUID, actor: Actor) -> None:
    outbox.enqueue(UNDO, {"batch": str(batch_id), "user": str(actor.user_id or "")})


@outbox.handler(RUN)
def run(payload: dict[str, Any]) -> None:
    """Run a batch on its stored file. A failure is told in the batch; a second try would fail alike."""
    batch = find_batch(uuid.UUID(payload["batch"]))
    if batch.file_id is None:
        return
    stored = files.load(batch.file_id)
    actor = _actor(batch.created_by)
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        path = Path(folder) / "file"
        path.write_bytes(stored.content)
        try:
            run_batch(current_tenant_id(), batch.id, path, actor=actor)
        except Exception:
            log.exception("an import failed", extra={"facts": {"batch": str(batch.id)}})


@outbox.handler(UNDO)
def take_back(payload: dict[str, Any]) -> None:
    user = uuid.UUID(payload["user"]) if payload["user"] else None
    with contextlib.suppress(Refusal):  # it is written down in the batch, for the page
        undo_import(current_tenant_id(), uuid.UUID(payload["batch"]), actor=_actor(user))


def _actor(user_id: uuid.UUID | None) -> Actor:
    """Who asked, as evidence names them."""
    if user_id is None:
        return SYSTEM
    name = db.session.execute(select(User.name).where(User.id == user_id)).scalar()
    return Actor("staff", user_id, name or "")
