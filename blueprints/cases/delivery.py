"""How an answer was brought to somebody whom no screen and no mail reaches: by whom, on which day, in which way."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from blueprints.accounts.models import Customer
from blueprints.cases import rules
from blueprints.cases.casebook import do, held
from blueprints.cases.channels import WENT_BY, went_by
from blueprints.cases.models import Case, CaseEvent
from saas.audit import Actor
from saas.database import db
from saas.dates import format_long
from saas.languages import N_
from saas.refusals import Refusal
from tenants.loading import serving
from tenants.people import User


def note_delivery(
    case_id: uuid.UUID,
    way: str,
    on: datetime.date,
    words: str = "",
    *,
    actor: Actor,
    now: datetime.datetime,
    once: str | None = None,
) -> uuid.UUID:
    """Note how and when the newest answer was brought. Returns the event's id; `once` as in services.py.

    Raises NotFound, Refusal (fields way, on) for a way that nobody knows, a day before the answer or after today, and
    a case without an answer.
    """
    held(case_id)
    answered = answered_at(case_id)
    if answered is None:
        raise Refusal(N_("There is no answer yet."))
    if way not in WENT_BY:
        raise Refusal(N_("Choose how it was delivered."), field="way")
    first = answered.astimezone(ZoneInfo(serving().time_zone)).date()
    if not first <= on <= serving().today():
        raise Refusal(N_("Choose a day from %(first)s to today."), field="on", first=first)
    data = {"how": way, "on": on.isoformat()}
    return do(case_id, rules.DELIVERED, actor, now, body=words, data=data, once=once)


def answered_at(case_id: uuid.UUID) -> datetime.datetime | None:
    """When the newest answer was given; None when there is none."""
    return db.session.execute(
        select(func.max(CaseEvent.at)).where(
            CaseEvent.case_id == case_id, CaseEvent.kind == rules.ANSWERED_EVENT
        )
    ).scalar()


def said(data: Mapping[str, Any], locale: str) -> str:
    """A delivery in words: "Letter, 4 March 2026"."""
    return (
        f"{went_by(str(data.get('how', '')))}, {format_long(datetime.date.fromisoformat(data['on']), locale)}"
    )


def undelivered() -> ColumnElement[bool]:
    """The condition on cases whose newest answer waits for somebody to bring it: their customer neither signs in nor
    has an e-mail address, and nobody noted that it was brought. Who is nobody's name and has a code comes for it."""
    brought, answer = aliased(CaseEvent), aliased(CaseEvent)
    newest = (
        select(func.max(answer.number))
        .where(answer.case_id == Case.id, answer.kind == rules.ANSWERED_EVENT)
        .correlate(Case)
        .scalar_subquery()
    )
    return and_(
        Case.state == rules.ANSWERED,
        Case.user_id.is_(None),
        Case.person["email"].astext.is_(None),
        or_(Case.follow_digest.is_(None), Case.person["phone"].astext.is_not(None)),
        ~exists(
            select(Customer.id).where(Customer.id == Case.customer_id, Customer.email.is_not(None))
        ).correlate(Case),
        ~exists(
            select(User.id).where(
                User.status == "active", or_(User.id == Case.user_id, User.customer_id == Case.customer_id)
            )
        ).correlate(Case),
        ~exists(
            select(brought.id).where(
                brought.case_id == Case.id, brought.kind == rules.DELIVERED, brought.number > newest
            )
        ).correlate(Case),
    )
