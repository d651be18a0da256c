"""Quotes of repairs as owners see them: in their own area, and through a link without logging in.

Opening a link changes nothing, for programs that look at messages open it too; pressing the button does.
"""

from __future__ import annotations

import datetime
import uuid

from flask import Response, g, make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from blueprints.accounts.reach import reach_of
from blueprints.auth.sessions import leave_notice
from blueprints.cases import quote_rules, wording
from blueprints.cases.blueprint import as_customer, pages
from blueprints.cases.forms import RefuseQuoteForm, typed
from blueprints.cases.list_file import quotes_file
from blueprints.cases.quote_links import OpenedLink, opened_by
from blueprints.cases.quote_queries import QuoteView, my_quote, my_quotes, quote
from blueprints.cases.quotes import decide, owners_who_decide
from saas.audit import Actor
from saas.clock import now
from saas.files import load
from saas.languages import N_
from saas.limits import count_attempt, network_of
from saas.permissions import PUBLIC, SIGNED_IN, allow
from saas.refusals import NotFound, Refusal
from saas.web import download
from tenants.error_pages import error_page
from tenants.exports import wanted
from tenants.frame import client_address
from tenants.look import render

HOUR = datetime.timedelta(hours=1)
LOOKS = 120  # an hour and network: a token has 256 random bits, so this only keeps noise away
Answer = str | BaseResponse | tuple[str, int]

STATES = {
    quote_rules.OPEN: (N_("Quote waits for the owner"), "warning"),
    quote_rules.APPROVED: (N_("Quote was approved"), "success"),
    quote_rules.REFUSED: (N_("Quote was refused"), "neutral"),
    quote_rules.TAKEN_BACK: (N_("Quote was taken back"), "neutral"),
}


@pages.get("/repairs", endpoint="quotes")
@allow(SIGNED_IN)
def quotes() -> Answer:
    """The quotes for the owner's properties, the newest first."""
    reach = reach_of(g.viewer, g.tenant)
    if (file := wanted()) is not None:
        return quotes_file(file, reach, STATES)
    page = my_quotes(reach, cursor=request.args.get("older"))
    return render(
        "cases/quotes.html",
        page=page,
        states=STATES,
        short=wording.short,
        older_url=url_for("cases.quotes", older=page.older) if page.older else "",
    )


@pages.get("/repairs/<uuid:quote_id>", endpoint="quote")
@allow(SIGNED_IN)
def one(quote_id: uuid.UUID) -> str:
    return _page(my_quote(reach_of(g.viewer, g.tenant), quote_id), RefuseQuoteForm(formdata=None))


@pages.get("/repairs/<uuid:quote_id>/file", endpoint="quote_file")
@allow(SIGNED_IN)
def file(quote_id: uuid.UUID) -> Response:
    return _file(my_quote(reach_of(g.viewer, g.tenant), quote_id))


@pages.post("/repairs/<uuid:quote_id>/decision", endpoint="decide_quote")
@allow(SIGNED_IN)
def decide_here(quote_id: uuid.UUID) -> Answer:
    """Approve or refuse in the own area; only who decides may."""
    view, form = my_quote(reach_of(g.viewer, g.tenant), quote_id), RefuseQuoteForm(request.form)
    if not _decides(view, g.viewer.customer_id):
        raise NotFound()
    try:
        approve = _approve()
        decide(
            quote_id,
            approve=approve,
            decider_id=g.viewer.customer_id,
            through=quote_rules.AREA,
            actor=as_customer(),
            now=now(),
            words=typed(form.words.data),
        )
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(view, form), 422
    leave_notice(g.viewer.session_id, _said(approve), "success")
    return redirect(url_for("cases.quote", quote_id=quote_id), 303)


@pages.get("/repair/<string:quote_token>", endpoint="linked_quote")
@allow(PUBLIC)
def linked(quote_token: str) -> Answer:
    """What the link asks for. Opening it changes nothing."""
    if count_attempt("quote-link", network_of(client_address()), window=HOUR) > LOOKS:
        return error_page(429)
    link = opened_by(quote_token, now())
    return _private(_linked_page(link, quote_token, RefuseQuoteForm(formdata=None)))


@pages.get("/repair/<string:quote_token>/file", endpoint="linked_quote_file")
@allow(PUBLIC)
def linked_file(quote_token: str) -> Answer:
    if count_attempt("quote-link", network_of(client_address()), window=HOUR) > LOOKS:
        return error_page(429)
    link = opened_by(quote_token, now())
    view = quote(link.quote_id)
    if not _good(link, view):
        raise NotFound()
    return _private(_file(view))


@pages.post("/repair/<string:quote_token>", endpoint="decide_linked_quote")
@allow(PUBLIC)
def decide_linked(quote_token: str) -> Answer:
    """The press on a button is the decision, in the name of the owner whom the link was made for."""
    moment = now()
    link, form = opened_by(quote_token, moment), RefuseQuoteForm(request.form)
    if not link.usable:
        return _private(_linked_page(link, quote_token, form))
    try:
        decide(
            link.quote_id,
            approve=_approve(),
            decider_id=link.customer_id,
            through=quote_rules.LINK,
            actor=Actor("customer", None, link.customer_name),
            now=moment,
            words=typed(form.words.data),
        )
    except Refusal as refusal:
        form.refuse(refusal)
        return _private(_linked_page(link, quote_token, form, status=422))
    # From the same address: the link is over, and its page says what was decided.
    return _private(redirect(url_for("cases.linked_quote", quote_token=quote_token), 303))


def _approve() -> bool:
    decision = request.form.get("decision")
    if decision not in ("approve", "refuse"):
        raise Refusal(N_("Press one of the two buttons."))
    return decision == "approve"


def _said(approve: bool) -> str:
    if approve:
        return str(_("You approved the repair. We have it done."))
    return str(_("You refused the quote. We look for another way and tell you."))


def _decides(view: QuoteView, customer_id: uuid.UUID | None) -> bool:
    return customer_id is not None and customer_id in owners_who_decide(
        view.mandate_account_id, g.tenant.today()
    )


def _open(view: QuoteView) -> bool:
    return view.state == quote_rules.OPEN and view.valid_until >= g.tenant.today()


def _page(view: QuoteView, form: RefuseQuoteForm) -> str:
    looks_on = g.viewer.viewing_customer_id is not None
    return render(
        "cases/quote.html",
        quote=view,
        form=form,
        state=STATES[view.state],
        open=_open(view),
        decides=not looks_on and _decides(view, g.viewer.customer_id),
        as_text=wording.as_text,
        file_url=url_for("cases.quote_file", quote_id=view.id) if view.file_id else "",
    )


def _good(link: OpenedLink, view: QuoteView) -> bool:
    """Whether a link opens its quote still: who has sold meanwhile, or decides no more, is told nothing of it."""
    return link.usable and _open(view) and _decides(view, link.customer_id)


def _linked_page(link: OpenedLink, token: str, form: RefuseQuoteForm, *, status: int = 200) -> Response:
    """The quote while the link is good; afterwards no more than what became of it."""
    view = quote(link.quote_id)
    if not _good(link, view):
        decided = view.state in (quote_rules.APPROVED, quote_rules.REFUSED)
        return make_response(render("cases/quote_over.html", state=view.state), 200 if decided else 410)
    page = render(
        "cases/linked_quote.html",
        quote=view,
        form=form,
        token=token,
        expires_at=link.expires_at,
        as_text=wording.as_text,
        file_url=url_for("cases.linked_quote_file", quote_token=token) if view.file_id else "",
    )
    return make_response(page, status)


def _file(view: QuoteView) -> Response:
    if view.file_id is None:
        raise NotFound()
    stored = load(view.file_id)
    return download(stored.content, media_type=stored.media_type, name=stored.name)


def _private(response: BaseResponse) -> BaseResponse:
    """The address holds a secret: nobody is told its path, and no search engine keeps it."""
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
