"""The calendar of business days: the year as it counts, days taken off or worked, and what a change would move."""

from __future__ import annotations

import datetime
from typing import Any

from babel.dates import get_day_names
from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired

from blueprints.cases.keeping import would_move
from blueprints.desk.forms import MISSING, one_line, refuse
from blueprints.desk.pages import asked, pages, say
from blueprints.desk.settings import has_options
from saas.dates import parse_date
from saas.permissions import allow
from saas.public_holidays import subdivisions
from saas.refusals import Refusal
from tenants import calendars, roles
from tenants.calendars import AS_USUAL, CHANGES, OFF, WORKING, YEARS_AWAY
from tenants.look import render
from tenants.page_context import locale

Answer = str | Response | tuple[str, int]


class DayForm(FlaskForm):
    """One day, what becomes of it, and why."""

    day = StringField(
        _l("Day"),
        filters=[one_line],
        validators=[InputRequired(MISSING)],
        description=_l("For example 24/12/2026."),
    )
    change = RadioField(
        _l("What becomes of it"),
        choices=[
            SelectChoice(OFF, _l("A day off: it does not count")),
            SelectChoice(WORKING, _l("A day that is worked: it counts")),
        ],
        validators=[InputRequired(MISSING)],
    )
    reason = StringField(
        _l("Reason"),
        filters=[one_line],
        validators=[InputRequired(MISSING)],
        description=_l("For example the decree. It is shown wherever a term is explained."),
    )


class RestoreForm(FlaskForm):
    """Why a day is left again as the country has it."""

    reason = StringField(_l("Reason"), filters=[one_line], validators=[InputRequired(MISSING)])


class SubdivisionForm(FlaskForm):
    """Whose holidays hold besides the country's."""

    subdivision = SelectField(_l("Province"), validate_choice=False)
    reason = StringField(_l("Reason"), filters=[one_line], validators=[InputRequired(MISSING)])


@pages.get("/settings/calendar")
@allow(roles.SETTINGS)
def calendar() -> str:
    year = _year(asked("year"))
    today = g.tenant.today()
    return render(
        "desk/calendar.html",
        year=year,
        years=range(today.year - 1, today.year + YEARS_AWAY),
        days=calendars.days_of(year),
        changes=calendars.changes(),
        province=calendars.present_subdivision(),
        provinces=subdivisions(g.tenant.country),
        edition=calendars.calendar().version,
        has_options=has_options(),
        weekdays=_weekdays(),
    )


@pages.get("/settings/calendar/change")
@allow(roles.SETTINGS)
def ask_for_calendar_change() -> str:
    change = WORKING if asked("change") == WORKING else OFF
    return _form_page(DayForm(formdata=None, data={"day": asked("day"), "change": change}))


@pages.post("/settings/calendar/change")
@allow(roles.SETTINGS)
def review_calendar_change() -> Answer:
    """Show what would move. Nothing is saved before that page is confirmed."""
    form = DayForm()
    try:
        if not form.validate():
            return _form_page(form), 422
        day = parse_date(form.day.data, g.tenant.locale, field="day")
        return _review_page(day, form.change.data, form.reason.data)
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return _form_page(form), 422


@pages.get("/settings/calendar/restore")
@allow(roles.SETTINGS)
def ask_to_restore_day() -> Answer:
    day = _day(asked("day"))
    if day is None:
        return redirect(url_for("desk.calendar"), 303)
    return _restore_page(RestoreForm(formdata=None), day)


@pages.post("/settings/calendar/restore")
@allow(roles.SETTINGS)
def review_restored_day() -> Answer:
    form, day = RestoreForm(), _day(request.form.get("day", ""))
    if day is None:
        return redirect(url_for("desk.calendar"), 303)
    if not form.validate():
        return _restore_page(form, day), 422
    try:
        return _review_page(day, AS_USUAL, form.reason.data)
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return _restore_page(form, day), 422


@pages.post("/settings/calendar/save")
@allow(roles.SETTINGS)
def save_calendar_change() -> Answer:
    """Save what the page before showed; when the calendar moved meanwhile, show it anew."""
    day, change = _day(request.form.get("day", "")), request.form.get("change", "")
    reason = one_line(request.form.get("reason", ""))
    if day is None or change not in CHANGES:
        return redirect(url_for("desk.calendar"), 303)
    try:
        calendars.change_day(day, change, reason, actor=g.viewer.actor(), seen=request.form.get("seen", ""))
    except calendars.CalendarMoved as refusal:
        try:
            return _review_page(day, change, reason, problem=_(refusal.msgid)), 409
        except Refusal as gone:  # somebody else did the same
            say(_(gone.msgid, **gone.facts), "info")
            return redirect(url_for("desk.calendar", year=day.year), 303)
    except Refusal as refusal:
        say(_(refusal.msgid, **refusal.facts), "warning")
        return redirect(url_for("desk.calendar", year=day.year), 303)
    say(_("The calendar is saved. Open cases follow within a minute."))
    return redirect(url_for("desk.calendar", year=day.year), 303)


@pages.get("/settings/calendar/province")
@allow(roles.SETTINGS)
def ask_for_province() -> str:
    form = SubdivisionForm(formdata=None, data={"subdivision": calendars.present_subdivision()})
    return _province_page(form)


@pages.post("/settings/calendar/province")
@allow(roles.SETTINGS)
def save_province() -> Answer:
    form = SubdivisionForm()
    if not form.validate():
        return _province_page(form), 422
    try:
        calendars.choose_subdivision(form.subdivision.data or "", form.reason.data, actor=g.viewer.actor())
    except Refusal as refusal:
        refuse(form, refusal, _(refusal.msgid, **refusal.facts))
        return _province_page(form), 422
    say(_("The calendar is saved. Open cases follow within a minute."))
    return redirect(url_for("desk.calendar"), 303)


def _form_page(form: DayForm) -> str:
    return render("desk/calendar_change.html", form=form)


def _restore_page(form: RestoreForm, day: datetime.date) -> str:
    return render("desk/calendar_restore.html", form=form, day=day)


def _province_page(form: SubdivisionForm) -> str:
    codes = subdivisions(g.tenant.country)
    form.subdivision.choices = [SelectChoice("", _("None: only the country's holidays"))] + [
        SelectChoice(code, code) for code in codes
    ]
    return render("desk/calendar_province.html", form=form)


def _review_page(day: datetime.date, change: str, reason: str, *, problem: str = "") -> str:
    """What would move. Raises Refusal for a change that cannot be made."""
    calendars.check_reason(reason)
    after = calendars.proposed(day, change)
    shown: dict[str, Any] = {"day": day, "change": change, "reason": reason}
    return render(
        "desk/calendar_review.html",
        **shown,
        problem=problem,
        moves=would_move(after, day),
        off=calendars.calendar().day_off(day),
        seen=calendars.calendar().version,
        weekdays=_weekdays(),
    )


def _weekdays() -> dict[int, str]:
    """The names of the days, Monday first, as a heading begins."""
    return {number: name.capitalize() for number, name in get_day_names("wide", locale=locale()).items()}


def _year(typed: str) -> int:
    today = g.tenant.today()
    year = int(typed) if typed.isascii() and typed.isdigit() and len(typed) == 4 else today.year
    return year if abs(year - today.year) <= YEARS_AWAY else int(today.year)


def _day(typed: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(typed[:10])
    except ValueError:
        return None
