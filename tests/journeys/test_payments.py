"""Payments that go other ways than straight: declined and tried again under one reference, and through a link
without a login. In a real browser, at the providers' look-alikes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Site
from tests.journeys.test_main_job import AREAS
from tests.journeys.visit import Visit, visiting

pytestmark = pytest.mark.browser

AGENCY = AREAS["agency"][0]
OWNER_RENTER = "beatriz@example.com"
STAFF = "desk@example.com"
PATIENCE = 60_000  # milliseconds: what nobody tells is asked for after twenty seconds


def choose_one(visit: Visit, host: str) -> None:
    """Tick one invoice and go as far as the last page here."""
    visit.open(host, "/invoices")
    boxes = visit.page.locator("input[name=invoice]:enabled")
    assert boxes.count(), "an invoice to choose"
    for index in range(boxes.count()):
        boxes.nth(index).set_checked(index == 0)
    visit.press("form[action*='summary'] button[type=submit]")
    visit.press("form[action*='confirm'] button[type=submit]")


def take_way(visit: Visit, name: str) -> None:
    """Choose a provider and go there; where a form leads on, the script sends it."""
    way = visit.page.locator("label.choice", has_text=name)
    if way.count():
        way.first.click()
    visit.page.locator("form[action*='start'] button[type=submit]").click()
    visit.page.wait_for_url("**bank.localhost**")
    visit.look()


def received(page: Page) -> None:
    """The page looks again by itself until the money is here."""
    expect(page.locator("h1")).to_have_text(re.compile("Pago recibido"), timeout=PATIENCE)


def test_declined_and_then_approved_under_one_reference(browser: Browser, site: Site) -> None:
    with visiting(browser, site) as visit:
        visit.sign_in(AGENCY, OWNER_RENTER)
        choose_one(visit, AGENCY)
        take_way(visit, "PayU")
        visit.press("button[value=decline-approve]")
        received(visit.page)
        visit.look()


@pytest.fixture
def link(browser: Browser, site: Site) -> Iterator[str]:
    """A payment link that staff made for an open invoice; taken back afterwards."""
    with visiting(browser, site, phone=False) as desk:
        desk.sign_in(AGENCY, STAFF)
        desk.open(AGENCY, "/desk/accounts?q=CT-")
        accounts = desk.page.locator("main a[href*='/desk/accounts/']")
        # From the end: the first ones belong to those who log in and pay for themselves.
        addresses = [accounts.nth(place).get_attribute("href") for place in range(accounts.count())]
        for address in reversed(addresses):
            desk.page.goto(desk.site.url(AGENCY, str(address)))
            if desk.page.locator("a[href*='/desk/payments/links/']").count():
                break
        desk.press("a[href*='/desk/payments/links/']")
        page = desk.page.url
        desk.press("form[action*='/desk/payments/links/'] button[type=submit]:not([name])")
        found = re.search(r"/pay/[\w-]{43}", desk.page.locator("main").inner_text())
        assert found
        yield found[0]
        desk.page.goto(page)
        desk.press("form[action$='/revoke'] button")
        desk.page.goto(desk.site.url(AGENCY, found[0]))
        expect(desk.page.locator("h1")).to_have_text(re.compile("anulado"))


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without script"])
def test_a_link_pays_one_invoice_without_a_login(
    browser: Browser, site: Site, link: str, scripted: bool
) -> None:
    with visiting(browser, site, scripted=scripted) as visit:
        visit.open(AGENCY, link)
        visit.page.fill("input[name=email]", "no es un correo")
        visit.press("form button[type=submit]")
        assert visit.page.title().startswith("Error: ")
        visit.page.fill("input[name=email]", "vecina@example.com")
        visit.page.locator("form button[type=submit]").first.click()
        if not scripted:
            visit.page.wait_for_selector("form[data-leave]")
            visit.press("form[data-leave] button")
        visit.page.wait_for_url("**bank.localhost**")
        visit.look()
        visit.press("button[value=approve]")
        for _turn in range(40):
            if "Pago recibido" in visit.page.locator("h1").inner_text():
                break
            visit.page.wait_for_timeout(500)
            visit.page.reload()
        received(visit.page)
        visit.look()
        visit.press("a[href*='/check/']")
        visit.page.goto(visit.site.url(AGENCY, "/invoices"))
        assert "/login" in visit.page.url, "paying signed nobody in"
