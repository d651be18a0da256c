"""Where a person is signed in, and how to end it."""

from __future__ import annotations

import uuid

from flask import g, redirect, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth.blueprint import pages
from blueprints.auth.door import Page
from blueprints.auth.profile_pages import only_oneself
from blueprints.auth.services import (
    close_other_sessions,
    leave_notice,
    open_sessions,
)
from blueprints.auth.services import close_session as close_one_session
from saas.permissions import SIGNED_IN, allow
from tenants.look import render


@pages.get("/profile/sessions")
@allow(SIGNED_IN)
def sessions() -> Page:
    only_oneself()
    mine = open_sessions(g.viewer.user_id)
    others = sum(1 for session in mine if session.id != g.viewer.session_id)
    return render("auth/sessions.html", sessions=mine, here=g.viewer.session_id, others=others)


@pages.post("/profile/sessions/<uuid:session_id>/close")
@allow(SIGNED_IN)
def close_session(session_id: uuid.UUID) -> BaseResponse:
    close_one_session(g.viewer.user_id, session_id, actor=g.viewer.actor())
    if session_id == g.viewer.session_id:
        return redirect(url_for("auth.log_in", after="logout"), 303)
    leave_notice(g.viewer.session_id, _("The session was closed."))
    return redirect(url_for("auth.sessions"), 303)


@pages.post("/profile/sessions/close-others")
@allow(SIGNED_IN)
def close_others() -> BaseResponse:
    count = close_other_sessions(g.viewer.user_id, g.viewer.session_id, actor=g.viewer.actor())
    said = ngettext("%(num)s session was closed.", "%(num)s sessions were closed.", count)
    leave_notice(g.viewer.session_id, said)
    return redirect(url_for("auth.sessions"), 303)
