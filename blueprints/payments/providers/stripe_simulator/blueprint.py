"""The look-alike's blueprint, apart from its pages so that each of them can import it."""

from __future__ import annotations

from saas.web import SIMULATOR, Pages

pages = Pages("stripe", __name__, place=SIMULATOR, url_prefix="/stripe")
