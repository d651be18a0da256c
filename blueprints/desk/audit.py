"""The evidence: who did what, and whether the chain is whole."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response as BaseResponse
from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.desk import words
from blueprints.desk.files import evidence_file
from blueprints.desk.pages import asked, asked_id, pages, say
from blueprints.desk.queries import evidence as queries
from saas.audit import first_broken
from saas.dates import format_short, parse_date
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.exports import wanted
from tenants.look import render

LONGEST_DETAILS = 240  # characters


@pages.get("/audit")
@allow(roles.AUDIT)
def audit() -> str | BaseResponse | tuple[str, int]:
    area, who = asked("area"), asked("who")
    problems: dict[str, str] = {}
    since = _day("from", problems)
    until = _day("to", problems)
    asked_for: dict[str, Any] = {
        "area": area if area in words.AREAS else "",
        "who": who if who in words.ACTORS else "",
        "customer_id": asked_id("customer"),
        "since": _midnight(since),
        "until": _midnight(until + datetime.timedelta(days=1)) if until else None,
    }
    if (file := wanted()) is not None and not problems:
        return evidence_file(file, _details, narrowed=_said(area, who, since, until), **asked_for)
    page = queries.evidence(request.args.get("after"), **asked_for)
    body = render(
        "desk/audit.html",
        page=page,
        area=area,
        who=who,
        typed={"from": asked("from"), "to": asked("to")},
        of_customer=asked_id("customer"),
        wrong=problems,
        details=_details,
        words=words,
        later="after" in request.args,
    )
    return (body, 422) if problems else body


@pages.post("/audit/verify")
@allow(roles.AUDIT)
def verify() -> Response:
    """Read the whole chain again; costs a moment per ten thousand rows."""
    broken, count = first_broken(), queries.rows_kept()
    if broken is None:
        say(_("The chain is whole: %(count)s rows were checked, none was changed.", count=count))
    else:
        say(
            _("The chain is broken at row %(number)s. Tell the platform's operators now.", number=broken),
            "danger",
        )
    return redirect(url_for("desk.audit"), 303)


def _said(
    area: str, who: str, since: datetime.date | None, until: datetime.date | None
) -> list[tuple[str, str]]:
    """The filters in words."""
    found = [
        (_("Area"), _(words.AREAS[area]) if area in words.AREAS else ""),
        (_("By whom"), _(words.ACTORS[who]) if who in words.ACTORS else ""),
        (_("Since"), format_short(since) if since else ""),
        (_("Until"), format_short(until) if until else ""),
    ]
    return [(what, value) for what, value in found if value]


def _details(data: Mapping[str, Any]) -> str:
    """A row's data on one line: what changed from what to what, else each fact; long ones are cut."""
    before, after = data.get("before"), data.get("after")
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        facts = [
            f"{key}: {_plain(before.get(key))} → {_plain(value)}" for key, value in sorted(after.items())
        ]
    else:
        facts = [
            f"{key}: {_plain(value)}" for key, value in sorted(data.items()) if value not in (None, "", [])
        ]
    line = " · ".join(facts)
    return line if len(line) <= LONGEST_DETAILS else f"{line[:LONGEST_DETAILS]}…"


def _plain(value: Any) -> str:
    if value in (None, ""):
        return "–"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _day(name: str, problems: dict[str, str]) -> datetime.date | None:
    typed = asked(name)
    if not typed:
        return None
    try:
        return parse_date(typed, g.tenant.locale, field=name)
    except Refusal as refusal:
        problems[name] = _(refusal.msgid, **refusal.facts)
        return None


def _midnight(day: datetime.date | None) -> datetime.datetime | None:
    if day is None:
        return None
    return datetime.datetime.combine(day, datetime.time.min, ZoneInfo(g.tenant.time_zone))
