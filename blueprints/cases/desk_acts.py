"""What staff do with a case, each act on a page of its own: first what it means, then words, then done."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from blueprints.cases import casebook, file_forms, guards, placeholders, rules, services
from blueprints.cases import desk_queries as queries
from blueprints.cases.blueprint import LARGEST_BODY
from blueprints.cases.catalogue import Catalogue, catalogue
from blueprints.cases.clock import Clock, add_months
from blueprints.cases.desk_act_words import ACTS, NAMES, TOLD
from blueprints.cases.desk_blueprint import pages, say
from blueprints.cases.desk_case import about, acts_of
from blueprints.cases.desk_forms import ClassForm, UntilForm
from blueprints.cases.desk_queries import DeskCase
from blueprints.cases.forms import typed
from blueprints.cases.intake import ACCEPTED
from blueprints.cases.keeping import clock_of_case
from blueprints.cases.reaching import reached
from saas.audit import Actor
from saas.clock import now
from saas.dates import format_long, format_short, parse_date
from saas.languages import N_
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.calendars import calendar
from tenants.look import render
from tenants.page_context import language, locale

Answer = str | Response | tuple[str, int]
EDIT, REVIEW, SEND = "edit", "review", "send"


@pages.get(f"/<uuid:case_id>/<any({NAMES}):act>", endpoint="act_page")
@allow(roles.CASES)
def ask(case_id: uuid.UUID, act: str) -> Answer:
    case, clock = queries.desk_case(case_id), clock_of_case(case_id)
    if act not in acts_of(case, clock, g.tenant.today()):
        return redirect(url_for("cases_desk.case", case_id=case_id), 303)
    form = UntilForm(formdata=None)
    if ACTS[act].begin:
        form.body.data = _begun(case)
    form.until.data = format_short(day) if (day := _usual_day(act, clock)) else ""
    return _page(case, clock, act, form)


@pages.post(f"/<uuid:case_id>/<any({NAMES}):act>", endpoint="act")
@allow(roles.CASES)
def do(case_id: uuid.UUID, act: str) -> Answer:
    """Do it; an answer is shown first as the customer will read it. The same form twice does it once."""
    queries.desk_case(case_id)
    form = UntilForm(request.form)
    fine = file_forms.receive(form) if ACTS[act].files else True
    step = request.form.get("step", "")
    # Locked before it is looked at: what a colleague does at this moment is seen, and judged with.
    if casebook.already(case_id, file_forms.form_key(form)):
        return _done(case_id, act)
    case, clock = queries.desk_case(case_id), clock_of_case(case_id)
    try:
        if not fine:
            return _page(case, clock, act, form), 422
        if act == "answer" and step != SEND:
            return _review(case, clock, form) if step == REVIEW else _page(case, clock, act, form)
        _DOING[act](_Doing(case, clock, form))
    except Refusal as refusal:
        form.refuse(with_days(refusal))
        return _page(case, clock, act, form), 422
    if ACTS[act].files:
        file_forms.taken(form)
    return _done(case_id, act)


def _done(case_id: uuid.UUID, act: str) -> Response:
    if act in TOLD and reached(case_id).by_hand:
        say(_("It stands in the case. Nothing reaches the customer by itself: tell them."))
    else:
        say(_(ACTS[act].done))
    return redirect(url_for("cases_desk.case", case_id=case_id), 303)


do.largest_body = LARGEST_BODY  # type: ignore[attr-defined]


@pages.get("/<uuid:case_id>/class", endpoint="class_page")
@allow(roles.CASES)
def ask_for_class(case_id: uuid.UUID) -> Answer:
    case = queries.desk_case(case_id)
    form = ClassForm(formdata=None, data={"class_code": case.class_code, "subject_code": case.subject_code})
    return _class_page(case, form)


@pages.post("/<uuid:case_id>/class", endpoint="change_class")
@allow(roles.CASES)
def change_class(case_id: uuid.UUID) -> Answer:
    """Put it where it belongs: the term follows the class, from the day on which it was received."""
    casebook.held(case_id)
    case, form = queries.desk_case(case_id), ClassForm(request.form)
    wanted = typed(form.class_code.data), typed(form.subject_code.data)
    try:
        if wanted != (
            case.class_code,
            case.subject_code,
        ):  # it is there already: nothing to tell the customer
            services.change_class(
                case_id,
                class_code=wanted[0],
                subject_code=wanted[1],
                body=typed(form.body.data),
                actor=g.viewer.actor(),
                now=now(),
            )
    except Refusal as refusal:
        form.refuse(refusal)
        return _class_page(case, form), 422
    say(_("The case is where it belongs. Its term follows its class."))
    return redirect(url_for("cases_desk.case", case_id=case_id), 303)


# --- doing --------------------------------------------------------------------------------------------------------


class _Doing:
    """One act about to be done: the case as it stood when the page was made, and what was typed."""

    def __init__(self, case: DeskCase, clock: Clock | None, form: UntilForm) -> None:
        self.case_id, self.clock, self.form = case.id, clock, form
        self.body = rules.clean(typed(form.body.data))
        self.today = g.tenant.today()

    @property
    def until(self) -> datetime.date:
        return parse_date(typed(self.form.until.data), locale(), field="until")

    @property
    def how(self) -> dict[str, Any]:
        actor: Actor = g.viewer.actor()
        return {"actor": actor, "now": now(), "once": file_forms.form_key(self.form)}

    @property
    def with_files(self) -> dict[str, Any]:
        return {**self.how, "files": file_forms.kept(self.form)}

    def counted(self) -> Clock:
        """The clock. Raises Refusal for a case without one."""
        if self.clock is None:
            raise Refusal(N_("This case has no term."))
        return self.clock


def _ask_for_more(doing: _Doing) -> None:
    clock = doing.counted()
    guards.check_ask(clock, doing.today)
    longest = add_months(doing.today, 2 * (clock.term.complete_months or 1))
    guards.check_until(doing.until, doing.today, longest)
    services.ask_for_more(doing.case_id, doing.body, until=doing.until, in_time=True, **doing.how)


def _give_longer(doing: _Doing) -> None:
    clock = doing.counted()
    months = clock.term.complete_months or 1
    begun = clock.paused_since or doing.today
    guards.check_until(doing.until, clock.complete_by or doing.today, add_months(begun, 2 * months))
    services.add_event(
        doing.case_id,
        rules.GIVEN_LONGER,
        body=doing.body,
        data={"until": doing.until.isoformat()},
        **doing.how,
    )


def _extend(doing: _Doing) -> None:
    guards.check_extend(doing.counted(), doing.until, doing.today, calendar())
    services.extend(doing.case_id, doing.body, until=doing.until, in_time=True, **doing.how)


def _complete(doing: _Doing) -> None:
    if not doing.body:
        raise Refusal(N_("Write a few words."), field="body")
    services.complete(doing.case_id, doing.body, **doing.with_files)


def _transfer(doing: _Doing) -> None:
    services.add_event(doing.case_id, rules.TRANSFERRED, body=doing.body, **doing.how)


def _withdraw(doing: _Doing) -> None:
    guards.check_withdrawn(doing.counted(), doing.today)
    services.withdraw(doing.case_id, doing.body, **doing.how)


_DOING: Final[dict[str, Callable[[_Doing], None]]] = {
    "answer": lambda doing: _keep(services.answer(doing.case_id, doing.body, **doing.with_files)),
    "reply": lambda doing: _keep(services.reply(doing.case_id, doing.body, **doing.with_files)),
    "note": lambda doing: _keep(services.note(doing.case_id, doing.body, **doing.with_files)),
    "ask": _ask_for_more,
    "longer": _give_longer,
    "complete": _complete,
    "extend": _extend,
    "transfer": _transfer,
    "withdraw": _withdraw,
    "close": lambda doing: _keep(services.close(doing.case_id, doing.body, **doing.how)),
    "reopen": lambda doing: _keep(services.reopen(doing.case_id, doing.body, **doing.with_files)),
}


def _keep(_event_id: uuid.UUID) -> None:
    """The event's id is of no use to a page."""


def with_days(refusal: Refusal) -> Refusal:
    """Days among a refusal's facts, as people read them."""
    facts = {
        name: format_long(value, locale()) if isinstance(value, datetime.date) else value
        for name, value in refusal.facts.items()
    }
    return Refusal(refusal.msgid, refusal.field, **facts)


# --- pages --------------------------------------------------------------------------------------------------------


def _page(case: DeskCase, clock: Clock | None, act: str, form: UntilForm) -> str:
    file_forms.form_key(form)
    how = ACTS[act]
    form.body.label.text, form.until.label.text = _(how.body), _(how.until) if how.until else ""
    begin = queries.templates_for(case.class_code, case.subject_code) if how.begin else ()
    return render(
        "cases/desk/act.html",
        **about(case, clock),
        act=act,
        how=how,
        form=form,
        begin=begin,
        kept=file_forms.kept(form) if how.files else (),
        accepted=ACCEPTED,
        most_files=g.tenant.setting("cases.files"),
        most_megabytes=g.tenant.setting("cases.file-size"),
        appeal=case.stage == 2,
        steps={"review": REVIEW},
    )


def _review(case: DeskCase, clock: Clock | None, form: UntilForm) -> str:
    """The answer as the customer will read it. Raises Refusal for one that cannot leave."""
    body = rules.clean(typed(form.body.data))
    if not body:
        raise Refusal(N_("Write a few words."), field="body")
    form.body.data = body
    return render(
        "cases/desk/review.html",
        **about(case, clock),
        form=form,
        body=body,
        whose=reached(case.id),
        kept=file_forms.kept(form),
        left=placeholders.PLACEHOLDERS.keys() & set(placeholders.names(body)),
        appeal=case.stage == 2,
        steps={"edit": EDIT, "send": SEND},
    )


def _class_page(case: DeskCase, form: ClassForm) -> str:
    words, spoken = catalogue(), language()
    form.class_code.choices = [
        SelectChoice(one.code, one.name(spoken)) for one in words.classes_of(case.kind)
    ]
    form.subject_code.choices = [
        SelectChoice(one.code, one.name(spoken)) for one in words.subjects_of(case.kind)
    ]
    return render("cases/desk/class.html", **about(case, clock_of_case(case.id)), form=form)


def _usual_day(act: str, clock: Clock | None) -> datetime.date | None:
    """The day that a form begins with."""
    if clock is None:
        return None
    today: datetime.date = g.tenant.today()
    months = clock.term.complete_months or 1
    if act == "ask":
        return add_months(today, months)
    if act == "longer":
        return add_months(clock.complete_by or today, months)
    return clock.extend_until if act == "extend" else None


def _begun(case: DeskCase) -> str:
    """The text to begin with that the address names, filled in; empty for none."""
    wanted = request.args.get("begin", "")
    words = catalogue()
    for row in queries.templates_for(case.class_code, case.subject_code):
        if str(row.id) == wanted:
            return placeholders.fill(row.body, facts_of(case, words))
    return ""


def facts_of(case: DeskCase, words: Catalogue) -> dict[str, str]:
    """What placeholders become for a case, in the tenant's language."""
    where, spoken = g.tenant.locale, g.tenant.language
    received = case.received_at.astimezone(ZoneInfo(g.tenant.time_zone)).date()
    return {
        "customer": case.customer or case.user_name or "",
        "number": case.number,
        "class": words.class_name(case.class_code, spoken),
        "subject": words.subject_name(case.subject_code, spoken),
        "received": format_long(received, where),
        "due": format_long(case.due_on, where) if case.due_on else "",
        "account": case.account_number or "",
        "property": case.property_address or "",
        "organisation": g.tenant.name,
        "signed": g.viewer.name,
    }
