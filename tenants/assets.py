"""Stylesheets, scripts and pictures: named by their content's hash, so browsers keep them for good.

They travel compressed where the browser takes it. Pages do not: what a page reflects and what it keeps secret
should not be squeezed together.
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Response, abort, g, request

from saas.permissions import PUBLIC, allow
from saas.web import ANY, TENANT, Pages
from tenants.look import BASE, MEDIA_TYPES, asset_index, css_of

pages = Pages("assets", __name__, place=ANY)
tenant_pages = Pages("tenant_assets", __name__, place=TENANT)
FOREVER = "public, max-age=31536000, immutable"
SQUEEZED = frozenset({".css", ".js", ".svg"})


def _answer(content: bytes, suffix: str, *, keep: bool) -> Response:
    response = Response(content_type=MEDIA_TYPES[suffix])
    if suffix in SQUEEZED:
        response.headers["Vary"] = "Accept-Encoding"
        if request.accept_encodings.quality("gzip") > 0:
            response.headers["Content-Encoding"] = "gzip"
            content = _squeezed(content)
    response.set_data(content)
    response.headers["Cache-Control"] = FOREVER if keep else "no-cache"
    return response


@lru_cache(maxsize=256)
def _squeezed(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


@lru_cache(maxsize=256)
def _read(name: str) -> bytes:
    return asset_index()[name][1].read_bytes()


@pages.get("/assets/<digest>/<path:name>")
@allow(PUBLIC)
def file(digest: str, name: str) -> Response:
    found = asset_index().get(name)
    if found is None or found[0] != f"/assets/{digest}/{name}":
        abort(404)
    return _answer(_read(name), found[1].suffix, keep=True)


file.static = True  # type: ignore[attr-defined]  # no tenant, no session, no transaction


@tenant_pages.get("/t/<digest>.css")
@allow(PUBLIC)
def stylesheet(digest: str) -> Response:
    """The look of the tenant whose host this is. An old page's digest gets today's look, not kept."""
    current, css = css_of(g.tenant.look.package, g.tenant.look.tokens)
    return _answer(css.encode(), ".css", keep=digest == current)


stylesheet.quiet = True  # type: ignore[attr-defined]


@pages.get("/base-<digest>.css")
@allow(PUBLIC)
def base_stylesheet(digest: str) -> Response:
    """The look of pages that belong to no tenant."""
    current, css = css_of(BASE, {})
    return _answer(css.encode(), ".css", keep=digest == current)


base_stylesheet.static = True  # type: ignore[attr-defined]
