"""Scenarios at the desk: how leases of one sort are taxed and adjusted."""

from __future__ import annotations

import uuid
from typing import Any

from flask import g, redirect, url_for
from flask_babel import gettext as _

from blueprints.leases import place_queries, rates, words
from blueprints.leases.catalogue import caps, indexes, said
from blueprints.leases.desk_blueprint import Answer, pages, say
from blueprints.leases.desk_queries import Line
from blueprints.leases.field_forms import choices, refuse
from blueprints.leases.place_forms import LEVIES, NewScenarioForm, ScenarioForm, levies_of
from blueprints.leases.scenarios import ScenarioTerms, add_scenario, change_scenario
from saas.permissions import allow
from saas.refusals import NotFound, Refusal
from tenants import roles
from tenants.look import render
from tenants.page_context import language


@pages.get("/scenarios")
@allow(roles.LEASES)
def scenarios() -> str:
    return render(
        "leases/desk/scenarios.html",
        rows=place_queries.scenarios(),
        words=words,
        percent=rates.percent,
        name_of=lambda row: said(row.names, language()),
        caps=caps(),
        indexes=indexes(),
        title_of=lambda one: said(one.titles, language()),
    )


@pages.get("/scenarios/new")
@allow(roles.LEASES)
def ask_for_scenario() -> str:
    return _page(_with_choices(NewScenarioForm(formdata=None)))


@pages.post("/scenarios/new")
@allow(roles.LEASES)
def write_scenario() -> Answer:
    form = _with_choices(NewScenarioForm())
    if not form.validate():
        return _page(form), 422
    try:
        add_scenario(form["code"].data, _terms(form), actor=g.viewer.actor())
    except Refusal as refusal:
        refuse(form, _here(refusal))
        return _page(form), 422
    say(_("It can be chosen for leases now."))
    return redirect(url_for("leases_desk.scenarios"), 303)


@pages.get("/scenarios/<uuid:scenario_id>")
@allow(roles.LEASES)
def scenario(scenario_id: uuid.UUID) -> str:
    row = _found(scenario_id)
    data: dict[str, Any] = {
        "name_es": row.names.get("es"),
        "name_en": row.names.get("en"),
        "purpose": row.purpose,
        "index_code": row.index_code or "",
        "cap": row.cap or "",
        "active": row.active,
    }
    for of, levies in (("rent", row.rent_taxes), ("commission", row.commission_taxes)):
        for place, levy in enumerate(levies[:LEVIES], start=1):
            data |= {f"{of}_{place}_{name}": levy[name] for name in ("kind", "name", "rate")}
    return _page(_with_choices(ScenarioForm(formdata=None, data=data)), row)


@pages.post("/scenarios/<uuid:scenario_id>")
@allow(roles.LEASES)
def save_scenario(scenario_id: uuid.UUID) -> Answer:
    row, form = _found(scenario_id), _with_choices(ScenarioForm())
    if not form.validate():
        return _page(form, row), 422
    try:
        change_scenario(scenario_id, _terms(form), actor=g.viewer.actor())
    except Refusal as refusal:
        refuse(form, _here(refusal))
        return _page(form, row), 422
    say(_("What is billed from now on follows."))
    return redirect(url_for("leases_desk.scenarios"), 303)


def _found(scenario_id: uuid.UUID) -> Line:
    row = next((one for one in place_queries.scenarios() if one.id == scenario_id), None)
    if row is None:
        raise NotFound()
    return row


def _with_choices(form: ScenarioForm) -> ScenarioForm:
    form.index_code.choices = choices(
        ("", _("None: by agreement")),
        *((index.code, said(index.titles, language())) for index in indexes().values()),
    )
    form.cap.choices = choices(
        ("", _("None: by agreement")),
        *((cap.name, said(cap.titles, language())) for cap in caps().values()),
    )
    return form


def _terms(form: ScenarioForm) -> ScenarioTerms:
    return ScenarioTerms(
        names={"es": form.name_es.data or "", "en": form.name_en.data or ""},
        purpose=form.purpose.data,
        rent_taxes=levies_of(form, "rent"),
        commission_taxes=levies_of(form, "commission"),
        index_code=form.index_code.data or None,
        cap=form.cap.data or None,
        active=form.active.data,
    )


def _here(refusal: Refusal) -> Refusal:
    """A refusal of the list of taxes belongs to its first row."""
    if refusal.field in ("rent_taxes", "commission_taxes"):
        of = refusal.field.removesuffix("_taxes")
        return Refusal(refusal.msgid, f"{of}_1_name", **refusal.facts)
    return refusal


def _page(form: ScenarioForm, row: Line | None = None) -> str:
    name = (said(row.names, language()) or row.code) if row is not None else ""
    return render("leases/desk/scenario.html", form=form, scenario=row, name=name, places=LEVIES)
