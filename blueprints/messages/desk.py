"""Messages at the desk: what was sent, what did not arrive, send it again or bring it by hand."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from blueprints.auth.sessions import leave_notice
from blueprints.messages import queries, rules, words
from blueprints.messages.blueprint import desk as pages
from blueprints.messages.files import messages_file
from blueprints.messages.forms import ByHandForm
from blueprints.messages.kinds import KINDS, LETTER, MAIL, PHONE, WHATSAPP, kind_of
from blueprints.messages.queries import Filters
from blueprints.messages.services import BY_HAND, bring_by_hand, may_be_brought, send_again
from saas.clock import now
from saas.dates import format_datetime
from saas.permissions import allow
from saas.refusals import NotFound, Refusal
from tenants import roles
from tenants.exports import wanted
from tenants.look import render
from tenants.page_context import locale

Answer = str | Response | tuple[str, int]


@pages.get("", endpoint="index")
@allow(roles.MESSAGES)
def index() -> Answer:
    filters = _filters()
    if (file := wanted()) is not None:
        return messages_file(file, filters)
    chosen: dict[str, Any] = {
        "state": filters.state or None,
        "kind": filters.kind or None,
        "customer": filters.customer_id,
    }
    return render(
        "messages/desk/list.html",
        page=queries.messages(filters, request.args.get("after")),
        filters=filters,
        chosen=chosen,
        file_url=url_for("messages_desk.index", **chosen),
        customer=queries.customer_name(filters.customer_id) if filters.customer_id else "",
        trouble=queries.trouble_count(),
        later="after" in request.args,
        kinds=list(KINDS.values()),
        kind_of=kind_of,
        words=words,
    )


@pages.get("/<uuid:message_id>", endpoint="message")
@allow(roles.MESSAGES)
def message(message_id: uuid.UUID) -> str:
    return _page(message_id)


@pages.post("/<uuid:message_id>/again", endpoint="again")
@allow(roles.MESSAGES)
def again(message_id: uuid.UUID) -> Answer:
    try:
        new = send_again(message_id, actor=g.viewer.actor())
    except Refusal as refusal:
        return _page(message_id, problem=_(refusal.msgid, **refusal.facts)), 422
    leave_notice(g.viewer.session_id, _("It is on its way again."), "success")
    return redirect(url_for("messages_desk.message", message_id=new), 303)


@pages.get("/<uuid:message_id>/by-hand", endpoint="by_hand")
@allow(roles.MESSAGES)
def ask_by_hand(message_id: uuid.UUID) -> str:
    return _by_hand(message_id, _by_hand_form(formdata=None))


@pages.post("/<uuid:message_id>/by-hand", endpoint="bring")
@allow(roles.MESSAGES)
def bring(message_id: uuid.UUID) -> Answer:
    form = _by_hand_form()
    if not form.validate() or form.channel.data not in BY_HAND:
        return _by_hand(message_id, form), 422
    try:
        note = bring_by_hand(message_id, form.channel.data, actor=g.viewer.actor(), moment=now())
    except Refusal as refusal:
        form.channel.errors = [_said(refusal)]
        return _by_hand(message_id, form), 422
    return redirect(url_for("messages_desk.message", message_id=note), 303)


def _filters() -> Filters:
    kind = request.args.get("kind", "")
    try:
        customer = uuid.UUID(request.args.get("customer", ""))
    except ValueError:
        customer = None
    return Filters(request.args.get("state", ""), kind if kind in KINDS else "", customer)


def _page(message_id: uuid.UUID, problem: str = "") -> str:
    row = queries.message(message_id)
    return render(
        "messages/desk/message.html",
        message=row,
        kind=kind_of(row.kind),
        words=words,
        problem=problem,
        later_ones=queries.later_ones(message_id),
        may_again=row.channel == MAIL
        and row.state not in rules.WAITING
        and kind_of(row.kind).worded
        and row.customer_id is not None,
        may_by_hand=row.channel == MAIL and row.body is not None and row.customer_id is not None,
        link=deep_link(row.channel, row.recipient, row.subject, row.body or ""),
    )


def deep_link(channel: str, number: str, subject: str, body: str) -> str:
    """What opens WhatsApp with the text written, or the telephone; empty for other channels."""
    digits = "".join(sign for sign in number if sign.isdigit())
    if channel == WHATSAPP and digits:
        text = f"{subject}\n\n{body}"[:1500]
        return f"https://wa.me/{digits}?text={quote(text, safe='')}"
    return f"tel:+{digits}" if channel == PHONE and digits else ""


def _by_hand_form(**options: Any) -> ByHandForm:
    form = ByHandForm(**options)
    form.channel.choices = [
        SelectChoice(WHATSAPP, (_("WhatsApp"), _("Opens WhatsApp with the text written; you send it."))),
        SelectChoice(PHONE, (_("Telephone"), _("You read it out."))),
        SelectChoice(LETTER, (_("Letter on paper"), _("You print it and send it by post."))),
    ]
    return form


def _by_hand(message_id: uuid.UUID, form: ByHandForm) -> str:
    row = queries.message(message_id)
    if row.customer_id is None or row.body is None or row.channel != MAIL:
        raise NotFound()
    moment = now()
    barred = {
        channel: _said(refusal)
        for channel in BY_HAND
        if (refusal := may_be_brought(row.kind, row.customer_id, channel, moment)) is not None
    }
    return render(
        "messages/desk/by_hand.html",
        message=row,
        kind=kind_of(row.kind),
        form=form,
        barred=barred,
        words=words,
    )


def _said(refusal: Refusal) -> str:
    facts = dict(refusal.facts)
    if "moment" in facts:
        facts["moment"] = format_datetime(facts["moment"], g.tenant.time_zone, locale())  # type: ignore[arg-type]
    return str(_(refusal.msgid, **facts))
