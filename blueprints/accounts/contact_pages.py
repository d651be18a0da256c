"""How a customer is reached, as the customer sees and changes it, with what it was before (S4.2, S4.7)."""

from __future__ import annotations

import uuid

from flask import g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints.accounts import contact as books
from blueprints.accounts.customer import pages
from blueprints.accounts.files import contact_file
from blueprints.auth.services import leave_notice
from saas.permissions import SIGNED_IN, allow
from saas.refusals import NotFound, Refusal
from tenants.exports import wanted
from tenants.look import render

TYPED = 500  # characters read of a field; the rest cannot be anybody's address


@pages.get("/profile/contact")
@allow(SIGNED_IN)
def contact() -> str | Response:
    customer_id = _customer_id()
    if (file := wanted()) is not None:
        return contact_file(file, customer_id, _("Contact data"), _sources(), named=False)
    return _page(customer_id, books.contact_of(customer_id))


@pages.post("/profile/contact")
@allow(SIGNED_IN)
def change_contact() -> Response | tuple[str, int]:
    customer_id = _customer_id()
    typed = {field: request.form.get(field, "")[:TYPED] for field in books.FIELDS}
    try:
        changed = books.change_contact(customer_id, typed, actor=g.viewer.actor())
    except Refusal as refusal:
        problem = {refusal.field or "": _(refusal.msgid, **refusal.facts)}
        return _page(customer_id, {**books.contact_of(customer_id), **typed}, problem), 422
    if changed:
        leave_notice(g.viewer.session_id, _("Your contact data was changed."))
    return redirect(url_for("accounts.contact"), 303)


def _page(customer_id: uuid.UUID, shown: object, problems: dict[str, str] | None = None) -> str:
    return render(
        "accounts/contact.html",
        shown=shown,
        wrong=problems or {},
        errored=bool(problems),
        longest=books.LONGEST,
        page=books.history(customer_id, request.args.get("before")),
        field_words={field: _(word) for field, word in books.FIELD_WORDS.items()},
        source_words=_sources(),
        looking=g.viewer.viewing_customer_id is not None,
    )


def _sources() -> dict[str, str]:
    return {source: _(word) for source, word in books.SOURCE_WORDS.items()}


def _customer_id() -> uuid.UUID:
    """The person in the books whose pages these are. A user who is none has no contact data there: 404."""
    customer_id: uuid.UUID | None = g.viewer.viewing_customer_id or g.viewer.customer_id
    if customer_id is None:
        raise NotFound()
    return customer_id
