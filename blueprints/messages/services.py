"""Verbs on messages: write one to a customer, send one again, note one that was brought by hand."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from blueprints.messages import rules
from blueprints.messages.addresses import person_of
from blueprints.messages.choices import wanted, wishes_of
from blueprints.messages.hours import allowed_from
from blueprints.messages.kinds import KINDS, LETTER, MAIL, PHONE, WHATSAPP, kind_of
from blueprints.messages.models import Message
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.outbox import enqueue
from saas.refusals import NotFound, Refusal

LEAVE = "messages.leave"  # the outbox topic
BY_HAND = (WHATSAPP, PHONE, LETTER)


def send(
    kind: str,
    *,
    customer_id: uuid.UUID,
    facts: Mapping[str, Any] | None = None,
    key: str | None = None,
    about: str = "",
    due_at: datetime.datetime | None = None,
    again_of: uuid.UUID | None = None,
    made_by: uuid.UUID | None = None,
) -> uuid.UUID | None:
    """Write a message in the caller's transaction; it is put into words when it leaves.

    `kind` is one of `kinds.KINDS` that has words. `facts` fill its fields, as JSON: text; money as
    {"amount": minor units, "currency": "COP"}; days as "2026-11-22"; months as "2026-11"; "invoices" as a list of
    ids; and "link", a path on the tenant's own host that the button leads to ("/cases/…"). With `key` a cause that is
    repeated writes one message: then, or when there is no such customer, None comes back. Raises KeyError for a kind
    that has no words.
    """
    if not KINDS[kind].worded:
        raise KeyError(kind)
    message_id = new_id()
    moment = now()
    written = db.session.execute(
        insert(Message)
        .values(
            id=message_id,
            kind=kind,
            channel=MAIL,
            state=rules.QUEUED,
            counts=KINDS[kind].limited,
            customer_id=customer_id,
            recipient="",
            subject="",
            facts=dict(facts or {}),
            about=about or None,
            key=key,
            not_before=due_at,
            created_at=moment,
            again_of=again_of,
            made_by=made_by,
            attachments=[],
            tries=0,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "key"])
        .returning(Message.id)
    ).scalar()
    if written is None:
        return None
    enqueue(LEAVE, {"message": str(message_id)}, key=str(message_id), due_at=due_at)
    return message_id


def send_again(message_id: uuid.UUID, *, actor: Actor) -> uuid.UUID:
    """Write the same message once more, to whoever is reached now. Returns the new one.

    What was put into words by us is put into words anew; what came as a letter goes as it was kept. Raises NotFound,
    Refusal for one that waits still, or one whose text is not kept because a link in it opened something.
    """
    row = db.session.execute(
        select(
            Message.kind,
            Message.state,
            Message.facts,
            Message.customer_id,
            Message.about,
            Message.channel,
            Message.body,
        )
        .where(Message.id == message_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    if row.state in rules.WAITING:
        raise Refusal(N_("This message waits to be sent: once is enough."))
    if row.channel != MAIL or not kind_of(row.kind).worded or row.customer_id is None:
        raise Refusal(
            N_("This message cannot be sent again. What it was about can be asked for on its own page.")
        )
    again = send(
        row.kind,
        customer_id=row.customer_id,
        facts=row.facts,
        about=row.about or "",
        again_of=message_id,
        made_by=actor.user_id,
    )
    if again is None:
        raise NotFound()
    audit.record(
        "message.sent-again",
        actor=actor,
        subject=("message", again),
        customer_id=row.customer_id,
        data={"kind": row.kind, "of": str(message_id)},
    )
    return again


def may_be_brought(
    kind: str, customer_id: uuid.UUID, channel: str, moment: datetime.datetime
) -> Refusal | None:
    """Why a message may not be brought to a customer on a channel now; None when it may."""
    found = kind_of(kind)
    if channel not in BY_HAND:
        raise NotFound()
    if channel == LETTER:
        return None  # paper in a letter box disturbs nobody
    if not wanted(found.code, channel, wishes_of(customer_id)):
        return Refusal(N_("The customer has not allowed to be asked for payments by telephone or WhatsApp."))
    try:
        earliest = allowed_from(found, customer_id, channel, moment)
    except rules.NeverAllowed:
        return Refusal(N_("The settings leave no hour in which customers may be contacted."))
    if earliest > moment:
        return Refusal(N_("Not before %(moment)s: hours and frequency are limited."), moment=earliest)
    return None


def bring_by_hand(
    message_id: uuid.UUID, channel: str, *, actor: Actor, moment: datetime.datetime
) -> uuid.UUID:
    """Note that staff bring a message themselves: by WhatsApp, by telephone, or on paper. Returns the note's id.

    Raises NotFound, Refusal when that is not allowed now.
    """
    row = db.session.execute(
        select(
            Message.kind, Message.customer_id, Message.subject, Message.body, Message.about, Message.language
        )
        .where(Message.id == message_id)
        .with_for_update()
    ).first()
    if row is None or row.customer_id is None:
        raise NotFound()
    if row.body is None:
        raise Refusal(N_("The text of this message is not kept any more."))
    lock(f"messages.contact:{row.customer_id}")
    if (refusal := may_be_brought(row.kind, row.customer_id, channel, moment)) is not None:
        raise refusal
    person = person_of(row.customer_id)
    if channel in (WHATSAPP, PHONE) and not person.phone:
        raise Refusal(N_("The books hold no telephone number of this customer."))
    note = new_id()
    db.session.execute(
        insert(Message).values(
            id=note,
            kind=row.kind,
            channel=channel,
            state=rules.SENT,
            counts=kind_of(row.kind).limited and channel != LETTER,
            customer_id=row.customer_id,
            recipient=person.phone if channel != LETTER else "",
            language=row.language,
            subject=row.subject,
            body=row.body,
            facts={},
            about=row.about,
            created_at=moment,
            sent_at=moment,
            settled_at=moment,
            again_of=message_id,
            made_by=actor.user_id,
            attachments=[],
            tries=0,
        )
    )
    audit.record(
        "message.brought",
        actor=actor,
        subject=("message", note),
        customer_id=row.customer_id,
        data={"kind": row.kind, "channel": channel, "of": str(message_id)},
    )
    return note
