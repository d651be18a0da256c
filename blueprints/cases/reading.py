"""Reading a long form to its end, so that all that is wrong is said at once."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TypeVar

from blueprints.cases import rules
from blueprints.cases.forms import CaseForm
from saas.dates import parse_date
from saas.languages import N_
from saas.refusals import Refusal
from tenants.loading import serving
from tenants.page_context import locale

Taken = TypeVar("Taken")


class Reading:
    """One reading of a form; `fine` until something was refused."""

    def __init__(self, form: CaseForm) -> None:
        self.form, self.fine = form, True

    def take(self, read: Callable[[], Taken]) -> Taken | None:
        """What was read; None, and the form says why, where it was refused."""
        try:
            return read()
        except Refusal as refusal:
            self.form.refuse(refusal)
            self.fine = False
            return None


def description_of(typed: str) -> str:
    """What somebody wants to say. Raises Refusal."""
    text = rules.clean(typed, "description")
    if not text:
        raise Refusal(N_("Tell us what it is about."), field="description")
    return text


def since_of(typed: str) -> datetime.date | None:
    """Since when it is so; None where nobody says. Raises Refusal."""
    text = typed.strip()
    since = parse_date(text, locale(), field="since") if text else None
    if since is not None and since > serving().today():
        raise Refusal(N_("It cannot have begun after today."), field="since")
    return since
