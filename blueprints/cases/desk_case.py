"""One case at the desk: the conversation, notes, files, who it is from, and the clock explained."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectChoice

from blueprints.cases import delivery, desk_words, repairs, rules, services, wording
from blueprints.cases import desk_queries as queries
from blueprints.cases.catalogue import catalogue
from blueprints.cases.certificate import certificate as paper_of
from blueprints.cases.channels import CAME_BY, WEB, came_by
from blueprints.cases.clock import RUNNING, Clock
from blueprints.cases.desk_blueprint import pages, say
from blueprints.cases.desk_forms import AssignForm
from blueprints.cases.desk_queries import DeskCase
from blueprints.cases.forms import typed
from blueprints.cases.keeping import clock_of_case
from blueprints.cases.persons import person_of
from blueprints.cases.queries import Happening, happenings
from blueprints.cases.reaching import reached
from saas.clock import now
from saas.files import load
from saas.permissions import allow
from saas.refusals import Refusal
from saas.web import download
from tenants import roles
from tenants.look import render
from tenants.page_context import language, locale

Answer = str | BaseResponse | tuple[str, int]


@pages.get("/<uuid:case_id>", endpoint="case")
@allow(roles.CASES)
def one(case_id: uuid.UUID) -> str:
    return _page(case_id)


@pages.post("/<uuid:case_id>/assign", endpoint="assign")
@allow(roles.CASES)
def assign(case_id: uuid.UUID) -> Answer:
    """Give the case to somebody, take it oneself, or give it back to the queue."""
    form = AssignForm(request.form)
    wanted = typed(form.to.data)
    try:
        to = uuid.UUID(wanted) if wanted else None
    except ValueError:
        form.refuse(Refusal(_("Choose one of the options"), field="to"))
        return _page(case_id, form), 422
    try:
        services.assign(case_id, to, actor=g.viewer.actor(), now=now())
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(case_id, form), 422
    say(_("The case is assigned.") if to else _("The case is nobody's again."))
    return redirect(url_for("cases_desk.case", case_id=case_id), 303)


@pages.get("/<uuid:case_id>/certificate", endpoint="certificate")
@allow(roles.CASES)
def certificate(case_id: uuid.UUID) -> Response:
    """The filing certificate that the customer has."""
    queries.desk_case(case_id)
    stored = paper_of(case_id)
    return download(stored.content, media_type=stored.media_type, name=stored.name, inline=True)


@pages.get("/files/<uuid:case_file_id>", endpoint="file_of")
@allow(roles.CASES)
def file_of(case_file_id: uuid.UUID) -> Response:
    """A file of a case. Pictures are our own encoding and may be shown; all else is downloaded."""
    found = queries.any_file(case_file_id)
    stored = load(found.file_id)
    return download(
        stored.content,
        media_type=found.media_type,
        name=found.name,
        inline=found.media_type.startswith("image/"),
    )


def who_it_is(channel: str, name: str | None) -> str:
    """What is known of who filed a case without a login; empty for every other."""
    if channel != WEB:
        return ""
    return str(
        _("Filed without logging in: the name was not verified")
        if name
        else _("Filed without logging in, anonymously")
    )


def acts_of(case: DeskCase, clock: Clock | None, today: datetime.date) -> list[str]:
    """What may be done with a case now, the usual first. Each is a page of desk_acts."""
    by, state = rules.STAFF, case.state
    running = clock is not None and clock.state == RUNNING
    can = {
        "answer": rules.allows(state, rules.ANSWERED_EVENT, by),
        "reply": rules.allows(state, rules.REPLIED, by) and state != rules.WAITING,
        "note": True,
        "ask": rules.allows(state, rules.ASKED, by),
        "longer": rules.allows(state, rules.GIVEN_LONGER, by),
        "complete": rules.allows(state, rules.COMPLETED, by),
        "extend": rules.allows(state, rules.EXTENDED, by)
        and running
        and clock is not None
        and clock.extend_until is not None
        and clock.extended_to is None,
        "class": rules.allows(state, rules.RECLASSIFIED, by),
        "transfer": rules.allows(state, rules.TRANSFERRED, by),
        "withdraw": clock is not None and clock.complete_by is not None and today > clock.complete_by,
        "close": rules.allows(state, rules.CLOSED_EVENT, by),
        "deliver": rules.allows(state, rules.DELIVERED, by)
        and clock is not None
        and clock.answered_on is not None,
        "reopen": rules.allows(state, rules.REOPENED, by),
    }
    return [act for act, may in can.items() if may]


def about(case: DeskCase, clock: Clock | None) -> dict[str, Any]:
    """What every page of a case shows of it."""
    words = catalogue()
    return {
        "case": case,
        "clock": clock,
        "class_name": words.class_name(case.class_code, language()),
        "subject_name": words.subject_name(case.subject_code, language()),
        "chip": desk_words.state_chip(case.state),
        "due_chip": desk_words.due_chip(clock) if clock else None,
        "due": desk_words.clock_sentence(clock, locale()) if clock else "",
        "silence": desk_words.silence_sentence(clock, locale(), g.tenant.time_zone) if clock else "",
        "as_text": wording.as_text,
    }


def _to_bring(case: DeskCase, events: Sequence[Happening]) -> bool:
    """Whether the newest answer was not brought to anybody yet, as far as somebody noted it."""
    if case.state != rules.ANSWERED:
        return False
    kinds = [event.kind for event in events if event.kind in (rules.ANSWERED_EVENT, rules.DELIVERED)]
    return bool(kinds) and kinds[-1] == rules.ANSWERED_EVENT


def _page(case_id: uuid.UUID, form: AssignForm | None = None) -> str:
    case, clock = queries.desk_case(case_id), clock_of_case(case_id)
    if form is None:
        form = AssignForm(formdata=None, data={"to": str(case.assigned_to or "")})
    events = happenings(case_id, visible_only=False)
    form.to.choices = [SelectChoice("", _("Nobody yet"))] + [
        SelectChoice(str(user_id), name) for user_id, name in queries.colleagues()
    ]
    return render(
        "cases/desk/case.html",
        **about(case, clock),
        form=form,
        acts=acts_of(case, clock, g.tenant.today()),
        events=events,
        whose=reached(case_id),
        to_bring=_to_bring(case, events),
        delivery_said=lambda data: delivery.said(data, locale()),
        person=person_of(case.person),
        came_by=came_by,
        who_it_is=who_it_is(case.channel, case.customer),
        filed=events[0] if case.channel in CAME_BY and events else None,
        visible=lambda kind: (deed := rules.DEEDS.get(kind)) is None or deed.visible,
        happened=desk_words.happened,
        size_words=wording.size_words,
        steps=desk_words.explain(clock, locale()) if clock else [],
        repair=repairs.said(case.details),
        may_see_customer=g.viewer.may(roles.CUSTOMERS),
        mine=case.assigned_to == g.viewer.user_id,
    )
