"""Quotes of a repair at the desk: put one to the owners, see what they said, take one back."""

from __future__ import annotations

import datetime
import uuid

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as BaseResponse
from wtforms import FileField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from blueprints.cases import desk_queries, quote_rules, uploads, wording
from blueprints.cases.casebook import Upload
from blueprints.cases.desk_blueprint import pages, say
from blueprints.cases.desk_queries import DeskCase
from blueprints.cases.forms import CaseForm, typed
from blueprints.cases.intake import ACCEPTED, accept
from blueprints.cases.quote_pages import STATES
from blueprints.cases.quote_queries import quote, quotes_of
from blueprints.cases.quotes import NewQuote, add_quote, mandates_of, take_back
from saas.clock import now
from saas.dates import parse_date
from saas.files import load, store
from saas.languages import N_
from saas.money import parse_amount
from saas.permissions import allow
from saas.refusals import NotFound, Refusal
from saas.web import download
from tenants import roles
from tenants.look import render
from tenants.page_context import locale

Answer = str | BaseResponse | tuple[str, int]
OPEN_STATES = frozenset({"received", "in-progress", "waiting-customer"})
USUAL_DAYS = 15  # that a quote is valid, until somebody types another day


class QuoteForm(CaseForm):
    vendor = StringField(_l("Who would do it"))
    description = TextAreaField(_l("What would be done"))
    amount = StringField(_l("Amount"))
    valid_until = StringField(_l("Valid until"))
    mandate_account_id = SelectField(_l("Whose owners decide"), validate_choice=False)
    file = FileField(_l("The quote as a file"), validators=[Optional()])


@pages.get("/<uuid:case_id>/quotes", endpoint="quotes")
@allow(roles.CASES)
def quotes(case_id: uuid.UUID) -> str:
    form = QuoteForm(formdata=None)
    form.valid_until.data = _short(g.tenant.today() + datetime.timedelta(days=USUAL_DAYS))
    return _page(desk_queries.desk_case(case_id), form)


@pages.post("/<uuid:case_id>/quotes", endpoint="add_quote")
@allow(roles.CASES)
def add(case_id: uuid.UUID) -> Answer:
    case, form = desk_queries.desk_case(case_id), QuoteForm(request.form)
    try:
        quote_id = add_quote(case_id, _read(form), actor=g.viewer.actor(), now=now())
    except Refusal as refusal:
        if not _may_add(case):
            raise Refusal(N_("A quote needs an open case about a property with owners.")) from refusal
        form.refuse(refusal)
        return _page(case, form), 422
    if quote(quote_id).state == quote_rules.APPROVED:
        say(_("The quote is approved: an amount so small needs nobody's word."))
    else:
        say(_("The quote is with its owners. Those who decide get a link by e-mail."))
    return redirect(url_for("cases_desk.quotes", case_id=case_id), 303)


@pages.post("/quotes/<uuid:quote_id>/take-back", endpoint="take_quote_back")
@allow(roles.CASES)
def back(quote_id: uuid.UUID) -> Answer:
    view = quote(quote_id)
    take_back(quote_id, actor=g.viewer.actor(), now=now())
    say(_("The quote is taken back."))
    return redirect(url_for("cases_desk.quotes", case_id=view.case_id), 303)


@pages.get("/quotes/<uuid:quote_id>/file", endpoint="quote_file")
@allow(roles.CASES)
def file(quote_id: uuid.UUID) -> Response:
    view = quote(quote_id)
    if view.file_id is None:
        raise NotFound()
    stored = load(view.file_id)
    return download(stored.content, media_type=stored.media_type, name=stored.name)


def _read(form: QuoteForm) -> NewQuote:
    """What was typed, by the tenant's locale and currency. Raises Refusal."""
    currency = g.tenant.currency
    amount = parse_amount(typed(form.amount.data), currency, locale(), field="amount")
    valid_until = parse_date(typed(form.valid_until.data), locale(), field="valid_until")
    try:
        mandate = uuid.UUID(typed(form.mandate_account_id.data))
    except ValueError:
        raise Refusal(N_("Choose one of the options"), field="mandate_account_id") from None
    return NewQuote(
        amount=amount,
        currency=currency,
        vendor=typed(form.vendor.data),
        description=typed(form.description.data),
        valid_until=valid_until,
        mandate_account_id=mandate,
        file=_upload(),
    )


def _upload() -> Upload | None:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return None
    try:
        taken = accept(sent.read(), sent.filename, megabytes=g.tenant.setting("cases.file-size"))
    except Refusal as refusal:
        raise Refusal(refusal.msgid, field="file", **refusal.facts) from None
    file_id = store(taken.content, media_type=taken.media_type, name=taken.name, purpose=uploads.PURPOSE)
    return Upload(file_id, taken.name, taken.media_type, len(taken.content), taken.sha256)


def _may_add(case: DeskCase) -> bool:
    return bool(mandates_of(case.property_id)) and case.state in OPEN_STATES


def _page(case: DeskCase, form: QuoteForm) -> str:
    mandates = mandates_of(case.property_id)
    form.mandate_account_id.choices = [SelectChoice(str(one), number) for one, number in mandates]
    return render(
        "cases/desk/quotes.html",
        case=case,
        form=form,
        quotes=quotes_of(case.id),
        states=STATES,
        as_text=wording.as_text,
        may_add=_may_add(case),
        has_mandates=bool(mandates),
        accepted=ACCEPTED,
        currency=g.tenant.currency,
    )


def _short(day: datetime.date) -> str:
    return f"{day:%d/%m/%Y}"
