"""Letters to staff before a case falls due and when its term is over.

Who answers the case is written to at every step. Of a case that is nobody's, all who answer cases are told on its
last day and when it is too late.
"""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from blueprints.cases import rules
from blueprints.cases.desk_queries import colleagues, desk_case
from blueprints.cases.keeping import clock_of_case
from blueprints.cases.letter_texts import LATE, SOON
from saas.database import db
from saas.dates import format_datetime
from saas.events import subscribe
from saas.mail import Letter, deliver
from saas.outbox import enqueue, handler
from tenants.letters import address_of, speaking
from tenants.loading import serving
from tenants.page_context import locale
from tenants.people import User
from tenants.worded_letters import Content, compose_worded

TOPIC = "cases.alarm-letter"


def tell_staff(
    case_id: uuid.UUID,
    due_on: datetime.date,
    left: int,
    assigned_to: uuid.UUID | None = None,
    **_facts: Any,
) -> None:
    """Leave a letter for each who must know; once per step of a due date."""
    answering = {user_id for user_id, _name in colleagues()}
    if assigned_to in answering:
        people = {assigned_to}
    else:
        people = answering if left <= 0 else set()
    for user_id in sorted(people, key=str):
        enqueue(
            TOPIC,
            {"case_id": str(case_id), "user_id": str(user_id)},
            key=f"{case_id}:{due_on}:{left}:{user_id}",
        )


@handler(TOPIC)
def send_alarm(payload: dict[str, Any]) -> None:
    letter = alarm_letter(uuid.UUID(payload["case_id"]), uuid.UUID(payload["user_id"]))
    if letter is not None:
        deliver(letter)


def alarm_letter(case_id: uuid.UUID, user_id: uuid.UUID) -> Letter | None:
    """The letter, with what is true when it leaves; None when the case was answered meanwhile."""
    person = db.session.execute(
        select(User.email, User.language).where(User.id == user_id, User.status == "active")
    ).first()
    case, clock = desk_case(case_id), clock_of_case(case_id)
    if person is None or clock is None or clock.due_on is None or case.state not in rules.OPEN_STATES:
        return None

    def content() -> Content:
        silence, notes = clock.silence, []
        if silence and silence.kind == "positive":
            by = format_datetime(silence.by, serving().time_zone, locale())
            notes = [_("By law no answer grants what was asked; its effects are owed by %(by)s.", by=by)]
        return Content(url=address_of("cases_desk.case", case_id=case.id), notes=notes)

    with speaking(person.language):
        nobody = _("Nobody yet")
    return compose_worded(
        LATE if clock.left < 0 else SOON,
        person.email,
        {
            "number": case.number,
            "until": clock.due_on,
            "days_left": str(max(clock.left, 0)),
            "assigned": case.assigned or nobody,
        },
        content,
        language=person.language,
        kind="",  # to colleagues: not among what customers were sent
        user_id=user_id,
    )


subscribe("case.due-soon", tell_staff)
subscribe("case.overdue", tell_staff)
