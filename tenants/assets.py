"""Stylesheets, scripts and pictures: named by their content's hash, so browsers keep them for good."""

from __future__ import annotations

from flask import Response, abort, g

from saas.permissions import PUBLIC, allow
from saas.web import ANY, TENANT, Pages
from tenants.look import BASE, MEDIA_TYPES, asset_index, css_of

pages = Pages("assets", __name__, place=ANY)
tenant_pages = Pages("tenant_assets", __name__, place=TENANT)
FOREVER = "public, max-age=31536000, immutable"


@pages.get("/assets/<digest>/<path:name>")
@allow(PUBLIC)
def file(digest: str, name: str) -> Response:
    found = asset_index().get(name)
    if found is None or found[0] != f"/assets/{digest}/{name}":
        abort(404)
    path = found[1]
    response = Response(path.read_bytes(), content_type=MEDIA_TYPES[path.suffix])
    response.headers["Cache-Control"] = FOREVER
    return response


file.static = True  # type: ignore[attr-defined]  # no tenant, no session, no transaction


@tenant_pages.get("/t/<digest>.css")
@allow(PUBLIC)
def stylesheet(digest: str) -> Response:
    """The look of the tenant whose host this is. An old page's digest gets today's look, not kept."""
    current, css = css_of(g.tenant.look.package, g.tenant.look.tokens)
    response = Response(css, content_type=MEDIA_TYPES[".css"])
    response.headers["Cache-Control"] = FOREVER if digest == current else "no-cache"
    return response


stylesheet.quiet = True  # type: ignore[attr-defined]


@pages.get("/base-<digest>.css")
@allow(PUBLIC)
def base_stylesheet(digest: str) -> Response:
    """The look of pages that belong to no tenant."""
    current, css = css_of(BASE, {})
    response = Response(css, content_type=MEDIA_TYPES[".css"])
    response.headers["Cache-Control"] = FOREVER if digest == current else "no-cache"
    return response


base_stylesheet.static = True  # type: ignore[attr-defined]
