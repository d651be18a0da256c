"""Cases in words: their states, what happened to them, by when an answer is owed; and what people wrote, as text."""

from __future__ import annotations

import datetime
from typing import Final

from flask_babel import gettext

from blueprints.cases import rules
from blueprints.cases.queries import CaseView, Happening
from saas.dates import format_long
from saas.languages import N_, say
from saas.written import as_text as as_text


def _(msgid: str, **facts: object) -> str:
    return str(gettext(msgid, **facts))


STATE_WORDS: Final[dict[str, tuple[str, str]]] = {
    # S4.20: the first state is called "pendiente".
    rules.RECEIVED: (N_("Case pending"), "info"),
    rules.IN_PROGRESS: (N_("Case in progress"), "info"),
    rules.WAITING: (N_("Waiting for you"), "warning"),
    rules.ANSWERED: (N_("Case answered"), "success"),
    rules.CLOSED: (N_("Case closed"), "neutral"),
    rules.WITHDRAWN: (N_("Case withdrawn"), "neutral"),
}
"""State → (msgid, tone of the chip), as the customer is told."""

_SHAPES: Final = {
    rules.RECEIVED: "s-open",
    rules.IN_PROGRESS: "s-process",
    rules.WAITING: "s-today",
    rules.ANSWERED: "s-paid",
    rules.CLOSED: "s-paid",
    rules.WITHDRAWN: "s-void",
}

_HAPPENED: Final[dict[str, str]] = {
    rules.OPENED: N_("Case filed"),
    rules.SAID: N_("You wrote"),
    rules.REPLIED: N_("We wrote to you"),
    rules.ANSWERED_EVENT: N_("Our answer"),
    rules.ASKED: N_("We need something from you"),
    rules.COMPLETED: N_("You sent what was missing"),
    rules.EXTENDED: N_("We need more time"),
    rules.APPEALED: N_("You appealed"),
    rules.CLOSED_EVENT: N_("Case was closed"),
    rules.REOPENED: N_("Case was reopened"),
    rules.WITHDRAWN_EVENT: N_("Case was withdrawn"),
    rules.RATED: N_("You rated our answer"),
    rules.RECLASSIFIED: N_("We put the case where it belongs"),
    rules.GIVEN_LONGER: N_("You have more time to send it"),
    rules.TRANSFERRED: N_("We passed your case on to who must answer it"),
    rules.RECOUNTED: N_("The day of our answer moved with the calendar"),
    rules.DELIVERED: N_("We brought you our answer"),
    rules.QUOTED: N_("We have a quote for the repair; its owner decides"),
    rules.QUOTE_APPROVED: N_("The repair was approved"),
    rules.QUOTE_REFUSED: N_("The repair was not approved; we look for another way"),
}


def chip(state: str) -> tuple[str, str, str]:
    """Word, tone and shape of a state."""
    msgid, tone = STATE_WORDS.get(state, (state, "neutral"))
    return say(msgid), tone, _SHAPES.get(state, "s-open")


def happened(event: Happening) -> str:
    """What an event is called, to its customer."""
    msgid = _HAPPENED.get(event.kind)
    return _(msgid) if msgid else event.kind


def due_sentence(case: CaseView, today: datetime.date, locale: str) -> str:
    """By when an answer is owed, in plain words; empty when nobody has said."""
    if case.state == rules.WAITING:
        return _("The time to answer stands still until you send what is missing.")
    if case.state not in rules.OPEN_STATES or case.due_on is None:
        return ""
    day = format_long(case.due_on, locale)
    if case.due_on < today:
        return _("We should have answered by %(date)s. We are sorry for the delay.", date=day)
    if case.due_on == today:
        return _("We must answer today at the latest.")
    return _("We must answer by %(date)s at the latest.", date=day)


def short(text: str, most: int = 90) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def size_words(size: int) -> str:
    """A size as people say it."""
    return f"{max(1, round(size / 1024))} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
