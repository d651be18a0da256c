"""Add an account at a provider, change it, replace its secrets. Every one of these is a risky act."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from blueprints.payments.about import about
from blueprints.payments.accounts import notice_address
from blueprints.payments.desk_blueprint import pages
from blueprints.payments.desk_provider_forms import (
    ReplaceForm,
    account_form,
    check_patterns,
    off_for,
    offer,
    refuse,
    typed_of,
)
from blueprints.payments.desk_providers import fields_of, is_here, places, say
from blueprints.payments.interface import ProviderAccountView
from blueprints.payments.providers.bank_simulator.opening import BANK, open_simulator_account
from blueprints.payments.registry import ADAPTERS, SIMULATOR, adapter, exists
from blueprints.payments.trying import Found, try_out
from saas.ids import new_id
from saas.permissions import allow, recently_confirmed
from saas.refusals import NotFound, Refusal
from tenants import roles
from tenants.frame import config
from tenants.look import render
from tenants.provider_account_changes import change_account, end_overlap, note_check, replace_secrets
from tenants.provider_account_services import (
    HOOK_TOKEN,
    SecretsUnreadable,
    add_provider_account,
    open_account,
)
from tenants.provider_account_sheets import AccountSheet, account_sheet, account_sheets, notice_token

Answer = str | Response | tuple[str, int]
AS_IT_IS = "as_it_is"  # the button that keeps an account although its test failed


@pages.get("/providers/new")
@allow(roles.SETTINGS)
@recently_confirmed
def ask_for_provider() -> str:
    """First which provider, then its form: ?provider=…"""
    chosen = request.args.get("provider", "")
    if not exists(chosen, config()):
        found = [(name, about(name)) for name in ADAPTERS if exists(name, config())]
        return render("payments/desk/provider_choice.html", found=found, practice=SIMULATOR)
    if chosen == SIMULATOR:
        return render("payments/desk/provider_practice.html", about=about(chosen), provider=chosen)
    fields = fields_of(chosen)
    types, kinds = ([code for code, _words in place] for place in places())
    data = {"name": _(about(chosen).title), "invoice_types": types, "account_kinds": kinds}
    if any(field.name == "country" and g.tenant.country in dict(field.choices) for field in fields):
        data["country"] = g.tenant.country
    return _new_page(chosen, account_form(fields, with_mode=True, data=data))


@pages.post("/providers/new")
@allow(roles.SETTINGS)
@recently_confirmed
def add() -> Answer:
    """Try the credentials, then keep them. An account whose test fails is kept only when it is wanted so, and
    then switched off; one whose provider is silent is kept switched off, so that nothing is typed twice."""
    chosen = request.form.get("provider", "")
    if not exists(chosen, config()):
        raise NotFound()
    if chosen == SIMULATOR:
        return _practice()
    fields = fields_of(chosen)
    form = account_form(fields, with_mode=True)
    offer(form, *places())
    if not form.validate() or not check_patterns(form, fields):
        return _new_page(chosen, form), 422
    settings, secrets = typed_of(form, fields, secret=False), typed_of(form, fields, secret=True)
    view = ProviderAccountView(new_id(), g.tenant.id, chosen, form.mode.data, settings, secrets)
    found = try_out(adapter(chosen, config()), view)
    if found.refusal is not None and (found.impossible or AS_IT_IS not in request.form):
        refuse(form, found.refusal)
        return _new_page(chosen, form, failed=not found.impossible), 422
    try:
        account_id, _token = add_provider_account(
            chosen,
            form.name.data,
            form.mode.data,
            settings,
            secrets,
            actor=g.viewer.actor(),
            enabled=found.problem is None,
            checked_at=found.at,
            check_problem=found.problem,
        )
        if any(off_for(form).values()):
            change_account(
                account_id,
                name=form.name.data,
                settings=settings,
                off_for=off_for(form),
                actor=g.viewer.actor(),
            )
    except Refusal as refusal:
        refuse(form, refusal)
        return _new_page(chosen, form), 422
    _say_added(form.name.data, found)
    room = "payments_desk.set_up" if about(chosen).wants_address else "payments_desk.provider"
    return redirect(url_for(room, provider_account_id=account_id), 303)


def _practice() -> Response:
    """The practice bank: nothing to type."""
    names = {sheet.name for sheet in account_sheets() if sheet.provider == SIMULATOR}
    name = next(name for name in (BANK, *(f"{BANK} {n}" for n in range(2, 100))) if name not in names)
    account_id = open_simulator_account(name, actor=g.viewer.actor())
    say(_("%(name)s is ready: people can pay, without real money.", name=name))
    return redirect(url_for("payments_desk.provider", provider_account_id=account_id), 303)


def _say_added(name: str, found: Found) -> None:
    if found.problem is None:
        say(_("%(name)s answered and is switched on.", name=name))
    else:
        say(_("%(name)s is kept, switched off. %(problem)s", name=name, problem=found.problem), "warning")


def _new_page(chosen: str, form: FlaskForm, *, failed: bool = False) -> str:
    offer(form, *places())
    return render(
        "payments/desk/provider_new.html",
        form=form,
        provider=chosen,
        about=about(chosen),
        fields=fields_of(chosen),
        failed=failed,
        as_it_is=AS_IT_IS,
    )


@pages.get("/providers/<uuid:provider_account_id>/set-up")
@allow(roles.SETTINGS)
@recently_confirmed
def set_up(provider_account_id: uuid.UUID) -> str:
    """What is to be done at the provider's own pages, with the notice address to copy."""
    sheet = account_sheet(provider_account_id)
    try:
        address = notice_address(sheet.provider, notice_token(provider_account_id))
    except SecretsUnreadable:
        address = ""
    return render(
        "payments/desk/provider_set_up.html", sheet=sheet, about=about(sheet.provider), address=address
    )


@pages.get("/providers/<uuid:provider_account_id>/edit")
@allow(roles.SETTINGS)
@recently_confirmed
def ask_to_edit(provider_account_id: uuid.UUID) -> str:
    sheet = account_sheet(provider_account_id)
    types, kinds = places()
    data = {
        **sheet.settings,
        "name": sheet.name,
        "invoice_types": [code for code, _w in types if code not in sheet.off_for.get("invoice_types", ())],
        "account_kinds": [code for code, _w in kinds if code not in sheet.off_for.get("account_kinds", ())],
    }
    return _edit_page(sheet, account_form(_open_fields(sheet), data=data))


@pages.post("/providers/<uuid:provider_account_id>/edit")
@allow(roles.SETTINGS)
@recently_confirmed
def edit(provider_account_id: uuid.UUID) -> Answer:
    """Name, open settings, and where it is offered. Settings are checked together with the secrets."""
    sheet = account_sheet(provider_account_id)
    fields = _open_fields(sheet)
    form = account_form(fields)
    offer(form, *places())
    if not form.validate() or not check_patterns(form, fields):
        return _edit_page(sheet, form), 422
    settings = {**sheet.settings, **typed_of(form, fields, secret=False)}
    found = _tried(sheet, settings, {}) if fields and settings != sheet.settings else None
    if found is not None and found.refusal is not None:
        refuse(form, found.refusal)
        return _edit_page(sheet, form), 422
    try:
        change_account(
            provider_account_id,
            name=form.name.data,
            settings=settings,
            off_for=off_for(form),
            actor=g.viewer.actor(),
        )
    except Refusal as refusal:
        refuse(form, refusal)
        return _edit_page(sheet, form), 422
    if found is not None:
        note_check(provider_account_id, found.problem, at=found.at)
    say(_("The changes are saved."))
    return redirect(url_for("payments_desk.provider", provider_account_id=provider_account_id), 303)


@pages.get("/providers/<uuid:provider_account_id>/secrets")
@allow(roles.SETTINGS)
@recently_confirmed
def ask_to_replace(provider_account_id: uuid.UUID) -> str:
    sheet = account_sheet(provider_account_id)
    return _replace_page(sheet, _replace_form(sheet, data={}))


@pages.post("/providers/<uuid:provider_account_id>/secrets")
@allow(roles.SETTINGS)
@recently_confirmed
def replace(provider_account_id: uuid.UUID) -> Answer:
    """New secrets take the place of old ones, which are believed for a while: payments are on their way.

    They are tried first, unless staff want them kept although the test fails (the provider may be down on the
    day on which a key became known).
    """
    sheet = account_sheet(provider_account_id)
    fields = [field for field in fields_of(sheet.provider) if field.secret]
    form = _replace_form(sheet)
    if not form.validate() or not check_patterns(form, fields):
        return _replace_page(sheet, form), 422
    secrets = typed_of(form, fields, secret=True)
    found = _tried(sheet, sheet.settings, secrets) if secrets and is_here(sheet.provider) else None
    if found is not None and found.problem is not None and (found.impossible or AS_IT_IS not in request.form):
        refuse(form, found.refusal or Refusal(found.problem))
        return _replace_page(sheet, form, failed=not found.impossible), 422
    try:
        replace_secrets(
            provider_account_id,
            secrets,
            overlap=datetime.timedelta(days=form.overlap.data),
            new_address=form.new_address.data,
            actor=g.viewer.actor(),
        )
    except Refusal as refusal:
        refuse(form, refusal)
        return _replace_page(sheet, form), 422
    if found is not None:
        note_check(provider_account_id, found.problem, at=found.at)
    say(_("The secrets are replaced."))
    room = "payments_desk.set_up" if form.new_address.data else "payments_desk.provider"
    return redirect(url_for(room, provider_account_id=provider_account_id), 303)


@pages.post("/providers/<uuid:provider_account_id>/end-overlap", endpoint="end_overlap")
@allow(roles.SETTINGS)
@recently_confirmed
def end_it(provider_account_id: uuid.UUID) -> Response:
    """The old secrets are not believed any more, from now on."""
    end_overlap(provider_account_id, actor=g.viewer.actor())
    say(_("Only the new secrets are believed now."))
    return redirect(url_for("payments_desk.provider", provider_account_id=provider_account_id), 303)


def _tried(sheet: AccountSheet, settings: Any, secrets: dict[str, str]) -> Found:
    """Test an account as it would be. Secrets that were not typed are those that are there, where they open."""
    try:
        kept = dict(open_account(sheet.id).secrets)
    except SecretsUnreadable:
        kept = {}
    together = {name: text for name, text in {**kept, **secrets}.items() if name != HOOK_TOKEN}
    view = ProviderAccountView(sheet.id, g.tenant.id, sheet.provider, sheet.mode, settings, together)
    return try_out(adapter(sheet.provider, config()), view)


def _open_fields(sheet: AccountSheet) -> list[Any]:
    return [field for field in fields_of(sheet.provider) if not field.secret]


def _replace_form(sheet: AccountSheet, data: dict[str, Any] | None = None) -> FlaskForm:
    """Secrets that do not open must all be typed again."""
    fields = [field for field in fields_of(sheet.provider) if field.secret]
    return account_form(fields, base=ReplaceForm, secrets_optional=sheet.readable, data=data)


def _edit_page(sheet: AccountSheet, form: FlaskForm) -> str:
    offer(form, *places())
    return render("payments/desk/provider_edit.html", sheet=sheet, form=form, fields=_open_fields(sheet))


def _replace_page(sheet: AccountSheet, form: FlaskForm, *, failed: bool = False) -> str:
    return render(
        "payments/desk/provider_secrets.html",
        sheet=sheet,
        form=form,
        fields=[field for field in fields_of(sheet.provider) if field.secret],
        known={line.name: line for line in sheet.secrets},
        failed=failed,
        as_it_is=AS_IT_IS,
    )
