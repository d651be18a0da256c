"""In and out: log in, log out, ask for a new password."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth import human
from blueprints.auth.blueprint import pages
from blueprints.auth.forms import AccessForm, LogInForm, RecoverForm
from blueprints.auth.rules import DEVICE_LIFE, STEP_LIFE, device_name
from blueprints.auth.services import (
    Browser,
    CodeWanted,
    SignedIn,
    TooManyAttempts,
    ask_recovery,
    check_address,
    sign_in,
    sign_out,
)
from saas.permissions import PUBLIC, SIGNED_IN, allow
from saas.redirects import safe_local_path
from saas.refusals import Refusal
from tenants.error_pages import error_page
from tenants.frame import (
    SESSION_COOKIE,
    client_address,
    cookie_name,
    session_token,
    set_cookie,
)
from tenants.look import render

DEVICE_COOKIE = "ventanilla-device"
STEP_COOKIE = "ventanilla-step"  # of a sign-in that waits for its code
Page = str | BaseResponse | tuple[str, int]


@pages.route("/login", methods=["GET", "POST"])
@allow(PUBLIC)
def log_in() -> Page:
    """The door. A page that was asked for before is where one lands afterwards."""
    target = wanted_page(request.values.get("next"))
    if request.method != "POST" and g.viewer is not None:
        return redirect(target or "/", 303)
    form = LogInForm(request.form)
    if request.method != "POST":
        return _door(form, target)
    if not form.validate():
        return _door(form, target), 422
    try:
        check_address(client_address())
        sign = human.sign_of_a_person("log-in", request.form)
        who = sign_in(form.email.data, form.password.data, browser(), worked=sign == human.WORK)
    except TooManyAttempts:
        return too_many()
    except Refusal as refusal:
        form.refuse(refusal)
        return _door(form, target), 422
    return _ask_the_code(who, target) if isinstance(who, CodeWanted) else let_in(who, target)


log_in.quiet = True  # type: ignore[attr-defined] # asking to come in again keeps no session alive (B13)


@pages.post("/logout")
@allow(SIGNED_IN)
def log_out() -> BaseResponse:
    sign_out(g.viewer.session_id)
    response = make_response(redirect(url_for("auth.log_in", after="logout"), 303))
    set_cookie(response, SESSION_COOKIE, "", lifetime=0)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'  # cookies stay: the browser remains known
    return response


@pages.route("/recover", methods=["GET", "POST"])
@allow(PUBLIC)
def recover() -> Page:
    form = RecoverForm(request.form)
    if request.method != "POST":
        return _recovery(form)
    if not form.validate():
        return _recovery(form), 422
    try:
        human.sign_of_a_person("recover", request.form)
        ask_recovery(form.email.data, client_address())
    except TooManyAttempts:
        return too_many()
    except Refusal as refusal:
        form.refuse(refusal)
        return _recovery(form), 422
    return redirect(url_for("auth.recovery_sent"), 303)


@pages.get("/recover/sent")
@allow(PUBLIC)
def recovery_sent() -> Page:
    """The same page whether or not somebody has that e-mail."""
    return render("auth/recovery_sent.html")


def too_many() -> Response:
    """The page for a full bucket."""
    text, status = error_page(429)
    return Response(text, status, headers={"Retry-After": "900"})


def _door(form: AccessForm, target: str | None) -> str:
    return render(
        "auth/log_in.html",
        form=form,
        next_page=target or "",
        question=human.ask("log-in"),
        notice=_greeting(request.args.get("after")),
    )


def _recovery(form: AccessForm) -> str:
    return render("auth/recover.html", form=form, question=human.ask("recover"))


def _greeting(after: str | None) -> dict[str, str] | None:
    sentences = {
        "logout": _("You have logged out."),
        "password": _("The new password is set. Come in with it."),
        "welcome": _("Your password is set. Come in with it."),
    }
    if after in sentences:
        return {"tone": "success", "text": sentences[after]}
    again = {
        "expired": _("The time to type the code is over. Begin again with your password."),
        "codes": _("This sign-in takes no more codes. Begin again with your password."),
    }
    return {"tone": "warning", "text": again[after]} if after in again else None


def wanted_page(target: str | None) -> str | None:
    """Where somebody wanted to go, when it is a page of this host and not a door."""
    path = safe_local_path(target)
    return None if path is None or path.startswith(("/login", "/logout", "/confirm-identity")) else path


def browser() -> Browser:
    return Browser(
        host=request.environ["ventanilla.host"],
        address=client_address(),
        device=device_name(request.headers.get("User-Agent", "")),
        token=session_token() or "",
        known=request.cookies.get(cookie_name(DEVICE_COOKIE), ""),
        step=request.cookies.get(cookie_name(STEP_COOKIE), ""),
    )


def _ask_the_code(half: CodeWanted, target: str | None) -> BaseResponse:
    """On to the second step. Nobody is signed in yet: the cookie opens the page for the code and nothing else."""
    response = make_response(redirect(url_for("auth.ask_code", next=target), 303))
    set_cookie(response, STEP_COOKIE, half.token, lifetime=int(STEP_LIFE.total_seconds()))
    return response


def let_in(who: SignedIn, target: str | None) -> Response:
    response = make_response(redirect(target or ("/desk" if who.staff_only else "/"), 303))
    set_cookie(response, SESSION_COOKIE, who.token)
    set_cookie(response, DEVICE_COOKIE, who.known, lifetime=int(DEVICE_LIFE.total_seconds()))
    return response
