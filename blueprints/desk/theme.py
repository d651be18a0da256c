"""The tenant's look: choose a package, set its tokens, compare, publish, roll back."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response
from wtforms import SelectChoice, SelectField, StringField

from blueprints.desk import looks
from blueprints.desk.forms import LogoForm, one_line, refuse
from blueprints.desk.logos import LARGEST_FILE, as_png
from blueprints.desk.pages import pages, say
from saas import audit, files
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.look import LOGO_PURPOSE, UPLOADED, render
from tenants.page_context import language
from tenants.palette import palette
from tenants.services import publish_look, save_look
from tenants.theme_packages import check_tokens, known_packages

Answer = str | Response | tuple[str, int]


@pages.get("/theme")
@allow(roles.THEME)
def theme() -> str:
    """What is published, the packages to begin from, and the versions there were."""
    return render(
        "desk/theme.html",
        packages=[(name, looks.package_name(name, language())) for name in known_packages()],
        versions=looks.versions(),
        published=looks.published_id(),
        package_name=looks.package_name,
    )


@pages.get("/theme/edit/<package>")
@allow(roles.THEME)
def edit_theme(package: str) -> Answer:
    _known(package)
    start = looks.starting_tokens(package, g.tenant.look)
    return _edit_page(package, _token_form(package)(formdata=None, data=start), _current_logo())


@pages.post("/theme/edit/<package>")
@allow(roles.THEME)
def save_theme(package: str) -> Answer:
    """Keep what was chosen as a new version; nothing of the published look changes."""
    _known(package)
    form = _token_form(package)()
    typed = {name: form[name].data or "" for name in looks.open_tokens(package)}
    clean, problems = check_tokens(typed, package)
    for problem in problems:
        form[problem.token].errors = [_(problem.message, **problem.facts)]
    logo = _current_logo()
    try:
        logo = _chosen_logo(form, logo, keep=not form.errors)
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
    if form.errors:
        return _edit_page(package, form, _current_logo()), 422
    tokens: dict[str, Any] = {**looks.without_defaults(package, clean), **({"logo": logo} if logo else {})}
    version_id = save_look(package, tokens, actor=g.viewer.actor())
    audit.record(
        "look.saved",
        actor=g.viewer.actor(),
        subject=("look", version_id),
        data={"package": package, "tokens": tokens},
    )
    _tell_of_others(looks.version(version_id).number)
    return redirect(url_for("desk.theme_version", version_id=version_id), 303)


def _tell_of_others(number: int) -> None:
    """Say so when somebody saved a version while this one was made: it does not hold what they changed."""
    seen = request.form.get("seen", "")
    if seen.isascii() and seen.isdigit() and len(seen) < 10 and number > int(seen) + 1:
        say(
            _(
                "Somebody else saved version %(theirs)s while you were choosing. Yours is version %(yours)s; "
                "it does not hold their changes. Compare both before you publish.",
                theirs=number - 1,
                yours=number,
            ),
            "warning",
        )


@pages.get("/theme/versions/<uuid:version_id>")
@allow(roles.THEME)
def theme_version(version_id: uuid.UUID) -> str:
    """One saved look: its pictures, what had to be corrected, and the button that publishes it."""
    row = looks.version(version_id)
    tokens = looks.tokens_of(row)
    return render(
        "desk/theme_version.html",
        row=row,
        package_name=looks.package_name(row.package, language()),
        corrections=looks.corrections(tokens),
        swatches={mode: palette(tokens, mode) for mode in ("light", "dark")},
        published=looks.published_id() == version_id,
        newest=looks.versions()[0].id == version_id,
    )


@pages.post("/theme/versions/<uuid:version_id>/publish")
@allow(roles.THEME)
def publish_theme(version_id: uuid.UUID) -> Answer:
    """Show this version to everybody from the next page on. Rolling back is publishing an older one."""
    row = looks.version(version_id)
    publish_look(version_id, actor=g.viewer.actor())
    say(_("Version %(number)s of the look is what everybody sees now.", number=row.number))
    return redirect(url_for("desk.theme"), 303)


def _known(package: str) -> None:
    if package not in known_packages():
        abort(404)


def _current_logo() -> str | None:
    logo = g.tenant.look.tokens.get("logo")
    return logo if isinstance(logo, str) else None


def _chosen_logo(form: FlaskForm, current: str | None, *, keep: bool) -> str | None:
    """The logo token after this form: none, the one there was, or the upload. Raises Refusal."""
    upload = form.logo.data
    if isinstance(upload, FileStorage) and upload.filename:
        picture = as_png(upload.stream.read(LARGEST_FILE + 1))
        if not keep:
            return current
        stored = files.store(picture, media_type="image/png", name="logo.png", purpose=LOGO_PURPOSE)
        return f"{UPLOADED}{stored}"
    return None if form.remove_logo.data else current


def _token_form(package: str) -> type[Any]:
    """A form of the tokens that the package leaves to the tenant."""
    fields: dict[str, Any] = {}
    for name, token in looks.open_tokens(package).items():
        label, hint = (_(text) if text else "" for text in looks.TOKEN_WORDS.get(name, (name, "")))
        if token.kind == "color":
            fields[name] = StringField(label, description=hint, filters=[one_line])
        else:
            choices = [
                SelectChoice(value, _(looks.VALUE_WORDS.get((name, value), value))) for value in token.values
            ]
            fields[name] = SelectField(label, description=hint, choices=choices, validate_choice=False)
    return type("TokensForm", (LogoForm,), fields)


def _edit_page(package: str, form: Any, logo: str | None) -> str:
    return render(
        "desk/theme_edit.html",
        form=form,
        package_id=package,
        package_name=looks.package_name(package, language()),
        names=list(looks.open_tokens(package)),
        kinds={name: token.kind for name, token in looks.open_tokens(package).items()},
        has_logo=bool(logo),
        was_posted=request.method == "POST",
        seen=request.form.get("seen") or (newest[0].number if (newest := looks.versions()) else 0),
    )
