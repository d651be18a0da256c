"""What the customer of a case sees of it and may do with it now: the same in the area and without a login."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from blueprints.cases import delivery, keeping, rules, wording
from blueprints.cases.catalogue import Catalogue
from blueprints.cases.channels import AREA, came_by
from blueprints.cases.clock import Clock
from blueprints.cases.intake import ACCEPTED
from blueprints.cases.queries import CaseView, Happening
from saas.clock import now
from saas.languages import N_
from tenants.loading import serving
from tenants.page_context import language, locale

ACTS: Final = {"appeal": rules.APPEALED, "reopen": rules.REOPENED, "withdraw": rules.WITHDRAWN_EVENT}
DONE: Final = {
    "appeal": N_("We received your appeal. Somebody looks at the case again."),
    "reopen": N_("The case is open again."),
    "withdraw": N_("You withdrew the case. It stays in your list."),
}
_CLOCK_SAYS_MORE: Final = frozenset({rules.WAITING, rules.ANSWERED, rules.CLOSED})


def allowed(case: CaseView, act: str, clock: Clock | None = None) -> bool:
    """Whether its customer may take this step now; `clock` is the case's, where it is known already."""
    if not rules.allows(case.state, ACTS[act], rules.CUSTOMER):
        return False
    if act == "appeal":
        return case.stage == 1 and _in_time(clock if clock is not None else keeping.clock_of_case(case.id))
    if act == "reopen":
        return rules.may_reopen(case.moved_at, now(), serving().setting("cases.reopen-days"))
    return True


def shown(case: CaseView, words: Catalogue, events: Sequence[Happening]) -> dict[str, Any]:
    """What every page of one case says of it."""
    clock = keeping.clock_of_case(case.id) if case.state in _CLOCK_SAYS_MORE else None
    waiting = case.state == rules.WAITING
    return {
        "case": case,
        "chip": wording.chip(case.state),
        "due": wording.due_sentence(case, serving().today(), locale()),
        "class_name": words.class_name(case.class_code, language()),
        "subject_name": words.subject_name(case.subject_code, language()),
        "events": events,
        "missing": _missing(case, events),
        "happened": wording.happened,
        "as_text": wording.as_text,
        "size_words": wording.size_words,
        "received": day_of(case.received_at),
        "delivery_said": lambda data: delivery.said(data, locale()),
        "came_by": came_by(case.channel) if case.channel != AREA else "",
        "waiting": waiting,
        "complete_by": clock.complete_by if clock and waiting else None,
        "appeal_by": clock.appeal_by if clock else None,
        "acts": {act for act in ACTS if allowed(case, act, clock)},
        "may_say": case.state in rules.OPEN_STATES,
        "may_rate": case.state in (rules.ANSWERED, rules.CLOSED) and case.rating is None,
        **files_taken(),
    }


def files_taken() -> dict[str, Any]:
    """What the box for files says."""
    return {
        "accepted": ACCEPTED,
        "most_files": serving().setting("cases.files"),
        "most_megabytes": serving().setting("cases.file-size"),
    }


def day_of(moment: datetime.datetime) -> datetime.date:
    """The tenant's calendar day of a moment."""
    return moment.astimezone(ZoneInfo(serving().time_zone)).date()


def _in_time(clock: Clock | None) -> bool:
    """Whether the window for an appeal is open; where the rule knows none, it always is."""
    return clock is None or clock.appeal_by is None or serving().today() <= clock.appeal_by


def _missing(case: CaseView, events: Sequence[Happening]) -> Happening | None:
    """What staff asked for and still wait for."""
    if case.state != rules.WAITING:
        return None
    return next((event for event in reversed(events) if event.kind == rules.ASKED), None)
