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

from sqlalchemy import insert, null, select

from blueprints.cases import catalogue, rules
from blueprints.cases.casebook import Upload as Upload
from blueprints.cases.casebook import added_by, do, held, log
from blueprints.cases.certificate import issue_certificate
from blueprints.cases.channels import WEB
from blueprints.cases.follow_codes import code_for
from blueprints.cases.models import Case
from saas.audit import Actor
from saas.counters import take_numbers
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.refusals import NotFound, Refusal
from saas.tokens import digest
from tenants.loading import serving
from tenants.people import StaffRole, User
from tenants.roles import CASES, permissions_of


@dataclass(frozen=True, slots=True)
class NewCase:
    """What somebody asks. Ids were found to be in the person's reach by whoever calls; `since` is when the matter
    began. `form_key` is of the form it came by.

    What staff write down came in at `received_at`, checked by receipt.py, and `late_why` says why that was earlier;
    None: now. `person` is who asks where the books do not know them (`Person.kept`). What came in on the web without a
    login (`channels.WEB`) gets a code to follow it by; `consent`: who gave a name agreed to its being kept."""

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
    person: Mapping[str, str] | None = None
    received_at: datetime.datetime | None = None
    late_why: str = ""
    consent: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """`created` is False when the same form had opened it before."""

    id: uuid.UUID
    number: str
    created: bool


def open_case(new: NewCase, *, actor: Actor, now: datetime.datetime) -> Opened:
    """File a case. The same form twice, by the same user, gives the case of the first time.

    Raises Refusal (fields description, class_code, subject_code, since).
    """
    received = new.received_at or now
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
            person=dict(new.person) if new.person else null(),
            user_id=new.user_id,
            account_id=new.account_id,
            property_id=new.property_id,
            invoice_id=new.invoice_id,
            since=new.since,
            received_at=received,
            description=description,
            details=dict(new.details),
            moved_at=now,
            form_key=new.form_key,
            follow_digest=digest(code_for(case_id)) if new.channel == WEB else None,
            version=0,
        )
    )
    data: dict[str, Any] = {"class": new.class_code, "subject": new.subject_code, "channel": new.channel}
    if new.received_at is not None:
        data |= {"received": received.astimezone(datetime.UTC).isoformat(), "late_why": new.late_why}
    if new.person:
        data["for"] = new.person.get("name", "")
    if new.consent:
        data["consent"] = True
    log(held(case_id), rules.OPENED, actor, now, data=data, files=new.files)
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
    return do(case_id, rules.SAID, actor, now, body=body, files=files, once=once)


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
    return do(case_id, rules.REPLIED, actor, now, body=body, files=files, once=once)


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
    return do(case_id, rules.ANSWERED_EVENT, actor, now, body=body, files=files, data=data, once=once)


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
    return do(case_id, rules.NOTED, actor, now, body=body, files=files, once=once)


def assign(
    case_id: uuid.UUID, to: uuid.UUID | None, *, actor: Actor, now: datetime.datetime
) -> uuid.UUID | None:
    """Give a case to somebody who answers cases, or (None) to nobody. None when it is theirs already."""
    found = held(case_id)
    if found.assigned_to == to and found.state != rules.RECEIVED:
        return None
    name = _answerer(to) if to is not None else ""
    data = {"to": str(to) if to else None, "name": name}
    return do(case_id, rules.ASSIGNED, actor, now, data=data, changes={"assigned_to": to})


def ask_for_more(
    case_id: uuid.UUID,
    body: str,
    *,
    until: datetime.date | None,
    actor: Actor,
    now: datetime.datetime,
    in_time: bool = False,
    once: str | None = None,
) -> uuid.UUID:
    """Staff need something from the customer: the clock pauses until it comes. `until`: the customer's last day.

    `in_time`: whoever calls has seen that the clock may pause still (guards.py); no later calendar takes that back.
    """
    data = {"until": until.isoformat() if until else None, **({"in_time": True} if in_time else {})}
    return do(case_id, rules.ASKED, actor, now, body=body, data=data, once=once)


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
    return do(case_id, rules.COMPLETED, actor, now, body=body, files=files, once=once)


def extend(
    case_id: uuid.UUID,
    body: str,
    *,
    until: datetime.date,
    actor: Actor,
    now: datetime.datetime,
    in_time: bool = False,
    once: str | None = None,
) -> uuid.UUID:
    """Staff tell the customer, before the term ends, why it takes longer and until which day. `in_time` as when asking
    for more."""
    data = {"until": until.isoformat(), **({"in_time": True} if in_time else {})}
    return do(case_id, rules.EXTENDED, actor, now, body=body, data=data, once=once)


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
    if (before := added_by(case_id, once)) is not None:
        return before
    rules.check_appeal(held(case_id).stage)
    return do(case_id, rules.APPEALED, actor, now, body=body, files=files, changes={"stage": 2}, once=once)


def close(
    case_id: uuid.UUID, body: str = "", *, actor: Actor, now: datetime.datetime, once: str | None = None
) -> uuid.UUID:
    """End an answered case (customer, staff, system); staff may end one without an answer, and say why."""
    state = held(case_id).state
    if state != rules.ANSWERED and not body.strip():
        raise Refusal(N_("Write why it ends without an answer."), field="body")
    return do(case_id, rules.CLOSED_EVENT, actor, now, body=body, once=once)


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
    return do(case_id, rules.REOPENED, actor, now, body=body, files=files, once=once)


def withdraw(
    case_id: uuid.UUID, body: str = "", *, actor: Actor, now: datetime.datetime, once: str | None = None
) -> uuid.UUID:
    """The customer needs no answer any more; or staff take it as withdrawn, and say why."""
    if actor.kind != rules.CUSTOMER and not body.strip():
        raise Refusal(N_("Write why it counts as withdrawn."), field="body")
    return do(case_id, rules.WITHDRAWN_EVENT, actor, now, body=body, once=once)


def rate(
    case_id: uuid.UUID,
    rating: int,
    words: str = "",
    *,
    actor: Actor,
    now: datetime.datetime,
    once: str | None = None,
) -> uuid.UUID:
    """The customer says how good the answer was, from 1 to 5; a later word replaces the earlier one."""
    if rating not in rules.RATINGS:
        raise Refusal(N_("Choose from 1 to 5."), field="rating")
    kept = rules.clean(words, "rating_words", longest=1000)
    changes = {"rating": rating, "rating_words": kept or None}
    data = {"rating": rating}
    return do(case_id, rules.RATED, actor, now, body=kept, data=data, changes=changes, once=once)


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
    return do(case_id, rules.RECLASSIFIED, actor, now, body=body, data=data, changes=changes)


def add_event(
    case_id: uuid.UUID,
    kind: str,
    *,
    actor: Actor,
    now: datetime.datetime,
    body: str = "",
    data: Mapping[str, Any] | None = None,
    once: str | None = None,
) -> uuid.UUID:
    """Something of `rules.DEEDS` that has no verb of its own here, such as what becomes of a quote."""
    return do(case_id, kind, actor, now, body=body, data=data, once=once)


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
