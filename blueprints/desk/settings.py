"""What the tenant decides: settings that capabilities declare, its own words, what is switched on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField, Field, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from blueprints import capabilities
from blueprints.desk.forms import Checkboxes, one_line, refuse
from blueprints.desk.pages import pages, say, tidy
from blueprints.desk.services import change_capabilities
from saas.languages import LANGUAGES
from saas.money import format_money
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.capability import Setting
from tenants.context import DEFAULT_WORDS
from tenants.frame import confirm_first
from tenants.look import render
from tenants.page_context import locale
from tenants.services import ChangedMeanwhile, change_settings, change_words, edition
from tenants.settings import SECOND_FACTOR, declared, parse

Answer = str | Response | tuple[str, int]
LONGEST_WORD = 60
SEEN = "seen"  # which edition of the values a form was made for
LANGUAGE_NAMES = {"es": "Español", "en": "English"}


@pages.get("/settings")
@allow(roles.SETTINGS)
def settings() -> Answer:
    return _settings_page(_settings_form(g.tenant.settings, typed=False))


@pages.post("/settings")
@allow(roles.SETTINGS)
def save_settings() -> Answer:
    """All or nothing: one value that cannot be understood, and none is changed."""
    form = _settings_form({}, typed=True)
    changes: dict[str, Any] = {}
    for setting in declared():
        if setting.kind != "boolean" and setting.key not in request.form:
            continue  # a box that was not on the page is no order to empty it
        try:
            changes[setting.key] = parse(
                setting, _typed(setting), currency=g.tenant.currency, locale=locale()
            )
        except Refusal as refusal:
            refuse(form, refusal, _(refusal.msgid, **refusal.facts))
    if form.errors:
        return _settings_page(form), 422
    before = g.tenant.settings
    changes = {key: value for key, value in changes.items() if value != before[key]}
    if SECOND_FACTOR in changes and (asked := confirm_first()) is not None:
        return asked
    if changes:
        try:
            change_settings(changes, actor=g.viewer.actor(), seen=request.form.get(SEEN, ""))
        except ChangedMeanwhile as refusal:
            _show_both(
                form, refusal, {key: _shown(setting, refusal.current[key]) for key, setting in _by_key()}
            )
            return _settings_page(form, refusal.current), 409
        say(_("The settings are saved."))
    return redirect(url_for("desk.settings"), 303)


def _by_key() -> list[tuple[str, Setting]]:
    return [(setting.key, setting) for setting in declared()]


def _shown(setting: Setting, value: Any) -> str:
    """A value as staff read it."""
    if setting.kind == "boolean":
        return str(_("Yes") if value else _("No"))
    if setting.kind == "choice":
        return str(_(setting.choices.get(value, value)))
    if setting.kind == "amount":
        return format_money(value, g.tenant.currency, locale())
    return str(value)


def _show_both(form: FlaskForm, refusal: Refusal, current: Mapping[str, str]) -> None:
    """Keep what was typed, and say beside each box what stands now where that is something else."""
    form.form_errors.append(_(refusal.msgid))
    for key, stands in current.items():
        field = form[key]
        typed = _shown_of(field)
        if typed != stands:
            field.errors = [_("Saved now: “%(value)s”", value=stands) if stands else _("Saved now: nothing")]


def _shown_of(field: Field) -> str:
    """What a box says, as staff read it."""
    if isinstance(field, BooleanField):
        return str(_("Yes") if field.data else _("No"))
    if isinstance(field, SelectField):
        return next((text for value, text, *_more in field.iter_choices() if value == field.data), "")
    return "\n".join(str(field.data or "").splitlines())


def _typed(setting: Setting) -> str:
    """What came for a setting, without what no database takes; line breaks only where there is room for them."""
    if setting.kind == "boolean":
        return "yes" if setting.key in request.form else "no"
    typed = request.form.get(setting.key, "")
    if setting.kind == "long-text":
        return "\n".join(tidy(line, 2000) for line in typed[:20_000].splitlines()).strip()
    return tidy(typed, 2000)


def _settings_form(values: Mapping[str, Any], *, typed: bool) -> FlaskForm:
    """A form of every declared setting, by its kind. Names of fields are the settings' keys."""
    fields = {setting.key: _field(setting) for setting in declared()}
    form_class = type("SettingsForm", (FlaskForm,), fields)
    if typed:
        return form_class()
    kinds = {setting.key: setting.kind for setting in declared()}
    shown = {
        key: format_money(value, g.tenant.currency, locale())
        if kinds.get(key) == "amount"
        else (value if isinstance(value, bool) else str(value))
        for key, value in values.items()
    }
    return form_class(formdata=None, data=shown)


def _field(setting: Setting) -> Field:
    label, hint = _(setting.title), _(setting.hint) if setting.hint else ""
    if setting.kind == "boolean":
        return BooleanField(label, description=hint)
    if setting.kind == "choice":
        choices = [SelectChoice(value, _(words)) for value, words in setting.choices.items()]
        return SelectField(label, description=hint, choices=choices, validate_choice=False)
    optional = [Optional()] if setting.default == "" else []
    if setting.kind == "long-text":
        return TextAreaField(label, description=hint, validators=optional)
    return StringField(label, description=hint, validators=optional)


def _settings_page(form: FlaskForm, shown: Mapping[str, Any] | None = None) -> str:
    """`shown` are the values that the person has before them, by default the tenant's."""
    groups: dict[str, list[Field]] = {}
    for setting in declared():
        groups.setdefault(setting.group, []).append(form[setting.key])
    kinds = {setting.key: setting.kind for setting in declared()}
    return render(
        "desk/settings.html",
        form=form,
        groups=groups,
        kinds=kinds,
        has_options=has_options(),
        seen=_seen(g.tenant.settings) if shown is None else edition(shown),
    )


def _seen(values: Mapping[str, Any]) -> str:
    """The edition that the form was made for: a form that comes back wrong keeps its own."""
    return request.form.get(SEEN) or edition(values)


@pages.get("/settings/words")
@allow(roles.SETTINGS)
def words() -> Answer:
    form = _words_form()
    own = {
        f"{language}.{key}": g.tenant.words.get(language, {}).get(key, "")
        for language in LANGUAGES
        for key in DEFAULT_WORDS[language]
    }
    return _words_page(form(formdata=None, data=own))


@pages.post("/settings/words")
@allow(roles.SETTINGS)
def save_words() -> Answer:
    form = _words_form()()
    chosen: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        for key in DEFAULT_WORDS[language]:
            field = form[f"{language}.{key}"]
            word = field.data or ""
            if len(word) > LONGEST_WORD:
                field.errors = [_("Use at most %(limit)s characters.", limit=LONGEST_WORD)]
            elif word:
                chosen.setdefault(language, {})[key] = word
    if form.errors:
        return _words_page(form), 422
    if chosen != {language: dict(own) for language, own in g.tenant.words.items()}:
        try:
            change_words(chosen, actor=g.viewer.actor(), seen=request.form.get(SEEN, ""))
        except ChangedMeanwhile as refusal:
            current = {
                f"{language}.{key}": refusal.current.get(language, {}).get(key, "")
                for language in LANGUAGES
                for key in DEFAULT_WORDS[language]
            }
            _show_both(form, refusal, current)
            return _words_page(form, refusal.current), 409
        say(_("The words are saved."))
    return redirect(url_for("desk.words"), 303)


def _words_form() -> type[FlaskForm]:
    fields = {
        f"{language}.{key}": StringField(ours, filters=[one_line], validators=[Optional()], description="")
        for language in LANGUAGES
        for key, ours in DEFAULT_WORDS[language].items()
    }
    return type("WordsForm", (FlaskForm,), fields)


def _words_page(form: FlaskForm, shown: Mapping[str, Any] | None = None) -> str:
    languages = [
        (language, LANGUAGE_NAMES[language], [form[f"{language}.{key}"] for key in DEFAULT_WORDS[language]])
        for language in LANGUAGES
    ]
    return render(
        "desk/words.html",
        form=form,
        languages=languages,
        has_options=has_options(),
        seen=_seen(g.tenant.words) if shown is None else edition(shown),
    )


class OptionsForm(FlaskForm):
    """Which optional capabilities are on."""

    chosen = Checkboxes("")


@pages.get("/settings/capabilities")
@allow(roles.SETTINGS)
def options() -> Answer:
    return _options_page(OptionsForm(formdata=None, data={"chosen": sorted(g.tenant.capabilities)}))


@pages.post("/settings/capabilities")
@allow(roles.SETTINGS)
def save_options() -> Answer:
    form = OptionsForm()
    form.chosen.choices = _optional()
    if not form.validate():
        return _options_page(form), 422
    optional = frozenset(choice.value for choice in _optional())
    change_capabilities(form.chosen.data or (), optional, actor=g.viewer.actor())
    say(_("Saved. What is switched off has no pages from now on; its data stays."))
    return redirect(url_for("desk.options"), 303)


def _optional() -> list[SelectChoice]:
    """Capabilities that a tenant may have or not, by name."""
    return [SelectChoice(found.name, _(found.title)) for found in capabilities() if not found.always]


def has_options() -> bool:
    """Whether there is anything optional, for the tabs of the settings' pages."""
    return bool(_optional())


def _options_page(form: OptionsForm) -> str:
    form.chosen.choices = _optional()
    form.chosen.label.text = _("Optional parts")
    return render("desk/options.html", form=form, has_options=True)
