"""Verbs of the desk: put a file in, say go, ask for it to be taken back. The work itself runs later."""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import update

from blueprints.imports.batches import ALL_OR_NOTHING, change_batch, create_batch, find_batch, told
from blueprints.imports.jobs import order_run, order_undo
from blueprints.imports.loading import bind, home
from blueprints.imports.models import ImportBatch
from blueprints.imports.reading.detect import detect
from blueprints.imports.recognise import Pack, recognise, resolve_profile, shipped_profiles
from saas import files
from saas.audit import Actor
from saas.database import db
from saas.languages import N_
from saas.refusals import Refusal

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NOT_READY = N_("This import was started already.")
NOT_DONE = N_("Only an import that is done can be undone.")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent. `profile` is a profile's or a pack's id, or None to tell it by its columns."""

    content: bytes
    name: str
    profile: str | None


def put_in(upload: Upload, *, actor: Actor) -> uuid.UUID:
    """Look at a file and keep it, so that people see how it is read before anything happens. Returns the batch.

    Raises Refusal for what cannot be read or recognised; `profile` is then the field at fault, if the choice is.
    """
    name = Path(upload.name.replace("\\", "/")).name[:120] or "file"
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        path = Path(folder) / "file"
        path.write_bytes(upload.content)
        choice = resolve_profile(upload.profile) if upload.profile else None
        if choice is None or isinstance(choice, Pack):
            candidates = shipped_profiles().values() if choice is None else choice.profiles
            choice = recognise(detect(path, name=name), candidates)
        table = bind(path, choice, home(), name)
    file_id = files.store(
        upload.content,
        media_type=WORKBOOK if table.detected.kind == "xlsx" else "text/csv",
        name=name,
        purpose="import",
    )
    return create_batch(
        profile=choice.id,
        file_name=name,
        sha256=table.detected.sha256,
        mode=ALL_OR_NOTHING,
        dry_run=True,
        created_by=actor.user_id,
        file_id=file_id,
        detected=told(table),
        state="prepared",
    )


def start(batch_id: uuid.UUID, *, mode: str, dry_run: bool, actor: Actor) -> uuid.UUID:
    """Run a prepared batch, or a rehearsed one for good. Returns the batch that will run (a rehearsal's report is
    kept, so what follows it is a batch of its own). Raises NotFound, and Refusal when it was started before."""
    batch = find_batch(batch_id)
    if batch.state == "prepared":
        taken = db.session.execute(
            update(ImportBatch)
            .where(ImportBatch.id == batch_id, ImportBatch.state == "prepared")
            .values(state="waiting", mode=mode, dry_run=dry_run)
            .returning(ImportBatch.id)
            .execution_options(synchronize_session=False)
        ).first()
        if taken is None:
            raise Refusal(NOT_READY)
        order_run(batch_id)
        return batch_id
    if not batch.dry_run or batch.state not in ("done", "refused") or batch.file_id is None:
        raise Refusal(NOT_READY)
    following = create_batch(
        profile=batch.profile,
        file_name=batch.file_name,
        sha256="",
        mode=mode,
        dry_run=dry_run,
        created_by=actor.user_id,
        file_id=batch.file_id,
    )
    order_run(following)
    return following


def ask_to_undo(batch_id: uuid.UUID, *, actor: Actor) -> None:
    """Have a batch taken back. Raises NotFound, and Refusal for one that is not done."""
    batch = find_batch(batch_id)
    if batch.dry_run or batch.state != "done":
        raise Refusal(NOT_DONE)
    change_batch(batch_id, state="undoing", problem=None)
    order_undo(batch_id, actor)
