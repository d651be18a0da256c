"""The tenant's own words: which there are, change them, look at them with real data, go back to ours."""

from __future__ import annotations

import uuid

from flask import abort, g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.auth.sessions import leave_notice
from blueprints.messages import queries
from blueprints.messages.blueprint import desk as pages
from blueprints.messages.forms import WordingForm
from blueprints.messages.office import blotted
from blueprints.messages.samples import letter_to_look_at
from blueprints.messages.wordings import own_wording, own_words, reset_wording, save_wording, versions, worded
from saas.languages import LANGUAGES
from saas.permissions import allow
from saas.refusals import NotFound, Refusal
from tenants import roles
from tenants.letter_fields import names_for
from tenants.letter_texts import (
    GROUPS,
    LetterText,
    Wording,
    checked,
    default_wording,
    fault_of,
    letter_texts,
)
from tenants.letters import speaking
from tenants.look import render

Answer = str | Response | tuple[str, int]
LANGUAGE_NAMES = {"es": "Español", "en": "English"}


@pages.get("/texts", endpoint="texts")
@allow(roles.MESSAGES)
def texts() -> str:
    """Every letter by group, and whether it leaves in own words."""
    return render(
        "messages/desk/texts.html",
        groups=_groups(),
        languages=LANGUAGE_NAMES,
        own=own_words(),
    )


@pages.get("/texts/<string:kind_code>/<any(es,en):text_language>", endpoint="text")
@allow(roles.MESSAGES)
def text(kind_code: str, text_language: str) -> str:
    kind = worded(kind_code)
    wording = _chosen(kind, text_language)
    form = WordingForm(formdata=None, data={"subject": wording.subject, "body": wording.body})
    return _page(kind, text_language, form, wording)


@pages.post("/texts/<string:kind_code>/<any(es,en):text_language>", endpoint="save_text")
@allow(roles.MESSAGES)
def save(kind_code: str, text_language: str) -> Answer:
    """`what` is the button: look at it, or keep it."""
    kind, form = worded(kind_code), WordingForm()
    subject, body = form.subject.data or "", form.body.data or ""
    try:
        if request.form.get("what") == "look":
            subject, body = checked(kind, subject, body)
        else:
            save_wording(kind.code, text_language, subject, body, actor=g.viewer.actor())
            leave_notice(
                g.viewer.session_id, _("The text is saved. It counts from the next message on."), "success"
            )
            return redirect(url_for("messages_desk.texts"), 303)
    except Refusal as refusal:
        field = form.subject if refusal.field == "subject" else form.body
        field.errors = [_(refusal.msgid, **refusal.facts)]
        return _page(kind, text_language, form, None), 422
    return _page(kind, text_language, form, Wording(subject, body))


@pages.post("/texts/<string:kind_code>/<any(es,en):text_language>/reset", endpoint="reset_text")
@allow(roles.MESSAGES)
def reset(kind_code: str, text_language: str) -> Response:
    reset_wording(kind_code, text_language, actor=g.viewer.actor())
    leave_notice(
        g.viewer.session_id, _("The text is the original one again. Yours stays in the history."), "success"
    )
    return redirect(url_for("messages_desk.text", kind_code=kind_code, text_language=text_language), 303)


def _groups() -> list[tuple[str, list[LetterText]]]:
    known = letter_texts().values()
    return [(group, [text for text in known if text.group == group]) for group in GROUPS]


def _chosen(kind: LetterText, text_language: str) -> Wording:
    """An earlier version, where the address names one: put into the form, to be saved anew."""
    asked = request.args.get("version", "")
    for one in versions(kind.code, text_language, limit=100) if asked else ():
        if str(one.version) == asked and one.subject is not None and one.body is not None:
            return Wording(one.subject, one.body, one.version)
    return own_wording(kind.code, text_language) or default_wording(kind, text_language)


def _page(kind: LetterText, text_language: str, form: WordingForm, looked_at: Wording | None) -> str:
    if text_language not in LANGUAGES:
        abort(404)
    customer, made = _customer(kind.code), versions(kind.code, text_language)
    kept = own_wording(kind.code, text_language)
    fault = fault_of(kind, kept) if kept else None
    return render(
        "messages/desk/text.html",
        kind=kind,
        text_language=text_language,
        language_name=LANGUAGE_NAMES[text_language],
        form=form,
        names=names_for(kind.fields, text_language),
        versions=made,
        demanded=names_for(kind.demanded, text_language),
        always=_always(kind, text_language),
        own=kept is not None,
        fault=_(fault.msgid, **fault.facts) if fault else "",
        sample=_sample(kind, text_language, looked_at, customer),
        sample_name=queries.customer_name(customer) if customer and "customer" in kind.fields else "",
    )


def _always(kind: LetterText, text_language: str) -> list[str]:
    """What the product puts at the end of a letter, whatever its words are."""
    with speaking(text_language):
        return [_(sentence) for sentence in (*kind.closing, *(kind.alarm[:1] if kind.alarm else ()))]


def _sample(
    kind: LetterText, text_language: str, looked_at: Wording | None, customer: uuid.UUID | None
) -> tuple[str, str] | None:
    """Subject and text, without the links that open something: staff look at it, and a page may be copied."""
    letter = letter_to_look_at(kind, text_language, looked_at, customer) if looked_at else None
    return (letter.subject, blotted(letter.text, letter)) if letter else None


def _customer(kind: str) -> uuid.UUID | None:
    """Whose data the preview shows: the one that the address names, else somebody real."""
    try:
        asked = uuid.UUID(request.args.get("customer", ""))
        queries.customer_name(asked)
    except (ValueError, NotFound):
        return queries.last_customer_of(kind)
    return asked
