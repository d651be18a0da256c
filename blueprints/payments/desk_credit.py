"""Credit at the desk: what was paid twice, side by side, and what to do with it; credit put on an invoice."""

from __future__ import annotations

import uuid

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.auth.sessions import leave_notice
from blueprints.payments import refund_queries as queries
from blueprints.payments.credit import credit_of, use_credit
from blueprints.payments.desk_blueprint import pages
from blueprints.payments.desk_files import credits_file
from blueprints.payments.refund_forms import NoteForm, refuse
from blueprints.payments.titles import method_title
from blueprints.payments.trying_again import resolve
from saas.clock import now
from saas.ids import new_id
from saas.money import parse_amount
from saas.permissions import allow
from saas.refusals import NotFound, Refusal
from tenants import roles
from tenants.exports import wanted
from tenants.look import render
from tenants.page_context import locale

Answer = str | Response | tuple[str, int]


@pages.get("/credit", endpoint="credits")
@allow(roles.PAYMENTS)
def all_credit() -> str | Response:
    every = request.args.get("state") == "all"
    if (file := wanted()) is not None:
        return credits_file(file, every)
    return render(
        "payments/desk/credits.html",
        page=queries.credits(every, request.args.get("after")),
        every=every,
        later="after" in request.args,
    )


@pages.get("/credit/<uuid:credit_id>", endpoint="credit")
@allow(roles.PAYMENTS)
def one_credit(credit_id: uuid.UUID) -> str:
    return _page(credit_id, NoteForm(formdata=None))


@pages.post("/credit/<uuid:credit_id>/keep", endpoint="keep_credit")
@allow(roles.PAYMENTS)
def keep(credit_id: uuid.UUID) -> Answer:
    """It stays as credit: nobody needs to look at it any more."""
    row, form = queries.credit(credit_id), NoteForm()
    if row.task_id is None or row.resolved_at is not None:
        return redirect(url_for("payments_desk.credit", credit_id=credit_id), 303)
    if form.validate():
        try:
            resolve(row.task_id, note=form.note.data, actor=g.viewer.actor(), now=now())
        except Refusal as refusal:
            refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        else:
            _say(_("Noted. The credit stays on the account."))
            return redirect(url_for("payments_desk.credits"), 303)
    return _page(credit_id, form), 422


@pages.post("/credit/<uuid:credit_id>/use", endpoint="use_credit")
@allow(roles.PAYMENTS)
def use(credit_id: uuid.UUID) -> Answer:
    """Put credit of the account on one of its invoices."""
    row = queries.credit(credit_id)
    invoices = {str(line.id): line for line in queries.open_invoices(row.account_id, row.currency)}
    invoice = invoices.get(request.form.get("invoice", ""))
    try:
        use_id = uuid.UUID(request.form.get("use", ""))
    except ValueError:
        raise NotFound() from None
    form = NoteForm(formdata=None)
    try:
        if invoice is None:
            raise Refusal(_("Choose an invoice."))
        amount = parse_amount(request.form.get("amount", ""), row.currency, locale(), field="amount")
        use_credit(use_id, invoice.id, amount, actor=g.viewer.actor(), now=now())
    except Refusal as refusal:
        form.form_errors.append(_(refusal.msgid, **refusal.facts))
        return _page(credit_id, form, use_id=use_id), 422
    _say(_("The credit was put on invoice %(number)s.", number=invoice.number))
    return redirect(url_for("payments_desk.credit", credit_id=credit_id), 303)


def _page(credit_id: uuid.UUID, form: NoteForm, use_id: uuid.UUID | None = None) -> str:
    row = queries.credit(credit_id)
    usable = [one for one in credit_of([row.account_id]) if one.currency == row.currency]
    return render(
        "payments/desk/credit.html",
        row=row,
        others=queries.also_paid(row.invoice_id, row.payment_id),
        invoices=queries.open_invoices(row.account_id, row.currency),
        free=usable[0].free if usable else 0,
        method_title=method_title,
        form=form,
        use_id=use_id or new_id(),
        chosen=request.form.get("invoice", ""),
        typed=request.form.get("amount", ""),
    )


def _say(text: str, tone: str = "success") -> None:
    leave_notice(g.viewer.session_id, text, tone)
