"""Who works here: list, invite, change roles, take access away and give it back."""

from __future__ import annotations

import uuid

from flask import g, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from blueprints.auth.services import has_second_factor, take_away
from blueprints.desk import words
from blueprints.desk.files import staff_file
from blueprints.desk.forms import InviteColleagueForm, RolesForm, refuse
from blueprints.desk.pages import pages, say
from blueprints.desk.queries import staff as queries
from blueprints.desk.services import (
    change_roles,
    disable_colleague,
    enable_colleague,
    invite_new_colleague,
)
from saas.languages import N_
from saas.permissions import allow, recently_confirmed
from saas.refusals import Refusal
from tenants import roles
from tenants.exports import wanted
from tenants.look import render

Answer = str | Response | tuple[str, int]


def role_choices() -> list[SelectChoice]:
    return [SelectChoice(code, _(name)) for code, name in roles.ROLE_NAMES.items()]


@pages.get("/staff")
@allow(roles.STAFF)
def staff() -> Answer:
    if (file := wanted()) is not None:
        return staff_file(file)
    return render("desk/staff.html", rows=queries.colleagues(), role_names=roles.ROLE_NAMES, words=words)


@pages.get("/staff/invite")
@allow(roles.STAFF)
@recently_confirmed
def ask_to_invite_colleague() -> str:
    return _invite_page(InviteColleagueForm(formdata=None))


@pages.post("/staff/invite")
@allow(roles.STAFF)
@recently_confirmed
def invite_colleague() -> Answer:
    """Nobody gives themselves a role by inviting their own address (case A19)."""
    form = InviteColleagueForm()
    form.roles.choices = role_choices()
    if not form.validate():
        return _invite_page(form), 422
    try:
        invite_new_colleague(
            email=form.email.data,
            name=form.name.data,
            staff_roles=frozenset(form.roles.data),
            own_email=g.viewer.email,
            actor=g.viewer.actor(),
        )
    except Refusal as refusal:
        if refusal.field is None:
            raise
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return _invite_page(form), 422
    say(_("The invitation is on its way to %(email)s.", email=form.email.data))
    return redirect(url_for("desk.staff"), 303)


@pages.get("/staff/<uuid:user_id>")
@allow(roles.STAFF)
@recently_confirmed
def colleague(user_id: uuid.UUID) -> str:
    who = queries.colleague(user_id)
    return _page(who, RolesForm(formdata=None, data={"roles": sorted(who.roles)}))


@pages.post("/staff/<uuid:user_id>")
@allow(roles.STAFF)
@recently_confirmed
def change(user_id: uuid.UUID) -> Answer:
    """A role that is not on the form is refused beside it; own role and last administrator are 409."""
    who = queries.colleague(user_id)
    form = RolesForm()
    form.roles.choices = role_choices()
    if not form.validate():
        return _page(who, form), 422
    change_roles(user_id, frozenset(form.roles.data), actor=g.viewer.actor())
    say(_("The roles of %(name)s are saved.", name=who.name))
    return redirect(url_for("desk.staff"), 303)


@pages.post("/staff/<uuid:user_id>/disable")
@allow(roles.STAFF)
@recently_confirmed
def disable(user_id: uuid.UUID) -> Answer:
    who = queries.colleague(user_id)
    disable_colleague(user_id, actor=g.viewer.actor())
    say(_("%(name)s can no longer sign in.", name=who.name))
    return redirect(url_for("desk.colleague", user_id=user_id), 303)


@pages.post("/staff/<uuid:user_id>/enable")
@allow(roles.STAFF)
@recently_confirmed
def enable(user_id: uuid.UUID) -> Answer:
    who = queries.colleague(user_id)
    enable_colleague(user_id, actor=g.viewer.actor())
    say(_("%(name)s may sign in again.", name=who.name))
    return redirect(url_for("desk.colleague", user_id=user_id), 303)


@pages.post("/staff/<uuid:user_id>/second-factor/remove")
@allow(roles.STAFF)
@recently_confirmed
def remove_second_factor(user_id: uuid.UUID) -> Answer:
    """For a colleague who lost telephone and recovery codes; one's own is switched off with password and code."""
    who = queries.colleague(user_id)
    if who.id == g.viewer.user_id:
        raise Refusal(
            N_("Nobody takes away their own. Switch it off in “My data”, with the password and a code.")
        )
    if take_away(user_id, actor=g.viewer.actor()):
        say(_("%(name)s comes in with the password alone now.", name=who.name))
    return redirect(url_for("desk.colleague", user_id=user_id), 303)


def _page(who: queries.Colleague, form: RolesForm) -> str:
    form.roles.choices = role_choices()
    return render(
        "desk/colleague.html",
        who=who,
        form=form,
        own=who.id == g.viewer.user_id,
        second_factor=has_second_factor(who.id),
        words=words,
    )


def _invite_page(form: InviteColleagueForm) -> str:
    form.roles.choices = role_choices()
    return render("desk/invite_colleague.html", form=form)
