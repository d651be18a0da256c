"""Takes the README's pictures from a running demo: `.venv/bin/python -m tests.journeys.pictures PORT`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from saas.local.chromium import find_chromium, launch_arguments
from tests.journeys.site import Site
from tests.journeys.test_main_job import AREAS, choose_two
from tests.journeys.visit import Visit, visiting

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"


def take(visit: Visit, name: str) -> None:
    """What is on the screen, in few colours, so that the repository stays small."""
    path = FOLDER / f"{name}.png"
    visit.page.screenshot(path=path)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def pay_rent(visit: Visit, email: str) -> None:
    """So that something is held for an owner."""
    host = AREAS["agency"][0]
    visit.sign_in(host, email)
    choose_two(visit, host)
    visit.press("form[action*='summary'] button[type=submit]")
    visit.press("form[action*='confirm'] button[type=submit]")
    visit.page.locator("form[action*='start'] button[type=submit]").click()
    visit.page.wait_for_url("**bank.localhost**")
    visit.press("button[value=approve]")
    expect(visit.page.locator("h1")).to_have_text(re.compile("Pago recibido"), timeout=60_000)


def take_desk(visit: Visit, host: str) -> None:
    """The staff's month: what is asked, what would be billed, what would be paid out."""
    visit.sign_in(host, "desk@example.com")
    visit.open(host, "/desk/cases")
    take(visit, "desk-cases")
    visit.open(host, "/desk/billing/new")
    visit.page.locator("select[name=month]").select_option(index=1)  # next month: nobody has billed it
    visit.press("main form button[type=submit]")
    visit.page.wait_for_selector("form[action$='/discard']", timeout=60_000)
    take(visit, "desk-billing-draft")
    visit.press("form[action$='/discard'] button")
    visit.open(host, "/desk/payouts/new")
    visit.press("main form button[type=submit]")
    take(visit, "desk-payout-run")
    visit.page.fill("textarea[name=note]", "Solo para la fotografía")
    visit.press("form[action$='/drop'] button[type=submit]")


def main(port: int) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    site = Site(port)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=launch_arguments())
        utility, camila = AREAS["utility"]
        agency, renata = AREAS["agency"]
        with visiting(browser, site) as visit:
            visit.sign_in(agency, renata)
            take(visit, "agency-home-phone")
        with visiting(browser, site) as visit:
            visit.sign_in(agency, "omar@example.com")
            visit.open(agency, "/income")
            take(visit, "agency-income-phone")
            visit.press("a[href*='/income/statements/']")
            take(visit, "agency-statement-phone")
        with visiting(browser, site) as visit:
            visit.sign_in(agency, "beatriz@example.com")
            take(visit, "agency-owner-renter-phone")
        with visiting(browser, site) as visit:
            visit.sign_in(agency, renata)
            visit.open(agency, "/cases")
            visit.press("main tr:has-text('En trámite') a[href*='/cases/']")
            take(visit, "agency-case-phone")
        with visiting(browser, site) as visit:
            pay_rent(visit, renata)
        with visiting(browser, site, phone=False) as visit:
            take_desk(visit, agency)
        with visiting(browser, site, phone=False) as visit:
            visit.sign_in(utility, camila)
            take(visit, "utility-home-desktop")
            visit.open(utility, "/invoices")
            take(visit, "utility-invoices-desktop")
        with visiting(browser, site, phone=False) as visit:
            visit.sign_in(agency, "desk@example.com")
            visit.open(agency, "/desk/customers")
            take(visit, "desk-customers")
        with visiting(browser, site) as visit:
            visit.sign_in(utility, camila)
            choose_two(visit, utility)
            take(visit, "choose-phone")
            visit.press("form[action*='summary'] button[type=submit]")
            visit.press("form[action*='confirm'] button[type=submit]")
            take(visit, "confirm-phone")
            visit.press("form[action*='start'] button[type=submit]")
            take(visit, "bank-phone")
            visit.press("button[value=approve]")
            for _ in range(20):
                if visit.page.locator("a[href*='/receipts/']").count():
                    break
                visit.page.wait_for_timeout(500)
                visit.page.reload()
            visit.press("a[href*='/receipts/']")
            take(visit, "receipt-phone")
        browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
