"""Error pages: what happened, what became of the data, whom to call. No codes, no jokes."""

from __future__ import annotations

import logging

from flask import g
from flask_babel import gettext as _

from saas.refusals import Refusal
from tenants.look import render

log = logging.getLogger("ventanilla.errors")


def error_page(
    status: int, *, refusal: Refusal | None = None, csrf_failed: bool = False, viewing: bool = False
) -> tuple[str, int]:
    """The page and its status. Falls back to a page without any template when rendering fails."""
    try:
        title, sentences = _words(status, refusal, csrf_failed, viewing)
        return render("layout/error.html", title=title, sentences=sentences, status=status), status
    except Exception:
        log.exception("the error page itself failed", extra={"request_id": g.get("request_id")})
        return outage_page(), status


def _words(status: int, refusal: Refusal | None, csrf_failed: bool, viewing: bool) -> tuple[str, list[str]]:
    nothing = _("Nothing was changed.")
    if refusal is not None:
        return _("This cannot be done"), [_(refusal.msgid, **refusal.facts), nothing]
    if viewing:
        return _("You are only looking"), [
            _("While you see what a customer sees, nothing can be changed or paid."),
            nothing,
        ]
    if csrf_failed:
        return _("The page had expired"), [
            _("For your safety, forms expire when the session ends or when they come from another site."),
            _("Nothing was sent. Go back, reload the page and try again."),
        ]
    if status == 404:
        return _("This page does not exist"), [
            _("The address may be mistyped, or what it showed is no longer available to you."),
        ]
    if status == 403:
        return _("Your role does not allow this"), [
            _("Ask an administrator of your organisation for access."),
            nothing,
        ]
    if status == 405:
        return _("This page does not work like that"), [
            _("Go back and use the buttons of the page."),
            nothing,
        ]
    if status == 413:
        return _("That was too large"), [_("What you sent is larger than what can be received."), nothing]
    if status == 429:
        return _("Too many attempts"), [_("Wait a few minutes and try again."), nothing]
    if status == 503:
        return _("The service is paused"), [_("Please try again in a few minutes."), nothing]
    if status < 500:
        return _("This could not be understood"), [_("Go back, check what you typed and try again."), nothing]
    return _("Something went wrong on our side"), [
        _("What you were doing was not saved. Payments that you already made are safe."),
        _("We have been notified. Try again in a few minutes."),
    ]


def outage_page(*, unknown: bool = False) -> str:
    """A page that needs neither database nor templates, in both languages. `unknown`: it went away while it saved."""
    fate = (
        "Puede que lo que estaba haciendo se haya guardado: mírelo antes de repetirlo."
        if unknown
        else "Lo que estaba haciendo no se guardó."
    )
    fate_in_english = (
        "What you were doing may have been saved: look before you repeat it."
        if unknown
        else "What you were doing was not saved."
    )
    return (
        '<!doctype html><html lang="es"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<title>Servicio no disponible por el momento</title></head><body>"
        "<h1>Servicio no disponible por el momento</h1>"
        f"<p>{fate} Los pagos que ya hizo están a salvo: "
        "se registran en cuanto volvamos. Intente de nuevo en unos minutos.</p>"
        f'<p lang="en">The service is not available right now. {fate_in_english} Payments that '
        "you already made are safe. Please try again in a few minutes.</p></body></html>"
    )
