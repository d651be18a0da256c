"""A customer's credit: see it, pay an invoice with it, ask for it back."""

from __future__ import annotations

import uuid

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from blueprints.accounts.reach import reach_of
from blueprints.auth.services import leave_notice
from blueprints.invoices.rules import due
from blueprints.payments.blueprint import pages
from blueprints.payments.credit import credit_of, paid_by_use, use_credit
from blueprints.payments.credit_forms import AmountForm, UseForm
from blueprints.payments.credit_queries import (
    AccountCredit,
    Payable,
    asked_back,
    credit_in_reach,
    payable_with,
)
from blueprints.payments.parts import without_lone_surcharge
from blueprints.payments.refund_forms import refuse
from blueprints.payments.refund_words import REFUND_STATES
from blueprints.payments.refunds import ask_back
from blueprints.payments.titles import invoice_title
from saas.clock import now
from saas.ids import new_id
from saas.languages import N_
from saas.money import as_decimal, format_money, parse_amount
from saas.permissions import SIGNED_IN, allow
from saas.refusals import NotFound, Refusal
from tenants.look import render
from tenants.page_context import language, locale

Answer = str | Response | tuple[str, int]


@pages.get("/credit", endpoint="credit")
@allow(SIGNED_IN)
def all_credit() -> str:
    """What lies on the reader's accounts and on no invoice."""
    reach = reach_of(g.viewer, g.tenant)
    return render(
        "payments/credit.html",
        lines=[(line, _free(line)) for line in credit_in_reach(reach)],
        asked=asked_back(reach),
        states=REFUND_STATES,
    )


@pages.get("/credit/<uuid:account_id>/use", endpoint="choose_credit_use")
@allow(SIGNED_IN)
def choose_use(account_id: uuid.UUID) -> str:
    """Which invoice, and how much."""
    line, invoices = _line(account_id), _invoices(account_id)
    form = _use_form(invoices, formdata=None)
    if invoices:
        wanted = str(form.invoice.data or invoices[0].id)
        chosen = next((one for one in invoices if str(one.id) == wanted), invoices[0])
        form.invoice.data = str(chosen.id)
        form.amount.data = _plain(_most(line, chosen), line.currency)
    return _use_page(line, form, invoices)


@pages.get("/credit/<uuid:account_id>/confirm", endpoint="confirm_credit_use")
@allow(SIGNED_IN)
def confirm_use(account_id: uuid.UUID) -> Answer:
    """“Are you sure?”: what the credit pays, and what is left of both."""
    line, invoices = _line(account_id), _invoices(account_id)
    form = _use_form(invoices, formdata=request.args)
    invoice, amount = _read(form, line, invoices)
    if invoice is None or not amount:
        return _use_page(line, form, invoices), 422
    owed = _owed(invoice)[0]
    return render(
        "payments/credit_confirm.html",
        line=line,
        invoice=invoice,
        title=_title(invoice),
        amount=amount,
        left_of_credit=_free(line) - amount,
        left_to_pay=owed - amount,
        use_id=new_id(),
        typed=_plain(amount, line.currency),
    )


@pages.post("/credit/<uuid:account_id>/use", endpoint="use_credit")
@allow(SIGNED_IN)
def use(account_id: uuid.UUID) -> Answer:
    """Put it on the invoice. Pressed twice it counts once."""
    use_id = _id("use")
    done = paid_by_use(use_id, g.viewer.user_id)
    if done is not None:
        return redirect(url_for("invoices.invoice", invoice_id=done), 303)
    line, invoices = _line(account_id), _invoices(account_id)
    form = _use_form(invoices, formdata=request.form)
    invoice, amount = _read(form, line, invoices)
    if invoice is None or not amount:
        return _use_page(line, form, invoices), 422
    try:
        use_credit(use_id, invoice.id, amount, actor=g.viewer.actor(), now=now(), since=line.sees_from)
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return _use_page(line, form, invoices), 422
    shown = format_money(amount, line.currency, locale())
    leave_notice(
        g.viewer.session_id, _("%(amount)s of your credit paid this invoice.", amount=shown), "success"
    )
    return redirect(url_for("invoices.invoice", invoice_id=invoice.id), 303)


@pages.get("/credit/<uuid:account_id>/ask-back", endpoint="ask_credit_back")
@allow(SIGNED_IN)
def ask_page(account_id: uuid.UUID) -> str:
    line = _line(account_id)
    form = AmountForm(formdata=None)
    form.amount.data = _plain(_free(line), line.currency)
    return _ask_page(line, form, new_id())


@pages.post("/credit/<uuid:account_id>/ask-back", endpoint="credit_asked_back")
@allow(SIGNED_IN)
def ask(account_id: uuid.UUID) -> Answer:
    """Staff decide; until then this much of it cannot be used."""
    ask_id, line, form = _id("ask"), _line(account_id), AmountForm()
    try:
        amount = parse_amount(form.amount.data or "", line.currency, locale(), field="amount")
        ask_back(ask_id, account_id, amount, actor=g.viewer.actor(), now=now(), since=line.sees_from)
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return _ask_page(line, form, ask_id), 422
    leave_notice(g.viewer.session_id, _("We received your request. You get an answer by e-mail."), "success")
    return redirect(url_for("payments.credit"), 303)


def _line(account_id: uuid.UUID) -> AccountCredit:
    """The credit of an account that the reader may pay for. Raises NotFound."""
    for line in credit_in_reach(reach_of(g.viewer, g.tenant), account_id):
        if line.may_pay:
            return line
    raise NotFound()


def _invoices(account_id: uuid.UUID) -> list[Payable]:
    """What the account owes in the currency of its credit."""
    line = _line(account_id)
    return payable_with(reach_of(g.viewer, g.tenant), account_id, line.currency)


def _free(line: AccountCredit) -> int:
    """What no refund that waits takes."""
    found = credit_of([line.account_id], since=line.sees_from)
    return next((one.free for one in found if one.currency == line.currency), 0)


def _owed(invoice: Payable) -> tuple[int, int]:
    """What an invoice takes today, and what of it lateness adds."""
    owed = due(
        open_amount=invoice.open_amount,
        total=invoice.total,
        due_on=invoice.due_on,
        second_due_on=invoice.second_due_on,
        second_total=invoice.second_total,
        today=g.tenant.today(),
    )
    return owed.amount, owed.surcharge


def _most(line: AccountCredit, invoice: Payable) -> int:
    """The most of the credit that the invoice takes."""
    owed, surcharge = _owed(invoice)
    return without_lone_surcharge(min(_free(line), owed), owed, surcharge)


def _use_form(invoices: list[Payable], formdata: object) -> UseForm:
    form = UseForm(formdata=formdata)
    where = locale()
    form.invoice.choices = [
        SelectChoice(
            str(one.id), f"{_title(one)} · {one.number} · {format_money(_owed(one)[0], one.currency, where)}"
        )
        for one in invoices
    ]
    if formdata is None:
        form.invoice.data = request.args.get("invoice", "")
    return form


def _read(form: UseForm, line: AccountCredit, invoices: list[Payable]) -> tuple[Payable | None, int]:
    """The invoice and the amount that were chosen; none where something is wrong, which the form says then."""
    invoice = next((one for one in invoices if str(one.id) == form.invoice.data), None)
    try:
        if invoice is None:
            raise Refusal(N_("There is nothing to pay on this invoice any more."), field="invoice")
        amount = parse_amount(form.amount.data or "", line.currency, locale(), field="amount")
        if amount > _most(line, invoice):
            raise Refusal(
                N_("Use at most %(amount)s here."),
                field="amount",
                amount=format_money(_most(line, invoice), line.currency, locale()),
            )
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return None, 0
    return invoice, amount


def _use_page(line: AccountCredit, form: UseForm, invoices: list[Payable]) -> str:
    return render("payments/credit_use.html", line=line, form=form, invoices=invoices, free=_free(line))


def _ask_page(line: AccountCredit, form: AmountForm, ask_id: uuid.UUID) -> str:
    return render("payments/credit_ask.html", line=line, form=form, ask_id=ask_id, free=_free(line))


def _title(invoice: Payable) -> str:
    return invoice_title(invoice.type_names, invoice.period, language(), locale())


def _plain(amount: int, currency: str) -> str:
    """An amount as it may be typed: no symbol, no grouping."""
    text = str(as_decimal(amount, currency))
    return text if locale().startswith("en") else text.replace(".", ",")


def _id(name: str) -> uuid.UUID:
    """The number that the form was given: the same form counts once."""
    try:
        return uuid.UUID(request.form.get(name, ""))
    except ValueError:
        raise NotFound() from None
