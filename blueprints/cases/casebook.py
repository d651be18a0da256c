"""The book of cases: the one place that writes into their log, and what every verb does with it.

An event, its files, the case's newest state, evidence, and what listeners are told: all in the caller's transaction.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from blueprints.cases import rules
from blueprints.cases.models import Case, CaseEvent, CaseFile
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import NotFound, Refusal


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was checked and stored, and comes with an event. `size` in bytes."""

    file_id: uuid.UUID
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Held:
    """A case while it is locked."""

    id: uuid.UUID
    number: str
    kind: str
    class_code: str
    subject_code: str
    state: str
    stage: int
    customer_id: uuid.UUID | None
    user_id: uuid.UUID | None
    account_id: uuid.UUID | None
    property_id: uuid.UUID | None
    assigned_to: uuid.UUID | None
    moved_at: datetime.datetime
    ended_at: datetime.datetime | None
    version: int


def held(case_id: uuid.UUID) -> Held:
    """The case, locked until the transaction ends. Raises NotFound."""
    row = db.session.execute(
        select(
            Case.id,
            Case.number,
            Case.kind,
            Case.class_code,
            Case.subject_code,
            Case.state,
            Case.stage,
            Case.customer_id,
            Case.user_id,
            Case.account_id,
            Case.property_id,
            Case.assigned_to,
            Case.moved_at,
            Case.ended_at,
            Case.version,
        )
        .where(Case.id == case_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    return Held(**row._mapping)


def do(
    case_id: uuid.UUID,
    deed: str,
    actor: Actor,
    now: datetime.datetime,
    *,
    body: str = "",
    data: Mapping[str, Any] | None = None,
    files: Sequence[Upload] = (),
    changes: Mapping[str, Any] | None = None,
    once: str | None = None,
) -> uuid.UUID:
    found = held(case_id)
    if (before := added_by(case_id, once)) is not None:
        return before
    data = {**(data or {}), "form": once} if once else data
    state = rules.after(found.state, deed, actor.kind)
    words = rules.clean(body)
    if rules.DEEDS[deed].needs_words and not words:
        raise Refusal(N_("Write a few words."), field="body")
    if state != found.state:
        ended = now if state in rules.ENDED_STATES else None
        changes = {**(changes or {}), "state": state, "ended_at": ended}
    if changes:
        change(case_id, **changes)
    return log(found, deed, actor, now, body=words, data=data, files=files)


def added_by(case_id: uuid.UUID, form: str | None) -> uuid.UUID | None:
    """The event that this form has added before, if it has. The case is locked."""
    if not form:
        return None
    return db.session.execute(
        select(CaseEvent.id).where(CaseEvent.case_id == case_id, CaseEvent.data["form"].astext == form)
    ).scalar()


def already(case_id: uuid.UUID, form: str) -> bool:
    """Whether this form has added its event before. Locks the case. Raises NotFound."""
    held(case_id)
    return added_by(case_id, form) is not None


def log(
    found: Held,
    kind: str,
    actor: Actor,
    now: datetime.datetime,
    *,
    body: str = "",
    data: Mapping[str, Any] | None = None,
    files: Sequence[Upload] = (),
) -> uuid.UUID:
    event_id, number = new_id(), found.version + 1
    deed = rules.DEEDS.get(kind)
    db.session.execute(
        insert(CaseEvent).values(
            id=event_id,
            case_id=found.id,
            number=number,
            kind=kind,
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.user_id,
            actor_name=actor.name,
            visible=deed.visible if deed else True,
            body=body,
            data=dict(data or {}),
        )
    )
    if files:
        db.session.execute(insert(CaseFile), _file_rows(found.id, event_id, files))
    change(found.id, version=number, moved_at=now)
    emit("case.logged", case_id=found.id, event_id=event_id, kind=kind, at=now)
    audit.record(
        f"case.{kind}",
        actor=actor,
        subject=("case", found.id),
        customer_id=found.customer_id,
        data={"number": found.number, "files": len(files), **(data or {})},
    )
    emit(f"case.{kind}", **_facts(found.id), event_id=event_id, by=actor.kind, at=now)
    return event_id


def _facts(case_id: uuid.UUID) -> dict[str, Any]:
    """What listeners are told: case_id, number, kind, class_code, subject_code, state, stage, customer_id, user_id,
    account_id, property_id, assigned_to, due_on; and by `_log` event_id, by (the actor's kind) and at."""
    row = db.session.execute(
        select(
            Case.id.label("case_id"),
            Case.number,
            Case.kind,
            Case.class_code,
            Case.subject_code,
            Case.state,
            Case.stage,
            Case.customer_id,
            Case.user_id,
            Case.account_id,
            Case.property_id,
            Case.assigned_to,
            Case.due_on,
        ).where(Case.id == case_id)
    ).one()
    return dict(row._mapping)


def _file_rows(case_id: uuid.UUID, event_id: uuid.UUID, files: Sequence[Upload]) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(),
            "case_id": case_id,
            "event_id": event_id,
            "file_id": file.file_id,
            "position": position,
            "name": file.name,
            "media_type": file.media_type,
            "size": file.size,
            "sha256": file.sha256,
        }
        for position, file in enumerate(files, 1)
    ]


def change(case_id: uuid.UUID, **values: Any) -> None:
    db.session.execute(
        update(Case).where(Case.id == case_id).values(**values).execution_options(synchronize_session=False)
    )
