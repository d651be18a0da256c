"""A customer's cases: the list, one of them with its conversation, and what may be done with it (S4.17, S4.18)."""

from __future__ import annotations

import datetime
import uuid

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from blueprints.accounts.reach import reach_of
from blueprints.auth.sessions import leave_notice
from blueprints.cases import casebook, file_forms, repairs, rules, services, wording
from blueprints.cases.blueprint import LARGEST_BODY, as_customer, pages, whose
from blueprints.cases.catalogue import catalogue
from blueprints.cases.certificate import certificate as paper_of
from blueprints.cases.customer_view import (
    DONE,
    allowed,
    day_of,
    files_taken,
    shown,
)
from blueprints.cases.forms import ActForm, MessageForm, RatingForm, typed
from blueprints.cases.list_file import list_file
from blueprints.cases.queries import (
    CaseView,
    Filters,
    happenings,
    my_case,
    my_cases,
    my_file,
)
from blueprints.cases.quote_queries import quotes_waiting
from saas.clock import now
from saas.files import load
from saas.languages import N_
from saas.limits import count_attempt
from saas.permissions import SIGNED_IN, allow
from saas.refusals import Refusal
from saas.web import download
from tenants.exports import wanted
from tenants.look import render
from tenants.page_context import language

DAY = datetime.timedelta(days=1)
MESSAGES_A_DAY = 60
OPEN = "open"
Answer = str | BaseResponse | tuple[str, int]


@pages.get("/cases", endpoint="index")
@allow(SIGNED_IN)
def index() -> Answer:
    """The person's own cases, newest first."""
    asked, words = _filters(), catalogue()
    if (format := wanted()) is not None:
        return list_file(format, whose(), asked, words)
    page = my_cases(whose(), asked, cursor=request.args.get("older"))
    kept = request.args.get("state") or None
    return render(
        "cases/list.html",
        page=page,
        state=asked.state or (OPEN if asked.open_only else ""),
        states=[(code, wording.chip(code)[0]) for code in rules.STATES],
        chip=wording.chip,
        short=wording.short,
        class_name=lambda code: words.class_name(code, language()),
        subject_name=lambda code: words.subject_name(code, language()),
        older_url=url_for("cases.index", state=kept, older=page.older) if page.older else "",
        later="older" in request.args,
        file_url=url_for("cases.index", state=kept),
        day_of=day_of,
        open_states=rules.OPEN_STATES,
        owner=_owns(),
        quotes_waiting=quotes_waiting(reach_of(g.viewer, g.tenant)) if _owns() else 0,
    )


@pages.get("/cases/<uuid:case_id>", endpoint="case")
@allow(SIGNED_IN)
def one(case_id: uuid.UUID) -> str:
    """One case: by when it is answered, what was said, its files, what may be done."""
    return _page(case_id)


@pages.post("/cases/<uuid:case_id>/messages", endpoint="say")
@allow(SIGNED_IN)
def say(case_id: uuid.UUID) -> Answer:
    """Add to the conversation; while something is missing, this is it."""
    case, form = my_case(whose(), case_id), MessageForm(request.form)
    fine = file_forms.receive(form)
    try:
        body = rules.clean(typed(form.body.data))
        files = file_forms.kept(form)
        if not body and not files:
            raise Refusal(N_("Write a few words."), field="body")
        if not fine:
            return _page(case_id, form), 422
        _spare_us()
        verb = services.complete if case.state == rules.WAITING else services.say
        words = body or _("Files sent without words")
        verb(case_id, words, actor=as_customer(), now=now(), files=files, once=file_forms.form_key(form))
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(case_id, form), 422
    file_forms.taken(form)
    leave_notice(g.viewer.session_id, _("Your message is with us."), "success")
    return redirect(url_for("cases.case", case_id=case_id), 303)


say.largest_body = LARGEST_BODY  # type: ignore[attr-defined]


@pages.get("/cases/<uuid:case_id>/<any(appeal,reopen,withdraw):act>", endpoint="act_page")
@allow(SIGNED_IN)
def ask_for_reasons(case_id: uuid.UUID, act: str) -> Answer:
    """What the step means, and room for words."""
    case = my_case(whose(), case_id)
    if not may(case, act):
        return redirect(url_for("cases.case", case_id=case_id), 303)
    return _act_page(case, act, ActForm(formdata=None))


@pages.post("/cases/<uuid:case_id>/<any(appeal,reopen,withdraw):act>", endpoint="act")
@allow(SIGNED_IN)
def act(case_id: uuid.UUID, act: str) -> Answer:
    case, form = my_case(whose(), case_id), ActForm(request.form)
    fine = file_forms.receive(form) if act != "withdraw" else True
    body, actor, moment = typed(form.body.data), as_customer(), now()
    try:
        if not fine:
            return _act_page(case, act, form), 422
        if casebook.already(case_id, file_forms.form_key(form)):
            return _done(case_id, act)
        if act == "appeal" and case.stage == 1 and not may(case, act):
            raise Refusal(N_("The time to appeal is over."))
        if act == "withdraw":
            services.withdraw(case_id, body, actor=actor, now=moment, once=file_forms.form_key(form))
        else:
            _spare_us()
            verb = services.appeal if act == "appeal" else services.reopen
            verb(
                case_id,
                body,
                actor=actor,
                now=moment,
                files=file_forms.kept(form),
                once=file_forms.form_key(form),
            )
            file_forms.taken(form)
    except Refusal as refusal:
        form.refuse(refusal)
        return _act_page(case, act, form), 422
    return _done(case_id, act)


def _done(case_id: uuid.UUID, act: str) -> BaseResponse:
    leave_notice(g.viewer.session_id, _(DONE[act]), "success")
    return redirect(url_for("cases.case", case_id=case_id), 303)


act.largest_body = LARGEST_BODY  # type: ignore[attr-defined]


@pages.get("/cases/<uuid:case_id>/rating", endpoint="rating_page")
@allow(SIGNED_IN)
def ask_for_rating(case_id: uuid.UUID) -> Answer:
    case = my_case(whose(), case_id)
    if case.state not in (rules.ANSWERED, rules.CLOSED):
        return redirect(url_for("cases.case", case_id=case_id), 303)
    return _rating_page(case, RatingForm(formdata=None))


@pages.post("/cases/<uuid:case_id>/rating", endpoint="rate")
@allow(SIGNED_IN)
def rate(case_id: uuid.UUID) -> Answer:
    """Say how good the answer was; an answered case is closed by it."""
    case, form = my_case(whose(), case_id), RatingForm(request.form)
    actor, moment = as_customer(), now()
    try:
        stars = typed(form.rating.data)
        services.rate(
            case_id,
            int(stars) if stars in ("1", "2", "3", "4", "5") else 0,
            typed(form.rating_words.data),
            actor=actor,
            now=moment,
            once=file_forms.form_key(form),
        )
        if my_case(whose(), case_id).state == rules.ANSWERED:
            services.close(case_id, actor=actor, now=moment)
    except Refusal as refusal:
        form.refuse(refusal)
        return _rating_page(case, form), 422
    leave_notice(g.viewer.session_id, _("Thank you. The case is closed."), "success")
    return redirect(url_for("cases.case", case_id=case_id), 303)


@pages.get("/cases/<uuid:case_id>/certificate", endpoint="certificate")
@allow(SIGNED_IN)
def certificate(case_id: uuid.UUID) -> Response:
    """The filing certificate: drawn once, always the same file."""
    my_case(whose(), case_id)
    stored = paper_of(case_id)
    return download(stored.content, media_type=stored.media_type, name=stored.name, inline=True)


@pages.get("/cases/files/<uuid:case_file_id>", endpoint="file_of")
@allow(SIGNED_IN)
def file_of(case_file_id: uuid.UUID) -> Response:
    """A file of the conversation. Pictures are our own encoding and may be shown; all else is downloaded."""
    found = my_file(whose(), case_file_id)
    stored = load(found.file_id)
    return download(
        stored.content,
        media_type=found.media_type,
        name=found.name,
        inline=found.media_type.startswith("image/"),
    )


def may(case: CaseView, act: str) -> bool:
    """Whether the viewer may take this step now. Who looks on for somebody may take none."""
    return g.viewer.viewing_customer_id is None and allowed(case, act)


def _page(case_id: uuid.UUID, form: MessageForm | None = None) -> str:
    case = my_case(whose(), case_id)
    words, looks_on = catalogue(), g.viewer.viewing_customer_id is not None
    if form is None:
        form = MessageForm(formdata=None)
    file_forms.form_key(form)
    facts = shown(case, words, happenings(case_id))
    if looks_on:
        facts |= {"acts": set(), "may_say": False, "may_rate": False}
    return render(
        "cases/one.html",
        **facts,
        form=form,
        repair=repairs.said(case.details) if words.asks(case.subject_code) == repairs.ASKS else [],
        kept=file_forms.kept(form) if facts["may_say"] and form.is_submitted() else (),
    )


def _act_page(case: CaseView, act: str, form: ActForm) -> str:
    file_forms.form_key(form)
    return render(
        "cases/act.html",
        case=case,
        act=act,
        form=form,
        back_url=url_for("cases.case", case_id=case.id),
        send_url=url_for("cases.act", case_id=case.id, act=act),
        stays=_("We stop looking for an answer. The case and everything that was said stay in your list."),
        kept=file_forms.kept(form) if act != "withdraw" else (),
        **files_taken(),
    )


def _rating_page(case: CaseView, form: RatingForm) -> str:
    file_forms.form_key(form)
    form.offer()
    return render(
        "cases/rating.html",
        case=case,
        form=form,
        back_url=url_for("cases.case", case_id=case.id),
        send_url=url_for("cases.rate", case_id=case.id),
    )


def _spare_us() -> None:
    if count_attempt("case-say", str(g.viewer.user_id), window=DAY) > MESSAGES_A_DAY:
        raise Refusal(N_("You sent very many messages today. Please go on tomorrow."))


def _owns() -> bool:
    """Whether repairs of properties may wait for the viewer, or for the customer whose pages staff look at."""
    return "owner" in g.viewer.roles or g.viewer.viewing_customer_id is not None


def _filters() -> Filters:
    state = request.args.get("state", "")
    if state == OPEN:
        return Filters(open_only=True)
    return Filters(state=state if state in rules.STATES else None)
