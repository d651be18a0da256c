"""The yearly adjustment at the desk: what would change in a month, then the rents that are chosen; and the indexes."""

from __future__ import annotations

import datetime
import uuid

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.leases import adjustments as rents
from blueprints.leases import price_indexes, rates, words
from blueprints.leases.catalogue import caps, said
from blueprints.leases.catalogue import indexes as known_indexes
from blueprints.leases.desk_blueprint import Answer, asked, pages, say
from blueprints.leases.desk_files import adjustments_file, indexes_file
from blueprints.leases.field_forms import choices, refuse
from blueprints.leases.index_queries import values
from blueprints.leases.place_forms import IndexFileForm, IndexForm
from blueprints.leases.price_indexes import IndexValue
from blueprints.leases.terms import months_later
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.exports import wanted
from tenants.look import render
from tenants.page_context import language

LARGEST_FILE = 500_000


@pages.get("/adjustments")
@allow(roles.LEASES)
def adjustments() -> Answer:
    month = _month(asked("month"))
    if (file := wanted()) is not None:
        return adjustments_file(file, month, _step())
    here = g.tenant.today().replace(day=1)
    return render(
        "leases/desk/adjustments.html",
        page=rents.proposals(month, request.args.get("after"), step=_step()),
        month=f"{month:%Y-%m}",
        months=[f"{months_later(here, ahead):%Y-%m}" for ahead in range(-1, 4)],
        cursor=request.args.get("after", ""),
        caps=caps(),
        title_of=lambda one: said(one.titles, language()),
        indexes=known_indexes(),
        words=words,
        percent=rates.percent,
        rounding=g.tenant.setting(rents.ROUNDING),
        later="after" in request.args,
    )


@pages.post("/adjustments")
@allow(roles.LEASES)
def adjust() -> Response:
    """`lease` names the chosen ones, `rent-<lease>` the new rent of each that was shown, in minor units."""
    month = _month(request.form.get("month", ""))
    chosen = []
    for text in request.form.getlist("lease")[: rents.SIZE]:
        shown = request.form.get(f"rent-{text}", "")
        try:
            lease_id = uuid.UUID(text)
        except ValueError:
            continue
        if shown.isascii() and shown.isdigit() and len(shown) < 16:
            chosen.append((lease_id, int(shown)))
    applied = rents.apply(month, chosen, step=_step(), today=g.tenant.today(), actor=g.viewer.actor())
    if applied.skipped:
        say(
            _(
                "Rents adjusted: %(done)s. Look again at %(numbers)s: the figures changed meanwhile.",
                done=applied.done,
                numbers=", ".join(applied.skipped[:10]),
            ),
            "warning",
        )
    elif applied.done:
        say(_("Rents adjusted: %(done)s.", done=applied.done))
    else:
        say(_("No rent was changed: none was chosen, or it was done already."), "info")
    return redirect(url_for("leases_desk.adjustments", month=f"{month:%Y-%m}"), 303)


def _step() -> int:
    return rents.step_of(str(g.tenant.setting(rents.ROUNDING)), g.tenant.currency)


def _month(text: str) -> datetime.date:
    """The first day of a month near the present one; anything else is the present month."""
    here: datetime.date = g.tenant.today().replace(day=1)
    near = {f"{months_later(here, ahead):%Y-%m}": months_later(here, ahead) for ahead in range(-12, 13)}
    return near.get(text, here)


@pages.get("/indexes")
@allow(roles.LEASES)
def indexes() -> Answer:
    if (file := wanted()) is not None:
        return indexes_file(file)
    return _indexes_page(_index_form(formdata=None), IndexFileForm(formdata=None))


@pages.post("/indexes")
@allow(roles.LEASES)
def write_index() -> Answer:
    form = _index_form()
    if not form.validate():
        return _indexes_page(form, IndexFileForm(formdata=None)), 422
    one = IndexValue(
        form.code.data, form.period.data, form.value.data, form.source.data, form.published_on.data
    )
    try:
        price_indexes.set_values([one], actor=g.viewer.actor())
    except Refusal as refusal:
        refuse(form, refusal)
        return _indexes_page(form, IndexFileForm(formdata=None)), 422
    return _indexes_done(_("The figure is kept."))


@pages.post("/indexes/file")
@allow(roles.LEASES)
def import_indexes() -> Answer:
    form = IndexFileForm()
    if not form.validate():
        return _indexes_page(_index_form(formdata=None), form), 422
    try:
        content = form.file.data.read(LARGEST_FILE + 1)
        found = price_indexes.read_file(content, locale=g.tenant.locale)
        count = price_indexes.set_values(found, actor=g.viewer.actor())
    except Refusal as refusal:
        form.file.errors = [_(refusal.msgid, **refusal.facts)]
        return _indexes_page(_index_form(formdata=None), form), 422
    return _indexes_done(_("Figures that are new or changed: %(count)s.", count=count))


@pages.post("/indexes/known")
@allow(roles.LEASES)
def take_known_indexes() -> Response:
    count = price_indexes.add_known_values(actor=g.viewer.actor())
    return _indexes_done(_("Figures that are new or changed: %(count)s.", count=count))


def _indexes_done(text: str) -> Response:
    say(text)
    return redirect(url_for("leases_desk.indexes"), 303)


def _index_form(**options: object) -> IndexForm:
    form = IndexForm(**options)
    form.code.choices = choices(
        *((one.code, said(one.titles, language())) for one in known_indexes().values())
    )
    return form


def _indexes_page(form: IndexForm, file_form: IndexFileForm) -> str:
    rows = values(request.args.get("after"))
    return render(
        "leases/desk/indexes.html",
        page=rows,
        form=file_form if file_form.errors else form,
        index_form=form,
        file_form=file_form,
        indexes=known_indexes(),
        title_of=lambda one: said(one.titles, language()),
        percent=rates.percent,
        later="after" in request.args,
    )
