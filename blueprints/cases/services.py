"""Verbs on cases. Each locks the case, adds an event, leaves evidence, and tells whoever listens.

`actor.kind` says in whose place somebody acts: "customer" (the person whose case it is; whoever calls has found the
case to be theirs), "staff" (whoever calls has checked the right) or "system". `now` is aware. All raise NotFound for
a case that does not exist and Refusal for what may not be done to it as it stands.

Told, in this order and in the same transaction: `case.logged` (case_id, event_id, kind, at), for the clock to write
`due_on`; then `case.<kind of event>` with the facts of `_facts`.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select, update

from blueprints.cases import catalogue, rules
from blueprints.cases.certificate import issue_certificate
from blueprints.cases.models import Case, CaseEvent, CaseFile
from saas import audit
from saas.audit import Actor
from saas.counters import take_numbers
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.refusals import NotFound, Refusal
from tenants.loading import serving
from tenants.people import StaffRole, User
from tenants.roles import CASES, permissions_of


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was checked and stored, and comes with an event. `size` in bytes."""

    file_id: uuid.UUID
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class NewCase:
    """What somebody asks. Ids were found to be in the person's reach by whoever calls; `since` is when the matter
    began (the moment of receipt is the clock's). `form_key` is of the form it came by."""

    class_code: str
    subject_code: str
    description: str
    customer_id: uuid.UUID | None
    user_id: uuid.UUID | None = None
    kind: str = "pqrs"
    channel: str = "area"
    account_id: uuid.UUID | None = None
    property_id: uuid.UUID | None = None
    invoice_id: uuid.UUID | None = None
    since: datetime.date | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[Upload] = ()
    form_key: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """`created` is False when the same form had opened it before."""

    id: uuid.UUID
    number: str
    created: bool


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


def open_case(new: NewCase, *, actor: Actor, now: datetime.datetime) -> Opened:
    """File a case. The same form twice, by the same user, gives the case of the first time."""
    if new.form_key:
        lock(f"case-form:{new.form_key}")
        before = db.session.execute(
            select(Case.id, Case.number, Case.user_id).where(Case.form_key == new.form_key)
        ).first()
        if before is not None:
            if before.user_id != new.user_id:
                raise NotFound()
            return Opened(before.id, before.number, False)
    description = rules.clean(new.description, "description")
    if not description:
        raise Refusal(N_("Tell us what it is about."), field="description")
    catalogue.check_class(new.kind, new.class_code)
    catalogue.check_subject(new.kind, new.subject_code)
    today = serving().today()
    if new.since is not None and new.since > today:
        raise Refusal(N_("It cannot have begun after today."), field="since")
    case_id = new_id()
    number = take_numbers(f"cases.{today.year}")[0]
    filed = f"{serving().setting('cases.prefix')}{today.year}-{number:06d}"
    db.session.execute(
        insert(Case).values(
            id=case_id,
            number=filed,
            kind=new.kind,
            class_code=new.class_code,
            subject_code=new.subject_code,
            channel=new.channel,
            state=rules.RECEIVED,
            stage=1,
            customer_id=new.customer_id,
            user_id=new.user_id,
            account_id=new.account_id,
            property_id=new.property_id,
            invoice_id=new.invoice_id,
            since=new.since,
            received_at=now,
            description=description,
            details=dict(new.details),
            moved_at=now,
            form_key=new.form_key,
            version=0,
        )
    )
    data = {"class": new.class_code, "subject": new.subject_code, "channel": new.channel}
    _log(held(case_id), rules.OPENED, actor, now, data=data, files=new.files)
    issue_certificate(case_id, now=now)
    return Opened(case_id, filed, True)


def say(
    case_id: uuid.UUID,
    body: str,
    *,
    actor: Actor,
    now: datetime.datetime,
    files: Sequence[Upload] = (),
    once: str | None = None,
) -> uuid.UUID:
    """The customer adds something. Returns the event's id, as all verbs do.

    `once`, where a verb takes it, is the key of the form: sent twice, it adds one event.
    """
    return _do(case_id, rules.SAID, actor, now, body=body, files=files, once=once)


def reply(
    case_id: uuid.UUID,
    body: str,
    *,
    actor: Actor,
    now: datetime.datetime,
    files: Sequence[Upload] = (),
    once: str | None = None,
) -> uuid.UUID:
    """Staff write to the customer while the answer itself is still owed."""
    return _do(case_id, rules.REPLIED, actor, now, body=body, files=files, once=once)


def answer(
    case_id: uuid.UUID,
    body: str,
    *,
    actor: Actor,
    now: datetime.datetime,
    files: Sequence[Upload] = (),
    once: str | None = None,
) -> uuid.UUID:
    """Staff give the answer that ends the term of this stage."""
    data = {"stage": held(case_id).stage}
    return _do(case_id, rules.ANSWERED_EVENT, actor, now, body=body, files=files, data=data, once=once)


def note(
    case_id: uuid.UUID,
    body: str,
    *,
    actor: Actor,
    now: datetime.datetime,
    files: Sequence[Upload] = (),
    once: str | None = None,
) -> uuid.UUID:
    """Staff write something down that the customer never sees."""
    return _do(case_id, rules.NOTED, actor, now, body=body, files=files, once=once)


def assign(case_id: uuid.UUID, to: uuid.UUID | None, *, actor: Actor, now: datetime.datetime) -> uuid.UUID:
    """Give a case to somebody who answers cases, or (None) to nobody."""
    name = _answerer(to) if to is not None else ""
    data = {"to": str(to) if to else None, "name": name}
    return _do(case_id, rules.ASSIGNED, actor, now, data=data, changes={"assigned_to": to})


def ask_for_more(
    case_id: uuid.UUID, body: str, *, until: datetime.date | None, actor: Actor, now: datetime.datetime
) -> uuid.UUID:
    """Staff need something from the customer: the clock pauses until it comes. `until`: the customer's last day."""
    return _do(
        case_id, rules.ASKED, actor, now, body=body, data={"until": until.isoformat() if until else None}
    )


def complete(
    case_id: uuid.UUID,
    body: str,
    *,
    actor: Actor,
    now: datetime.datetime,
    files: Sequence[Upload] = (),
    once: str | None = None,
) -> uuid.UUID:
    """What was missing has come: the clock goes on. Needs words or a file from a customer."""
    if actor.kind == rules.CUSTOMER and not body.strip() and not files:
        raise Refusal(N_("Write what we asked for, or add a file."), field="body")
    return _do(case_id, rules.COMPLETED, actor, now, body=body, files=files, once=once)


def extend(
    case_id: uuid.UUID, body: str, *, until: datetime.date, actor: Actor, now: datetime.datetime
) -> uuid.UUID:
    """Staff tell the customer, before the term ends, why it takes longer and until which day."""
    return _do(case_id, rules.EXTENDED, actor, now, body=body, data={"until": until.isoformat()})


def appeal(
    case_id: uuid.UUID,
    body: str,
    *,
    actor: Actor,
    now: datetime.datetime,
    files: Sequence[Upload] = (),
    once: str | None = None,
) -> uuid.UUID:
    """The customer does not agree with the answer: a second stage with a term of its own. Once a case."""
    if (before := _once(case_id, once)) is not None:
        return before
    rules.check_appeal(held(case_id).stage)
    return _do(case_id, rules.APPEALED, actor, now, body=body, files=files, changes={"stage": 2}, once=once)


def close(case_id: uuid.UUID, body: str = "", *, actor: Actor, now: datetime.datetime) -> uuid.UUID:
    """End an answered case (customer, staff, system); staff may end one without an answer, and say why."""
    state = held(case_id).state
    if state != rules.ANSWERED and not body.strip():
        raise Refusal(N_("Write why it ends without an answer."), field="body")
    return _do(case_id, rules.CLOSED_EVENT, actor, now, body=body)


def reopen(
    case_id: uuid.UUID,
    body: str,
    *,
    actor: Actor,
    now: datetime.datetime,
    files: Sequence[Upload] = (),
    once: str | None = None,
) -> uuid.UUID:
    """Take an answered or closed case up again. A customer may within `cases.reopen-days` of the newest event."""
    found = held(case_id)
    days = serving().setting("cases.reopen-days")
    if actor.kind == rules.CUSTOMER and not rules.may_reopen(found.moved_at, now, days):
        raise Refusal(N_("A case can be reopened within %(days)s days. Please open a new one."), days=days)
    return _do(case_id, rules.REOPENED, actor, now, body=body, files=files, once=once)


def withdraw(case_id: uuid.UUID, body: str = "", *, actor: Actor, now: datetime.datetime) -> uuid.UUID:
    """The customer needs no answer any more; or staff take it as withdrawn, and say why."""
    if actor.kind != rules.CUSTOMER and not body.strip():
        raise Refusal(N_("Write why it counts as withdrawn."), field="body")
    return _do(case_id, rules.WITHDRAWN_EVENT, actor, now, body=body)


def rate(
    case_id: uuid.UUID, rating: int, words: str = "", *, actor: Actor, now: datetime.datetime
) -> uuid.UUID:
    """The customer says how good the answer was, from 1 to 5; a later word replaces the earlier one."""
    if rating not in rules.RATINGS:
        raise Refusal(N_("Choose from 1 to 5."), field="rating")
    kept = rules.clean(words, "rating_words", longest=1000)
    changes = {"rating": rating, "rating_words": kept or None}
    return _do(case_id, rules.RATED, actor, now, body=kept, data={"rating": rating}, changes=changes)


def change_class(
    case_id: uuid.UUID,
    *,
    class_code: str,
    subject_code: str,
    actor: Actor,
    now: datetime.datetime,
    body: str = "",
) -> uuid.UUID:
    """Staff put a case where it belongs; its term follows its class from the day it was received."""
    found = held(case_id)
    catalogue.check_class(found.kind, class_code)
    catalogue.check_subject(found.kind, subject_code)
    data = {
        "class": class_code,
        "subject": subject_code,
        "class_before": found.class_code,
        "subject_before": found.subject_code,
    }
    changes = {"class_code": class_code, "subject_code": subject_code}
    return _do(case_id, rules.RECLASSIFIED, actor, now, body=body, data=data, changes=changes)


def add_event(
    case_id: uuid.UUID,
    kind: str,
    *,
    actor: Actor,
    now: datetime.datetime,
    body: str = "",
    data: Mapping[str, Any] | None = None,
) -> uuid.UUID:
    """Something of `rules.DEEDS` that has no verb of its own here, such as what becomes of a quote."""
    return _do(case_id, kind, actor, now, body=body, data=data)


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


def _do(
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
    if (before := _once(case_id, once)) is not None:
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
        _set(case_id, **changes)
    return _log(found, deed, actor, now, body=words, data=data, files=files)


def _once(case_id: uuid.UUID, form: str | None) -> uuid.UUID | None:
    """The event that this form has added before, if it has. The case is locked."""
    if not form:
        return None
    return db.session.execute(
        select(CaseEvent.id).where(CaseEvent.case_id == case_id, CaseEvent.data["form"].astext == form)
    ).scalar()


def _log(
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
    _set(found.id, version=number, moved_at=now)
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


def _set(case_id: uuid.UUID, **values: Any) -> None:
    db.session.execute(
        update(Case).where(Case.id == case_id).values(**values).execution_options(synchronize_session=False)
    )


def _answerer(user_id: uuid.UUID) -> str:
    """The name of somebody who may answer cases. Raises Refusal."""
    rows = db.session.execute(
        select(User.name, StaffRole.role)
        .join(StaffRole, (StaffRole.tenant_id == User.tenant_id) & (StaffRole.user_id == User.id))
        .where(User.id == user_id, User.status == "active")
    ).all()
    if CASES not in permissions_of(row.role for row in rows):
        raise Refusal(N_("This person does not answer cases."), field="to")
    name: str = rows[0].name
    return name
