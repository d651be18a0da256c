"""Charges to owners at the desk: the list, a new one with its bill, one of them, taking it back."""

from __future__ import annotations

import datetime
import uuid

from flask import Response, abort, g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth.sessions import leave_notice
from blueprints.cases.intake import ACCEPTED, accept
from blueprints.owners import charge_queries as queries
from blueprints.owners.charges import KINDS, NewCharge, make_charge, reverse_charge
from blueprints.owners.forms import ChargeForm, ReasonForm, SupplierForm
from blueprints.owners.suppliers import NewPayment, record_supplier_payment, reverse_supplier_payment
from blueprints.payments.refund_forms import refuse
from saas.clock import now
from saas.dates import format_short, parse_date
from saas.files import load, store
from saas.ids import new_id
from saas.money import Money, parse_amount
from saas.permissions import allow
from saas.refusals import Refusal
from saas.sheets import Column
from saas.web import Pages, download
from tenants import roles
from tenants.exports import Listing, every, export, wanted
from tenants.look import render
from tenants.page_context import locale

pages = Pages("owners_desk", __name__, url_prefix="/desk/owner-charges")
Answer = str | BaseResponse | tuple[str, int]
PURPOSE = "owner-charge"
MEGABYTES = 10


@pages.get("")
@allow(roles.PAYOUTS)
def charges() -> Answer:
    """Every charge, newest first."""
    text = request.args.get("q", "").replace("\x00", "").strip()[:80]
    state = request.args.get("state", "")
    if (file := wanted()) is not None:
        return _file(file, text, state)
    return render(
        "owners/desk/charges.html",
        page=queries.charges(text, state, request.args.get("after")),
        text=text,
        state=state,
        kinds=KINDS,
        later="after" in request.args,
        own_url=url_for("owners_desk.charges", q=text or None, state=state or None),
    )


@pages.get("/new")
@allow(roles.PAYOUTS)
def ask_for_charge() -> str:
    form = _form(formdata=None)
    form.once.data = str(new_id())
    form.charged_on.data = format_short(g.tenant.today())
    if mandate := request.args.get("mandate", type=uuid.UUID):
        form.contract.data = queries.mandate_number(mandate)
    return _page(form)


@pages.post("/new")
@allow(roles.PAYOUTS)
def new_charge() -> Answer:
    form = _form()
    if not form.validate():
        return _page(form), 422
    try:
        charge_id = make_charge(_read(form), now=now(), actor=g.viewer.actor())
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return _page(form), 422
    leave_notice(g.viewer.session_id, _("The owners are charged."), "success")
    return redirect(url_for("owners_desk.charge", owner_charge_id=charge_id), 303)


def _form(**options: object) -> ChargeForm:
    form = ChargeForm(**options)
    form.kind.choices = [(kind, _(title)) for kind, title in KINDS.items()]
    return form


def _page(form: ChargeForm) -> str:
    return render("owners/desk/charge_new.html", form=form, accept=ACCEPTED)


def _read(form: ChargeForm) -> NewCharge:
    """What was typed. Raises Refusal for the field at fault."""
    mandate = queries.mandate_of(form.contract.data)
    if mandate is None:
        raise Refusal(_("There is no contract with this number."), field="contract")
    currency, where = g.tenant.currency, locale()
    amount = parse_amount(form.amount.data, currency, where, field="amount")
    typed_tax = form.tax.data or ""
    tax = parse_amount(typed_tax, currency, where, field="tax", zero=True) if typed_tax else 0
    day = parse_date(form.charged_on.data, where, field="charged_on")
    if abs(day - g.tenant.today()) > datetime.timedelta(days=400):
        raise Refusal(_("The date is more than a year away."), field="charged_on")
    try:
        once = str(uuid.UUID(form.once.data or ""))
    except ValueError:
        once = str(new_id())
    return NewCharge(
        mandate_account_id=mandate,
        kind=form.kind.data or "",
        description=form.description.data,
        amount=amount,
        tax=tax,
        currency=currency,
        charged_on=day,
        supplier=form.supplier.data or "",
        reference=form.reference.data or "",
        source_key=f"form:{once}",
        file_id=_kept(form),
    )


def _kept(form: ChargeForm) -> uuid.UUID | None:
    sent = form.file.data
    if not sent or not sent.filename:
        return None
    try:
        file = accept(sent.read(), sent.filename, megabytes=MEGABYTES)
    except Refusal as refusal:
        raise Refusal(refusal.msgid, "file", **refusal.facts) from refusal
    return store(file.content, media_type=file.media_type, name=file.name, purpose=PURPOSE)


@pages.get("/<uuid:owner_charge_id>")
@allow(roles.PAYOUTS)
def charge(owner_charge_id: uuid.UUID) -> str:
    return _one(owner_charge_id)


@pages.post("/<uuid:owner_charge_id>/reverse")
@allow(roles.PAYOUTS)
def reverse(owner_charge_id: uuid.UUID) -> Answer:
    """Take it back: each owner gets what he or she bore."""
    if queries.charge(owner_charge_id).reversed_on:
        return _back(owner_charge_id, _("It had been taken back before."), "info")
    form = ReasonForm()
    if not form.validate():
        return _one(owner_charge_id, reason=form), 422
    try:
        done = reverse_charge(
            owner_charge_id, reason=form.reason.data, today=g.tenant.today(), actor=g.viewer.actor()
        )
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return _one(owner_charge_id, reason=form), 422
    said = _("The charge is taken back.") if done else _("It had been taken back before.")
    return _back(owner_charge_id, said, "success" if done else "info")


@pages.post("/<uuid:owner_charge_id>/supplier")
@allow(roles.PAYOUTS)
def pay_supplier(owner_charge_id: uuid.UUID) -> Answer:
    """Whoever did it was paid: by which means, when."""
    row = queries.charge(owner_charge_id)
    if row.supplier_paid_on:
        return _back(owner_charge_id, _("It was in the books already."), "info")
    if row.reversed_on:
        text = _("This charge was taken back: nobody is to be paid for it.")
        return _back(owner_charge_id, text, "warning")
    form = SupplierForm()
    if not form.validate():
        return _one(owner_charge_id, supplier=form), 422
    try:
        paid_on = parse_date(form.paid_on.data, locale(), field="paid_on")
        new = NewPayment(paid_on, form.method.data, form.reference.data or "")
        done = record_supplier_payment(
            owner_charge_id, new, today=g.tenant.today(), now=now(), actor=g.viewer.actor()
        )
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return _one(owner_charge_id, supplier=form), 422
    said = _("The payment to the supplier is in the books.") if done else _("It was in the books already.")
    return _back(owner_charge_id, said, "success" if done else "info")


@pages.post("/<uuid:owner_charge_id>/supplier/reverse")
@allow(roles.PAYOUTS)
def reverse_supplier(owner_charge_id: uuid.UUID) -> Answer:
    """It was not paid after all."""
    if not queries.charge(owner_charge_id).supplier_paid_on:
        return _back(owner_charge_id, _("It had been taken back before."), "info")
    form = ReasonForm()
    if not form.validate():
        return _one(owner_charge_id, reason=form), 422
    done = reverse_supplier_payment(
        owner_charge_id, reason=form.reason.data, today=g.tenant.today(), actor=g.viewer.actor()
    )
    said = _("The payment is taken back.") if done else _("It had been taken back before.")
    return _back(owner_charge_id, said, "success" if done else "info")


def _back(charge_id: uuid.UUID, text: str, tone: str) -> BaseResponse:
    leave_notice(g.viewer.session_id, text, tone)
    return redirect(url_for("owners_desk.charge", owner_charge_id=charge_id), 303)


@pages.get("/<uuid:owner_charge_id>/file")
@allow(roles.PAYOUTS)
def charge_file(owner_charge_id: uuid.UUID) -> Response:
    row = queries.charge(owner_charge_id)
    if row.file_id is None:
        abort(404)
    stored = load(row.file_id)
    return download(stored.content, media_type=stored.media_type, name=stored.name)


def _one(
    charge_id: uuid.UUID, *, reason: ReasonForm | None = None, supplier: SupplierForm | None = None
) -> str:
    reason = reason or ReasonForm(formdata=None)
    if supplier is None:
        supplier = SupplierForm(formdata=None, data={"paid_on": format_short(g.tenant.today())})
    return render(
        "owners/desk/charge.html",
        row=queries.charge(charge_id),
        borne=queries.borne_by(charge_id),
        kinds=KINDS,
        form=supplier if supplier.errors or supplier.form_errors else reason,
        reason=reason,
        supplier=supplier,
    )


def _file(format: str, text: str, state: str) -> Response:
    listing = Listing(
        name=_("owner-charges"),
        title=_("Charges to owners"),
        columns=(
            Column(_("Number"), width=14),
            Column(_("Date"), "date", 12),
            Column(_("Contract"), width=12),
            Column(_("Property"), width=26),
            Column(_("Kind"), width=14),
            Column(_("What for"), width=28),
            Column(_("Who is to be paid"), width=20),
            Column(_("Paid to the supplier"), "date", 12),
            Column(_("Reference of the payment"), width=18),
            Column(_("Taken back"), "date", 12),
            Column(_("Tax in it"), "money", 14),
            Column(_("Amount"), "money", 16),
        ),
        narrowed_by=[(_("Search"), text)] if text else [],
    )
    rows = every(
        lambda older: queries.charges(text, state, older, page=500),
        lambda row: [
            row.number,
            row.charged_on,
            row.mandate_number,
            row.address or "",
            _(KINDS[row.kind]),
            row.description,
            row.supplier,
            row.supplier_paid_on,
            row.supplier_reference,
            row.reversed_on,
            Money(row.tax, row.currency),
            Money(row.amount, row.currency),
        ],
    )
    return export(format, listing, rows)
