"""A case without a login: its number and code open it, or the link from a letter, and then what its customer may do.

A wrong number and a wrong code are answered alike, by the same work. Nothing of any account is shown here.
"""

from __future__ import annotations

import datetime
import uuid

from flask import make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.cases import casebook, file_forms, rules, services
from blueprints.cases.blueprint import LARGEST_BODY, pages
from blueprints.cases.catalogue import catalogue
from blueprints.cases.certificate import certificate
from blueprints.cases.customer_view import DONE, allowed, files_taken, shown
from blueprints.cases.follow_codes import Ticket, found_by, opened_by, ticket_for, ticket_of
from blueprints.cases.forms import ActForm, MessageForm, RatingForm, typed
from blueprints.cases.open_forms import FollowForm
from blueprints.cases.persons import person_of
from blueprints.cases.queries import CaseView, Whose, happenings, my_case, my_file
from saas.audit import Actor
from saas.clock import now
from saas.files import load
from saas.languages import N_
from saas.limits import count_attempt, network_of
from saas.permissions import PUBLIC, allow
from saas.refusals import NotFound, Refusal
from saas.web import download
from tenants.error_pages import error_page
from tenants.frame import client_address, cookie_name, set_cookie
from tenants.look import render

TICKET_COOKIE = "ventanilla-case"
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
AN_HOUR = 60  # questions of each kind from one network: a code has 80 bits, so this only keeps noise away
MESSAGES_A_DAY = 60  # in one case
Answer = str | Response | tuple[str, int]

SAID = {
    "message": N_("Your message is with us."),
    "rating": N_("Thank you. The case is closed."),
    **DONE,
    "withdraw": N_("You withdrew the case. You can still read it here."),
}


@pages.get("/requests/follow")
@allow(PUBLIC)
def follow() -> str:
    """Ask for number and code."""
    return render("cases/open/follow.html", form=FollowForm(formdata=None), open=ticket() is not None)


@pages.post("/requests/follow", endpoint="find")
@allow(PUBLIC)
def find() -> Answer:
    if asked_too_often("case-code"):
        return error_page(429)
    form = FollowForm(request.form)
    case_id = found_by(typed(form.number.data), typed(form.code.data))
    if case_id is None:
        form.refuse(
            Refusal(
                N_("This number and this code do not belong together. Look at both once more."), field="code"
            )
        )
        return render("cases/open/follow.html", form=form, open=False), 422
    return _open(case_id)


@pages.get("/requests/link/<string:follow_token>")
@allow(PUBLIC)
def follow_link(follow_token: str) -> Answer:
    """The link from a letter: opens the case in this browser, changes nothing, and leaves no secret in the address."""
    if asked_too_often("case-link"):
        return error_page(429)
    case_id = opened_by(follow_token)
    if case_id is None:
        raise NotFound()
    my_case(Whose(followed=case_id), case_id)
    response = _open(case_id)
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@pages.post("/requests/leave", endpoint="leave_followed")
@allow(PUBLIC)
def leave() -> Answer:
    """Close the case in this browser: it may be a shared one."""
    response = make_response(redirect(url_for("cases.follow"), 303))
    set_cookie(response, TICKET_COOKIE, "", lifetime=0)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@pages.get("/requests/case")
@allow(PUBLIC)
def followed() -> Answer:
    """By when it is answered, what was said, its files, what may be done."""
    case = _case()
    return _page(case) if case else _ask()


@pages.post("/requests/case", endpoint="followed_say")
@allow(PUBLIC)
def say() -> Answer:
    """Add to the conversation; while something is missing, this is it and the clock goes on."""
    case, form, sender = _case(), MessageForm(request.form), file_forms.anybody()
    if case is None:
        return _ask()
    fine = file_forms.receive(form, sender)
    try:
        body, files = rules.clean(typed(form.body.data)), file_forms.kept(form, sender)
        if not body and not files:
            raise Refusal(N_("Write a few words."), field="body")
        if not fine:
            return _page(case, form), 422
        _spare_us(case)
        verb = services.complete if case.state == rules.WAITING else services.say
        words, once = body or _("Files sent without words"), file_forms.form_key(form)
        verb(case.id, words, actor=_whoever(case), now=now(), files=files, once=once)
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(case, form), 422
    file_forms.taken(form, sender)
    return redirect(url_for("cases.followed", done="message"), 303)


say.largest_body = LARGEST_BODY  # type: ignore[attr-defined]
say.from_anybody = True  # type: ignore[attr-defined]


@pages.get("/requests/case/<any(appeal,reopen,withdraw):act>", endpoint="followed_act_page")
@allow(PUBLIC)
def ask_for_reasons(act: str) -> Answer:
    """What the step means, and room for words."""
    case = _case()
    if case is None:
        return _ask()
    if not allowed(case, act):
        return redirect(url_for("cases.followed"), 303)
    return _act_page(case, act, ActForm(formdata=None))


@pages.post("/requests/case/<any(appeal,reopen,withdraw):act>", endpoint="followed_act")
@allow(PUBLIC)
def act(act: str) -> Answer:
    case, form, sender = _case(), ActForm(request.form), file_forms.anybody()
    if case is None:
        return _ask()
    fine = file_forms.receive(form, sender) if act != "withdraw" else True
    once, body, actor, moment = file_forms.form_key(form), typed(form.body.data), _whoever(case), now()
    try:
        if not fine:
            return _act_page(case, act, form), 422
        if casebook.already(case.id, once):
            return redirect(url_for("cases.followed", done=act), 303)
        if act == "appeal" and case.stage == 1 and not allowed(case, act):
            raise Refusal(N_("The time to appeal is over."))
        if act == "withdraw":
            services.withdraw(case.id, body, actor=actor, now=moment, once=once)
        else:
            _spare_us(case)
            verb = services.appeal if act == "appeal" else services.reopen
            files = file_forms.kept(form, sender)
            verb(case.id, body, actor=actor, now=moment, files=files, once=once)
            file_forms.taken(form, sender)
    except Refusal as refusal:
        form.refuse(refusal)
        return _act_page(case, act, form), 422
    return redirect(url_for("cases.followed", done=act), 303)


act.largest_body = LARGEST_BODY  # type: ignore[attr-defined]
act.from_anybody = True  # type: ignore[attr-defined]


@pages.get("/requests/case/rating", endpoint="followed_rating_page")
@allow(PUBLIC)
def ask_for_rating() -> Answer:
    case = _case()
    if case is None:
        return _ask()
    if case.state not in (rules.ANSWERED, rules.CLOSED):
        return redirect(url_for("cases.followed"), 303)
    return _rating_page(case, RatingForm(formdata=None))


@pages.post("/requests/case/rating", endpoint="followed_rate")
@allow(PUBLIC)
def rate() -> Answer:
    """Say how good the answer was; an answered case is closed by it."""
    case, form = _case(), RatingForm(request.form)
    if case is None:
        return _ask()
    stars, actor, moment = typed(form.rating.data), _whoever(case), now()
    try:
        services.rate(
            case.id,
            int(stars) if stars in ("1", "2", "3", "4", "5") else 0,
            typed(form.rating_words.data),
            actor=actor,
            now=moment,
            once=file_forms.form_key(form),
        )
        if casebook.held(case.id).state == rules.ANSWERED:
            services.close(case.id, actor=actor, now=moment)
    except Refusal as refusal:
        form.refuse(refusal)
        return _rating_page(case, form), 422
    return redirect(url_for("cases.followed", done="rating"), 303)


@pages.get("/requests/case/certificate", endpoint="followed_certificate")
@allow(PUBLIC)
def paper() -> Answer:
    """The filing certificate: drawn once, always the same file."""
    case = _case()
    if case is None:
        return _ask()
    stored = certificate(case.id)
    return download(stored.content, media_type=stored.media_type, name=stored.name, inline=True)


@pages.get("/requests/case/files/<uuid:case_file_id>", endpoint="followed_file")
@allow(PUBLIC)
def file_of(case_file_id: uuid.UUID) -> Response:
    """A file of the conversation. Pictures are our own encoding and may be shown; all else is downloaded."""
    found = ticket()
    if found is None:
        raise NotFound()
    file = my_file(Whose(followed=found.case_id), case_file_id)
    stored = load(file.file_id)
    inline = file.media_type.startswith("image/")
    return download(stored.content, media_type=file.media_type, name=file.name, inline=inline)


def ticket() -> Ticket | None:
    """What this browser opened a while ago."""
    return ticket_of(request.cookies.get(cookie_name(TICKET_COOKIE), ""), now())


def asked_too_often(kind: str) -> bool:
    """Count one more question of this kind from the visitor's network."""
    return count_attempt(kind, network_of(client_address()), window=HOUR) > AN_HOUR


def _open(case_id: uuid.UUID) -> Response:
    response = make_response(redirect(url_for("cases.followed"), 303))
    set_cookie(response, TICKET_COOKIE, ticket_for(case_id, now()))
    return response


def _case() -> CaseView | None:
    """The case that this browser has opened; None where it has not. Raises NotFound where it is gone."""
    found = ticket()
    return my_case(Whose(followed=found.case_id), found.case_id) if found else None


def _ask() -> Response:
    return redirect(url_for("cases.follow"), 303)


def _whoever(case: CaseView) -> Actor:
    """Who holds the code acts in the place of who filed the case, under the name that was given, or none."""
    person = person_of(case.person)
    return Actor("customer", None, person.name if person else "")


def _spare_us(case: CaseView) -> None:
    if count_attempt("case-say", str(case.id), window=DAY) > MESSAGES_A_DAY:
        raise Refusal(N_("You sent very many messages today. Please go on tomorrow."))


def _page(case: CaseView, form: MessageForm | None = None) -> str:
    form, done = form or MessageForm(formdata=None), SAID.get(request.args.get("done", ""))
    file_forms.form_key(form)
    facts = shown(case, catalogue(), happenings(case.id))
    return render(
        "cases/open/case.html",
        **facts,
        form=form,
        kept=file_forms.kept(form, file_forms.anybody()) if facts["may_say"] and form.is_submitted() else (),
        **({"notice": {"tone": "success", "text": _(done)}} if done else {}),
    )


def _act_page(case: CaseView, act: str, form: ActForm) -> str:
    file_forms.form_key(form)
    kept = file_forms.kept(form, file_forms.anybody()) if act != "withdraw" else ()
    return render(
        "cases/act.html",
        case=case,
        act=act,
        form=form,
        back_url=url_for("cases.followed"),
        send_url=url_for("cases.followed_act", act=act),
        stays=_("We stop looking for an answer. You can still read everything with the number and the code."),
        kept=kept,
        **files_taken(),
    )


def _rating_page(case: CaseView, form: RatingForm) -> str:
    file_forms.form_key(form)
    form.offer()
    return render(
        "cases/rating.html",
        case=case,
        form=form,
        back_url=url_for("cases.followed"),
        send_url=url_for("cases.followed_rate"),
    )
