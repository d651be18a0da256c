"""What could not be sent after every try: shown, and tried again when somebody says so."""

from __future__ import annotations

from flask import g, redirect, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from blueprints.desk.pages import pages, say
from blueprints.desk.queries import start as queries
from blueprints.desk.services import send_again
from saas.permissions import allow
from tenants import roles
from tenants.look import render


@pages.get("/unsent")
@allow(roles.SETTINGS)
def unsent() -> str:
    return render("desk/unsent.html", rows=queries.dead_rows())


@pages.post("/unsent")
@allow(roles.SETTINGS)
def retry() -> Response:
    count = send_again(actor=g.viewer.actor())
    if count:
        say(ngettext("%(num)s will be tried again now.", "%(num)s will be tried again now.", count), "info")
    else:
        say(_("There was nothing to send."), "info")
    return redirect(url_for("desk.unsent"), 303)
