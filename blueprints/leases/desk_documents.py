"""Papers of leases at the desk: put one in, replace it, take it away, see what expires."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from flask import Response, g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from blueprints.leases import desk_queries as queries
from blueprints.leases import document_queries, papers, words
from blueprints.leases.desk_blueprint import Answer, asked, pages, say
from blueprints.leases.desk_files import expiring_file
from blueprints.leases.field_forms import refuse
from blueprints.leases.papers import LARGEST, Paper
from blueprints.leases.place_forms import CIRCLES, NewPaperForm, PaperForm
from saas.files import load
from saas.permissions import allow
from saas.refusals import Refusal
from saas.web import download
from tenants import roles
from tenants.exports import wanted
from tenants.look import render

AHEAD = (30, 60, 90)


@pages.get("/documents")
@allow(roles.LEASES)
def expiring() -> str | Response:
    """Papers that are over already or will be soon."""
    days = int(asked("days")) if asked("days") in map(str, AHEAD) else AHEAD[0]
    if (file := wanted()) is not None:
        return expiring_file(file, days)
    until = g.tenant.today() + datetime.timedelta(days=days)
    return render(
        "leases/desk/expiring.html",
        page=document_queries.expiring(until, request.args.get("after")),
        days=days,
        ahead=AHEAD,
        words=words,
        today_is=g.tenant.today(),
        later="after" in request.args,
    )


@pages.get("/<uuid:lease_id>/documents/new")
@allow(roles.LEASES)
def ask_for_document(lease_id: uuid.UUID) -> str:
    return _page(queries.lease(lease_id), NewPaperForm(formdata=None))


@pages.post("/<uuid:lease_id>/documents/new")
@allow(roles.LEASES)
def add_document(lease_id: uuid.UUID) -> Answer:
    row, form = queries.lease(lease_id), NewPaperForm()
    if not form.validate():
        return _page(row, form), 422
    try:
        papers.add_paper(
            lease_id,
            _paper(form),
            form.file.data.read(LARGEST + 1),
            form.file.data.filename or "",
            user_id=g.viewer.user_id,
            actor=g.viewer.actor(),
        )
    except Refusal as refusal:
        refuse(form, refusal)
        return _page(row, form), 422
    return _back(lease_id, _("The paper is in."))


@pages.get("/documents/<uuid:lease_document_id>")
@allow(roles.LEASES)
def document(lease_document_id: uuid.UUID) -> Response:
    row = document_queries.document(lease_document_id)
    stored = load(row.file_id)
    return download(stored.content, media_type=stored.media_type, name=stored.name)


@pages.get("/documents/<uuid:lease_document_id>/change")
@allow(roles.LEASES)
def ask_to_change_document(lease_document_id: uuid.UUID) -> str:
    row = document_queries.document(lease_document_id)
    circle = next(name for name, seen in CIRCLES.items() if seen == (row.for_renter, row.for_owner))
    data: dict[str, Any] = {
        "kind": row.kind,
        "title": row.title,
        "expires_on": row.expires_on,
        "circle": circle,
    }
    return _page(queries.lease(row.lease_id), PaperForm(formdata=None, data=data), row)


@pages.post("/documents/<uuid:lease_document_id>/change")
@allow(roles.LEASES)
def change_document(lease_document_id: uuid.UUID) -> Answer:
    known, form = document_queries.document(lease_document_id), PaperForm()
    row = queries.lease(known.lease_id)
    if not form.validate():
        return _page(row, form, known), 422
    sent = form.file.data
    try:
        papers.change_paper(
            lease_document_id,
            _paper(form),
            sent.read(LARGEST + 1) if sent else None,
            (sent.filename or "") if sent else "",
            user_id=g.viewer.user_id,
            actor=g.viewer.actor(),
        )
    except Refusal as refusal:
        refuse(form, refusal)
        return _page(row, form, known), 422
    return _back(known.lease_id, _("The new version is in.") if sent else _("The paper is changed."))


@pages.post("/documents/<uuid:lease_document_id>/withdraw")
@allow(roles.LEASES)
def withdraw_document(lease_document_id: uuid.UUID) -> BaseResponse:
    lease_id = papers.withdraw_paper(lease_document_id, actor=g.viewer.actor())
    return _back(lease_id, _("Only staff see the paper now."))


def _paper(form: PaperForm) -> Paper:
    for_renter, for_owner = CIRCLES[form.circle.data]
    return Paper(form.kind.data, form.title.data, form.expires_on.data, for_renter, for_owner)


def _page(row: queries.Line, form: PaperForm, known: queries.Line | None = None) -> str:
    return render("leases/desk/document.html", lease=row, form=form, known=known)


def _back(lease_id: uuid.UUID, text: str) -> BaseResponse:
    say(text)
    return redirect(url_for("leases_desk.lease", lease_id=lease_id), 303)
