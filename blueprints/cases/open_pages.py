"""Anybody files a case without a login, with their name or anonymously (feature 85; Ley 1437/2011 art. 16).

It gets the same number, certificate and clock as every other, and a code that opens it again (follow_pages.py). It is
bound to no account, also where whoever files it is logged in.
"""

from __future__ import annotations

import datetime

from flask import g, make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from blueprints.auth import human
from blueprints.cases import file_forms, wording
from blueprints.cases.blueprint import LARGEST_BODY, pages
from blueprints.cases.catalogue import PQRS, Catalogue, catalogue
from blueprints.cases.channels import WEB
from blueprints.cases.customer_view import files_taken
from blueprints.cases.follow_codes import code_for, ticket_for
from blueprints.cases.follow_pages import TICKET_COOKIE, asked_too_often, ticket
from blueprints.cases.forms import typed
from blueprints.cases.new import HINTS
from blueprints.cases.open_forms import ANONYMOUS, NAMED, OpenCaseForm
from blueprints.cases.persons import Person, check_name_of_anybody, check_person, person_of
from blueprints.cases.queries import Whose, my_case
from blueprints.cases.reading import Reading, description_of, since_of
from blueprints.cases.services import NewCase, open_case
from blueprints.cases.without_login import OFFERED, POLICY
from saas.audit import Actor
from saas.clock import now
from saas.languages import N_
from saas.limits import count_attempt
from saas.permissions import PUBLIC, allow
from saas.refusals import NotFound, Refusal
from tenants.error_pages import error_page
from tenants.frame import set_cookie
from tenants.look import render
from tenants.page_context import language, locale

DAY = datetime.timedelta(days=1)
PURPOSE = "case"
A_DAY = {human.WORK: 30, human.AGE: 10}
"""Cases that may come from one network in a day; fewer of who shows only that the page was open for a while."""
LETTERS_A_DAY = 5  # to one address: nobody may use us to fill somebody's mailbox

Answer = str | Response | tuple[str, int]


@pages.get("/requests/new")
@allow(PUBLIC)
def open_form() -> str:
    _offered()
    form, words = OpenCaseForm(formdata=None), catalogue()
    asked = request.args.get("class", "")
    form.class_code.data = asked if asked in {one.code for one in words.classes_of(PQRS)} else None
    return _page(form, words)


@pages.post("/requests/new", endpoint="open_file")
@allow(PUBLIC)
def file_it() -> Answer:
    """File it. Sent twice by one browser it is filed once, and shows the same code."""
    _offered()
    if asked_too_often("case-web-form"):
        return error_page(429)
    form, words, sender = OpenCaseForm(request.form), catalogue(), file_forms.anybody()
    try:
        sign = human.sign_of_a_person(PURPOSE, request.form)
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(form, words), 422
    fine = file_forms.receive(form, sender)
    try:
        new = _read(form, words, sender)
        if new is None or not fine:
            return _page(form, words), 422
        _spare_us(sign, sender, new)
        name = new.person["name"] if new.person else ""
        opened = open_case(new, actor=Actor("customer", None, name), now=now())
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(form, words), 422
    file_forms.taken(form, sender)
    response = make_response(redirect(url_for("cases.filed"), 303))
    set_cookie(response, TICKET_COOKIE, ticket_for(opened.id, now(), fresh=True))
    return response


file_it.largest_body = LARGEST_BODY  # type: ignore[attr-defined]
file_it.from_anybody = True  # type: ignore[attr-defined] # the human check and the limits stand before the files


@pages.get("/requests/filed")
@allow(PUBLIC)
def filed() -> Answer:
    """Number and code, for as long as this browser has its ticket: nobody sees the code later."""
    found = ticket()
    if found is None or not found.fresh:
        return redirect(url_for("cases.followed" if found else "cases.follow"), 303)
    case = my_case(Whose(followed=found.case_id), found.case_id)
    return render(
        "cases/open/filed.html",
        case=case,
        code=code_for(case.id, case.follow_digest),
        person=person_of(case.person),
        due=wording.due_sentence(case, g.tenant.today(), locale()),
    )


def _offered() -> None:
    if not g.tenant.setting(OFFERED):
        raise NotFound()


def _spare_us(sign: str, sender: file_forms.Sender, new: NewCase) -> None:
    """Raises Refusal where one network files very much, or one address is written to very often."""
    if count_attempt(f"case-web-{sign}", sender.network, window=DAY) > A_DAY[sign]:
        raise Refusal(
            N_("Very many requests came from your connection today. Come back tomorrow, or call us.")
        )
    email = new.person.get("email", "") if new.person else ""
    if email and count_attempt("case-web-letter", email.lower(), window=DAY) > LETTERS_A_DAY:
        raise Refusal(
            N_(
                "Very many requests named this address today. Give a telephone instead, or come back tomorrow."
            ),
            field="email",
        )


def _read(form: OpenCaseForm, words: Catalogue, sender: file_forms.Sender) -> NewCase | None:
    """What the form says; None, and the form says what is wrong."""
    reading = Reading(form)
    class_code, subject_code = typed(form.class_code.data), typed(form.subject_code.data)
    reading.take(lambda: _check_class(words, class_code))
    reading.take(lambda: _check_subject(words, subject_code))
    description = reading.take(lambda: description_of(typed(form.description.data)))
    since = reading.take(lambda: since_of(typed(form.since.data)))
    named = reading.take(lambda: _named(form))
    person = reading.take(lambda: _person(form)) if named else None
    if named:
        reading.take(lambda: _consent(form))
    if not reading.fine:
        return None
    return NewCase(
        class_code=class_code,
        subject_code=subject_code,
        description=description or "",
        customer_id=None,
        channel=WEB,
        since=since,
        files=file_forms.kept(form, sender),
        form_key=sender.key(file_forms.form_key(form)),
        person=person.kept() if person else None,
        consent=person is not None,
    )


def _check_class(words: Catalogue, class_code: str) -> None:
    if class_code not in {one.code for one in words.classes_of(PQRS)}:
        raise Refusal(N_("Choose what you want to file."), field="class_code")


def _check_subject(words: Catalogue, subject_code: str) -> None:
    if subject_code not in {one.code for one in words.subjects_for_anybody(PQRS)}:
        raise Refusal(N_("Choose what it is about."), field="subject_code")


def _named(form: OpenCaseForm) -> bool:
    who = typed(form.who.data)
    if who not in (NAMED, ANONYMOUS):
        raise Refusal(N_("Choose one of the options"), field="who")
    return who == NAMED


def _person(form: OpenCaseForm) -> Person:
    typed_in = Person(
        typed(form.name.data), typed(form.document.data), typed(form.email.data), typed(form.phone.data)
    )
    person = check_person(typed_in, g.tenant.country)
    check_name_of_anybody(person.name)
    return person


def _consent(form: OpenCaseForm) -> None:
    if form.consent.data is not True:
        raise Refusal(
            N_("Without this we may not keep your name. Agree to it, or file the request anonymously."),
            field="consent",
        )


def _page(form: OpenCaseForm, words: Catalogue) -> str:
    spoken = language()
    form.class_code.choices = [
        SelectChoice(
            one.code, (one.name(spoken), _(HINTS[one.code])) if one.code in HINTS else one.name(spoken)
        )
        for one in words.classes_of(PQRS)
    ]
    form.subject_code.choices = [SelectChoice("", _("Choose"))] + [
        SelectChoice(one.code, one.name(spoken)) for one in words.subjects_for_anybody(PQRS)
    ]
    form.who.choices = [
        SelectChoice(NAMED, (_("With my name"), _("We answer you by e-mail or telephone as well."))),
        SelectChoice(
            ANONYMOUS, (_("Anonymously"), _("We ask nothing; you read the answer here with a code."))
        ),
    ]
    form.consent.label.text = _(
        "I agree that %(organisation)s keeps my data and uses them to answer this request.",
        organisation=g.tenant.legal_name or g.tenant.name,
    )
    file_forms.form_key(form)
    return render(
        "cases/open/new.html",
        form=form,
        question=human.ask(PURPOSE),
        policy=g.tenant.setting(POLICY),
        kept=file_forms.kept(form, file_forms.anybody()) if form.is_submitted() else (),
        **files_taken(),
    )
