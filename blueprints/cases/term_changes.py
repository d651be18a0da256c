"""The organisation's own terms: set for cases received from a day on, never for those that are here already."""

from __future__ import annotations

import datetime

from sqlalchemy import insert

from blueprints.cases.catalogue import catalogue
from blueprints.cases.clock_models import CaseTerm
from blueprints.cases.terms import LONGEST, rules_of
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import NotFound, Refusal
from tenants.loading import serving

LONGEST_SOURCE = 300  # characters


def set_term(
    class_code: str,
    *,
    days: int | None,
    rule: str | None,
    valid_from: datetime.date,
    source: str,
    actor: Actor,
) -> None:
    """From a day on, cases of a class have so many business days, or a rule of the law by its code; with neither, the
    law's own rule again. Raises NotFound for a class that does not exist, Refusal for anything else amiss."""
    tenant = serving()
    if class_code not in {entry.code for entry in catalogue().classes}:
        raise NotFound()
    if valid_from < tenant.today():
        raise Refusal(
            N_("Choose today or a later day: a case keeps the term it came in with."), field="valid_from"
        )
    if days is not None and not 1 <= days <= LONGEST:
        raise Refusal(N_("Type a number from %(low)s to %(high)s"), field="days", low=1, high=LONGEST)
    if rule is not None and rule not in {term.code for term in rules_of(tenant.country)}:
        raise Refusal(N_("Choose one of the options"), field="rule")
    words = " ".join(source.split())
    if not words or len(words) > LONGEST_SOURCE:
        raise Refusal(
            N_("Say why, in at most %(most)s characters: the regulation, or who decided it."),
            field="source",
            most=LONGEST_SOURCE,
        )
    db.session.execute(
        insert(CaseTerm).values(
            id=new_id(),
            class_code=class_code,
            valid_from=valid_from,
            days=days,
            rule=rule,
            source=words,
            set_by=actor.user_id,
            created_at=now(),
        )
    )
    audit.record(
        "case-term.set",
        actor=actor,
        data={
            "class": class_code,
            "days": days,
            "rule": rule,
            "valid_from": valid_from.isoformat(),
            "source": words,
        },
    )
