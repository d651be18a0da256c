"""Letters to who cannot read a case in an area of their own: the mail says everything, and brings the files.

Everybody else is told by blueprints/messages that there is news, and reads it after signing in.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any, Final

from blueprints.cases import rules, wording
from blueprints.cases.certificate import certificate
from blueprints.cases.desk_queries import desk_case
from blueprints.cases.queries import File, Happening, happenings
from blueprints.cases.reaching import reached
from saas.dates import format_long
from saas.events import subscribe
from saas.files import load
from saas.languages import N_
from saas.mail import Attachment, Letter, deliver
from saas.outbox import enqueue, handler
from tenants.letters import compose_letter, speaking
from tenants.page_context import locale

TOPIC: Final = "cases.letter"
MOST_BYTES: Final = 8 * 1024 * 1024  # of files in one mail: what any server takes
TOLD: Final = (
    rules.OPENED,
    rules.REPLIED,
    rules.ANSWERED_EVENT,
    rules.ASKED,
    rules.GIVEN_LONGER,
    rules.EXTENDED,
    rules.TRANSFERRED,
    rules.WITHDRAWN_EVENT,
    rules.CLOSED_EVENT,
)


def tell(case_id: uuid.UUID, event_id: uuid.UUID, by: str, **_facts: Any) -> None:
    """Leave a letter for who cannot read it in an area, once per event; what they did themselves they know."""
    if reached(case_id).by_letter and by != rules.CUSTOMER:
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
    with speaking(whose.language):
        what, until = wording.happened(event), _until(event)
    subject = N_("We filed your request: %(number)s") if opened else N_("Your request %(number)s: %(what)s")
    return compose_letter(
        whose.email,
        subject,
        "cases/mail/news",
        language=whose.language,
        attachments=attached,
        kind="case-letter",
        customer_id=whose.customer_id,
        user_id=whose.user_id,
        about=f"case:{case_id}",
        number=case.number,
        what=what,
        name=whose.name,
        case=case,
        event=event,
        opened=opened,
        until=until,
        left_out=0 if opened else len(event.files) - len(attached),
        as_text=wording.as_text,
    )


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


def _until(event: Happening) -> str:
    """The day that an event names, in words of a date; empty where it names none."""
    until = event.data.get("until")
    if not isinstance(until, str):
        return ""
    return format_long(datetime.date.fromisoformat(until), locale())


for _kind in TOLD:
    subscribe(f"case.{_kind}", tell)
