"""Payments: attempts. What became of money afterwards has its pages with payments."""

from __future__ import annotations

from flask import Response, request

from blueprints.desk import words
from blueprints.desk.files import attempts_file
from blueprints.desk.pages import asked, pages
from blueprints.desk.queries import payments as queries
from blueprints.payments.refund_queries import waiting
from saas.permissions import allow
from tenants import roles
from tenants.exports import wanted
from tenants.look import render


@pages.get("/payments")
@allow(roles.PAYMENTS)
def payments() -> str | Response:
    state, reference = asked("state"), asked("reference")
    state = state if state in words.ATTEMPT_STATES else ""
    if (file := wanted()) is not None:
        return attempts_file(file, state, reference)
    return render(
        "desk/payments.html",
        page=queries.attempts(state, reference, request.args.get("after")),
        state=state,
        reference=reference,
        quarantined=waiting()["quarantined"],
        words=words,
        later="after" in request.args,
    )
