"""Leases at the desk: find one, see all of it, write a new one."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext as _

from blueprints.invoices import rules as invoice_rules
from blueprints.leases import desk_queries as queries
from blueprints.leases import document_queries, place_queries, rates, words
from blueprints.leases.adjusting import due_on
from blueprints.leases.catalogue import caps, indexes, said
from blueprints.leases.desk_blueprint import Answer, asked, asked_id, pages, say
from blueprints.leases.desk_files import leases_file
from blueprints.leases.field_forms import choices, refuse
from blueprints.leases.forms import (
    DOCUMENT_KINDS,
    MOST_PEOPLE,
    NewLeaseForm,
    TermsForm,
    lease_form,
    people_of,
)
from blueprints.leases.opening import LeaseTerms, Place, write_lease
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.exports import ASKED, wanted
from tenants.look import render
from tenants.page_context import language

ENDINGS = (30, 60, 90, 180)


@pages.get("")
@allow(roles.LEASES)
def leases() -> str | Response:
    narrowed = _narrowed()
    if (file := wanted()) is not None:
        return leases_file(file, narrowed)
    page = queries.leases(narrowed, request.args.get("after"), g.tenant.today())
    return render(
        "leases/desk/leases.html",
        page=page,
        asked=narrowed,
        ending_days=ENDINGS,
        kept={name: value for name, value in request.args.items() if name not in ("after", ASKED) and value},
        words=words,
        due_on=due_on,
        today_is=g.tenant.today(),
        later="after" in request.args,
    )


def _narrowed() -> queries.Narrowed:
    ending = asked("ending")
    return queries.Narrowed(
        words=asked("q"),
        status=asked("status") if asked("status") in words.STATES else "",
        purpose=asked("purpose") if asked("purpose") in words.PURPOSES else "",
        ending=int(ending) if ending in map(str, ENDINGS) else None,
        due=asked("due") == "yes",
        customer_id=asked_id("customer"),
        property_id=asked_id("property"),
    )


@pages.get("/<uuid:lease_id>")
@allow(roles.LEASES)
def lease(lease_id: uuid.UUID) -> str:
    row = queries.lease(lease_id)
    cap = caps().get(row.cap or "")
    index = indexes().get(row.index_code or "")
    return render(
        "leases/desk/lease.html",
        lease=row,
        parties=queries.parties(row),
        rents=queries.rents(lease_id),
        charges=queries.charges(lease_id),
        invoices=queries.last_invoices(row),
        documents=document_queries.documents(lease_id),
        words=words,
        percent=rates.percent,
        scenario=said(row.scenario_names or {}, language()),
        cap=cap,
        cap_text=said(cap.titles, language()) if cap else "",
        index_text=said(index.titles, language()) if index else "",
        next_adjustment=due_on(row.rent_since, cap.months if cap else 12),
        state_of=_invoice_state,
        month_now=f"{g.tenant.today():%Y-%m}",
        today_is=g.tenant.today(),
    )


def _invoice_state(row: queries.Line) -> str:
    code = invoice_rules.state(
        open_amount=row.open_amount,
        due_on=row.due_on,
        second_due_on=row.second_due_on,
        void=row.void_at is not None,
        in_process=False,
        today=g.tenant.today(),
    )
    return code.replace("-", "_")


@pages.get("/new")
@allow(roles.LEASES)
def ask_for_lease() -> str:
    form = _new_form(1, 1, formdata=None)
    form.payment_day.data, form.renews.data, form.renewal_months.data = 5, True, 12
    return _new_page(form)


@pages.post("/new")
@allow(roles.LEASES)
def write() -> Answer:
    """`more` is the button that asks for another renter or owner; what was typed stays."""
    renters, owners = _count("renters"), _count("owners")
    more = request.form.get("more")
    if more in ("renter", "owner"):
        form = _new_form(renters + (more == "renter"), owners + (more == "owner"))
        return _new_page(form), 200
    form = _new_form(renters, owners)
    if not form.validate():
        return _new_page(form), 422
    try:
        lease_id = write_lease(
            Place(
                form.property_code.data,
                form.property_kind.data or "",
                form.address.data or "",
                form.city.data or "",
                form.stratum.data,
            ),
            people_of(form, "renter"),
            people_of(form, "owner"),
            LeaseTerms(
                number=form.number.data,
                rent=form.rent.data,
                commission=form.commission.data,
                payment_day=form.payment_day.data,
                starts_on=form.starts_on.data,
                ends_on=form.ends_on.data,
                scenario_code=form.scenario_code.data or None,
                renews=form.renews.data,
                renewal_months=form.renewal_months.data,
                adjustment_points=form.adjustment_points.data or 0,
                draft=form.draft.data,
            ),
            country=g.tenant.country,
            currency=g.tenant.currency,
            actor=g.viewer.actor(),
        )
    except Refusal as refusal:
        refuse(form, refusal)
        return _new_page(form), 422
    say(_("Lease %(number)s is in the books.", number=form.number.data))
    return redirect(url_for("leases_desk.lease", lease_id=lease_id), 303)


def _count(name: str) -> int:
    typed = request.form.get(name, "1")
    return (
        min(max(int(typed), 1), MOST_PEOPLE) if typed.isascii() and typed.isdigit() and len(typed) < 3 else 1
    )


def _new_form(renters: int, owners: int, **options: Any) -> NewLeaseForm:
    kinds = DOCUMENT_KINDS.get(g.tenant.country, ("ID", "PP"))
    form = lease_form(min(renters, MOST_PEOPLE), min(owners, MOST_PEOPLE), kinds)(**options)
    offer_scenarios(form)
    return form


def offer_scenarios(form: TermsForm, present: str | None = None) -> None:
    """The scenarios in use, and the one that the lease has even if no longer."""
    rows = [row for row in place_queries.scenarios() if row.active or row.code == present]
    form.scenario_code.choices = choices(
        *((row.code, said(row.names, language())) for row in rows),
        ("", _("No taxes, no adjustment")),
    )


def _new_page(form: NewLeaseForm) -> str:
    return render("leases/desk/new.html", form=form, most=MOST_PEOPLE)
