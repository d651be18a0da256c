"""What could not be applied, at the desk: read it, try it again, or say what was done about it."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.auth.sessions import leave_notice
from blueprints.payments import refund_queries as queries
from blueprints.payments import refund_words as words
from blueprints.payments.applying import QUARANTINED
from blueprints.payments.checking_files import quarantine_file
from blueprints.payments.desk_blueprint import pages
from blueprints.payments.refund_forms import NoteForm, refuse
from blueprints.payments.trying_again import ASKED, can_be_tried, resolve, try_again
from saas.clock import now
from saas.dates import format_datetime
from saas.money import format_money
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.exports import wanted
from tenants.look import render
from tenants.page_context import locale

LONGEST_FACT = 300  # characters
CODES = {"observed": words.OBSERVED, "evidence": words.EVIDENCE, "mode": words.MODES}
Answer = str | Response | tuple[str, int]


@pages.get("/quarantine")
@allow(roles.PAYMENTS)
def quarantine() -> Answer:
    resolved = request.args.get("state") == "resolved"
    if (file := wanted()) is not None:
        return quarantine_file(file, resolved)
    return render(
        "payments/desk/quarantine.html",
        page=queries.quarantine(resolved, request.args.get("after")),
        resolved=resolved,
        quarantined=queries.waiting()["quarantined"],
        words=words,
        later="after" in request.args,
    )


@pages.get("/quarantine/<uuid:quarantined_id>")
@allow(roles.PAYMENTS)
def quarantined(quarantined_id: uuid.UUID) -> str:
    return _page(quarantined_id, NoteForm(formdata=None))


@pages.post("/quarantine/<uuid:quarantined_id>", endpoint="resolve")
@allow(roles.PAYMENTS)
def close(quarantined_id: uuid.UUID) -> Answer:
    form = NoteForm()
    if not form.validate():
        return _page(quarantined_id, form), 422
    try:
        resolve(quarantined_id, note=form.note.data, actor=g.viewer.actor(), now=now())
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return _page(quarantined_id, form), 422
    _say(_("Noted. The payment left the quarantine."))
    return redirect(url_for("payments_desk.quarantine"), 303)


@pages.post("/quarantine/<uuid:quarantined_id>/again", endpoint="try_again")
@allow(roles.PAYMENTS)
def again(quarantined_id: uuid.UUID) -> Answer:
    """Apply what was kept once more; what still does not fit stays here."""
    try:
        effect = try_again(quarantined_id, actor=g.viewer.actor(), now=now())
    except Refusal as refusal:
        form = NoteForm(formdata=None)
        form.form_errors.append(_(refusal.msgid, **refusal.facts))
        return _page(quarantined_id, form), 422
    if effect.startswith(QUARANTINED):
        why = words.QUARANTINE_KINDS.get(effect.partition(":")[2], effect)
        _say(_("It still does not fit: %(why)s.", why=_(why)), "warning")
        return redirect(url_for("payments_desk.quarantined", quarantined_id=quarantined_id), 303)
    if effect == ASKED:
        _say(_("The provider is being asked. What it answers is applied."), "info")
    else:
        _say(_("It was applied. The payment left the quarantine."))
    return redirect(url_for("payments_desk.quarantine"), 303)


def _say(text: str, tone: str = "success") -> None:
    leave_notice(g.viewer.session_id, text, tone)


def _page(quarantined_id: uuid.UUID, form: NoteForm) -> str:
    row = queries.quarantined(quarantined_id)
    return render(
        "payments/desk/quarantined.html",
        row=row,
        facts=_facts(row.data),
        form=form,
        words=words,
        can_be_tried=can_be_tried(row.kind, row.data),
    )


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
        elif key in CODES and value in CODES[key]:
            shown = _(CODES[key][value])
        elif key == "occurred_at":
            shown = _moment(str(value))
        else:
            shown = str(value)[:LONGEST_FACT]
        facts.append((_(label), shown))
    return facts


def _moment(text: str) -> str:
    try:
        return format_datetime(datetime.datetime.fromisoformat(text), g.tenant.time_zone, locale())
    except ValueError:
        return text[:LONGEST_FACT]


def _money(amount: int, currency: str) -> str:
    """A gateway may name a currency that nobody knows; then the figures stand as they came."""
    try:
        return format_money(amount, currency, locale())
    except (ValueError, LookupError):
        return f"{amount} {currency[:3]}"
