"""Cases in words for staff: what happened, where the clock stands, and how it was counted, step by step."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Final

from flask_babel import gettext, ngettext

from blueprints.cases import rules
from blueprints.cases.clock import ENDED, PAUSED, RUNNING, Clock, Step
from blueprints.cases.terms import ACCEPTED, CALENDAR
from saas.dates import format_datetime, format_long
from saas.languages import N_, say

STATES: Final[dict[str, tuple[str, str]]] = {
    rules.RECEIVED: (N_("New case"), "info"),
    rules.IN_PROGRESS: (N_("Case in progress"), "info"),
    rules.WAITING: (N_("Waits for the customer"), "warning"),
    rules.ANSWERED: (N_("Case answered"), "success"),
    rules.CLOSED: (N_("Case closed"), "neutral"),
    rules.WITHDRAWN: (N_("Case withdrawn"), "neutral"),
}
"""State → (msgid, tone), as staff are told."""

_HAPPENED: Final[dict[str, str]] = {
    rules.OPENED: N_("Case filed"),
    rules.SAID: N_("The customer wrote"),
    rules.REPLIED: N_("Message to the customer"),
    rules.ANSWERED_EVENT: N_("Answer to the customer"),
    rules.NOTED: N_("Internal note"),
    rules.ASSIGNED: N_("Case assigned"),
    rules.ASKED: N_("The customer was asked for more"),
    rules.COMPLETED: N_("The customer sent what was missing"),
    rules.EXTENDED: N_("Term extended"),
    rules.APPEALED: N_("The customer appealed"),
    rules.CLOSED_EVENT: N_("Case was closed"),
    rules.REOPENED: N_("Case was reopened"),
    rules.WITHDRAWN_EVENT: N_("Case was withdrawn"),
    rules.RATED: N_("The customer rated the answer"),
    rules.RECLASSIFIED: N_("Class or subject changed"),
    rules.QUOTED: N_("Quote sent to the owner"),
    rules.QUOTE_APPROVED: N_("Quote approved"),
    rules.QUOTE_REFUSED: N_("Quote not approved"),
    rules.QUOTE_TAKEN_BACK: N_("Quote taken back"),
    rules.GIVEN_LONGER: N_("More time given to the customer"),
    rules.TRANSFERRED: N_("Passed on to who must answer it"),
    rules.DELIVERED: N_("Answer delivered"),
    rules.RECOUNTED: N_("Due date moved with the calendar"),
}


def happened(kind: str) -> str:
    """What an event is called, to staff."""
    msgid = _HAPPENED.get(kind)
    return say(msgid) if msgid else kind


def state_chip(state: str) -> tuple[str, str]:
    msgid, tone = STATES.get(state, (state, "neutral"))
    return say(msgid), tone


def due_chip(clock: Clock) -> tuple[str, str]:
    """Where the clock stands in two words, with its tone."""
    if clock.state == PAUSED:
        return str(gettext("Clock stands still")), "neutral"
    if clock.state == ENDED:
        return str(gettext("Clock stopped")), "neutral"
    if clock.state != RUNNING:
        if clock.in_time:
            return str(gettext("Answered in time")), "success"
        return str(gettext("Answered late")), "danger"
    if clock.left < 0:
        late = -clock.left
        return str(ngettext("%(num)s business day late", "%(num)s business days late", late)), "danger"
    if clock.left == 0:
        return str(gettext("Due today")), "warning"
    tone = "warning" if clock.left <= 2 else "info"
    return str(ngettext("%(num)s business day left", "%(num)s business days left", clock.left)), tone


def due_in_list(due: datetime.date | None, state: str, today: datetime.date) -> tuple[str, str]:
    """The same for a list, from what it knows without counting: words (maybe empty) and tone of a row."""
    if state not in rules.OPEN_STATES:
        return "", ""
    if due is None:
        return str(gettext("Clock stands still")), ""
    if due < today:
        return str(gettext("Term is over")), "danger"
    return (str(gettext("Due today")), "warning") if due == today else ("", "")


def clock_sentence(clock: Clock, where: str) -> str:
    """What staff must know first."""
    if clock.state == PAUSED and clock.complete_by is not None:
        return str(
            gettext(
                "The customer has until %(day)s to complete it.", day=format_long(clock.complete_by, where)
            )
        )
    if clock.due_on is None:
        return ""
    day = format_long(clock.due_on, where)
    if clock.state == RUNNING:
        if clock.left < 0:
            return str(gettext("An answer was owed by %(day)s.", day=day))
        return str(gettext("Answer by %(day)s.", day=day))
    return str(gettext("An answer was owed by %(day)s.", day=day))


def silence_sentence(clock: Clock, where: str, zone: str) -> str:
    """What the missing answer means by law; empty while it means nothing."""
    if clock.silence is None:
        return ""
    by = format_datetime(clock.silence.by, zone, where)
    if clock.silence.kind == ACCEPTED:
        return str(
            gettext("No answer came in time: the documents count as granted and are owed by %(by)s.", by=by)
        )
    return str(
        gettext(
            "No answer came in time: by law what was asked is granted, and its effects are owed by %(by)s.",
            by=by,
        )
    )


def explain(clock: Clock, where: str) -> list[str]:
    """How the clock was counted, one sentence per step."""
    return [sentence for step in clock.steps if (sentence := _sentence(step, where))]


def _sentence(step: Step, where: str) -> str:
    maker = _SENTENCES.get(step.code)
    return maker(step.facts, where) if maker else ""


Facts = Mapping[str, Any]


def _on(facts: Facts, where: str, name: str = "day") -> str:
    """A day among the facts, in words; those out of a log are texts."""
    day = facts.get(name)
    if isinstance(day, str):
        day = datetime.date.fromisoformat(day)
    return format_long(day, where) if isinstance(day, datetime.date) else "–"


def _term(facts: Facts, where: str) -> str:
    days = facts["days"]
    if facts["unit"] == CALENDAR:
        said = ngettext("The term is %(num)s calendar day", "The term is %(num)s calendar days", days)
    else:
        said = ngettext("The term is %(num)s business day", "The term is %(num)s business days", days)
    after = gettext("counted from the day after receipt")
    source = facts["source"] or gettext("the organisation's own rule")
    return f"{said}, {after} ({source})."


def _skipped(facts: Facts, where: str) -> str:
    days = ", ".join(
        f"{format_long(day, where)} ({name})" if name else format_long(day, where)
        for day, name in facts["days"]
    )
    return str(gettext("Besides weekends these days did not count: %(days)s.", days=days))


def _recounted(facts: Facts, where: str) -> str:
    days = "; ".join(
        str(
            gettext("%(day)s does not count any more (%(name)s)", day=_on(one, where), name=one["name"])
            if one["off"]
            else gettext("%(day)s counts now", day=_on(one, where))
        )
        for one in facts.get("days") or ()
    )
    said = gettext(
        "The calendar changed: the last day moved from %(before)s to %(after)s.",
        before=_on(facts, where, "from"),
        after=_on(facts, where, "to"),
    )
    return f"{said} {days}." if days else str(said)


def _plain(msgid: str, *days: str) -> Callable[[Facts, str], str]:
    """A sentence whose placeholders are facts; those named are days."""

    def make(facts: Facts, where: str) -> str:
        shown = {name: _on(facts, where, name) if name in days else value for name, value in facts.items()}
        return str(gettext(msgid, **shown))

    return make


_SENTENCES: Final[dict[str, Callable[[Facts, str], str]]] = {
    "received": _plain(N_("Received on %(day)s."), "day"),
    "received-after-hours": _plain(
        N_("It came in on %(day)s after the hours of service, so it counts as received on %(counts)s."),
        "day",
        "counts",
    ),
    "received-on-day-off": _plain(
        N_("It came in on %(day)s, which is no business day, so it counts as received on %(counts)s."),
        "day",
        "counts",
    ),
    "term": _term,
    "skipped": _skipped,
    "due": _plain(N_("The last day of the term is %(day)s."), "day"),
    "paused": _plain(
        N_(
            "On %(day)s the customer was asked for more, with %(used)s days of the term gone: since then the clock "
            "stood still, at most until %(until)s."
        ),
        "day",
        "until",
    ),
    "given-longer": _plain(N_("The customer got more time, until %(until)s."), "until"),
    "resumed": _plain(
        N_("The customer completed it. The clock goes on from %(day)s with %(left)s days left."), "day"
    ),
    "asked-too-late": _plain(
        N_(
            "On %(day)s the customer was asked for more. That was too late to stop the clock (until %(until)s)."
        ),
        "day",
        "until",
    ),
    "extended": _plain(
        N_("On %(day)s the customer was told that it takes longer, by %(days)s days, until %(until)s."),
        "day",
        "until",
    ),
    "extended-too-late": _plain(
        N_("A notice of extension of %(day)s came after the last day (%(due)s) and moves nothing."),
        "day",
        "due",
    ),
    "extension-unknown": _plain(
        N_("A notice of extension until %(until)s moves nothing: the rule does not allow it."), "until"
    ),
    "answered": _plain(N_("Answered on %(day)s, in time."), "day"),
    "answered-late": _plain(N_("Answered on %(day)s, after the last day."), "day"),
    "appealed": _plain(N_("Appealed on %(day)s: a second stage with a term of its own."), "day"),
    "reopened": _plain(N_("Reopened on %(day)s: the term begins anew."), "day"),
    "closed": _plain(N_("Closed on %(day)s: the clock stopped."), "day"),
    "withdrawn": _plain(N_("Withdrawn on %(day)s: the clock stopped."), "day"),
    "transferred": _plain(N_("Passed on to who must answer it on %(day)s: the clock stopped."), "day"),
    "recounted": _recounted,
}
