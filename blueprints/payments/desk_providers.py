"""The tenant's accounts at payment providers: look at them, order them, switch them, stop everything."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from blueprints.auth.sessions import leave_notice
from blueprints.invoices.models import InvoiceType
from blueprints.payments.about import about
from blueprints.payments.desk_blueprint import pages
from blueprints.payments.desk_provider_forms import StopForm, refuse
from blueprints.payments.interface import AccountField
from blueprints.payments.models import QuarantinedPayment
from blueprints.payments.registry import NoSuchProvider, adapter
from blueprints.payments.trying import tried
from saas.database import db
from saas.permissions import allow, recently_confirmed
from saas.refusals import Refusal
from tenants import roles
from tenants.frame import config
from tenants.look import render
from tenants.page_context import language, word
from tenants.payment_stops import BY_TENANT, Stop, open_stops, resume_payments, stop_payments
from tenants.provider_account_changes import move_account, note_check, switch_account
from tenants.provider_account_services import SecretsUnreadable, open_account
from tenants.provider_account_sheets import AccountSheet, account_sheet, account_sheets

Answer = str | Response | tuple[str, int]


def say(text: str, tone: str = "success") -> None:
    """Leave a translated sentence for the viewer's next page."""
    leave_notice(g.viewer.session_id, text, tone)


def fields_of(provider: str) -> Sequence[AccountField]:
    """What an account of a provider needs; nothing for one that is not here (any more)."""
    try:
        return adapter(provider, config()).fields
    except NoSuchProvider:
        return ()


def is_here(provider: str) -> bool:
    """Whether this installation has the provider."""
    try:
        adapter(provider, config())
    except NoSuchProvider:
        return False
    return True


def places() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The tenant's types of invoices and kinds of accounts: (code, words)."""
    rows = db.session.execute(
        select(InvoiceType.code, InvoiceType.account_kind, InvoiceType.names).order_by(InvoiceType.code)
    ).all()
    types = [(row.code, _plural(row.names, row.code)) for row in rows]
    kinds = sorted({row.account_kind for row in rows})
    return types, [(kind, str(word(kind)).capitalize()) for kind in kinds]


def _plural(names: dict[str, dict[str, str]], code: str) -> str:
    said = names.get(language()) or next(iter(names.values()), {})
    return (said.get("many") or said.get("one") or code).capitalize()


@pages.get("/providers")
@allow(roles.PAYMENTS)
def providers() -> str:
    """All of them, in the order in which payers are offered them."""
    waiting = db.session.execute(
        select(func.count()).select_from(QuarantinedPayment).where(QuarantinedPayment.resolved_at.is_(None))
    ).scalar_one()
    types, kinds = places()
    return render(
        "payments/desk/providers.html",
        rows=account_sheets(),
        stops=open_stops(),
        quarantined=waiting,
        about=about,
        is_here=is_here,
        not_for=lambda sheet: _not_for(sheet, dict(types), dict(kinds)),
        may_change=g.viewer.may(roles.SETTINGS),
    )


@pages.get("/providers/<uuid:provider_account_id>")
@allow(roles.PAYMENTS)
def provider(provider_account_id: uuid.UUID) -> str:
    """One account: what is known of it, and never a secret."""
    sheet = account_sheet(provider_account_id)
    fields = fields_of(sheet.provider)
    types, kinds = places()
    return render(
        "payments/desk/provider.html",
        sheet=sheet,
        here=is_here(sheet.provider),
        about=about(sheet.provider),
        facts=_facts(sheet, fields),
        labels={field.name: _(field.label) for field in fields},
        not_for=_not_for(sheet, dict(types), dict(kinds)),
        stops=[stop for stop in open_stops() if stop.provider in (None, sheet.provider)],
        may_change=g.viewer.may(roles.SETTINGS),
    )


def _not_for(sheet: AccountSheet, types: dict[str, str], kinds: dict[str, str]) -> list[str]:
    """Where an account is not offered, in words."""
    off = sheet.off_for
    return [types.get(code, code) for code in off.get("invoice_types", ())] + [
        kinds.get(code, code) for code in off.get("account_kinds", ())
    ]


def _facts(sheet: AccountSheet, fields: Sequence[AccountField]) -> list[tuple[str, str]]:
    """The open settings of an account, in words."""
    found = []
    for field in fields:
        value = str(sheet.settings.get(field.name, ""))
        if field.secret or not value:
            continue
        named = dict(field.choices)
        found.append((_(field.label), _(named[value]) if value in named else value))
    return found


@pages.post("/providers/<uuid:provider_account_id>/move")
@allow(roles.SETTINGS)
def move(provider_account_id: uuid.UUID) -> Response:
    move_account(provider_account_id, up=request.form.get("way") != "down", actor=g.viewer.actor())
    return redirect(url_for("payments_desk.providers"), 303)


@pages.post("/providers/<uuid:provider_account_id>/test")
@allow(roles.SETTINGS)
def test(provider_account_id: uuid.UUID) -> Response:
    """Ask the provider whether it knows these credentials, and keep the answer."""
    sheet = account_sheet(provider_account_id)
    try:
        found = tried(open_account(provider_account_id))
    except SecretsUnreadable:
        say(_("The secrets of this account do not open. Replace them."), "danger")
    except NoSuchProvider:
        say(_("This installation does not have this provider."), "danger")
    else:
        note_check(provider_account_id, found.problem, at=found.at)
        if found.problem is None:
            say(_("%(name)s answered: the account works.", name=sheet.name))
        else:
            say(found.problem, "warning" if found.silent else "danger")
    return redirect(url_for("payments_desk.provider", provider_account_id=provider_account_id), 303)


@pages.get("/providers/<uuid:provider_account_id>/switch")
@allow(roles.SETTINGS)
@recently_confirmed
def ask_to_switch(provider_account_id: uuid.UUID) -> str:
    """Sure? on a page of its own: it stops people from paying."""
    return render("payments/desk/provider_switch.html", sheet=account_sheet(provider_account_id))


@pages.post("/providers/<uuid:provider_account_id>/switch")
@allow(roles.SETTINGS)
@recently_confirmed
def switch(provider_account_id: uuid.UUID) -> Response:
    enabled = request.form.get("enabled") == "yes"
    name = switch_account(provider_account_id, enabled=enabled, actor=g.viewer.actor())
    if enabled:
        say(_("Payers are sent to %(name)s again.", name=name))
    else:
        say(_("Nobody is sent to %(name)s any more. Payments under way are still received.", name=name))
    return redirect(url_for("payments_desk.provider", provider_account_id=provider_account_id), 303)


@pages.get("/stop")
@allow(roles.SETTINGS)
@recently_confirmed
def ask_to_stop() -> str:
    return _stop_page(StopForm(formdata=None))


@pages.post("/stop")
@allow(roles.SETTINGS)
@recently_confirmed
def stop() -> Answer:
    """Nobody can pay online any more, from the next page on; what is under way is still received."""
    form = StopForm()
    if _own_stop() is not None:  # somebody was quicker
        return redirect(url_for("payments_desk.ask_to_stop"), 303)
    if not form.validate():
        return _stop_page(form), 422
    try:
        stop_payments(form.reason.data, actor=g.viewer.actor())
    except Refusal as refusal:
        refuse(form, refusal)
        return _stop_page(form), 422
    say(_("Online payments are stopped. Payments under way are still received."), "warning")
    return redirect(url_for("payments_desk.providers"), 303)


@pages.post("/resume")
@allow(roles.SETTINGS)
@recently_confirmed
def resume() -> Response:
    if resume_payments(actor=g.viewer.actor()):
        say(_("People can pay online again."))
    return redirect(url_for("payments_desk.providers"), 303)


def _stop_page(form: StopForm) -> str:
    return render("payments/desk/stop.html", form=form, own=_own_stop())


def _own_stop() -> Stop | None:
    """The stop that the tenant's own staff has ordered, if there is one."""
    return next((found for found in open_stops() if found.provider is None and found.by == BY_TENANT), None)
