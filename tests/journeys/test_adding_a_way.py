"""From a staff member who adds a provider to a payer who chooses it, in a real browser, with and without script."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.guests import Guests
from tests.journeys.site import Site
from tests.journeys.test_main_job import AREAS, choose_two
from tests.journeys.visit import Visit, visiting

pytestmark = pytest.mark.browser

HOST, _renter = AREAS["agency"]
STAFF = "desk@example.com"
LIST = "/desk/payments/providers"
PICTURES = Path(os.environ["VENTANILLA_PICTURES"]) if os.environ.get("VENTANILLA_PICTURES") else None


def add_payu(visit: Visit, name: str) -> str:
    """Add PayU's published sandbox, typed from the hints on the form. Returns the account's address."""
    visit.open(HOST, LIST)
    visit.picture(PICTURES, "list")
    visit.press("a[href$='/providers/new']")
    visit.picture(PICTURES, "choice")
    visit.press("a[href*='provider=payu']")
    for box, value in {
        "of_merchant_id": "508029",
        "of_account_id": "512321",
        "of_api_key": "4Vj8eK4rloUd272L48hsrarnUA",
        "of_api_login": "wrong",
        "name": name,
    }.items():
        visit.page.fill(f"#{box}", value)
    visit.page.screenshot(path=PICTURES / "new.png", full_page=True) if PICTURES else None
    visit.press("form[action$='/providers/new'] button[type=submit]")
    if visit.page.locator("[data-problem]").count():  # the look-alike knows the login that it was told
        visit.page.screenshot(path=PICTURES / "refused.png", full_page=True) if PICTURES else None
        visit.page.fill("#of_api_key", "4Vj8eK4rloUd272L48hsrarnUA")
        visit.page.fill("#of_api_login", "pRRXKOl8ikMmt9u")
        visit.press("form[action$='/providers/new'] button[type=submit]")
    assert visit.page.url.endswith("/set-up")
    assert "/hooks/payu/" in visit.page.locator("main").inner_text()
    visit.picture(PICTURES, "set-up")
    visit.press("main a.btn-primary")
    visit.picture(PICTURES, "account")
    return visit.page.url


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without script"])
def test_from_a_new_provider_to_its_page(
    browser: Browser, site: Site, guests: Guests, scripted: bool
) -> None:
    began = time.monotonic()
    name = f"PayU {'con' if scripted else 'sin'}"
    with visiting(browser, site, scripted=scripted, phone=False) as desk:
        desk.sign_in(HOST, STAFF)
        account = add_payu(desk, name)
        with visiting(browser, site, scripted=scripted) as visit:
            visit.come_in(guests.newcomer("agency", 2))
            choose_two(visit, HOST)
            visit.press("form[action*='summary'] button[type=submit]")
            visit.press("form[action*='confirm'] button[type=submit]")
            assert visit.page.locator("input[name=way]").count() >= 2
            visit.page.screenshot(path=PICTURES / "confirm.png", full_page=True) if PICTURES else None
            visit.page.locator("label.choice", has_text=name).click()
            visit.page.locator("form[action*='start'] button[type=submit]").click()
            if not scripted:
                visit.page.wait_for_selector("form[data-leave]")
                visit.look()
                visit.picture(PICTURES, "leave")
                visit.page.locator("form[data-leave] button").click()
            visit.page.wait_for_url("**bank.localhost**")
            assert time.monotonic() - began < 180, "three minutes from no account to its payment page"
            visit.picture(PICTURES, "payu")
            visit.page.goto(visit.site.url(HOST, "/invoices"))
            visit.page.screenshot(path=PICTURES / "held.png", full_page=True) if PICTURES else None
            visit.press("main a[href*='/payments/']")
            # The bar at the foot may cover half a link of the list: not this journey's matter.
            with visit.page.expect_navigation():
                visit.page.locator("form[action$='/leave'] button[type=submit]").click()
            assert visit.page.locator("input[name=invoice]:enabled").count() >= 2
        desk.page.goto(f"{account}/switch")
        desk.look()
        desk.press("form[action$='/switch'] button[type=submit]")
        desk.open(HOST, "/desk/payments/stop")
        desk.picture(PICTURES, "stop")
