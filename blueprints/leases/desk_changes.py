"""What staff change of a lease: its terms, its rent, what is billed with it, its end."""

from __future__ import annotations

import uuid

from flask import g, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.leases import contracts
from blueprints.leases import desk_queries as queries
from blueprints.leases.catalogue import caps, said
from blueprints.leases.contracts import Terms
from blueprints.leases.desk_blueprint import Answer, pages, say
from blueprints.leases.desk_leases import offer_scenarios
from blueprints.leases.field_forms import refuse
from blueprints.leases.forms import ChargeForm, EndForm, FinishForm, RenewForm, RentForm, TermsForm
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.look import render
from tenants.page_context import language


@pages.get("/<uuid:lease_id>/terms")
@allow(roles.LEASES)
def ask_for_terms(lease_id: uuid.UUID) -> str:
    row = queries.lease(lease_id)
    form = TermsForm(formdata=None, obj=row)
    offer_scenarios(form, row.scenario_code)
    form.scenario_code.data = row.scenario_code or ""
    return _terms_page(row, form)


@pages.post("/<uuid:lease_id>/terms")
@allow(roles.LEASES)
def change_terms(lease_id: uuid.UUID) -> Answer:
    row, form = queries.lease(lease_id), TermsForm()
    offer_scenarios(form, row.scenario_code)
    if not form.validate():
        return _terms_page(row, form), 422
    terms = Terms(
        payment_day=form.payment_day.data,
        commission=form.commission.data,
        scenario_code=form.scenario_code.data or None,
        ends_on=form.ends_on.data,
        renews=form.renews.data,
        renewal_months=form.renewal_months.data,
        adjustment_points=form.adjustment_points.data or 0,
    )
    try:
        contracts.change_terms(lease_id, terms, actor=g.viewer.actor())
    except Refusal as refusal:
        refuse(form, refusal)
        return _terms_page(row, form), 422
    return _back(lease_id, _("The terms are changed."))


def _terms_page(row: queries.Line, form: TermsForm) -> str:
    return render("leases/desk/terms.html", lease=row, form=form)


@pages.get("/<uuid:lease_id>/rent")
@allow(roles.LEASES)
def ask_for_rent(lease_id: uuid.UUID) -> str:
    return _rent_page(queries.lease(lease_id), RentForm(formdata=None, data={"reason": "agreed"}))


@pages.post("/<uuid:lease_id>/rent")
@allow(roles.LEASES)
def change_rent(lease_id: uuid.UUID) -> Answer:
    row, form = queries.lease(lease_id), RentForm()
    if not form.validate():
        return _rent_page(row, form), 422
    try:
        contracts.change_rent(
            lease_id,
            form.rent.data,
            form.valid_from.data,
            reason=form.reason.data,
            note=form.note.data or "",
            today=g.tenant.today(),
            actor=g.viewer.actor(),
        )
    except Refusal as refusal:
        refuse(form, refusal)
        return _rent_page(row, form), 422
    return _back(lease_id, _("The rent is changed."))


def _rent_page(row: queries.Line, form: RentForm) -> str:
    cap = caps().get(row.cap or "")
    return render(
        "leases/desk/rent.html", lease=row, form=form, cap_text=said(cap.titles, language()) if cap else ""
    )


@pages.get("/<uuid:lease_id>/charges/new")
@allow(roles.LEASES)
def ask_for_charge(lease_id: uuid.UUID) -> str:
    data = {"kind": "charge", "from_period": f"{g.tenant.today():%Y-%m}"}
    return _charge_page(queries.lease(lease_id), ChargeForm(formdata=None, data=data))


@pages.post("/<uuid:lease_id>/charges/new")
@allow(roles.LEASES)
def add_charge(lease_id: uuid.UUID) -> Answer:
    row, form = queries.lease(lease_id), ChargeForm()
    if not form.validate():
        return _charge_page(row, form), 422
    try:
        contracts.add_charge(
            lease_id,
            kind=form.kind.data,
            description=form.description.data,
            amount=form.amount.data,
            taxed=form.taxed.data,
            from_period=form.from_period.data,
            until_period=form.until_period.data,
            actor=g.viewer.actor(),
        )
    except Refusal as refusal:
        refuse(form, refusal)
        return _charge_page(row, form), 422
    return _back(lease_id, _("It is billed from the first month on."))


def _charge_page(row: queries.Line, form: ChargeForm) -> str:
    return render("leases/desk/charge.html", lease=row, form=form)


@pages.get("/charges/<uuid:lease_charge_id>/finish")
@allow(roles.LEASES)
def ask_to_finish(lease_charge_id: uuid.UUID) -> str:
    form = FinishForm(formdata=None, data={"until_period": f"{g.tenant.today():%Y-%m}"})
    return render("leases/desk/finish.html", charge=queries.charge(lease_charge_id), form=form)


@pages.post("/charges/<uuid:lease_charge_id>/finish")
@allow(roles.LEASES)
def finish(lease_charge_id: uuid.UUID) -> Answer:
    row, form = queries.charge(lease_charge_id), FinishForm()
    if not form.validate():
        return render("leases/desk/finish.html", charge=row, form=form), 422
    try:
        contracts.finish_charge(lease_charge_id, form.until_period.data, actor=g.viewer.actor())
    except Refusal as refusal:
        refuse(form, refusal)
        return render("leases/desk/finish.html", charge=row, form=form), 422
    return _back(row.lease_id, _("It is billed no longer than that."))


@pages.get("/<uuid:lease_id>/end")
@allow(roles.LEASES)
def ask_to_end(lease_id: uuid.UUID) -> str:
    row = queries.lease(lease_id)
    form = EndForm(formdata=None, data={"ended_on": row.ended_on or row.term_until, "reason": row.end_reason})
    return render("leases/desk/end.html", lease=row, form=form)


@pages.post("/<uuid:lease_id>/end")
@allow(roles.LEASES)
def end(lease_id: uuid.UUID) -> Answer:
    row, form = queries.lease(lease_id), EndForm()
    if not form.validate():
        return render("leases/desk/end.html", lease=row, form=form), 422
    try:
        contracts.end_lease(
            lease_id,
            form.ended_on.data,
            form.reason.data,
            today=g.tenant.today(),
            actor=g.viewer.actor(),
        )
    except Refusal as refusal:
        refuse(form, refusal)
        return render("leases/desk/end.html", lease=row, form=form), 422
    return _back(lease_id, _("The end of the lease is set."))


@pages.post("/<uuid:lease_id>/end/withdraw")
@allow(roles.LEASES)
def withdraw_end(lease_id: uuid.UUID) -> Response:
    return _act(lease_id, "withdraw", _("The lease goes on."))


@pages.post("/<uuid:lease_id>/activate")
@allow(roles.LEASES)
def activate(lease_id: uuid.UUID) -> Response:
    return _act(lease_id, "activate", _("The lease is in force."))


def _act(lease_id: uuid.UUID, what: str, said_after: str) -> Response:
    verb = contracts.withdraw_end if what == "withdraw" else contracts.activate
    try:
        verb(lease_id, actor=g.viewer.actor())
    except Refusal as refusal:
        say(_(refusal.msgid, **refusal.facts), "danger")
        return redirect(url_for("leases_desk.lease", lease_id=lease_id), 303)
    return _back(lease_id, said_after)


@pages.get("/<uuid:lease_id>/renew")
@allow(roles.LEASES)
def ask_to_renew(lease_id: uuid.UUID) -> str:
    row = queries.lease(lease_id)
    form = RenewForm(formdata=None, data={"until": contracts.proposed_term(row)})
    return render("leases/desk/renew.html", lease=row, form=form)


@pages.post("/<uuid:lease_id>/renew")
@allow(roles.LEASES)
def renew(lease_id: uuid.UUID) -> Answer:
    row, form = queries.lease(lease_id), RenewForm()
    if not form.validate():
        return render("leases/desk/renew.html", lease=row, form=form), 422
    try:
        contracts.renew(lease_id, form.until.data, actor=g.viewer.actor())
    except Refusal as refusal:
        refuse(form, refusal)
        return render("leases/desk/renew.html", lease=row, form=form), 422
    return _back(lease_id, _("The lease is renewed."))


def _back(lease_id: uuid.UUID, text: str) -> Response:
    say(text)
    return redirect(url_for("leases_desk.lease", lease_id=lease_id), 303)
