"""Staff note how an answer was brought to somebody whom no screen and no mail reaches."""

from __future__ import annotations

import uuid

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from blueprints.cases import delivery, file_forms
from blueprints.cases import desk_queries as queries
from blueprints.cases.channels import WENT_BY
from blueprints.cases.desk_acts import with_days
from blueprints.cases.desk_blueprint import pages, say
from blueprints.cases.desk_case import about
from blueprints.cases.desk_forms import DeliveryForm
from blueprints.cases.desk_queries import DeskCase
from blueprints.cases.forms import typed
from blueprints.cases.keeping import clock_of_case
from saas.clock import now
from saas.dates import format_short, parse_date
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.look import render
from tenants.page_context import locale

Answer = str | Response | tuple[str, int]


@pages.get("/<uuid:case_id>/delivery", endpoint="delivery_page")
@allow(roles.CASES)
def ask(case_id: uuid.UUID) -> Answer:
    case = queries.desk_case(case_id)
    if delivery.answered_at(case_id) is None:
        return redirect(url_for("cases_desk.case", case_id=case_id), 303)
    return _page(case, DeliveryForm(formdata=None, data={"on": format_short(g.tenant.today())}))


@pages.post("/<uuid:case_id>/delivery", endpoint="deliver")
@allow(roles.CASES)
def deliver(case_id: uuid.UUID) -> Answer:
    case, form = queries.desk_case(case_id), DeliveryForm(request.form)
    try:
        delivery.note_delivery(
            case_id,
            typed(form.way.data),
            parse_date(typed(form.on.data), locale(), field="on"),
            typed(form.body.data),
            actor=g.viewer.actor(),
            now=now(),
            once=file_forms.form_key(form),
        )
    except Refusal as refusal:
        form.refuse(with_days(refusal))
        return _page(case, form), 422
    say(_("It is noted how the answer was delivered."))
    return redirect(url_for("cases_desk.case", case_id=case_id), 303)


def _page(case: DeskCase, form: DeliveryForm) -> str:
    file_forms.form_key(form)
    form.way.choices = [SelectChoice("", _("Choose"))] + [
        SelectChoice(code, _(word)) for code, word in WENT_BY.items()
    ]
    return render("cases/desk/delivery.html", **about(case, clock_of_case(case.id)), form=form)
