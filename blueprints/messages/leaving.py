"""A message leaves: looked at again, put into words, sent, and what became of it written down.

Each try is one transaction. A process that ends in the middle leaves the row as it was; the next try sends under the
same Message-ID, so whoever receives it twice can tell.
"""

from __future__ import annotations

import datetime
import logging
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from blueprints.messages import rules
from blueprints.messages.addresses import Person, is_dead, mark_dead, person_of
from blueprints.messages.choices import wanted, wishes_of
from blueprints.messages.composing import put_into_words
from blueprints.messages.hours import allowed_from
from blueprints.messages.kinds import MAIL, SECURITY, Kind, kind_of
from blueprints.messages.models import Message
from blueprints.messages.office import blotted, opened
from blueprints.messages.services import LEAVE
from saas.database import db
from saas.languages import N_
from saas.locks import lock
from saas.mail import Letter, NotTaken, send_now
from saas.outbox import PAUSES, enqueue
from saas.scope import current_tenant_id

NOT_WANTED = N_("You asked not to get messages like this one.")
NOTHING_LEFT = N_("There was nothing left to say: it is paid, or being paid.")
NO_ADDRESS = N_("There is no e-mail address.")
DEAD_ADDRESS = N_("This address does not take mail.")
SERVER_REFUSED = N_("The mail server of the address refused it.")
NO_SERVER = N_("The mail server could not be reached.")
TRIED = N_("The mail server did not answer. It is tried again.")
OUT_OF_HOURS = N_("It waits for an hour at which people may be contacted.")
OFTEN_ENOUGH = N_("There was a contact already: it waits so that you are not asked too often.")
NO_HOURS = N_("The settings leave no hour in which customers may be contacted.")

log = logging.getLogger("ventanilla.messages")


@dataclass(frozen=True, slots=True)
class Waiting:
    """The row that is about to leave."""

    id: uuid.UUID
    kind: Kind
    state: str
    customer_id: uuid.UUID | None
    recipient: str
    sealed: str | None
    attachments: list[dict[str, Any]]
    facts: dict[str, Any]
    about: str
    tries: int


def leave(message_id: uuid.UUID, moment: datetime.datetime) -> str:
    """Let a message leave if it still waits. Returns the state that it is in afterwards."""
    row = _locked(message_id)
    if row is None or row.state not in rules.WAITING:
        return row.state if row else rules.DROPPED
    if row.sealed is not None:
        letter = opened(row.sealed, row.id, row.attachments)
        try:
            return _send(row, row.kind, letter, moment)
        except ServerAway as problem:
            return _try_later(row, problem, moment)
    assert row.customer_id is not None, "what is put into words here has a customer"
    if not wanted(row.kind.code, MAIL, wishes_of(row.customer_id)):
        return _settle(row.id, rules.DROPPED, moment, reason=NOT_WANTED)
    if (later := _later(row, moment)) is not None:
        return later
    try:
        # What composing writes (a payment link) is taken back when the server is away: the next try composes anew.
        with db.session.begin_nested():
            return _word_and_send(row, row.customer_id, moment)
    except ServerAway as problem:
        return _try_later(row, problem, moment)


class ServerAway(Exception):
    """The mail could not be handed over now; another try may do."""


class Undeliverable(Exception):
    """Nobody can be written to; `reason` is a msgid."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _word_and_send(row: Waiting, customer_id: uuid.UUID, moment: datetime.datetime) -> str:
    person = person_of(customer_id)
    worded = put_into_words(row.kind, person, row.facts, about=row.about)
    if worded is None:
        return _settle(row.id, rules.DROPPED, moment, reason=NOTHING_LEFT)
    if worded.kind != row.kind.code and not wanted(worded.kind, MAIL, wishes_of(customer_id)):
        return _settle(row.id, rules.DROPPED, moment, reason=NOT_WANTED)
    _write(row.id, worded.kind, worded.letter, person)
    return _send(row, kind_of(worded.kind), worded.letter, moment)


def message_name(message_id: uuid.UUID) -> str:
    """What its Message-ID is made of, so that a bounce finds tenant and message."""
    return f"{message_id.hex}.{current_tenant_id().hex}"


def _locked(message_id: uuid.UUID) -> Waiting | None:
    found = db.session.execute(
        select(
            Message.id,
            Message.kind,
            Message.state,
            Message.customer_id,
            Message.recipient,
            Message.sealed,
            Message.attachments,
            Message.facts,
            Message.about,
            Message.tries,
        )
        .where(Message.id == message_id)
        .with_for_update()
    ).first()
    if found is None:
        return None
    values = found._asdict()
    return Waiting(**{**values, "kind": kind_of(found.kind), "about": found.about or ""})


def _later(row: Waiting, moment: datetime.datetime) -> str | None:
    """Put it off to an hour at which it may leave; None when it may now. One at a time for each customer, so that
    two messages do not both find that nothing was sent today."""
    if not row.kind.limited:
        return None
    lock(f"messages.contact:{row.customer_id}")
    try:
        earliest = allowed_from(row.kind, row.customer_id, MAIL, moment)
        if earliest <= moment:
            return None
        hours_alone = allowed_from(row.kind, None, MAIL, moment)
    except rules.NeverAllowed:
        return _settle(row.id, rules.REFUSED, moment, reason=NO_HOURS)
    reason = OUT_OF_HOURS if hours_alone == earliest else OFTEN_ENOUGH
    _change(row.id, state=rules.DEFERRED, not_before=earliest, reason=reason)
    enqueue(LEAVE, {"message": str(row.id)}, key=f"{row.id}:{earliest.isoformat()}", due_at=earliest)
    return rules.DEFERRED


def _send(row: Waiting, kind: Kind, letter: Letter, moment: datetime.datetime) -> str:
    """Raises ServerAway."""
    try:
        _hand_over(row.id, kind, letter)
    except NotTaken as refusal:
        return _refused(row.id, letter, refusal, moment)
    except Undeliverable as problem:
        return _settle(row.id, rules.REFUSED, moment, reason=problem.reason)
    return _settle(row.id, rules.SENT, moment)


def _hand_over(message_id: uuid.UUID, kind: Kind, letter: Letter) -> None:
    if not letter.to:
        raise Undeliverable(NO_ADDRESS)
    # Letters about the access are tried all the same: a bounce by mistake must not lock anybody out.
    if kind.nature != SECURITY and is_dead(letter.to):
        raise Undeliverable(DEAD_ADDRESS)
    try:
        send_now(letter, message_name(message_id))
    except NotTaken:
        raise
    except Exception as problem:
        raise ServerAway(f"{type(problem).__name__}: {problem}") from problem


def _write(message_id: uuid.UUID, kind: str, letter: Letter, person: Person) -> None:
    _change(
        message_id,
        kind=kind,
        user_id=person.user_id,
        recipient=person.email,
        language=person.language,
        subject=blotted(letter.subject, letter),
        body=blotted(letter.text, letter),
    )


def _refused(message_id: uuid.UUID, letter: Letter, refusal: NotTaken, moment: datetime.datetime) -> str:
    if refusal.address:
        mark_dead(letter.to, str(refusal), message_id, moment)
    return _settle(message_id, rules.REFUSED, moment, reason=SERVER_REFUSED, detail=str(refusal)[:500])


def _try_later(row: Waiting, problem: Exception, moment: datetime.datetime) -> str:
    """A server that is away, or busy: tried again as often as anything that leaves."""
    log.warning("a message could not be sent", exc_info=problem, extra={"row": str(row.id)})
    said = str(problem)[:500]
    tries = row.tries + 1
    if tries > len(PAUSES):
        _change(row.id, tries=tries)
        return _settle(row.id, rules.REFUSED, moment, reason=NO_SERVER, detail=said)
    _change(row.id, state=rules.QUEUED, tries=tries, reason=TRIED, detail=said)
    enqueue(LEAVE, {"message": str(row.id)}, key=f"{row.id}:try:{tries}", due_at=moment + PAUSES[tries - 1])
    return rules.QUEUED


def _settle(
    message_id: uuid.UUID,
    state: str,
    moment: datetime.datetime,
    *,
    reason: str | None = None,
    detail: str | None = None,
) -> str:
    sent = {"sent_at": moment} if state == rules.SENT else {"counts": False}
    _change(message_id, state=state, reason=reason, detail=detail, sealed=None, settled_at=moment, **sent)
    return state


def _change(message_id: uuid.UUID, **values: Any) -> None:
    db.session.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
