"""Payment links at the desk: who has one, for which invoice; make one for a customer, take one back."""

from __future__ import annotations

import uuid

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, case, or_, select
from werkzeug.wrappers import Response

from blueprints.accounts.models import AccountParty, Customer
from blueprints.auth.sessions import leave_notice
from blueprints.invoices.models import Invoice
from blueprints.payments.checking_files import links_file
from blueprints.payments.choosing import choose_linked
from blueprints.payments.desk_blueprint import pages
from blueprints.payments.link_forms import NewLinkForm
from blueprints.payments.link_pages import address_of_link
from blueprints.payments.link_words import STATES
from blueprints.payments.links import LONGEST, invoice_of, links, links_of, make_link, revoke_link
from saas.clock import now
from saas.database import db
from saas.permissions import allow
from saas.refusals import NotFound, Refusal
from tenants import roles
from tenants.exports import wanted
from tenants.look import render

Answer = str | Response | tuple[str, int]
PAYING = ("holder", "renter")  # whose invoice it is, before an owner


@pages.get("/links", endpoint="links")
@allow(roles.PAYMENTS)
def all_links() -> Answer:
    every = request.args.get("state") == "all"
    if (file := wanted()) is not None:
        return links_file(file, now(), usable=not every)
    return render(
        "payments/desk/links.html",
        page=links(request.args.get("after"), now(), usable=not every),
        every=every,
        states=STATES,
        later="after" in request.args,
    )


@pages.get("/links/<uuid:invoice_id>", endpoint="invoice_links")
@allow(roles.PAYMENTS)
def of_invoice(invoice_id: uuid.UUID) -> str:
    return _page(invoice_id, NewLinkForm())


@pages.post("/links/<uuid:invoice_id>", endpoint="add_link")
@allow(roles.PAYMENTS)
def add(invoice_id: uuid.UUID) -> Answer:
    form, payer = NewLinkForm(request.form), _payer(invoice_id)
    if not form.validate() or form.days.data is None:
        return _page(invoice_id, form), 422
    send = request.form.get("send") == "yes" and payer is not None and bool(payer[1])
    try:
        make_link(
            invoice_id,
            days=form.days.data,
            actor=g.viewer.actor(),
            user_id=g.viewer.user_id,
            customer_id=payer[0] if payer else None,
            now=now(),
            send=send,
        )
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(invoice_id, form), 422
    said = _("The link is on its way by mail.") if send else _("The link is ready. Copy it and send it.")
    leave_notice(g.viewer.session_id, said, "success")
    return redirect(url_for("payments_desk.invoice_links", invoice_id=invoice_id), 303)


@pages.post("/links/<uuid:payment_link_id>/revoke", endpoint="revoke_link")
@allow(roles.PAYMENTS)
def revoke(payment_link_id: uuid.UUID) -> Answer:
    invoice_id = invoice_of(payment_link_id)
    revoke_link(payment_link_id, actor=g.viewer.actor(), user_id=g.viewer.user_id, now=now())
    leave_notice(g.viewer.session_id, _("The link opens nothing any more."), "success")
    return redirect(url_for("payments_desk.invoice_links", invoice_id=invoice_id), 303)


def _page(invoice_id: uuid.UUID, form: NewLinkForm) -> str:
    number = db.session.execute(select(Invoice.number).where(Invoice.id == invoice_id)).scalar()
    if number is None:
        raise NotFound()
    choice, sentence = None, ""
    try:
        choice = choose_linked(invoice_id, today=g.tenant.today())
    except Refusal as refusal:
        sentence = _(refusal.msgid, **refusal.facts)
    payer = _payer(invoice_id)
    return render(
        "payments/desk/invoice_links.html",
        invoice_id=invoice_id,
        number=number,
        choice=choice,
        sentence=sentence,
        links=links_of(invoice_id, now()),
        states=STATES,
        form=form,
        most=LONGEST,
        email=payer[1] if payer else None,
        address_of=address_of_link,
    )


def _payer(invoice_id: uuid.UUID) -> tuple[uuid.UUID, str | None] | None:
    """Whom the invoice is for, and the address in the books: the holder or renter, else the owner."""
    row = db.session.execute(
        select(Customer.id, Customer.email)
        .join(
            AccountParty,
            and_(AccountParty.tenant_id == Customer.tenant_id, AccountParty.customer_id == Customer.id),
        )
        .join(
            Invoice,
            and_(Invoice.tenant_id == AccountParty.tenant_id, Invoice.account_id == AccountParty.account_id),
        )
        .where(Invoice.id == invoice_id)
        .order_by(
            case((_there(), 0), else_=1),
            case((AccountParty.role.in_(PAYING), 0), else_=1),
            AccountParty.share.desc(),
            Customer.id,
        )
        .limit(1)
    ).first()
    return (row.id, row.email) if row is not None else None


def _there() -> ColumnElement[bool]:
    """Whether the party was one on the day of the invoice: who came later was not asked to pay it."""
    return and_(
        or_(AccountParty.valid_from.is_(None), AccountParty.valid_from <= Invoice.issued_on),
        or_(AccountParty.valid_until.is_(None), AccountParty.valid_until >= Invoice.issued_on),
    )
