"""How a customer is reached, changed by staff when the customer calls; with its history."""

from __future__ import annotations

import uuid

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.accounts import contact as books
from blueprints.accounts.files import contact_file
from blueprints.desk.pages import pages, say
from blueprints.desk.queries import customers as queries
from saas.permissions import allow
from saas.refusals import Refusal
from tenants import roles
from tenants.exports import wanted
from tenants.look import render

TYPED = 500


@pages.get("/customers/<uuid:customer_id>/contact")
@allow(roles.INVITE)
def contact(customer_id: uuid.UUID) -> str | Response:
    if (file := wanted()) is not None:
        title = _("Contact data of %(name)s", name=queries.customer(customer_id).name)
        return contact_file(file, customer_id, title, _sources(), named=True)
    return _page(customer_id, books.contact_of(customer_id))


@pages.post("/customers/<uuid:customer_id>/contact")
@allow(roles.INVITE)
def change_contact(customer_id: uuid.UUID) -> Response | tuple[str, int]:
    typed = {field: request.form.get(field, "")[:TYPED] for field in books.FIELDS}
    try:
        changed = books.change_contact(customer_id, typed, actor=g.viewer.actor())
    except Refusal as refusal:
        problems = {refusal.field or "": _(refusal.msgid, **refusal.facts)}
        return _page(customer_id, {**books.contact_of(customer_id), **typed}, problems), 422
    if changed:
        say(_("The contact data was changed. The customer can read it in the own activity."))
    return redirect(url_for("desk.customer", customer_id=customer_id), 303)


def _page(customer_id: uuid.UUID, shown: object, problems: dict[str, str] | None = None) -> str:
    return render(
        "desk/contact.html",
        customer=queries.customer(customer_id),
        shown=shown,
        wrong=problems or {},
        errored=bool(problems),
        longest=books.LONGEST,
        page=books.history(customer_id, request.args.get("before")),
        field_words={field: _(word) for field, word in books.FIELD_WORDS.items()},
        source_words=_sources(),
    )


def _sources() -> dict[str, str]:
    return {source: _(word) for source, word in books.SOURCE_WORDS_TO_STAFF.items()}
