"""Payments: attempts, and what could not be applied."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.desk import words
from blueprints.desk.forms import NoteForm, refuse
from blueprints.desk.pages import asked, pages, say
from blueprints.desk.queries import payments as queries
from blueprints.desk.services import resolve_quarantined
from saas.money import format_money
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.look import render
from tenants.page_context import locale

LONGEST_FACT = 300  # characters
Answer = str | Response | tuple[str, int]


@pages.get("/payments")
@allow(roles.PAYMENTS)
def payments() -> str:
    state, reference = asked("state"), asked("reference")
    state = state if state in words.ATTEMPT_STATES else ""
    return render(
        "desk/payments.html",
        page=queries.attempts(state, reference, request.args.get("after")),
        state=state,
        reference=reference,
        quarantined=queries.open_quarantine(),
        words=words,
        later="after" in request.args,
    )


@pages.get("/payments/quarantine")
@allow(roles.PAYMENTS)
def quarantine() -> str:
    resolved = asked("state") == "resolved"
    return render(
        "desk/quarantine.html",
        page=queries.quarantine(resolved, request.args.get("after")),
        resolved=resolved,
        quarantined=queries.open_quarantine(),
        words=words,
        later="after" in request.args,
    )


@pages.get("/payments/quarantine/<uuid:quarantined_id>")
@allow(roles.PAYMENTS)
def quarantined(quarantined_id: uuid.UUID) -> str:
    return _quarantined_page(quarantined_id, NoteForm(formdata=None))


@pages.post("/payments/quarantine/<uuid:quarantined_id>")
@allow(roles.PAYMENTS)
def resolve(quarantined_id: uuid.UUID) -> Answer:
    form = NoteForm()
    if not form.validate():
        return _quarantined_page(quarantined_id, form), 422
    try:
        resolve_quarantined(quarantined_id, note=form.note.data, actor=g.viewer.actor())
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return _quarantined_page(quarantined_id, form), 422
    say(_("Noted. The payment left the quarantine."))
    return redirect(url_for("desk.quarantine"), 303)


def _quarantined_page(quarantined_id: uuid.UUID, form: NoteForm) -> str:
    row = queries.quarantined(quarantined_id)
    return render("desk/quarantined.html", row=row, facts=_facts(row.data), form=form, words=words)


def _facts(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is known of a payment, in words; amounts are minor units of the currency that came with them."""
    currency = data.get("currency")
    facts = []
    for key, label in words.QUARANTINE_FACTS.items():
        value = data.get(key)
        if value is None or value == "":
            continue
        if key == "amount" and isinstance(value, int) and isinstance(currency, str):
            shown = _money(value, currency)
        else:
            shown = str(value)[:LONGEST_FACT]
        facts.append((_(label), shown))
    return facts


def _money(amount: int, currency: str) -> str:
    """A gateway may name a currency that nobody knows; then the figures stand as they came."""
    try:
        return format_money(amount, currency, locale())
    except (ValueError, LookupError):
        return f"{amount} {currency[:3]}"
