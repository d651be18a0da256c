"""An owner's own pages: where they are paid, and how that is changed."""

from __future__ import annotations

import uuid

from flask import abort, g, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.auth.sessions import leave_notice
from blueprints.payouts import account_queries as queries
from blueprints.payouts import words
from blueprints.payouts.account_form import account_form, country_hint, typed_account
from blueprints.payouts.bank_accounts import code_of, enter_account, freeze, withdraw
from blueprints.payouts.contacts import find_owner, is_owner
from saas.clock import now
from saas.permissions import SIGNED_IN, allow, recently_confirmed
from saas.refusals import NotFound, Refusal
from saas.web import Pages
from tenants.look import render

pages = Pages("payouts", __name__)

Answer = str | Response | tuple[str, int]


def _owner_id() -> uuid.UUID:
    """The owner whose account is shown; somebody who owns nothing has none: 404."""
    owner_id: uuid.UUID | None = g.viewer.viewing_customer_id or g.viewer.customer_id
    if owner_id is None or not is_owner(owner_id):
        abort(404)
    return owner_id


def _own(bank_account_id: uuid.UUID) -> queries.Account:
    """An account of the viewer's own; a co-owner's is nobody's business: 404."""
    found = queries.account(bank_account_id, now())
    if found.row.customer_id != _owner_id():
        raise NotFound()
    return found


@pages.get("/income/bank-account")
@allow(SIGNED_IN)
def bank_account() -> str:
    """Where I am paid, what waits, and what was before."""
    return _page(_owner_id())


@pages.get("/income/bank-account/new")
@allow(SIGNED_IN)
@recently_confirmed
def ask_bank_account() -> Answer:
    form = account_form(find_owner(_owner_id()), empty=True)
    return render("payouts/bank_account_new.html", form=form, hint=country_hint())


@pages.post("/income/bank-account/new")
@allow(SIGNED_IN)
@recently_confirmed
def enter_bank_account() -> Answer:
    owner = find_owner(_owner_id())
    form = account_form(owner)
    if form.validate():
        try:
            enter_account(
                owner.customer_id, typed_account(form), actor=g.viewer.actor(), by_staff=False, now=now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for("payouts.bank_account_code"), 303)
    return render("payouts/bank_account_new.html", form=form, hint=country_hint()), 422


@pages.get("/income/bank-account/code")
@allow(SIGNED_IN)
@recently_confirmed
def bank_account_code() -> Answer:
    """The code to type on the page of the mail; only for whoever proved a short while ago who they are."""
    waiting = next((one for one in queries.accounts_of(_owner_id(), now()) if one.state == "waiting"), None)
    if waiting is None or g.viewer.viewing_customer_id is not None:
        return redirect(url_for("payouts.bank_account"), 303)
    return render("payouts/bank_account_code.html", account=waiting, code=_code(waiting))


def _code(account: queries.Account) -> str | None:
    return code_of(account.row) if account.row.link_confirmed_at is None else None


@pages.post("/income/bank-account/<uuid:bank_account_id>/withdraw")
@allow(SIGNED_IN)
def withdraw_bank_account(bank_account_id: uuid.UUID) -> Answer:
    _own(bank_account_id)
    try:
        withdraw(bank_account_id, actor=g.viewer.actor(), now=now())
    except Refusal as refusal:
        return _page(_owner_id(), _(refusal.msgid, **refusal.facts)), 422
    leave_notice(g.viewer.session_id, _("The change was taken back: everything stays as it was."), "info")
    return redirect(url_for("payouts.bank_account"), 303)


@pages.post("/income/bank-account/<uuid:bank_account_id>/freeze")
@allow(SIGNED_IN)
def freeze_bank_account(bank_account_id: uuid.UUID) -> Answer:
    """ "It was not me", from the own pages."""
    _own(bank_account_id)
    try:
        freeze(bank_account_id, actor=g.viewer.actor(), now=now())
    except Refusal as refusal:
        return _page(_owner_id(), _(refusal.msgid, **refusal.facts)), 422
    said = _("Stopped: nobody is paid until we have talked to you. Change your password now.")
    leave_notice(g.viewer.session_id, said, "warning")
    return redirect(url_for("payouts.bank_account"), 303)


def _page(owner_id: uuid.UUID, problem: str = "") -> str:
    found = queries.accounts_of(owner_id, now())
    return render(
        "payouts/bank_account.html",
        used=next((one for one in found if one.state == "used"), None),
        waiting=next((one for one in found if one.pending), None),
        frozen=next((one for one in found if one.state == "frozen"), None),
        before=[one for one in found if one.state not in ("used", "frozen") and not one.pending],
        story=queries.story([one.row.id for one in found], words.STORY),
        ends={one.row.id: one.row.last_four for one in found},
        looking=g.viewer.viewing_customer_id is not None,
        problem=problem,
        words=words,
    )
