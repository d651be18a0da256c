"""The bank's answers at the desk: put a file in, read what it did, see to what fitted nothing."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from blueprints.auth.sessions import leave_notice
from blueprints.payouts import queries, words
from blueprints.payouts.answers import AlreadyTaken, resolve_line, take_answer
from blueprints.payouts.desk_blueprint import pages
from blueprints.payouts.forms import AnswerForm, NoteForm
from blueprints.payouts.layouts import ANSWER, layouts
from saas.clock import now
from saas.dates import format_short
from saas.money import Money
from saas.permissions import allow, recently_confirmed
from saas.refusals import Refusal
from saas.sheets import Column
from tenants import roles
from tenants.exports import Listing, every, export, wanted
from tenants.look import render

Answer = str | Response | tuple[str, int]


@pages.get("/answers", endpoint="answers")
@allow(roles.PAYOUTS)
def all_answers() -> Answer:
    if (file := wanted()) is not None:
        columns = [
            Column(_("File"), width=30),
            Column(_("Put in"), "moment"),
            Column(_("Lines"), "integer"),
            Column(_("Total"), "money"),
            Column(_("Waits for us"), "integer"),
        ]
        listing = Listing("payout-answers", _("Answers of the bank"), columns)
        return export(file, listing, every(queries.answers, _cells))
    return render(
        "payouts/desk/answers.html",
        page=queries.answers(request.args.get("after")),
        waiting=queries.waiting(now()),
        later="after" in request.args,
        words=words,
    )


def _cells(row: Any) -> tuple[Any, ...]:
    return row.file_name, row.taken_at, row.lines, Money(row.total, row.currency), row.kept


@pages.get("/answers/new", endpoint="ask_for_answer")
@allow(roles.PAYOUTS)
@recently_confirmed
def ask_for_answer() -> Answer:
    return _upload_page(AnswerForm(formdata=None))


@pages.post("/answers/new", endpoint="take_answer")
@allow(roles.PAYOUTS)
@recently_confirmed
def upload() -> Answer:
    form = AnswerForm()
    if not form.validate():
        return _upload_page(form), 422
    sent = form.file.data
    name = PurePosixPath((sent.filename or "").replace("\\", "/")).name[:120] or _("file")
    try:
        taken = take_answer(sent.read(), name, form.layout.data, actor=g.viewer.actor(), now=now())
    except AlreadyTaken as known:
        day = format_short(known.taken_at.astimezone(ZoneInfo(g.tenant.time_zone)).date())
        leave_notice(g.viewer.session_id, _("This file was already taken on %(day)s.", day=day), "info")
        return redirect(url_for("payouts_desk.answer", payout_answer_id=known.answer_id), 303)
    except Refusal as refusal:
        form.file.errors = [_(refusal.msgid, **refusal.facts)]
        return _upload_page(form), 422
    return redirect(url_for("payouts_desk.answer", payout_answer_id=taken), 303)


def _upload_page(form: AnswerForm) -> str:
    form.layout.choices = [SelectChoice(layout.id, layout.title) for layout in layouts(ANSWER).values()]
    return render("payouts/desk/answer_new.html", form=form)


@pages.get("/answers/<uuid:payout_answer_id>", endpoint="answer")
@allow(roles.PAYOUTS)
def one(payout_answer_id: uuid.UUID) -> Answer:
    kept = request.args.get("state") == "kept"
    if (file := wanted()) is not None:
        return _export_lines(file, payout_answer_id, kept)
    row = queries.answer(payout_answer_id)
    layout = layouts(ANSWER).get(row.layout)
    return render(
        "payouts/desk/answer.html",
        row=row,
        layout=layout.title if layout else row.layout,
        page=queries.answer_lines(payout_answer_id, request.args.get("after"), kept=kept),
        kept=kept,
        later="after" in request.args,
        words=words,
    )


def _export_lines(file: str, answer_id: uuid.UUID, kept: bool) -> Response:
    row = queries.answer(answer_id)
    columns = [
        Column(_("Line"), "integer"),
        Column(_("Key")),
        Column(_("Owner"), width=28),
        Column(_("Code")),
        Column(_("Words of the bank"), width=30),
        Column(_("Effect"), width=30),
        Column(_("Day"), "date"),
        Column(_("Amount"), "money"),
    ]
    listing = Listing("payout-answer", _("Answer of the bank %(file)s", file=row.file_name), columns)
    return export(
        file,
        listing,
        every(lambda cursor: queries.answer_lines(answer_id, cursor, kept=kept), _line_cells),
    )


def _line_cells(row: Any) -> tuple[Any, ...]:
    return (
        row.number,
        row.key,
        row.owner,
        row.code,
        row.words,
        _(words.EFFECTS[row.effect][0]),
        row.done_on,
        Money(row.amount, row.currency),
    )


@pages.get("/answers/lines/<uuid:payout_answer_line_id>", endpoint="answer_line")
@allow(roles.PAYOUTS)
def one_line(payout_answer_line_id: uuid.UUID) -> str:
    return _line_page(payout_answer_line_id, NoteForm(formdata=None))


@pages.post("/answers/lines/<uuid:payout_answer_line_id>/resolve", endpoint="resolve_answer_line")
@allow(roles.PAYOUTS)
def resolve(payout_answer_line_id: uuid.UUID) -> Answer:
    queries.answer_line(payout_answer_line_id)
    form = NoteForm()
    if form.validate():
        try:
            answer_id = resolve_line(payout_answer_line_id, form.note.data, actor=g.viewer.actor(), now=now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            leave_notice(g.viewer.session_id, _("Noted."))
            return redirect(url_for("payouts_desk.answer", payout_answer_id=answer_id), 303)
    return _line_page(payout_answer_line_id, form), 422


def _line_page(line_id: uuid.UUID, form: NoteForm) -> str:
    return render("payouts/desk/answer_line.html", row=queries.answer_line(line_id), form=form, words=words)
