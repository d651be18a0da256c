"""Pages for the tenant's staff: put a file in, see how it is read, rehearse, import, read the report, take it back."""

from __future__ import annotations

import uuid
from typing import Any

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectChoice

from blueprints.imports import queries, words
from blueprints.imports.batches import ALL_OR_NOTHING, GOOD_ROWS_ONLY
from blueprints.imports.files import batches_file, problems_file
from blueprints.imports.forms import AUTOMATIC, StartForm, UploadForm
from blueprints.imports.recognise import packs, shipped_profiles
from blueprints.imports.services import Upload, ask_to_undo, put_in, start
from saas.permissions import allow
from saas.refusals import Refusal
from saas.web import Pages
from tenants import roles
from tenants.exports import wanted
from tenants.look import render

pages = Pages("imports", __name__, url_prefix="/desk/imports")
Answer = str | BaseResponse | tuple[str, int]
MOVING = frozenset({"waiting", "running", "undoing"})


@pages.get("")
@allow(roles.IMPORTS)
def batches() -> Answer:
    if (file := wanted()) is not None:
        return batches_file(file, _titles())
    page = queries.batches(request.args.get("after"))
    return render(
        "imports/list.html", page=page, words=words, titles=_titles(), later="after" in request.args
    )


@pages.get("/new")
@allow(roles.IMPORTS)
def ask_for_file() -> str:
    return _upload_page(_upload_form(formdata=None))


@pages.post("/new")
@allow(roles.IMPORTS)
def upload() -> Answer:
    form = _upload_form()
    if not form.validate():
        return _upload_page(form), 422
    sent = form.file.data
    chosen = None if form.profile.data == AUTOMATIC else form.profile.data
    try:
        batch_id = put_in(Upload(sent.read(), sent.filename or "", chosen), actor=g.viewer.actor())
    except Refusal as refusal:
        form.file.errors = [_(refusal.msgid, **refusal.facts)]
        return _upload_page(form), 422
    return redirect(url_for("imports.batch", batch_id=batch_id), 303)


def _upload_form(**options: Any) -> UploadForm:
    form = UploadForm(**options)
    titles = _titles()
    form.profile.choices = [SelectChoice(AUTOMATIC, _("Tell it by its columns"))] + [
        SelectChoice(profile.id, f"{pack.id} · {titles[profile.id]}")
        for pack in packs().values()
        for profile in pack.profiles
    ]
    return form


def _upload_page(form: UploadForm) -> str:
    titles = _titles()
    orders = [(pack.id, [titles[profile.id] for profile in pack.profiles]) for pack in packs().values()]
    return render("imports/new.html", form=form, orders=orders)


def _titles() -> dict[str, str]:
    """What each profile's files hold, in the language of the page."""
    language = "en" if g.viewer.language == "en" else g.tenant.language
    return {
        profile.id: profile.title.get(language) or next(iter(profile.title.values()))
        for profile in shipped_profiles().values()
    }


@pages.get("/<uuid:batch_id>")
@allow(roles.IMPORTS)
def batch(batch_id: uuid.UUID) -> Answer:
    """How it went, and the rows with a problem: the first of them here, all of them as a file."""
    if (file := wanted()) is not None:
        return problems_file(file, batch_id)
    return _batch_page(batch_id)


@pages.get("/<uuid:batch_id>/progress")
@allow(roles.IMPORTS)
def progress(batch_id: uuid.UUID) -> Answer:
    """The same page while the work runs: it loads itself anew, and that is not somebody being busy here."""
    if queries.batch(batch_id).state not in MOVING:
        return redirect(url_for("imports.batch", batch_id=batch_id), 303)
    return _batch_page(batch_id)


progress.quiet = True  # type: ignore[attr-defined]


def _batch_page(batch_id: uuid.UUID, form: StartForm | None = None) -> str:
    row = queries.batch(batch_id)
    if form is None:
        # After a dry run that found wrong rows "all or nothing" would only be refused again.
        form = StartForm(formdata=None, data={"mode": GOOD_ROWS_ONLY if row.refused else ALL_OR_NOTHING})
    return render(
        "imports/batch.html",
        batch=row,
        words=words,
        title=_titles().get(row.profile, row.profile),
        moving=row.state in MOVING,
        row_problems=queries.problems(batch_id, queries.REFUSALS_SHOWN),
        problem_count=queries.count_problems(batch_id),
        start_form=form,
    )


@pages.post("/<uuid:batch_id>/start")
@allow(roles.IMPORTS)
def go(batch_id: uuid.UUID) -> Answer:
    """`what` is the button that was pressed: rehearse, or import."""
    form = StartForm()
    dry_run = request.form.get("what") != "import"
    if not form.validate():
        return _batch_page(batch_id, form), 422
    running = start(batch_id, mode=form.mode.data, dry_run=dry_run, actor=g.viewer.actor())
    return redirect(url_for("imports.progress", batch_id=running), 303)


@pages.get("/<uuid:batch_id>/undo")
@allow(roles.IMPORTS)
def ask_about_undo(batch_id: uuid.UUID) -> Answer:
    row = queries.batch(batch_id)
    if row.dry_run or row.state != "done":
        return redirect(url_for("imports.batch", batch_id=batch_id), 303)
    return render("imports/undo.html", batch=row, title=_titles().get(row.profile, row.profile))


@pages.post("/<uuid:batch_id>/undo")
@allow(roles.IMPORTS)
def take_back(batch_id: uuid.UUID) -> Answer:
    ask_to_undo(batch_id, actor=g.viewer.actor())
    return redirect(url_for("imports.progress", batch_id=batch_id), 303)
