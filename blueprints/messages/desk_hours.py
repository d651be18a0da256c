"""When customers may be contacted, what is planned, and addresses that take no mail."""

from __future__ import annotations

import uuid
from zoneinfo import ZoneInfo

from babel.dates import get_day_names
from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.auth.sessions import leave_notice
from blueprints.messages import queries, rules
from blueprints.messages.addresses import lift
from blueprints.messages.blueprint import desk as pages
from blueprints.messages.files import addresses_file
from blueprints.messages.hours import hours_for
from blueprints.messages.kinds import COLLECTION
from blueprints.messages.planning import steps_for
from saas.clock import now
from saas.permissions import allow
from tenants import roles
from tenants.exports import wanted
from tenants.look import render
from tenants.page_context import locale


@pages.get("/reminders", endpoint="reminders")
@allow(roles.MESSAGES)
def reminders() -> str:
    """The rules that hold now, in words: the law's, the organisation's own, and what they come to together."""
    tenant, moment = g.tenant, now()
    today = moment.astimezone(ZoneInfo(tenant.time_zone)).date()
    hours = hours_for(tenant, COLLECTION, today)
    try:
        opens = rules.next_moment(moment, hours.limits, hours.zone, hours.is_holiday)
    except rules.NeverAllowed:
        opens = None
    names = get_day_names("wide", locale=locale())
    return render(
        "messages/desk/reminders.html",
        on=tenant.setting("messages.reminders"),
        steps=steps_for(tenant, today),
        days=[(names[day], hours.limits.hours.get(day)) for day in range(7)],
        limits=hours.limits,
        law=hours.law,
        open_now=opens is not None and opens <= moment,
        opens=opens,
        waiting=queries.waiting_reminders(moment),
        may_settings=g.viewer.may(roles.SETTINGS),
    )


@pages.get("/addresses", endpoint="addresses")
@allow(roles.MESSAGES)
def addresses() -> str | Response:
    if (file := wanted()) is not None:
        return addresses_file(file)
    return render(
        "messages/desk/addresses.html",
        page=queries.dead_addresses(request.args.get("after")),
        later="after" in request.args,
    )


@pages.post("/addresses/<uuid:dead_address_id>/lift", endpoint="lift_address")
@allow(roles.MESSAGES)
def lift_address(dead_address_id: uuid.UUID) -> Response:
    address = lift(dead_address_id, actor=g.viewer.actor())
    leave_notice(
        g.viewer.session_id, _("The next message tries %(address)s again.", address=address), "success"
    )
    return redirect(url_for("messages_desk.addresses"), 303)
