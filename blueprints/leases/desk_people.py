"""Other renters or other owners of a lease that goes on: who, from which day, why; looked at, then confirmed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import g, redirect, request, url_for
from flask_babel import gettext as _

from blueprints.leases import desk_queries as queries
from blueprints.leases import parties
from blueprints.leases.desk_blueprint import Answer, pages, say
from blueprints.leases.field_forms import refuse
from blueprints.leases.forms import DOCUMENT_KINDS, MOST_PEOPLE, PeopleForm, people_form, people_of
from blueprints.leases.parties import OWNER, RENTER, NewPeople
from blueprints.leases.people import find
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.look import render


@pages.get("/<uuid:lease_id>/owners")
@allow(roles.LEASES)
def ask_for_owners(lease_id: uuid.UUID) -> str:
    return _ask(lease_id, OWNER)


@pages.post("/<uuid:lease_id>/owners")
@allow(roles.LEASES)
def change_owners(lease_id: uuid.UUID) -> Answer:
    """A sale, an inheritance, other shares."""
    return _change(lease_id, OWNER)


@pages.get("/<uuid:lease_id>/renters")
@allow(roles.LEASES)
def ask_for_renters(lease_id: uuid.UUID) -> str:
    return _ask(lease_id, RENTER)


@pages.post("/<uuid:lease_id>/renters")
@allow(roles.LEASES)
def change_renters(lease_id: uuid.UUID) -> Answer:
    """One of several leaves, somebody enters: the contract is assigned."""
    return _change(lease_id, RENTER)


def _ask(lease_id: uuid.UUID, role: str) -> str:
    """The people of now stand in the form: who goes on is left as he or she is."""
    row = queries.lease(lease_id)
    present = queries.present_parties(row, role, g.tenant.today())
    form = _form(row, role, max(len(present), 1), present, formdata=None)
    for place, one in enumerate(present, start=1):
        form[f"{role}_{place}_kind"].data = one.document_kind
        form[f"{role}_{place}_document"].data = one.document_number
        form[f"{role}_{place}_name"].data = one.name
        if role == OWNER:
            form[f"{role}_{place}_share"].data = one.share
    return _page(row, role, form)


def _change(lease_id: uuid.UUID, role: str) -> Answer:
    """The button says what is next: one more place (`more`), back to the form (`edit`), `confirm`; else a look."""
    row, step = queries.lease(lease_id), request.form.get("step", "")
    present = queries.present_parties(row, role, g.tenant.today())
    form = _form(row, role, _count() + (step == "more"), present)
    if step in ("more", "edit"):
        return _page(row, role, form), 200
    if not form.validate():
        return _page(row, role, form), 422
    try:
        found = find(people_of(form, role), g.tenant.country)
        new = NewPeople(role, found, form.first_day.data, form.reason.data)
        if step != "confirm":
            return _look(row, role, form, parties.preview(lease_id, new)), 200
        done = parties.change_people(lease_id, new, actor=g.viewer.actor())
    except Refusal as refusal:
        refuse(form, refusal)
        return _page(row, role, form), 422
    owners = role == OWNER
    if done:
        say(_("The owners are changed.") if owners else _("The renters are changed."))
    else:
        say(_("They were the people of that day already."), "info")
    return redirect(url_for("leases_desk.lease", lease_id=lease_id), 303)


def _count() -> int:
    typed = request.form.get("people", "1")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 3 else 1


def _form(
    row: queries.Line, role: str, count: int, present: Sequence[queries.Line], **options: Any
) -> PeopleForm:
    kinds = DOCUMENT_KINDS.get(g.tenant.country, ("ID", "PP"))
    kinds = tuple(dict.fromkeys((*kinds, *(one.document_kind for one in present))))
    return people_form(role, min(max(count, 1), MOST_PEOPLE), kinds)(**options)


def _page(row: queries.Line, role: str, form: PeopleForm) -> str:
    return render(
        "leases/desk/people.html", lease=row, role=role, form=form, most=MOST_PEOPLE, **_words(role)
    )


def _look(row: queries.Line, role: str, form: PeopleForm, seen: parties.Preview) -> str:
    typed = [(name, value) for name, value in request.form.items() if name not in ("csrf_token", "step")]
    return render(
        "leases/desk/people_look.html",
        lease=row,
        role=role,
        typed=typed,
        seen=seen,
        form=form,
        **_words(role),
    )


def _words(role: str) -> dict[str, Any]:
    owners = role == OWNER
    return {
        "owners": owners,
        "action": "leases_desk.change_owners" if owners else "leases_desk.change_renters",
    }
