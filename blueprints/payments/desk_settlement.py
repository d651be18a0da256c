"""The daily comparison at the desk: which days agree, what differs, and what it was."""

from __future__ import annotations

import uuid

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import Form, StringField
from wtforms.validators import DataRequired, Length

from blueprints.auth.sessions import leave_notice
from blueprints.payments import settlement_queries as queries
from blueprints.payments.checking_files import comparisons_file, differences_file
from blueprints.payments.desk_blueprint import pages
from blueprints.payments.settlement_words import KINDS
from blueprints.payments.settling import compare_again, resolve_difference
from saas.clock import now
from saas.money import EXPONENTS, format_money
from saas.permissions import allow
from tenants import roles
from tenants.exports import wanted
from tenants.look import render
from tenants.page_context import locale

Answer = str | Response | tuple[str, int]


class ExplainForm(Form):
    """What a difference was."""

    note = StringField(
        _l("What was it?"),
        [
            DataRequired(_l("Write what it was: it is kept as evidence.")),
            Length(max=300, message=_l("The text is too long")),
        ],
        filters=[lambda typed: " ".join((typed or "").replace("\x00", " ").split())],
    )


@pages.get("/comparison")
@allow(roles.PAYMENTS)
def comparisons() -> Answer:
    if (file := wanted()) is not None:
        return comparisons_file(file)
    page = queries.comparisons(request.args.get("after"))
    return render("payments/desk/comparisons.html", page=page, later="after" in request.args)


@pages.get("/comparison/<uuid:settlement_run_id>")
@allow(roles.PAYMENTS)
def comparison(settlement_run_id: uuid.UUID) -> Answer:
    if (file := wanted()) is not None:
        return differences_file(file, settlement_run_id)
    run = queries.comparison(settlement_run_id)
    rows = queries.differences_of(settlement_run_id)
    return render("payments/desk/comparison.html", run=run, rows=rows, kinds=KINDS, shown=_shown)


@pages.post("/comparison/<uuid:settlement_run_id>", endpoint="compare_again")
@allow(roles.PAYMENTS)
def again(settlement_run_id: uuid.UUID) -> Answer:
    compare_again(settlement_run_id, now())
    leave_notice(g.viewer.session_id, _("The provider is being asked. Look again in a moment."), "info")
    return redirect(url_for("payments_desk.comparison", settlement_run_id=settlement_run_id), 303)


@pages.get("/differences/<uuid:settlement_difference_id>")
@allow(roles.PAYMENTS)
def difference(settlement_difference_id: uuid.UUID) -> str:
    return _difference(settlement_difference_id, ExplainForm())


@pages.post("/differences/<uuid:settlement_difference_id>", endpoint="explain_difference")
@allow(roles.PAYMENTS)
def explain(settlement_difference_id: uuid.UUID) -> Answer:
    form = ExplainForm(request.form)
    if not form.validate():
        return _difference(settlement_difference_id, form), 422
    run_id = resolve_difference(
        settlement_difference_id,
        form.note.data or "",
        actor=g.viewer.actor(),
        user_id=g.viewer.user_id,
        now=now(),
    )
    leave_notice(g.viewer.session_id, _("Noted."), "success")
    return redirect(url_for("payments_desk.comparison", settlement_run_id=run_id), 303)


def _difference(difference_id: uuid.UUID, form: ExplainForm) -> str:
    row = queries.difference(difference_id)
    return render("payments/desk/difference.html", row=row, kinds=KINDS, shown=_shown, form=form)


def _shown(amount: int | None, currency: str) -> str:
    """An amount in words; where the books name two currencies, the figures as they came."""
    if amount is None:
        return "–"
    return format_money(amount, currency, locale()) if currency in EXPONENTS else f"{amount} {currency}"
