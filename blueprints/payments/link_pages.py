"""Paying through a link, and the pages on which customers make, copy and take back their links.

Whoever opens a link sees what is needed to pay one invoice: what it is for, how much, until when, to whom.
Not whose it is, not where, not what else there is.
"""

from __future__ import annotations

import datetime
import uuid
from urllib.parse import quote

from flask import Response, g, make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from blueprints.accounts.reach import reach_of
from blueprints.auth.sessions import leave_notice
from blueprints.invoices.customer import other_ways
from blueprints.payments import queries, rules
from blueprints.payments.blueprint import pages
from blueprints.payments.choosing import Choice, InProcess, choose, choose_linked, may_pay
from blueprints.payments.coupon import bars_picture
from blueprints.payments.coupon_pages import waiting_coupon
from blueprints.payments.customer import fetched, leave_for
from blueprints.payments.grace import has_lapsed
from blueprints.payments.interface import PayerView
from blueprints.payments.link_forms import NewLinkForm, PayLinkForm
from blueprints.payments.links import (
    LONGEST,
    USABLE,
    OpenLink,
    count_use,
    invoice_of,
    links_of,
    make_link,
    opened_by,
    revoke_link,
)
from blueprints.payments.payers import Payer
from blueprints.payments.starting import start
from blueprints.payments.titles import invoice_title
from blueprints.payments.ways import ways_for
from saas.audit import Actor
from saas.clock import now
from saas.identity_numbers import normalise_email
from saas.limits import count_attempt, network_of
from saas.money import format_money
from saas.permissions import PUBLIC, SIGNED_IN, allow
from saas.refusals import NotFound, Refusal
from tenants.error_pages import error_page
from tenants.frame import client_address, own_origin
from tenants.look import render
from tenants.page_context import language, locale

HOUR = datetime.timedelta(hours=1)
LOOKS = 120  # an hour and network: a token has 256 random bits, so this only keeps noise away
BEGINNINGS = 20  # an hour and link

Answer = str | BaseResponse | tuple[str, int]


@pages.get("/pay/<string:payment_token>")
@allow(PUBLIC)
def linked(payment_token: str) -> Answer:
    """What the link asks for. Opening it changes nothing: programs that look at messages open it too."""
    if count_attempt("payment-link", network_of(client_address()), window=HOUR) > LOOKS:
        return error_page(429)
    return _private(_linked_page(opened_by(payment_token, now()), payment_token))


@pages.post("/pay/<string:payment_token>", endpoint="linked_start")
@allow(PUBLIC)
def begin_linked(payment_token: str) -> Answer:
    """Freeze the attempt and send the payer away, as for who is logged in."""
    moment = now()
    link = opened_by(payment_token, moment)
    if link.state != USABLE:
        return _private(_linked_page(link, payment_token))
    if count_attempt("payment-link-start", str(link.id), window=HOUR) > BEGINNINGS:
        return error_page(429)
    form = PayLinkForm(request.form)
    email = normalise_email(form.email.data or "") if form.validate() else None
    if email is None:
        form.email.errors = form.email.errors or [_("Type an e-mail such as name@example.com.")]
        return _private(_linked_page(link, payment_token, form, status=422))
    try:
        choice = choose_linked(link.invoice_id, today=g.tenant.today(), lock=True)
        started = start(_payer(link, email), choice, moment, origin=own_origin())
        count_use(link.id, moment)
        step = fetched(started)
    except InProcess as refusal:
        return _in_process(link, refusal)
    except Refusal as refusal:
        return _private(_refused(link, refusal))
    status = url_for("payments.linked_status", linked_reference=queries.reference_of(started.attempt_id))
    return leave_for(started, step, status)


@pages.get("/pay/status/<string:linked_reference>")
@allow(PUBLIC)
def linked_status(linked_reference: str) -> Answer:
    """Where a payment through a link stands. The reference has 60 random bits and shows the amount alone."""
    if count_attempt("payment-link", network_of(client_address()), window=HOUR) > LOOKS * 5:
        return error_page(429)
    found = queries.linked_attempt(linked_reference)
    if found is None:
        raise NotFound()
    paper = waiting_coupon(found.id, found.state, found.expires_at, found.step)
    page = render(
        "payments/linked_status.html",
        attempt=found,
        paper=paper,
        bars=bars_picture(paper) if paper else "",
        lapsed=(lapsed := has_lapsed(found.state, found.expires_at, found.step, now())),
        going_on=found.state in rules.OPEN_STATES and paper is None and not lapsed,
    )
    return _private(make_response(page))


@pages.get("/invoices/<uuid:invoice_id>/payment-links")
@allow(SIGNED_IN)
def invoice_links(invoice_id: uuid.UUID) -> Answer:
    """The links of an invoice that the viewer may pay: make one, copy it, take it back."""
    return _links_page(invoice_id)


@pages.post("/invoices/<uuid:invoice_id>/payment-links", endpoint="add_invoice_link")
@allow(SIGNED_IN)
def add_link(invoice_id: uuid.UUID) -> Answer:
    form = NewLinkForm(request.form)
    try:
        _payable(invoice_id)
        if not form.validate() or form.days.data is None:
            return _links_page(invoice_id, form), 422
        make_link(
            invoice_id,
            days=form.days.data,
            actor=g.viewer.actor(),
            user_id=g.viewer.user_id,
            customer_id=g.viewer.customer_id,
            now=now(),
        )
    except Refusal as refusal:
        form.refuse(refusal)
        return _links_page(invoice_id, form), 422
    leave_notice(g.viewer.session_id, _("The link is ready. Copy it and send it to whoever pays."), "success")
    return redirect(url_for("payments.invoice_links", invoice_id=invoice_id), 303)


@pages.post("/payment-links/<uuid:payment_link_id>/revoke", endpoint="revoke_own_link")
@allow(SIGNED_IN)
def take_back(payment_link_id: uuid.UUID) -> Answer:
    invoice_id = invoice_of(payment_link_id)
    if not may_pay(reach_of(g.viewer, g.tenant), invoice_id):
        raise NotFound()
    revoke_link(payment_link_id, actor=g.viewer.actor(), user_id=g.viewer.user_id, now=now())
    leave_notice(g.viewer.session_id, _("The link opens nothing any more."), "success")
    return redirect(url_for("payments.invoice_links", invoice_id=invoice_id), 303)


def address_of_link(token: str) -> str:
    """The full address of a link, on the tenant's own host."""
    return f"{g.tenant.canonical_url}{url_for('payments.linked', payment_token=token)}"


def message_of_link(token: str, title: str, amount: int, currency: str) -> str:
    """The address of a message with the link in it, for the program that people write to each other with."""
    text = _(
        "%(title)s, %(amount)s. Pay it here: %(address)s",
        title=title,
        amount=format_money(amount, currency, locale()),
        address=address_of_link(token),
    )
    return f"https://wa.me/?text={quote(text)}"


def _payer(link: OpenLink, email: str) -> Payer:
    """Whoever has the link: known by the address that was typed, and by nothing of the customer's."""
    actor = Actor("visitor", None, "payment link")
    return Payer(actor, language(), PayerView(email=email), link_id=link.id, customer_id=link.customer_id)


def _linked_page(
    link: OpenLink, token: str, form: PayLinkForm | None = None, *, status: int = 200
) -> Response:
    if link.state != USABLE:
        return make_response(render("payments/linked_over.html", state=link.state, sentence=""), 410)
    try:
        choice = choose_linked(link.invoice_id, today=g.tenant.today())
    except Refusal as refusal:
        return _refused(link, refusal)
    payable = bool(ways_for(choice))
    page = render(
        "payments/linked.html",
        item=choice.items[0],
        title=_title(choice),
        payable=payable,
        other_ways=other_ways(),
        currency=choice.currency,
        expires_at=link.expires_at,
        token=token,
        form=(form if payable else None) or PayLinkForm(),  # no complaint about a box that is not there
    )
    return make_response(page, status)


def _refused(link: OpenLink, refusal: Refusal) -> Response:
    """Paid already, cancelled, no way to pay online: said without anything that the link does not show."""
    page = render("payments/linked_over.html", state=link.state, sentence=_(refusal.msgid, **refusal.facts))
    return make_response(page, 409)


def _in_process(link: OpenLink, refusal: InProcess) -> BaseResponse:
    """Their own payment under way is shown; another person's is only told of."""
    if refusal.attempt_id is not None:
        reference = queries.reference_of(refusal.attempt_id)
        return redirect(url_for("payments.linked_status", linked_reference=reference), 303)
    return _private(_refused(link, refusal))


def _private(response: Response) -> Response:
    """The address holds a secret: nobody is told its path, and no search engine keeps it."""
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _title(choice: Choice) -> str:
    item = choice.items[0]
    return invoice_title(item.type_names, item.period, language(), locale())


def _payable(invoice_id: uuid.UUID) -> Choice:
    return choose(reach_of(g.viewer, g.tenant), [invoice_id], today=g.tenant.today())


def _links_page(invoice_id: uuid.UUID, form: NewLinkForm | None = None) -> str:
    if not may_pay(reach_of(g.viewer, g.tenant), invoice_id):
        raise NotFound()
    choice: Choice | None = None
    sentence = ""
    try:
        choice = _payable(invoice_id)
    except Refusal as refusal:
        sentence = _(refusal.msgid, **refusal.facts)
    return render(
        "payments/links.html",
        invoice_id=invoice_id,
        title=_title(choice) if choice else "",
        choice=choice,
        sentence=sentence,
        links=links_of(invoice_id, now()),
        form=form or NewLinkForm(),
        most=LONGEST,
        address_of=address_of_link,
        message_of=message_of_link,
    )
