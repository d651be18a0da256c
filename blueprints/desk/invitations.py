"""Inviting every customer at once: what would happen, then the act."""

from __future__ import annotations

from flask import g, redirect, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response

from blueprints.desk import inviting
from blueprints.desk.pages import pages, say
from blueprints.desk.queries import invitable
from saas.permissions import allow
from tenants import roles
from tenants.look import render


@pages.get("/customers/invitations")
@allow(roles.INVITE)
def ask_to_invite_all() -> str:
    return render("desk/invite_all.html", found=invitable.count())


@pages.post("/customers/invitations")
@allow(roles.INVITE)
def invite_all() -> Response:
    ready = invitable.count().ready
    if ready:
        inviting.ask_to_invite(ready, actor=g.viewer.actor())
        say(ngettext("%(num)s invitation is on its way.", "%(num)s invitations are on their way.", ready))
    return redirect(url_for("desk.customers", login="none"), 303)
