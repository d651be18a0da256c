"""The main job in a real browser: log in, choose two invoices, pay at the bank, read the receipt."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.guests import Guests
from tests.journeys.site import Site
from tests.journeys.visit import BUDGET_BYTES, BUDGET_REQUESTS, Visit, visiting

pytestmark = pytest.mark.browser

AREAS = {
    "utility": ("piedemonte.localhost", "camila@example.com"),
    "agency": ("hogar.localhost", "renata@example.com"),
}


def choose_two(visit: Visit, host: str) -> int:
    """Tick exactly two of the invoices; returns what they cost together."""
    return choose(visit, host, 2)


def choose(visit: Visit, host: str, wanted: int) -> int:
    """Tick so many of the invoices; returns what they cost together."""
    visit.open(host, "/invoices")
    boxes = visit.page.locator("input[name=invoice]:enabled")
    for _ in range(20):  # a declined payment lets its invoices go as soon as the bank's notice is in
        if boxes.count() >= wanted:
            break
        visit.page.wait_for_timeout(500)
        visit.page.reload()
    assert boxes.count() >= wanted, f"{wanted} invoices to choose from"
    total = 0
    for index in range(boxes.count()):
        box = boxes.nth(index)
        box.set_checked(index < wanted)
        if index < wanted:
            total += int(box.get_attribute("data-amount") or 0)
    return total


def pay(visit: Visit, host: str) -> int:
    """From the list to the bank. Returns the amount that was chosen."""
    total = choose_two(visit, host)
    visit.press("form[action*='summary'] button[type=submit]")
    assert visit.amount(".bill .sum dd") == total
    visit.press("form[action*='confirm'] button[type=submit]")
    # The utility prefers another provider, whose page says no in another way.
    bank = visit.page.locator("label.choice", has_text="Banco")
    if host == AREAS["utility"][0] and bank.count():
        bank.first.click()
    leave(visit)
    return total


def leave(visit: Visit) -> None:
    """From the last page here to the bank's, or to PayU's: there a form leads on, which the script sends."""
    visit.page.locator("form[action*='start'] button[type=submit]").click()
    visit.page.wait_for_url(re.compile("bank.localhost|/payments/start"))
    if not visit.scripted and visit.page.locator("form[data-leave]").count():
        visit.press("form[data-leave] button")
    visit.page.wait_for_url("**bank.localhost**")
    visit.look()


def decline(visit: Visit) -> None:
    """Say no at the bank, which sends the payer back."""
    visit.press("button[value=decline]")
    assert "/payments/" in visit.page.url


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("area", AREAS)
def test_pay_two_invoices_and_read_the_receipt(
    browser: Browser, site: Site, guests: Guests, area: str, scripted: bool
) -> None:
    payer = guests.newcomer(area, 2)
    host = payer.host
    with visiting(browser, site, scripted=scripted, phone=scripted) as visit:
        visit.sign_in(host, payer.email)
        total = pay(visit, host)
        decline(visit)
        assert pay(visit, host) == total, "what is owed did not change by a declined payment"
        visit.press("button[value=approve]")
        receipt = visit.page.locator("a[href*='/receipts/']").first
        for _ in range(20):
            if receipt.count():
                break
            visit.page.wait_for_timeout(500)
            visit.page.reload()
        visit.press("a[href*='/receipts/']")
        expect(visit.page.locator("main")).to_contain_text("R-0000")
        href = visit.page.locator("a[href$='/pdf']").first.get_attribute("href") or ""
        cookies = {cookie["name"]: cookie["value"] for cookie in visit.page.context.cookies()}
        document = httpx.get(
            f"http://127.0.0.1:{site.port}{href}", headers={"Host": f"{host}:{site.port}"}, cookies=cookies
        )
        assert document.content.startswith(b"%PDF")


@pytest.mark.parametrize("area", AREAS)
def test_a_first_visit_fits_a_cheap_phone(browser: Browser, site: Site, area: str) -> None:
    host, email = AREAS[area]
    with visiting(browser, site) as visit:
        visit.open(host, "/login")
        assert visit.bytes <= BUDGET_BYTES, f"{visit.bytes} bytes for the first page"
        assert visit.requests <= BUDGET_REQUESTS, f"{visit.requests} requests for the first page"
    with visiting(browser, site) as visit:
        visit.sign_in(host, email)
        for path in ("/", "/invoices", "/invoices/history", "/receipts", "/profile"):
            visit.bytes = visit.requests = 0
            visit.open(host, path)
            assert visit.bytes <= BUDGET_BYTES, f"{path}: {visit.bytes} bytes"
            assert visit.requests <= BUDGET_REQUESTS, f"{path}: {visit.requests} requests"
