"""A person's own accounts: find one, work with it, call it by a name of their own (S0.10, S0.12, S0.41)."""

from __future__ import annotations

import uuid

from flask import abort, g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.accounts import preferences, queries
from blueprints.accounts.files import accounts_file
from blueprints.accounts.reach import reach_of
from blueprints.accounts.working import working
from saas.permissions import SIGNED_IN, allow
from saas.redirects import safe_local_path
from saas.refusals import Refusal
from saas.web import Pages
from tenants.context import Reach
from tenants.exports import wanted
from tenants.look import render

pages = Pages("accounts", __name__)


@pages.get("/accounts")
@allow(SIGNED_IN)
def index() -> str | Response:
    """The accounts in reach, searched by number, own name or address."""
    words = request.args.get("q", "")[:80]
    if (file := wanted()) is not None:
        return accounts_file(file, _reach(), words.strip())
    found = queries.search_accounts(_reach(), words, cursor=request.args.get("after"))
    return render("accounts/index.html", found=found, words=words, working=working(_reach()))


@pages.get("/accounts/<uuid:account_id>")
@allow(SIGNED_IN)
def account(account_id: uuid.UUID) -> str:
    """One account: its main data, and what may be set for it."""
    return _account_page(account_id)


@pages.post("/accounts/<uuid:account_id>/choose")
@allow(SIGNED_IN)
def choose(account_id: uuid.UUID) -> Response:
    """Work with this account from now on."""
    preferences.work_with(_reach(), g.viewer.session_id, account_id)
    return _back()


@pages.post("/accounts/choose-all")
@allow(SIGNED_IN)
def choose_all() -> Response:
    """Work with all accounts together again."""
    preferences.work_with(_reach(), g.viewer.session_id, None)
    return _back()


@pages.post("/accounts/<uuid:account_id>/main")
@allow(SIGNED_IN)
def make_main(account_id: uuid.UUID) -> Response:
    preferences.make_main(_reach(), account_id)
    return redirect(url_for("accounts.account", account_id=account_id), 303)


@pages.post("/accounts/<uuid:account_id>/label")
@allow(SIGNED_IN)
def label(account_id: uuid.UUID) -> Response | tuple[str, int]:
    typed = request.form.get("label", "")
    try:
        preferences.name_account(_reach(), account_id, typed)
    except Refusal as refusal:
        return _account_page(account_id, typed=typed, problem=_(refusal.msgid, **refusal.facts)), 422
    return redirect(url_for("accounts.account", account_id=account_id), 303)


def _account_page(account_id: uuid.UUID, *, typed: str | None = None, problem: str = "") -> str:
    line = queries.account(_reach(), account_id)
    return render(
        "accounts/account.html",
        account=line,
        label=line.label if typed is None else typed,
        problem=problem,
        errored=bool(problem),
        is_chosen=g.viewer.account_id == account_id,
        several=working(_reach()).several,
        looking=g.viewer.viewing_customer_id is not None,
    )


def _reach() -> Reach:
    if g.viewer is None:
        abort(404)
    return reach_of(g.viewer, g.tenant)


def _back() -> Response:
    """To the page whose form was sent, without the filter that would undo the choice."""
    path = safe_local_path(request.form.get("next")) or "/"
    return redirect(path.split("?")[0], 303)
