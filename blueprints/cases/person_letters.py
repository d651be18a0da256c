"""Letters to who cannot read a case in an area of their own: the mail says everything, and brings the files.

Everybody else is told by blueprints/messages that there is news, and reads it after signing in.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Final

from flask_babel import ngettext

from blueprints.cases import rules, wording
from blueprints.cases.certificate import certificate
from blueprints.cases.desk_queries import desk_case
from blueprints.cases.follow_codes import link_token
from blueprints.cases.letter_texts import FILED, NEWS
from blueprints.cases.queries import File, happenings
from blueprints.cases.reaching import reached
from saas.events import subscribe
from saas.files import load
from saas.mail import Attachment, Letter, deliver
from saas.outbox import enqueue, handler
from tenants.letters import address_of, speaking
from tenants.worded_letters import Content, compose_worded

TOPIC: Final = "cases.letter"
MOST_BYTES: Final = 8 * 1024 * 1024  # of files in one mail: what any server takes
TOLD: Final = (
    rules.REPLIED,
    rules.ANSWERED_EVENT,
    rules.ASKED,
    rules.GIVEN_LONGER,
    rules.EXTENDED,
    rules.TRANSFERRED,
    rules.WITHDRAWN_EVENT,
    rules.CLOSED_EVENT,
)

_TIME_TO_SEND: Final = frozenset({rules.ASKED, rules.GIVEN_LONGER})  # their day is the customer's last


def tell(case_id: uuid.UUID, event_id: uuid.UUID, by: str, **_facts: Any) -> None:
    """Leave a letter for who cannot read it in an area, once per event; what they did themselves they know."""
    if by != rules.CUSTOMER and reached(case_id).by_letter:
        _leave(case_id, event_id)


def tell_who_filed(case_id: uuid.UUID, event_id: uuid.UUID, by: str, **_facts: Any) -> None:
    """Who filed it without a login gets the number, the certificate and a link; where staff wrote it down, no link."""
    whose = reached(case_id)
    if whose.by_letter and (whose.follows or by != rules.CUSTOMER):
        _leave(case_id, event_id)


def _leave(case_id: uuid.UUID, event_id: uuid.UUID) -> None:
    enqueue(TOPIC, {"case_id": str(case_id), "event_id": str(event_id)}, key=str(event_id))


@handler(TOPIC)
def send_letter(payload: dict[str, Any]) -> None:
    letter = case_letter(uuid.UUID(payload["case_id"]), uuid.UUID(payload["event_id"]))
    if letter is not None:
        deliver(letter)


def case_letter(case_id: uuid.UUID, event_id: uuid.UUID) -> Letter | None:
    """The letter, with what is true when it leaves; None when nobody can be written to any more."""
    whose, case = reached(case_id), desk_case(case_id)
    event = next((one for one in happenings(case_id) if one.id == event_id), None)
    if event is None or not whose.email:
        return None
    opened = event.kind == rules.OPENED
    attached = _certificate(case_id) if opened else _attached(event.files)
    token = link_token(case_id) if whose.follows else ""
    left_out = 0 if opened else len(event.files) - len(attached)
    with speaking(whose.language):
        news = wording.happened(event)
    return compose_worded(
        FILED if opened else NEWS,
        whose.email,
        {
            "customer": whose.name,
            "number": case.number,
            "news": news,
            "received": case.received_at,
            "until": case.due_on if case.state in (rules.RECEIVED, rules.IN_PROGRESS) else None,
            "last_day": event.data.get("until") if event.kind in _TIME_TO_SEND else None,
        },
        lambda: Content(
            url=address_of("cases.follow_link", follow_token=token) if token else "",
            message="" if opened else event.body,
            notes=_not_sent(left_out),
        ),
        language=whose.language,
        attachments=attached,
        kind="case-letter",
        customer_id=whose.customer_id,
        user_id=whose.user_id,
        about=f"case:{case_id}",
        secrets=[token],
    )


def _not_sent(left_out: int) -> list[str]:
    """A sentence about the files that one mail cannot carry."""
    if not left_out:
        return []
    return [
        ngettext(
            "%(num)s file was too large for this mail: ask us for it.",
            "%(num)s files were too large for this mail: ask us for them.",
            left_out,
        )
    ]


def _certificate(case_id: uuid.UUID) -> list[Attachment]:
    stored = certificate(case_id)
    return [Attachment(stored.name, stored.media_type, stored.content)]


def _attached(files: Sequence[File]) -> list[Attachment]:
    """The files that one mail can carry, in order."""
    found, left = [], MOST_BYTES
    for file in files:
        if file.size <= left:
            left -= file.size
            found.append(Attachment(file.name, file.media_type, load(file.file_id).content, file.file_id))
    return found


subscribe(f"case.{rules.OPENED}", tell_who_filed)
for _kind in TOLD:
    subscribe(f"case.{_kind}", tell)
