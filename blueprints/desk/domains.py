"""The organisation's own addresses: add a name, prove it, choose the main one, take one away."""

from __future__ import annotations

import uuid

from flask import current_app, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import InputRequired

from blueprints.desk import words
from blueprints.desk.forms import MISSING, one_line, refuse
from blueprints.desk.pages import asked, pages, say
from blueprints.desk.settings import has_options
from saas.config import Config
from saas.permissions import allow, recently_confirmed
from saas.refusals import NotFound, Refusal
from tenants import domain_claims, roles
from tenants.domain_claims import Host
from tenants.look import render

Answer = str | Response | tuple[str, int]


class ClaimForm(FlaskForm):
    """A name that the organisation says is its own."""

    host = StringField(
        _l("Name"),
        filters=[one_line],
        validators=[InputRequired(MISSING)],
        description=_l("For example clientes.example.com. Only the letters a to z, digits and hyphens."),
    )


@pages.get("/settings/domains")
@allow(roles.SETTINGS)
def domains() -> str:
    return render("desk/domains.html", rows=domain_claims.hosts(), words=words, has_options=has_options())


@pages.get("/settings/domains/add")
@allow(roles.SETTINGS)
@recently_confirmed
def ask_for_domain() -> str:
    return _add_page(ClaimForm(formdata=None))


@pages.post("/settings/domains/add")
@allow(roles.SETTINGS)
@recently_confirmed
def claim_domain() -> Answer:
    form = ClaimForm()
    if not form.validate():
        return _add_page(form), 422
    try:
        claim_id = domain_claims.claim_host(form.host.data, actor=g.viewer.actor())
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return _add_page(form), 422
    return redirect(url_for("desk.domain", claim_id=claim_id), 303)


@pages.get("/settings/domains/<uuid:claim_id>")
@allow(roles.SETTINGS)
def domain(claim_id: uuid.UUID) -> str:
    """What to publish, what the last look found, and the button that looks again."""
    found = domain_claims.find_host(claim_id)
    return render(
        "desk/domain.html",
        found=found,
        words=words,
        target=_config().platform_host,
        url=_config().origin(found.host),
    )


@pages.post("/settings/domains/<uuid:claim_id>/check")
@allow(roles.SETTINGS)
def check_domain(claim_id: uuid.UUID) -> Response:
    """The name servers may be slow, so they are asked after this request; the page shows what they said."""
    try:
        domain_claims.ask_for_check(claim_id, actor=g.viewer.actor())
    except Refusal as refusal:
        say(_(refusal.msgid, **refusal.facts), "info")
    return redirect(url_for("desk.domain", claim_id=claim_id), 303)


@pages.get("/settings/domains/main")
@allow(roles.SETTINGS)
@recently_confirmed
def choose_main_domain() -> Answer:
    """Ask before mails and receipts link elsewhere."""
    host = asked("host")
    if not host:
        return redirect(url_for("desk.domains"), 303)
    return render("desk/domain_main.html", found=_known(host))


@pages.post("/settings/domains/main")
@allow(roles.SETTINGS)
@recently_confirmed
def make_main_domain() -> Response:
    found = _known(request.form.get("host", ""))
    domain_claims.make_main(found.host, actor=g.viewer.actor())
    say(_("Mails and receipts link to %(host)s from now on.", host=found.host))
    return redirect(url_for("desk.domains"), 303)


@pages.get("/settings/domains/<uuid:claim_id>/remove")
@allow(roles.SETTINGS)
@recently_confirmed
def ask_to_remove_domain(claim_id: uuid.UUID) -> str:
    return render("desk/domain_remove.html", found=domain_claims.find_host(claim_id))


@pages.post("/settings/domains/<uuid:claim_id>/remove")
@allow(roles.SETTINGS)
@recently_confirmed
def remove_domain(claim_id: uuid.UUID) -> Response:
    found = domain_claims.find_host(claim_id)
    domain_claims.remove_host(found.host, actor=g.viewer.actor())
    if found.host == request.environ["ventanilla.host"]:
        return redirect(f"{g.tenant.canonical_url}{url_for('desk.domains')}", 303)
    say(_("%(host)s is removed. It shows nothing any more.", host=found.host))
    return redirect(url_for("desk.domains"), 303)


def _known(host: str) -> Host:
    """One of the organisation's names that shows pages. Raises NotFound."""
    for found in domain_claims.hosts():
        if found.host == host and found.mapped:
            return found
    raise NotFound()


def _add_page(form: ClaimForm) -> str:
    return render("desk/domain_add.html", form=form)


def _config() -> Config:
    found: Config = current_app.extensions["ventanilla_config"]
    return found
