"""Files of cash collectors at the desk: put one in, see what it would do, apply it, read what it did."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectChoice

from blueprints.auth.sessions import leave_notice
from blueprints.payments import collected_queries as queries
from blueprints.payments import collected_words as words
from blueprints.payments.checking_files import collected_files_file, collected_lines_file
from blueprints.payments.collected_forms import CollectedForm
from blueprints.payments.collecting import AlreadyTaken, order, take_in
from blueprints.payments.desk_blueprint import pages
from blueprints.payments.models import QuarantinedPayment
from blueprints.payments.providers.collector.daily_files import file_layouts
from saas.database import db
from saas.dates import format_short
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.exports import wanted
from tenants.look import render

Answer = str | BaseResponse | tuple[str, int]
MOVING = frozenset({"waiting", "running"})


@pages.get("/collected", endpoint="collected_files")
@allow(roles.PAYMENTS)
def all_files() -> Answer:
    if (file := wanted()) is not None:
        return collected_files_file(file)
    return render(
        "payments/desk/collected_files.html",
        page=queries.collected_files(request.args.get("after")),
        collectors=queries.collectors(),
        words=words,
        quarantined=_quarantined(),
        later="after" in request.args,
    )


@pages.get("/collected/new", endpoint="ask_for_collected")
@allow(roles.PAYMENTS)
def ask_for_file() -> str:
    return _upload_page(_form(formdata=None))


@pages.post("/collected/new", endpoint="take_in_collected")
@allow(roles.PAYMENTS)
def upload() -> Answer:
    form = _form()
    if not form.account.choices:
        return redirect(url_for("payments_desk.ask_for_collected"), 303)
    if not form.validate():
        return _upload_page(form), 422
    sent = form.file.data
    name = PurePosixPath((sent.filename or "").replace("\\", "/")).name[:120] or _("file")
    try:
        taken = take_in(uuid.UUID(form.account.data), sent.read(), name, actor=g.viewer.actor())
    except AlreadyTaken as known:
        day = format_short(known.taken_at.astimezone(ZoneInfo(g.tenant.time_zone)).date())
        leave_notice(g.viewer.session_id, _("This file was already taken on %(day)s.", day=day), "info")
        return redirect(
            url_for("payments_desk.collected_file", collected_file_id=known.collected_file_id), 303
        )
    except Refusal as refusal:
        form.file.errors = [_(refusal.msgid, **refusal.facts)]
        return _upload_page(form), 422
    return redirect(url_for("payments_desk.collected_file", collected_file_id=taken), 303)


@pages.get("/collected/<uuid:collected_file_id>", endpoint="collected_file")
@allow(roles.PAYMENTS)
def one(collected_file_id: uuid.UUID) -> Answer:
    if (file := wanted()) is not None:
        return collected_lines_file(file, collected_file_id)
    return _page(collected_file_id)


@pages.get("/collected/<uuid:collected_file_id>/progress", endpoint="collected_progress")
@allow(roles.PAYMENTS)
def progress(collected_file_id: uuid.UUID) -> Answer:
    """The same page while the work runs: it loads itself anew, and that is not somebody being busy here."""
    if queries.collected_file(collected_file_id).state not in MOVING:
        return redirect(url_for("payments_desk.collected_file", collected_file_id=collected_file_id), 303)
    return _page(collected_file_id)


progress.quiet = True  # type: ignore[attr-defined]


@pages.post("/collected/<uuid:collected_file_id>/apply", endpoint="apply_collected")
@allow(roles.PAYMENTS)
def go(collected_file_id: uuid.UUID) -> BaseResponse:
    order(collected_file_id, actor=g.viewer.actor())
    return redirect(url_for("payments_desk.collected_progress", collected_file_id=collected_file_id), 303)


def _form(**options: Any) -> CollectedForm:
    form = CollectedForm(**options)
    form.account.choices = [SelectChoice(str(row.id), row.name) for row in queries.collectors()]
    return form


def _upload_page(form: CollectedForm) -> str:
    return render("payments/desk/collected_new.html", form=form)


def _page(collected_file_id: uuid.UUID) -> str:
    found = queries.collected_file(collected_file_id)
    moving, checked = found.state in MOVING, found.state == "checked"
    groups = queries.expected(collected_file_id) if checked else queries.effects(collected_file_id)
    odd: Any
    if checked:
        odd = queries.forecast_lines(collected_file_id)
    else:
        odd = queries.lines(collected_file_id, odd=True, limit=queries.SHOWN)
    layout = file_layouts().get(found.layout)
    return render(
        "payments/desk/collected_file.html",
        file=found,
        layout=layout.title if layout else found.layout,
        groups=groups,
        odd=odd,
        shown=queries.SHOWN,
        applied=sum(group.lines for group in groups if group.what) if not checked else 0,
        moving=moving,
        words=words,
    )


def _quarantined() -> int:
    return db.session.execute(
        select(func.count()).select_from(QuarantinedPayment).where(QuarantinedPayment.resolved_at.is_(None))
    ).scalar_one()
