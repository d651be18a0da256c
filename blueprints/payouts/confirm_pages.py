"""The pages behind the links of letters about a bank account. Opening one changes nothing; only a press does."""

from __future__ import annotations

from flask import Response, make_response, request

from blueprints.payouts.bank_accounts import BadLink, alarmed, awaited, confirm_by_link, freeze_by_alarm
from blueprints.payouts.customer import pages
from blueprints.payouts.forms import CodeForm, ConfirmForm
from saas.clock import now
from saas.permissions import PUBLIC, allow
from saas.refusals import Refusal
from tenants.look import render


@pages.route("/bank-account/confirm/<string:bank_token>", methods=["GET", "POST"])
@allow(PUBLIC)
def confirm_bank_account(bank_token: str) -> Response:
    """The link of the mail asks for the code of the other channel. Used once it is worth nothing."""
    try:
        return _secret(*_confirm(bank_token))
    except BadLink:
        return _secret(render("payouts/link_refused.html"), 410)


def _confirm(token: str) -> tuple[str, int]:
    row = awaited(token, now())
    form: CodeForm | ConfirmForm = CodeForm() if row.sealed_code is not None else ConfirmForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            typed = form.code.data if isinstance(form, CodeForm) else ""
            try:
                done = confirm_by_link(token, typed, now=now())
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                return render("payouts/bank_account_confirmed.html", done=done, row=row), 200
    return render(
        "payouts/bank_account_confirm.html", form=form, row=row, asks=isinstance(form, CodeForm)
    ), status


@pages.route("/bank-account/not-me/<string:alarm_token>", methods=["GET", "POST"])
@allow(PUBLIC)
def not_me(alarm_token: str) -> Response:
    """The link of every warning: it stops the account, also for somebody who cannot sign in any more."""
    try:
        row = alarmed(alarm_token, now())
    except BadLink:
        return _secret(render("payouts/link_refused.html"), 410)
    form, status, stopped = ConfirmForm(), 200, row.state == "frozen"
    if request.method == "POST":
        try:
            freeze_by_alarm(alarm_token, now=now())
            stopped = True
        except Refusal as refusal:
            form.refuse(refusal)
            status = 422
    return _secret(render("payouts/not_me.html", form=form, row=row, stopped=stopped), status)


def _secret(body: str, status: int) -> Response:
    """The address holds a secret, so nobody is told its path."""
    response = make_response(body, status)
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
