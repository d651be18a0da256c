"""The one way out: every letter that any capability composes becomes a row here before it leaves.

So the customer's list is whole without anybody having to think of it, and what became of a letter has one place.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

from sqlalchemy import insert

from blueprints.messages import rules
from blueprints.messages.addresses import whose
from blueprints.messages.kinds import MAIL, kind_of
from blueprints.messages.models import Message
from blueprints.messages.services import LEAVE
from saas.clock import now
from saas.database import db
from saas.files import load, store
from saas.ids import new_id
from saas.mail import Attachment, Letter, taken_in_by
from saas.outbox import enqueue
from saas.scope import active_tenant_id, current_tenant_id
from tenants.frame import keyring

FIELD = "letter"
BLOT = "••••••"
PURPOSE = "message"


def take_in(letter: Letter) -> bool:
    """Keep a letter and let it leave by the outbox, in the caller's transaction. Letters of no tenant are not ours."""
    if active_tenant_id() is None:
        return False
    message_id, moment = new_id(), now()
    customer_id, user_id = whose(letter.to, user_id=letter.user_id, customer_id=letter.customer_id)
    db.session.execute(
        insert(Message).values(
            id=message_id,
            kind=kind_of(letter.kind).code,
            channel=MAIL,
            state=rules.QUEUED,
            counts=False,
            customer_id=customer_id,
            user_id=user_id,
            recipient=letter.to,
            subject=blotted(letter.subject, letter),
            body=blotted(letter.text, letter),
            sealed=sealed(letter, message_id),
            attachments=kept(letter),
            facts={},
            about=letter.about or None,
            created_at=moment,
            tries=0,
        )
    )
    enqueue(LEAVE, {"message": str(message_id)}, key=str(message_id))
    return True


def blotted(text: str, letter: Letter) -> str:
    """A text without what opens something: a list that others may read must not hand out links."""
    for secret in letter.secrets:
        text = text.replace(secret, BLOT)
    return text


def kept(letter: Letter) -> list[dict[str, Any]]:
    """Where the attachments are; those that are nowhere yet are stored."""
    return [
        {
            "file": str(one.file_id or _stored(one)),
            "name": one.name,
            "type": one.media_type,
        }
        for one in letter.attachments
    ]


def _stored(one: Attachment) -> uuid.UUID:
    return store(one.content, media_type=one.media_type, name=one.name, purpose=PURPOSE)


def sealed(letter: Letter, message_id: uuid.UUID) -> str:
    """All that is needed to send the letter, readable with the tenant's key only."""
    content = {
        "to": letter.to,
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "sender_name": letter.sender_name,
        "sender_address": letter.sender_address,
        "reply_to": letter.reply_to,
        "tenant": letter.tenant,
        "unsubscribe": letter.unsubscribe,
    }
    return keyring().seal(json.dumps(content), current_tenant_id(), message_id, FIELD)


def opened(closed: str, message_id: uuid.UUID, attachments: list[dict[str, Any]]) -> Letter:
    """The letter again, with its attachments."""
    content = json.loads(keyring().unseal(closed, current_tenant_id(), message_id, FIELD))
    return replace(Letter(**content), attachments=tuple(_attached(one) for one in attachments))


def _attached(one: dict[str, Any]) -> Attachment:
    file_id = uuid.UUID(one["file"])
    return Attachment(one["name"], one["type"], load(file_id).content, file_id)


if take_in not in taken_in_by:
    taken_in_by.append(take_in)
