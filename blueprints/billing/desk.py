"""Pages for the tenant's staff: draft a month, look at it contract by contract, issue it, take it back."""

from __future__ import annotations

import uuid
from typing import Any, Final

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectChoice

from blueprints.auth.sessions import leave_notice
from blueprints.billing import queries, services, words
from blueprints.billing.forms import DraftForm
from blueprints.billing.months import month_of
from blueprints.billing.numbering import numbering
from blueprints.billing.runs import billed
from saas.dates import format_period, parse_date
from saas.money import Money
from saas.permissions import allow
from saas.refusals import Refusal
from saas.sheets import Column
from saas.web import Pages
from tenants import roles
from tenants.exports import AT_ONCE, Listing, every, export, wanted
from tenants.look import render
from tenants.page_context import locale

pages = Pages("billing", __name__, url_prefix="/desk/billing")
Answer = str | BaseResponse | tuple[str, int]
MOVING: Final = frozenset({"preparing", "running", "undoing"})
LATE_IN_MONTH = 20
CHOSEN_BACK: Final = (
    12  # months that the list of months goes back; older ones are billed from the command line
)


@pages.get("")
@allow(roles.BILLING)
def runs() -> Answer:
    if (file := wanted()) is not None:
        return _runs_file(file)
    return render(
        "billing/list.html",
        page=queries.runs(request.args.get("after")),
        words=words,
        billed=billed,
        month_words=_month_words,
        later="after" in request.args,
    )


def _runs_file(format: str) -> BaseResponse:
    columns = [
        Column(_("Month"), width=18),
        Column(_("Contract")),
        Column(_("State")),
        Column(_("Drafted on"), "moment"),
        Column(_("Drafted by"), width=24),
        Column(_("Invoices"), "integer"),
        Column(_("Total"), "money"),
    ]

    def cells(row: Any) -> tuple[Any, ...]:
        count, total = (row.issued, row.issued_total) if row.started_at else billed(row.totals)
        return (
            _month_words(row.period),
            row.lease_number or "",
            _(words.STATES[row.state][0]),
            row.created_at,
            row.created_by_name or "",
            count,
            Money(total, g.tenant.currency),
        )

    return export(format, Listing(_("monthly-runs"), _("Monthly runs"), columns), every(queries.runs, cells))


@pages.get("/new")
@allow(roles.BILLING)
def ask_for_month() -> str:
    form = _form(formdata=None)
    form.lease.data = request.args.get("lease", "")[:100]
    return render("billing/new.html", form=form)


@pages.post("/new")
@allow(roles.BILLING)
def draft() -> Answer:
    form = _form()
    if not form.validate():
        return render("billing/new.html", form=form), 422
    try:
        typed = (form.issued_on.data or "").strip()
        run_id = services.draft_run(
            form.month.data,
            lease_number=form.lease.data or "",
            issued_on=parse_date(typed, locale(), field="issued_on") if typed else None,
            actor=g.viewer.actor(),
        )
    except Refusal as refusal:
        form[refusal.field or "month"].errors = [_(refusal.msgid, **refusal.facts)]
        return render("billing/new.html", form=form), 422
    return redirect(url_for("billing.progress", billing_run_id=run_id), 303)


def _form(**options: Any) -> DraftForm:
    form = DraftForm(**options)
    month = month_of(g.tenant.today())
    choices = [month]
    for _month in range(services.MONTHS_AHEAD):
        choices.insert(0, choices[0].after)
    for _month in range(CHOSEN_BACK):
        choices.append(choices[-1].before)
    form.month.choices = [SelectChoice(one.period, _month_words(one.period)) for one in choices]
    if options.get("formdata", form) is None:
        # Near its end the month is billed, and who comes here comes for the next one.
        near_the_end = g.tenant.today().day > LATE_IN_MONTH
        form.month.data = (month.after if near_the_end else month).period
    return form


@pages.get("/<uuid:billing_run_id>")
@allow(roles.BILLING)
def run(billing_run_id: uuid.UUID) -> Answer:
    return _run_page(billing_run_id)


@pages.get("/<uuid:billing_run_id>/progress")
@allow(roles.BILLING)
def progress(billing_run_id: uuid.UUID) -> Answer:
    """The same page while the work runs: it loads itself anew, and that is not somebody being busy here."""
    if queries.run(billing_run_id).state not in MOVING:
        return redirect(url_for("billing.run", billing_run_id=billing_run_id), 303)
    return _run_page(billing_run_id)


progress.quiet = True  # type: ignore[attr-defined]


def _run_page(run_id: uuid.UUID) -> Answer:
    row = queries.run(run_id)
    view = request.args.get("view", "all")
    view = view if view in queries.VIEWS else "all"
    if (file := wanted()) is not None:
        return _items_file(file, row, view)
    moving = row.state in MOVING
    count, total = billed(row.totals)
    return render(
        "billing/run.html",
        run=row,
        words=words,
        month=_month_words(row.period),
        moving=moving,
        page=None if moving else queries.items(run_id, view, request.args.get("after")),
        view=view,
        views=_views(row, view),
        count=count,
        total=total,
        before=sum(part["before"] for part in _parts(row.totals)),
        later="after" in request.args,
    )


def _views(row: Any, current: str) -> list[dict[str, Any]]:
    """The tabs above the contracts, each with how many there are."""

    def many(view: str) -> int:
        if view == "warned":
            return int(row.totals.get("warned", 0))
        return sum(row.totals[one]["count"] for one in queries.VIEWS[view] if one in row.totals)

    return [
        {
            "label": _(msgid),
            "url": url_for("billing.run", billing_run_id=row.id, view=view),
            "current": view == current,
            "count": many(view),
        }
        for view, msgid in words.VIEWS.items()
        if view in ("all", current) or many(view)
    ]


def _parts(totals: dict[str, Any]) -> list[dict[str, int]]:
    return [part for part in totals.values() if isinstance(part, dict)]


def _items_file(format: str, row: Any, view: str) -> BaseResponse:
    columns = [
        Column(_("Contract")),
        Column(_("What happens"), width=20),
        Column(_("Why"), width=44),
        Column(_("Invoice"), width=14),
        Column(_("The month before"), "money"),
        Column(_("Rent and charges"), "money"),
        Column(_("Taxes"), "money"),
        Column(_("Withholdings"), "money"),
        Column(_("Total"), "money"),
        Column(_("Due"), "date", 12),
    ]

    def cells(item: Any) -> tuple[Any, ...]:
        why = [words.REASONS.get(one, one) for one in item.reasons]
        why += [words.WARNINGS.get(one, one) for one in item.warnings]
        return (
            item.lease_number,
            _(words.EFFECTS[item.effect][0]),
            ". ".join(dict.fromkeys(_(one) for one in why)),
            item.invoice_number or "",
            None if item.before is None else Money(item.before, item.currency),
            Money(item.subtotal, item.currency),
            Money(item.tax, item.currency),
            Money(-item.withholding, item.currency),
            Money(item.total, item.currency),
            item.due_on,
        )

    narrowed = [(_("Month"), _month_words(row.period)), (_("Contracts"), _(words.VIEWS[view]))]
    name = _("monthly-run")
    listing = Listing(f"{name}-{row.period}", _("Monthly run"), columns, narrowed)
    return export(
        format, listing, every(lambda after: queries.items(row.id, view, after, page=AT_ONCE), cells)
    )


@pages.get("/<uuid:billing_run_id>/leases/<uuid:lease_id>")
@allow(roles.BILLING)
def lease(billing_run_id: uuid.UUID, lease_id: uuid.UUID) -> str:
    row = queries.run(billing_run_id)
    return render(
        "billing/lease.html",
        run=row,
        words=words,
        month=_month_words(row.period),
        found=queries.foreseen(billing_run_id, lease_id),
    )


@pages.get("/<uuid:billing_run_id>/start")
@allow(roles.BILLING)
def ask_to_start(billing_run_id: uuid.UUID) -> Answer:
    row = queries.run(billing_run_id)
    if row.state != "draft":
        return redirect(url_for("billing.run", billing_run_id=billing_run_id), 303)
    return _start_page(row)


@pages.post("/<uuid:billing_run_id>/start")
@allow(roles.BILLING)
def start(billing_run_id: uuid.UUID) -> Answer:
    row = queries.run(billing_run_id)
    try:
        services.start_run(billing_run_id, actor=g.viewer.actor())
    except Refusal as refusal:
        return _start_page(row, _(refusal.msgid, **refusal.facts)), 422
    return redirect(url_for("billing.progress", billing_run_id=billing_run_id), 303)


def _start_page(row: Any, problem: str = "") -> str:
    count, total = billed(row.totals)
    prefix = row.rules.get("prefix", g.tenant.setting("billing.prefix"))
    numbers = numbering(prefix, g.tenant.setting("billing.first_number"))
    return render(
        "billing/start.html",
        run=row,
        first=f"{prefix}{numbers.first}",
        last=f"{prefix}{numbers.first + count - 1}",
        elsewhere=None if numbers.elsewhere is None else f"{prefix}{numbers.elsewhere}",
        may_set=g.viewer.may(roles.SETTINGS),
        month=_month_words(row.period),
        count=count,
        total=total,
        problem=problem,
        words=words,
    )


@pages.post("/<uuid:billing_run_id>/go-on")
@allow(roles.BILLING)
def go_on(billing_run_id: uuid.UUID) -> BaseResponse:
    return _press(billing_run_id, lambda: services.go_on(billing_run_id))


@pages.post("/<uuid:billing_run_id>/discard")
@allow(roles.BILLING)
def discard(billing_run_id: uuid.UUID) -> BaseResponse:
    return _press(
        billing_run_id,
        lambda: services.discard_run(billing_run_id),
        done=_("The draft was dropped."),
    )


@pages.get("/<uuid:billing_run_id>/undo")
@allow(roles.BILLING)
def ask_about_undo(billing_run_id: uuid.UUID) -> Answer:
    row = queries.run(billing_run_id)
    if row.state != "done":
        return redirect(url_for("billing.run", billing_run_id=billing_run_id), 303)
    return render("billing/undo.html", run=row, month=_month_words(row.period))


@pages.post("/<uuid:billing_run_id>/undo")
@allow(roles.BILLING)
def take_back(billing_run_id: uuid.UUID) -> BaseResponse:
    return _press(billing_run_id, lambda: services.ask_to_undo(billing_run_id, actor=g.viewer.actor()))


def _press(run_id: uuid.UUID, act: Any, *, done: str = "") -> BaseResponse:
    """One button that somebody may have pressed before: what is refused is said on the run's page."""
    try:
        act()
    except Refusal as refusal:
        leave_notice(g.viewer.session_id, _(refusal.msgid, **refusal.facts), "warning")
    else:
        if done:
            leave_notice(g.viewer.session_id, done, "success")
            return redirect(url_for("billing.runs"), 303)
    return redirect(url_for("billing.progress", billing_run_id=run_id), 303)


def _month_words(period: str) -> str:
    return format_period(period, locale())
