"""Payout runs at the desk: prepare, look, take out, approve, make the bank's file, fetch it."""

from __future__ import annotations

import uuid
from typing import Any

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from blueprints.auth.sessions import leave_notice
from blueprints.payouts import queries, rules, words
from blueprints.payouts.desk_blueprint import pages
from blueprints.payouts.forms import FileForm, NoteForm, PrepareForm
from blueprints.payouts.layouts import ORDER, layouts
from blueprints.payouts.proposing import Scope
from blueprints.payouts.runs import approve_run, drop_run, prepare_run, second_person
from blueprints.payouts.sending import file_of, make_file
from saas.clock import now
from saas.dates import format_short, parse_date
from saas.languages import N_
from saas.money import Money
from saas.permissions import allow, recently_confirmed
from saas.refusals import Refusal
from saas.sheets import Column
from saas.web import download
from tenants import roles
from tenants.exports import Listing, every, export, wanted
from tenants.look import render
from tenants.page_context import locale

Answer = str | Response | tuple[str, int]
MOST_NAMED = 500


@pages.get("", endpoint="runs")
@allow(roles.PAYOUTS)
def all_runs() -> Answer:
    state = request.args.get("state", "")
    state = state if state in queries.STATES else ""
    if (file := wanted()) is not None:
        listing = Listing(
            "payout-runs",
            _("Payout runs"),
            [
                Column(_("Run")),
                Column(_("Collected until"), "date"),
                Column(_("Payment day"), "date"),
                Column(_("State"), width=20),
                Column(_("Payouts"), "integer"),
                Column(_("Total"), "money"),
                Column(_("Prepared by"), width=24),
                Column(_("Approved by"), width=24),
            ],
            [(_("State"), _(words.RUN_STATES[state][0]))] if state else (),
        )
        return export(file, listing, every(lambda cursor: queries.runs(state, cursor), _run_cells))
    return render(
        "payouts/desk/runs.html",
        page=queries.runs(state, request.args.get("after")),
        state=state,
        words=words,
        waiting=queries.waiting(now()),
        later="after" in request.args,
    )


def _run_cells(row: Any) -> tuple[Any, ...]:
    return (
        row.number,
        row.cut_on,
        row.pay_on,
        _(words.RUN_STATES[row.state][0]),
        row.lines,
        Money(row.total, row.currency),
        row.prepared_by_name,
        row.approved_by_name,
    )


@pages.get("/new", endpoint="ask_for_run")
@allow(roles.PAYOUTS)
def ask_for_run() -> str:
    today = format_short(g.tenant.today())
    form = PrepareForm(formdata=None, data={"cut_on": today, "pay_on": today, "whom": "all"})
    return _prepare_page(form)


@pages.post("/new", endpoint="prepare_run")
@allow(roles.PAYOUTS)
def prepare() -> Answer:
    form = PrepareForm()
    if form.validate():
        try:
            run_id = prepare_run(
                parse_date(form.cut_on.data, locale(), field="cut_on"),
                parse_date(form.pay_on.data, locale(), field="pay_on"),
                _scope(form),
                actor=g.viewer.actor(),
                now=now(),
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for("payouts_desk.run", payout_run_id=run_id), 303)
    return _prepare_page(form), 422


def _prepare_page(form: PrepareForm) -> str:
    form.whom.choices = [
        SelectChoice("all", (_("All owners"), _("Everybody for whom something is held."))),
        SelectChoice("some", (_("Some contracts or owners"), _("Those that are named below."))),
    ]
    return render("payouts/desk/run_new.html", form=form)


def _scope(form: PrepareForm) -> Scope:
    if form.whom.data != "some":
        return Scope()
    named = [line.strip() for line in (form.which.data or "").replace(",", "\n").splitlines()]
    named = list(dict.fromkeys(line for line in named if line))[:MOST_NAMED]
    if not named:
        raise Refusal(N_("Name at least one contract or owner."), field="which")
    mandates, owners = queries.find_scope(named)
    unknown = [word for word in named if word not in mandates and word not in owners]
    if unknown:
        raise Refusal(
            N_("Nobody is called %(word)s: neither a contract nor the document of an owner."),
            field="which",
            word=unknown[0],
        )
    return Scope(frozenset(mandates.values()), frozenset(owners.values()))


@pages.get("/<uuid:payout_run_id>", endpoint="run")
@allow(roles.PAYOUTS)
def one(payout_run_id: uuid.UUID) -> Answer:
    """Preview, totals, and every line with what is paid or why not."""
    if (file := wanted()) is not None:
        return _export_lines(file, payout_run_id)
    return _page(payout_run_id)


def _export_lines(file: str, run_id: uuid.UUID) -> Response:
    row, state = queries.run(run_id), _state()
    listing = Listing(
        f"payout-run-{row.number}",
        _("Payout run %(number)s", number=row.number),
        [
            Column(_("Owner"), width=28),
            Column(_("Contract")),
            Column(_("Property"), width=28),
            Column(_("Bank account"), width=24),
            Column(_("State"), width=14),
            Column(_("Why"), width=40),
            Column(_("Held"), "money"),
            Column(_("Stays"), "money"),
            Column(_("Is paid"), "money"),
        ],
        [(_("State"), _(words.LINE_STATES[state][0]))] if state else (),
    )
    return export(file, listing, every(lambda cursor: queries.lines(run_id, state, cursor), _line_cells))


def _line_cells(row: Any) -> tuple[Any, ...]:
    return (
        row.owner,
        row.mandate_number,
        row.address,
        f"{row.bank_name} ····{row.last_four}" if row.last_four else None,
        _(words.LINE_STATES[row.state][0]),
        row.note or (_(words.REASONS[row.reason]) if row.reason else None),
        Money(row.held, row.currency),
        Money(row.kept, row.currency),
        Money(row.amount, row.currency),
    )


@pages.post("/<uuid:payout_run_id>/approve", endpoint="approve_run")
@allow(roles.PAYOUTS)
@recently_confirmed
def approve(payout_run_id: uuid.UUID) -> Answer:
    queries.run(payout_run_id)
    try:
        fallen = approve_run(
            payout_run_id,
            may_approve=g.viewer.may(roles.APPROVE_PAYOUTS),
            actor=g.viewer.actor(),
            now=now(),
        )
    except Refusal as refusal:
        return _page(payout_run_id, problem=_(refusal.msgid, **refusal.facts)), 422
    if fallen:
        said = _(
            "Approved. %(count)s payouts fell out: less is held now, or their bank account changed.",
            count=fallen,
        )
        leave_notice(g.viewer.session_id, said, "warning")
    else:
        leave_notice(g.viewer.session_id, _("Approved. Now make the file for the bank."))
    return redirect(url_for("payouts_desk.run", payout_run_id=payout_run_id), 303)


@pages.post("/<uuid:payout_run_id>/drop", endpoint="drop_run")
@allow(roles.PAYOUTS)
def drop(payout_run_id: uuid.UUID) -> Answer:
    queries.run(payout_run_id)
    form = NoteForm()
    if form.validate():
        try:
            drop_run(payout_run_id, form.note.data, actor=g.viewer.actor(), now=now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            leave_notice(g.viewer.session_id, _("Dropped: nothing of it is paid."), "info")
            return redirect(url_for("payouts_desk.runs"), 303)
    return _page(payout_run_id, note=form), 422


@pages.post("/<uuid:payout_run_id>/file", endpoint="make_file")
@allow(roles.PAYOUTS)
@recently_confirmed
def write_file(payout_run_id: uuid.UUID) -> Answer:
    row = queries.run(payout_run_id)
    if row.state != rules.APPROVED or row.file_id is not None:
        raise Refusal(N_("Only a run that is under way has a file for the bank."))
    form = FileForm()
    if form.validate():
        try:
            stopped = make_file(payout_run_id, form.layout.data, actor=g.viewer.actor(), now=now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            if stopped:
                said = _(
                    "The file is made. %(count)s payouts stayed out: below each says why.",
                    count=stopped,
                )
                leave_notice(g.viewer.session_id, said, "warning")
            else:
                leave_notice(g.viewer.session_id, _("The file is made. Upload it to the bank once."))
            return redirect(url_for("payouts_desk.run", payout_run_id=payout_run_id), 303)
    return _page(payout_run_id, file=form), 422


@pages.get("/<uuid:payout_run_id>/file", endpoint="file")
@allow(roles.PAYOUTS)
@recently_confirmed
def fetch_file(payout_run_id: uuid.UUID) -> Response:
    """The same bytes, however often they are asked for; each time leaves evidence."""
    name, content = file_of(payout_run_id, actor=g.viewer.actor())
    return download(content, media_type="application/octet-stream", name=name)


def _state() -> str:
    state = request.args.get("state", "")
    return state if state in queries.LINE_STATES else ""


def _page(
    run_id: uuid.UUID,
    *,
    problem: str = "",
    note: NoteForm | None = None,
    file: FileForm | None = None,
) -> str:
    row, state = queries.run(run_id), _state()
    note, file = note or NoteForm(formdata=None), file or FileForm(formdata=None)
    if problem:
        note.form_errors.append(problem)
    choices = list(layouts(ORDER).values())
    file.layout.choices = [SelectChoice(layout.id, layout.title) for layout in choices]
    file.layout.data = file.layout.data or choices[0].id
    prepared = row.state == rules.PREPARED
    return render(
        "payouts/desk/run.html",
        row=row,
        sums=queries.sums(run_id),
        page=queries.lines(run_id, state, request.args.get("after")),
        state=state,
        states=[code for code in queries.LINE_STATES if code],
        later="after" in request.args,
        second=second_person(row, g.tenant.today()) if prepared else row.second_person,
        own=row.prepared_by == g.viewer.user_id,
        may_approve=g.viewer.may(roles.APPROVE_PAYOUTS),
        form=file if file.errors else note,
        note=note,
        file=file,
        words=words,
    )
