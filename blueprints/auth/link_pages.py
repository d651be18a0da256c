"""The pages behind the links in letters. Opening one changes nothing: programs that look at mail open them too."""

from __future__ import annotations

from flask import Response, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth.blueprint import pages
from blueprints.auth.forms import ConfirmForm, NewPasswordForm
from blueprints.auth.rules import EMAIL_NEW, EMAIL_OLD, INVITATION, masked
from blueprints.auth.services import BadLink, LiveLink, confirm_email, find_link, set_password_by_link
from saas.permissions import PUBLIC, allow
from saas.refusals import Refusal
from tenants.look import render


@pages.route("/links/<string:token>", methods=["GET", "POST"])
@allow(PUBLIC)
def link(token: str) -> BaseResponse:
    """An invitation, a recovery or a confirmation; the link decides. Only a POST uses it up (case B05)."""
    try:
        found = find_link(token)
        if found.purpose in (EMAIL_NEW, EMAIL_OLD):
            response: BaseResponse = _confirm(found, token)
        else:
            response = _choose_password(found, token)
    except BadLink:
        response = make_response(render("auth/link_refused.html"), 410)
    # The address holds a secret, so nobody is told its path. "no-referrer" would make the form's Origin "null",
    # which is refused where a browser is too old to send Sec-Fetch-Site.
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


def _choose_password(found: LiveLink, token: str) -> BaseResponse:
    form, status = NewPasswordForm(request.form), 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                set_password_by_link(token, form.password.data)
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                after = "welcome" if found.purpose == INVITATION else "password"
                return redirect(url_for("auth.log_in", after=after), 303)
    page = "auth/invitation.html" if found.purpose == INVITATION else "auth/new_password.html"
    return make_response(render(page, form=form, email=found.email, name=found.name), status)


def _confirm(found: LiveLink, token: str) -> Response:
    facts = {"new_email": found.data["new_email"], "old_email": masked(found.email), "purpose": found.purpose}
    if request.method == "POST":
        return make_response(render("auth/email_confirmed.html", changed=confirm_email(token), **facts))
    return make_response(render("auth/confirm_email.html", form=ConfirmForm(), **facts))
