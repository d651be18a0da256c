"""A person's own data: see it, change it, read what happened to it."""

from __future__ import annotations

import uuid

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth.activity import Deed
from blueprints.auth.blueprint import pages
from blueprints.auth.door import Page, too_many
from blueprints.auth.forms import ChangeEmailForm, ChangePasswordForm, DetailsForm
from blueprints.auth.services import (
    TooManyAttempts,
    ask_email_change,
    change_details,
    deeds,
    facts_about,
    leave_notice,
)
from blueprints.auth.services import change_password as change_password_of
from saas.permissions import SIGNED_IN, allow, recently_confirmed
from saas.refusals import NotFound, Refusal
from saas.sheets import Cell, Column
from tenants.exports import AT_ONCE, Listing, every, export, wanted
from tenants.look import render


@pages.get("/profile")
@allow(SIGNED_IN)
def profile() -> Page:
    """My data. Staff who look at a customer's pages see what the books hold, never anybody's access."""
    viewer = g.viewer
    looking = viewer.viewing_customer_id is not None
    return render(
        "auth/profile.html",
        facts=facts_about(viewer.viewing_customer_id or viewer.customer_id),
        looking=looking,
    )


@pages.route("/profile/details", methods=["GET", "POST"])
@allow(SIGNED_IN)
def details() -> Page:
    only_oneself()
    form = DetailsForm(request.form, data={"name": g.viewer.name, "language": g.viewer.language or ""})
    if request.method != "POST":
        return render("auth/details.html", form=form)
    if form.validate():
        try:
            change_details(g.viewer.user_id, form.name.data, form.language.data or "", actor=g.viewer.actor())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return done(_("Your data was changed."))
    return render("auth/details.html", form=form), 422


@pages.route("/profile/password", methods=["GET", "POST"])
@allow(SIGNED_IN)
def change_password() -> Page:
    only_oneself()
    form = ChangePasswordForm(request.form)
    if request.method != "POST":
        return render("auth/change_password.html", form=form)
    if form.validate():
        try:
            change_password_of(
                g.viewer.user_id,
                g.viewer.session_id,
                form.current.data,
                form.password.data,
                actor=g.viewer.actor(),
            )
        except TooManyAttempts:
            return too_many()
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return done(_("The password was changed and your other sessions were closed."))
    return render("auth/change_password.html", form=form), 422


@pages.route("/profile/email", methods=["GET", "POST"])
@allow(SIGNED_IN)
@recently_confirmed
def change_email() -> Page:
    only_oneself()
    form = ChangeEmailForm(request.form)
    if request.method != "POST":
        return render("auth/change_email.html", form=form)
    if form.validate():
        try:
            wanted = ask_email_change(g.viewer.user_id, form.email.data, actor=g.viewer.actor())
        except TooManyAttempts:
            return too_many()
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            said = _(
                "We wrote to %(old)s and to %(new)s. Confirm in both messages; until then everything stays as it is.",
                old=g.viewer.email,
                new=wanted,
            )
            return done(said)
    return render("auth/change_email.html", form=form), 422


@pages.get("/profile/activity")
@allow(SIGNED_IN)
def activity() -> Page:
    """What happened to the access and the data, staff's entries included, newest first."""
    viewer = g.viewer
    looking = viewer.viewing_customer_id is not None
    whose = (None if looking else viewer.user_id, viewer.viewing_customer_id or viewer.customer_id)
    if (file := wanted()) is not None:
        return _activity_file(file, *whose)
    page = deeds(*whose, request.args.get("before"))
    lines = [{"at": deed.at, "text": _(deed.msgid) % deed.facts, "by": deed.by} for deed in page.rows]
    return render("auth/activity.html", lines=lines, older=page.older)


def _activity_file(format: str, user_id: uuid.UUID | None, customer_id: uuid.UUID | None) -> Response:
    def cells(deed: Deed) -> list[Cell]:
        return [deed.at, _(deed.msgid) % deed.facts]

    columns = (Column(_("When"), "moment"), Column(_("What"), width=90))
    found = every(lambda older: deeds(user_id, customer_id, older, AT_ONCE), cells)
    return export(format, Listing(_("activity"), _("Activity"), columns), found)


def only_oneself() -> None:
    """While staff look at a customer's pages, nobody's access is shown."""
    if g.viewer.viewing_customer_id is not None:
        raise NotFound


def done(sentence: str) -> BaseResponse:
    leave_notice(g.viewer.session_id, sentence)
    return redirect(url_for("auth.profile"), 303)
