"""A saved look on sample pages, for staff's eyes only: nothing is published and nothing can be paid."""

from __future__ import annotations

import dataclasses
import datetime
import uuid
from typing import Any

from flask import Response, abort, g, request, url_for
from flask_babel import gettext as _

from blueprints.desk import looks
from blueprints.desk.pages import pages
from blueprints.desk.pictures import thumbnail
from saas.permissions import allow
from tenants import roles
from tenants.look import BASE, MEDIA_TYPES, build_look, css_of, render
from tenants.page_context import NavEntry
from tenants.theme_packages import known_packages, tokens_for

SAMPLES = ("home", "invoice", "form")
SHORT = "private, max-age=300"


@pages.get("/theme/preview/<uuid:version_id>")
@allow(roles.THEME)
def theme_preview(version_id: uuid.UUID) -> Response:
    """A sample page in the version's own package, with a banner that says what it is."""
    row = looks.version(version_id)
    sample = request.args.get("page", "home")
    mode = request.args.get("mode", "")
    if sample not in SAMPLES:
        abort(404)
    css_url = url_for("desk.theme_preview_css", version_id=version_id)
    look = dataclasses.replace(build_look(row.package, row.tokens), css_url=css_url)
    served = g.tenant
    try:
        g.tenant = dataclasses.replace(served, look=look)
        body = render(
            f"desk/preview/{sample}.html",
            row=row,
            sample=sample,
            samples=SAMPLES,
            mode=mode if mode in ("light", "dark") else "",
            nav=_nav(),
            **_sample_data(),
        )
    finally:
        g.tenant = served
    response = Response(body, mimetype="text/html")
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@pages.get("/theme/preview/<uuid:version_id>.css")
@allow(roles.THEME)
def theme_preview_css(version_id: uuid.UUID) -> Response:
    row = looks.version(version_id)
    package = row.package if row.package in known_packages() else BASE
    return _kept(css_of(package, row.tokens)[1], MEDIA_TYPES[".css"])


@pages.get("/theme/pictures/<package>.svg")
@allow(roles.THEME)
def theme_picture(package: str) -> Response:
    """A package as it comes."""
    if package not in known_packages():
        abort(404)
    return _kept(thumbnail(tokens_for(package, {}), "light"), MEDIA_TYPES[".svg"])


@pages.get("/theme/versions/<uuid:version_id>/<any(light, dark):mode>.svg")
@allow(roles.THEME)
def theme_version_picture(version_id: uuid.UUID, mode: str) -> Response:
    return _kept(thumbnail(looks.tokens_of(looks.version(version_id)), mode), MEDIA_TYPES[".svg"])


# A picture or a stylesheet does not use up what waits to be said.
theme_preview_css.quiet = True  # type: ignore[attr-defined]
theme_picture.quiet = True  # type: ignore[attr-defined]
theme_version_picture.quiet = True  # type: ignore[attr-defined]


def _kept(content: str, media_type: str) -> Response:
    response = Response(content, content_type=media_type)
    response.headers["Cache-Control"] = SHORT
    return response


def _nav() -> list[NavEntry]:
    return [
        NavEntry(_("Start"), "#main", "home", True),
        NavEntry(_("Invoices"), "#main", "invoice", False),
        NavEntry(_("Payments"), "#main", "receipt", False),
    ]


def _sample_data() -> dict[str, Any]:
    """Invented people and amounts, in the tenant's currency and around today."""
    today = g.tenant.today()
    unit = 100 * (1000 if g.tenant.currency in ("COP", "ARS", "CLP") else 1)
    invoices = [
        {
            "number": "1042",
            "due": today - datetime.timedelta(days=8),
            "amount": 184 * unit,
            "state": "overdue",
        },
        {
            "number": "1077",
            "due": today + datetime.timedelta(days=9),
            "amount": 192 * unit,
            "state": "to_pay",
        },
    ]
    return {
        "invoices": invoices,
        "total": sum(int(row["amount"]) for row in invoices),
        "paid_on": today - datetime.timedelta(days=40),
        "unit": unit,
    }
