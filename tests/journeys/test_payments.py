"""Payments that go other ways than straight: declined and tried again, told late or never, two tabs, a link without a
login, money that comes later, a tenant that stops. In a real browser, at the providers' look-alikes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from blueprints.platform.demo.logins import STRIPE_KEY
from tests.journeys.guests import Guest, Guests
from tests.journeys.site import Site
from tests.journeys.visit import Visit, visiting

pytestmark = pytest.mark.browser

BANK_HOST = "bank.localhost"
PATIENCE = 90_000  # milliseconds: what nobody tells is asked for later


def choose_one(visit: Visit, guest: Guest) -> None:
    """Tick one invoice and go as far as the last page here."""
    visit.open(guest.host, "/invoices")
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
    visit.page.wait_for_url(f"**{BANK_HOST}**")
    visit.look()


def another_tab(visit: Visit) -> Visit:
    return Visit(visit.page.context.new_page(), visit.site, visit.scripted)


def received(page: Page) -> None:
    """The page looks again by itself until the money is here."""
    expect(page.locator("h1")).to_have_text(re.compile("Pago recibido"), timeout=PATIENCE)


def test_declined_and_then_approved_under_one_reference(browser: Browser, site: Site, guests: Guests) -> None:
    payer = guests.newcomer("agency", 1)
    with visiting(browser, site) as visit:
        visit.come_in(payer)
        choose_one(visit, payer)
        take_way(visit, "PayU")
        visit.press("button[value=decline-approve]")
        received(visit.page)
        visit.look()


def test_two_tabs_are_one_order(browser: Browser, site: Site, guests: Guests) -> None:
    payer = guests.newcomer("agency", 1)
    with visiting(browser, site) as visit:
        visit.come_in(payer)
        choose_one(visit, payer)
        second = another_tab(visit)
        second.page.goto(visit.page.url)
        take_way(visit, "PayU")
        take_way(second, "PayU")
        assert second.page.url == visit.page.url, "the same order, not another one"
        visit.press("button[value=approve]")
        received(visit.page)
        second.page.reload()
        expect(second.page.locator("h1")).to_have_text("Este pago ya está decidido")
        visit.open(payer.host, "/invoices/history")
        assert visit.page.locator("main a[href*='/receipts/']").count() <= 1


def test_what_nobody_tells_is_found_by_asking(browser: Browser, site: Site, guests: Guests) -> None:
    payer = guests.newcomer("agency", 1)
    with visiting(browser, site) as visit:
        visit.come_in(payer)
        choose_one(visit, payer)
        take_way(visit, "PayU")
        visit.page.locator("input[name=notice][value=never]").check()
        visit.press("button[value=approve]")
        expect(visit.page.locator("h1")).not_to_have_text(re.compile("Pago recibido"))
        guests.time_passes("agency")
        received(visit.page)
        visit.look()


@pytest.fixture
def link(browser: Browser, site: Site, guests: Guests) -> Iterator[str]:
    """A payment link that staff made for a newcomer's invoice; taken back afterwards."""
    payer = guests.newcomer("agency", 1)
    with visiting(browser, site, phone=False) as desk:
        desk.come_in(guests.staff("agency"))
        desk.open(payer.host, f"/desk/accounts?q={payer.account}")
        accounts = desk.page.locator("main a[href*='/desk/accounts/']")
        # The lease and the owner's mandate carry one number.
        for address in [accounts.nth(place).get_attribute("href") for place in range(accounts.count())]:
            desk.page.goto(site.url(payer.host, str(address)))
            if desk.page.locator("a[href*='/desk/payments/links/']").count():
                break
        desk.press("a[href*='/desk/payments/links/']")
        page = desk.page.url
        desk.press("form[action*='/desk/payments/links/'] button[type=submit]:not([name])")
        found = re.search(r"/pay/[\w-]{43}", desk.page.locator("main").inner_text())
        assert found
        yield site.url(payer.host, found[0])
        desk.page.goto(page)
        desk.press("form[action$='/revoke'] button")
        desk.page.goto(site.url(payer.host, found[0]))
        expect(desk.page.locator("h1")).to_have_text(re.compile("anulado"))


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without script"])
def test_a_link_pays_one_invoice_without_a_login(
    browser: Browser, site: Site, link: str, scripted: bool
) -> None:
    with visiting(browser, site, scripted=scripted) as visit:
        visit.page.goto(link)
        visit.look()
        visit.page.fill("input[name=email]", "no es un correo")
        visit.press("form button[type=submit]")
        assert visit.page.title().startswith("Error: ")
        visit.page.fill("input[name=email]", "vecina@example.com")
        visit.page.locator("form button[type=submit]").first.click()
        if not scripted:
            visit.page.wait_for_selector("form[data-leave]")
            visit.press("form[data-leave] button")
        visit.page.wait_for_url(f"**{BANK_HOST}**")
        visit.look()
        visit.press("button[value=approve]")
        for _turn in range(120):
            if "Pago recibido" in visit.page.locator("h1").inner_text():
                break
            visit.page.wait_for_timeout(500)
            visit.page.reload()
        received(visit.page)
        visit.look()
        visit.press("a[href*='/check/']")
        visit.page.goto(link.partition("/pay/")[0] + "/invoices")
        assert "/login" in visit.page.url, "paying signed nobody in"


def test_stripe_declines_a_card_and_takes_a_good_one(browser: Browser, site: Site, guests: Guests) -> None:
    payer = guests.newcomer("utility", 1)
    with visiting(browser, site) as visit:
        visit.come_in(payer)
        choose_one(visit, payer)
        take_way(visit, "Stripe")
        visit.press("button[value=decline]")
        assert BANK_HOST in visit.page.url, "the same checkout takes another card"
        visit.press("button[value=card]")
        received(visit.page)


def test_stripe_money_that_comes_later(browser: Browser, site: Site, guests: Guests) -> None:
    payer = guests.newcomer("utility", 1)
    with visiting(browser, site) as visit:
        visit.come_in(payer)
        choose_one(visit, payer)
        take_way(visit, "Stripe")
        visit.press("button[value=delayed]")
        expect(visit.page.locator("h1")).to_have_text(
            re.compile("Pendiente de confirmación"), timeout=PATIENCE
        )
        visit.look()
        merchant = another_tab(visit)
        merchant.open(BANK_HOST, "/stripe")
        merchant.page.fill("input[name=key]", STRIPE_KEY)
        merchant.press("main form button[type=submit]")
        merchant.press("button[value=arrive]")
        received(visit.page)


def test_a_tenant_that_stops_says_how_to_pay_otherwise_and_hears_who_was_under_way(
    browser: Browser, site: Site, guests: Guests
) -> None:
    payer = guests.newcomer("utility", 2)
    with visiting(browser, site, phone=False) as desk, visiting(browser, site) as visit:
        desk.come_in(guests.staff("utility"))
        visit.come_in(payer)
        choose_one(visit, payer)
        take_way(visit, "Stripe")
        desk.open(payer.host, "/desk/payments/stop")
        desk.page.fill("textarea[name=reason]", "Mantenimiento del proveedor")
        desk.press("form[action$='/stop'] button[type=submit]")
        try:
            other = another_tab(visit)
            other.open(payer.host, "/invoices")
            assert other.page.locator("form[action*='summary']").count() == 0, "no dead button"
            expect(other.page.locator("main")).to_contain_text("Cómo pagar")
            visit.press("button[value=card]")
            received(visit.page)
        finally:
            desk.open(payer.host, "/desk/payments/stop")
            desk.press("form[action$='/resume'] button[type=submit]")
        other.open(payer.host, "/invoices")
        assert other.page.locator("form[action*='summary']").count() == 1
