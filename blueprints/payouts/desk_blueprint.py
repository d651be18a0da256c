"""The staff pages' blueprint, apart from the pages so that each of them can import it."""

from __future__ import annotations

from saas.web import Pages

pages = Pages("payouts_desk", __name__, url_prefix="/desk/payouts")
