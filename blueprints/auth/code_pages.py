"""The second step at the door: the page for the code."""

from __future__ import annotations

import uuid

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth import pending
from blueprints.auth.blueprint import pages
from blueprints.auth.door import STEP_COOKIE, Page, browser, let_in, too_many, wanted_page
from blueprints.auth.forms import CodeForm
from blueprints.auth.services import AttemptOver, TooManyAttempts, enter_code
from saas.permissions import PUBLIC, allow
from saas.refusals import Refusal
from tenants.frame import commit_so_far, set_cookie
from tenants.look import render


@pages.route("/login/code", methods=["GET", "POST"])
@allow(PUBLIC)
def ask_code() -> Page:
    """The code of the sign-in that this browser began. The form names it, so that a page left open from an earlier
    one cannot spend the codes of the present one."""
    here, target = browser(), wanted_page(request.values.get("next"))
    form = CodeForm(request.form)
    if request.method != "POST":
        attempt_id = pending.find(here.step, here.host)
        return _page(form, attempt_id, target) if attempt_id else _begin_again("expired")
    attempt_id = _named()
    if attempt_id is None:
        return _begin_again("codes")
    if not form.validate():
        return _page(form, attempt_id, target), 422
    try:
        guess = pending.take_guess(here.step, here.host, attempt_id)
        commit_so_far()  # it counts whatever becomes of the request
        who = enter_code(guess, form.code.data, here)
    except AttemptOver:
        return _begin_again("codes")
    except TooManyAttempts:
        return too_many()
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(form, attempt_id, target), 422
    response = let_in(who, target)
    set_cookie(response, STEP_COOKIE, "", lifetime=0)
    return response


ask_code.quiet = True  # type: ignore[attr-defined] # like the login page: it keeps no earlier session alive


def _named() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.form.get("attempt", ""))
    except ValueError:
        return None


def _begin_again(why: str) -> BaseResponse:
    target = wanted_page(request.values.get("next"))
    response = make_response(redirect(url_for("auth.log_in", after=why, next=target), 303))
    set_cookie(response, STEP_COOKIE, "", lifetime=0)
    return response


def _page(form: CodeForm, attempt_id: uuid.UUID, target: str | None) -> str:
    return render(
        "auth/code.html",
        form=form,
        attempt=attempt_id,
        next_page=target or "",
        on_paper=request.values.get("with") == "recovery-code",
    )
