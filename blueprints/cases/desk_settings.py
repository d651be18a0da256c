"""What an organisation decides about its cases: terms per class, the catalogue, texts to begin with."""

from __future__ import annotations

import uuid
from typing import Any

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from blueprints.cases import catalogue_changes, keeping
from blueprints.cases import desk_queries as queries
from blueprints.cases.catalogue import Entry, catalogue
from blueprints.cases.catalogue_changes import MODELS, Text, Which
from blueprints.cases.desk_blueprint import pages, say
from blueprints.cases.desk_forms import EntryForm, TemplateForm, TermForm
from blueprints.cases.forms import typed
from blueprints.cases.placeholders import PLACEHOLDERS
from blueprints.cases.term_changes import set_term
from blueprints.cases.terms import legal_term, rules_of
from saas.dates import format_short, parse_date
from saas.languages import N_
from saas.permissions import allow
from saas.refusals import NotFound, Refusal
from tenants import roles
from tenants.look import render
from tenants.page_context import language, locale

Answer = str | Response | tuple[str, int]
LAW, OWN = "law", "own"


# --- terms --------------------------------------------------------------------------------------------------------


@pages.get("/terms", endpoint="terms")
@allow(roles.SETTINGS)
def terms() -> str:
    """How long there is for each class, and which rule says so."""
    spoken = language()
    rows = [
        {
            "code": one.code,
            "name": one.name(spoken),
            "active": one.active,
            "term": keeping.term_of_class(one.code),
        }
        for one in catalogue().classes
    ]
    return render("cases/desk/terms.html", rows=rows, country=g.tenant.country)


@pages.get("/terms/change", endpoint="term_page")
@allow(roles.SETTINGS)
def ask_for_term() -> Answer:
    entry = _entry("class", request.args.get("class", ""))
    if entry is None:
        return redirect(url_for("cases_desk.terms"), 303)
    form = TermForm(
        formdata=None,
        data={"class_code": entry.code, "rule": LAW, "valid_from": format_short(g.tenant.today())},
    )
    return _term_page(form, entry)


@pages.post("/terms/change", endpoint="set_term")
@allow(roles.SETTINGS)
def change_term() -> Answer:
    form = TermForm(request.form)
    entry = _entry("class", typed(form.class_code.data))
    if entry is None:
        return redirect(url_for("cases_desk.terms"), 303)
    chosen, days = typed(form.rule.data), typed(form.days.data).strip()
    try:
        if chosen == OWN and not (days.isascii() and days.isdigit() and len(days) < 5):
            raise Refusal(N_("Type a whole number"), field="days")
        set_term(
            entry.code,
            days=int(days) if chosen == OWN else None,
            rule=None if chosen in (LAW, OWN) else chosen,
            valid_from=parse_date(typed(form.valid_from.data), locale(), field="valid_from"),
            source=typed(form.source.data),
            actor=g.viewer.actor(),
        )
    except Refusal as refusal:
        form.refuse(refusal)
        return _term_page(form, entry), 422
    say(_("The term is saved. Cases that are here already keep theirs."))
    return redirect(url_for("cases_desk.terms"), 303)


def _term_page(form: TermForm, entry: Entry) -> str:
    today = g.tenant.today()
    legal = legal_term(g.tenant.country, g.tenant.setting("cases.regime"), entry.code, today)
    form.rule.choices = [
        SelectChoice(LAW, _("What the law says, as far as it is known here")),
        SelectChoice(OWN, _("So many business days of our own")),
        *(SelectChoice(term.code, f"{term.source}: {term.days}") for term in rules_of(g.tenant.country)),
    ]
    return render(
        "cases/desk/term.html",
        form=form,
        name=entry.name(language()),
        present=keeping.term_of_class(entry.code),
        legal=legal,
    )


# --- classes and subjects -----------------------------------------------------------------------------------------


@pages.get("/catalogue", endpoint="catalogue")
@allow(roles.SETTINGS)
def entries() -> str:
    found = catalogue()
    return render(
        "cases/desk/catalogue.html",
        lists=[("class", _("Classes"), found.classes), ("subject", _("Subjects"), found.subjects)],
        language=language(),
    )


@pages.get("/catalogue/entry", endpoint="entry_page")
@allow(roles.SETTINGS)
def ask_for_entry() -> Answer:
    which, code = request.args.get("which", ""), request.args.get("code", "")
    if which not in MODELS:
        return redirect(url_for("cases_desk.catalogue"), 303)
    entry = _entry(which, code)
    names = entry.names if entry else {}
    form = EntryForm(
        formdata=None,
        data={
            "code": entry.code if entry else "",
            "name_es": names.get("es", ""),
            "name_en": names.get("en", ""),
            "asks": entry.asks if entry else "",
            "without_login": entry.without_login if entry else True,
        },
    )
    return _entry_page(form, which, entry)


@pages.post("/catalogue/entry", endpoint="save_entry")
@allow(roles.SETTINGS)
def save_entry() -> Answer:
    form = EntryForm(request.form)
    which = _which()
    entry = _entry(which, request.form.get("of", ""))
    values = (
        typed(form.name_es.data),
        typed(form.name_en.data),
        typed(form.asks.data),
        form.without_login.data is True,
    )
    try:
        if entry is None:
            code = typed(form.code.data).strip()
            catalogue_changes.add_entry(which, code, *values, actor=g.viewer.actor())
        else:
            catalogue_changes.rename_entry(which, entry.code, *values, actor=g.viewer.actor())
    except Refusal as refusal:
        form.refuse(refusal)
        return _entry_page(form, which, entry), 422
    say(_("The catalogue is saved."))
    return redirect(url_for("cases_desk.catalogue"), 303)


@pages.post("/catalogue/<any(on,off,up):act>", endpoint="change_entry")
@allow(roles.SETTINGS)
def change_entry(act: str) -> Answer:
    """Offer an entry or not, or move it up."""
    which, code, actor = _which(), request.form.get("code", ""), g.viewer.actor()
    try:
        if act == "up":
            catalogue_changes.move_up(which, code, actor=actor)
        else:
            catalogue_changes.switch_entry(which, code, active=act == "on", actor=actor)
    except Refusal as refusal:
        say(_(refusal.msgid, **refusal.facts), "warning")
    return redirect(url_for("cases_desk.catalogue"), 303)


def _which() -> Which:
    """Which list a form is about. Raises NotFound."""
    match request.form.get("which", ""):
        case "class":
            return "class"
        case "subject":
            return "subject"
        case _:
            raise NotFound()


def _entry(which: str, code: str) -> Entry | None:
    found = catalogue()
    entries = found.classes if which == "class" else found.subjects
    return next((one for one in entries if one.code == code), None)


def _entry_page(form: EntryForm, which: str, entry: Entry | None) -> str:
    form.asks.choices = [
        SelectChoice("", _("Nothing")),
        SelectChoice("repair", _("What is broken and whether we may go in")),
    ]
    return render("cases/desk/entry.html", form=form, which=which, entry=entry)


# --- texts --------------------------------------------------------------------------------------------------------


@pages.get("/texts", endpoint="texts")
@allow(roles.SETTINGS)
def texts() -> str:
    words, spoken = catalogue(), language()
    return render(
        "cases/desk/texts.html",
        rows=queries.all_texts(),
        class_name=lambda code: words.class_name(code, spoken),
        subject_name=lambda code: words.subject_name(code, spoken),
    )


@pages.get("/texts/new", endpoint="new_text")
@allow(roles.SETTINGS)
def ask_for_text() -> str:
    return _text_page(TemplateForm(formdata=None), None)


@pages.post("/texts/new", endpoint="add_text")
@allow(roles.SETTINGS)
def add_text() -> Answer:
    return _save(None)


@pages.get("/texts/<uuid:case_template_id>", endpoint="text")
@allow(roles.SETTINGS)
def one_text(case_template_id: uuid.UUID) -> str:
    row = queries.one_text(case_template_id)
    data = {
        "title": row.title,
        "body": row.body,
        "class_code": row.class_code,
        "subject_code": row.subject_code,
    }
    return _text_page(TemplateForm(formdata=None, data=data), row)


@pages.post("/texts/<uuid:case_template_id>", endpoint="save_text")
@allow(roles.SETTINGS)
def save_text(case_template_id: uuid.UUID) -> Answer:
    return _save(case_template_id)


@pages.post("/texts/<uuid:case_template_id>/<any(on,off):act>", endpoint="switch_text")
@allow(roles.SETTINGS)
def switch_text(case_template_id: uuid.UUID, act: str) -> Answer:
    catalogue_changes.switch_text(case_template_id, active=act == "on", actor=g.viewer.actor())
    return redirect(url_for("cases_desk.texts"), 303)


def _save(text_id: uuid.UUID | None) -> Answer:
    form = TemplateForm(request.form)
    text = Text(
        typed(form.title.data),
        typed(form.body.data),
        typed(form.class_code.data),
        typed(form.subject_code.data),
    )
    try:
        catalogue_changes.save_text(text, text_id, actor=g.viewer.actor())
    except Refusal as refusal:
        form.refuse(refusal)
        row = queries.one_text(text_id) if text_id else None
        return _text_page(form, row), 422
    say(_("The text is saved."))
    return redirect(url_for("cases_desk.texts"), 303)


def _text_page(form: TemplateForm, row: Any) -> str:
    words, spoken = catalogue(), language()
    form.class_code.choices = [SelectChoice("", _("All of them"))] + [
        SelectChoice(one.code, one.name(spoken)) for one in words.classes
    ]
    form.subject_code.choices = [SelectChoice("", _("All of them"))] + [
        SelectChoice(one.code, one.name(spoken)) for one in words.subjects
    ]
    return render("cases/desk/text.html", form=form, row=row, placeholders=PLACEHOLDERS)
