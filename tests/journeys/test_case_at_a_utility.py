"""A case under the utility's look, whose head is a coloured band."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from blueprints.platform.demo.logins import HOLDER
from tests.journeys.site import Site
from tests.journeys.visit import visiting

pytestmark = pytest.mark.browser

HOST = "piedemonte.localhost"
# axe does not judge what stands on a drawn background, so the colours are compared here.
COLOURS = """() => {
  const band = getComputedStyle(document.querySelector('.hero'));
  const code = getComputedStyle(document.querySelector('.hero .code code'));
  const copy = getComputedStyle(document.querySelector('.hero .copy'));
  return [band.color, code.color, copy.color, code.backgroundColor];
}"""


def test_number_and_copy_are_readable_on_the_band(browser: Browser, site: Site) -> None:
    with visiting(browser, site) as visit:
        visit.sign_in(HOST, HOLDER.email)
        visit.open(HOST, "/cases")
        visit.press("main table a[href^='/cases/']")
        band, code, copy, behind = visit.page.evaluate(COLOURS)
        assert (code, copy) == (band, band) and behind == "rgba(0, 0, 0, 0)"
