"""Takes the README's pictures from a running demo: `.venv/bin/python -m tests.journeys.pictures PORT [FOLDER]`.

A demo that was just made shows most: `bin/demo --fresh`. What is drafted for a picture is discarded after it; the rent
and the bills that are paid stay paid.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

from saas.local.chromium import find_chromium, launch_arguments
from tests.journeys.site import Site
from tests.journeys.test_main_job import AREAS, choose_two
from tests.journeys.visit import DESKTOP, PHONE, Visit, visiting

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"


class Album:
    """Where the pictures go."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder

    def take(self, visit: Visit, name: str) -> None:
        """What is on the screen, in few colours, so that the repository stays small."""
        path = self.folder / f"{name}.png"
        visit.page.screenshot(path=path)
        with Image.open(path) as picture:
            picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)

    def take_both(self, visit: Visit, name: str, *, desktop: str = "") -> None:
        """The same page on a phone and on a desk; `desktop` names the wide one, else both bear their size."""
        for size, called in ((PHONE, f"{name}-phone"), (DESKTOP, desktop or f"{name}-desktop")):
            visit.page.set_viewport_size(size)  # type: ignore[arg-type]
            self.take(visit, called)


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


def take_homes(album: Album, browser: Browser, site: Site) -> None:
    """The three homes of an agency, and what each leads to."""
    host, renata = AREAS["agency"]
    with visiting(browser, site) as visit:
        visit.sign_in(host, renata)
        album.take_both(visit, "agency-home")
        visit.open(host, "/cases")
        album.take_both(visit, "agency-cases")
        visit.press("main tr:has-text('En trámite') a[href*='/cases/']")
        album.take_both(visit, "agency-case")
    with visiting(browser, site) as visit:
        visit.sign_in(host, "omar@example.com")
        album.take_both(visit, "agency-owner")
        visit.open(host, "/income")
        album.take_both(visit, "agency-income")
        visit.press("a[href*='/income/statements/']")
        album.take_both(visit, "agency-statement")
    with visiting(browser, site) as visit:
        visit.sign_in(host, "beatriz@example.com")
        album.take_both(visit, "agency-owner-renter")


def take_desk(album: Album, visit: Visit, host: str) -> None:
    """The staff's month: who is there, what is asked, what would be billed, what would be paid out."""
    visit.sign_in(host, "desk@example.com")
    for path, name in (("/desk/customers", "desk-customers"), ("/desk/cases", "desk-cases")):
        visit.open(host, path)
        album.take_both(visit, name, desktop=name)
    visit.open(host, "/desk/billing/new")
    visit.page.locator("select[name=month]").select_option(index=1)  # next month: nobody has billed it
    visit.press("main form button[type=submit]")
    visit.page.wait_for_selector("form[action$='/discard']", timeout=60_000)
    album.take_both(visit, "desk-billing-draft", desktop="desk-billing-draft")
    visit.press("form[action$='/discard'] button")
    visit.open(host, "/desk/payouts/new")
    visit.press("main form button[type=submit]")
    album.take_both(visit, "desk-payout-run", desktop="desk-payout-run")
    visit.page.fill("textarea[name=note]", "Solo para la fotografía")
    visit.press("form[action$='/drop'] button[type=submit]")


def take_paying(album: Album, browser: Browser, site: Site) -> None:
    """A utility's customer chooses two bills and pays them."""
    host, camila = AREAS["utility"]
    with visiting(browser, site, phone=False) as visit:
        visit.sign_in(host, camila)
        album.take(visit, "utility-home-desktop")
        visit.open(host, "/invoices")
        album.take(visit, "utility-invoices-desktop")
    with visiting(browser, site) as visit:
        visit.sign_in(host, camila)
        choose_two(visit, host)
        album.take(visit, "choose-phone")
        visit.press("form[action*='summary'] button[type=submit]")
        visit.press("form[action*='confirm'] button[type=submit]")
        album.take(visit, "confirm-phone")
        visit.press("form[action*='start'] button[type=submit]")
        album.take(visit, "bank-phone")
        visit.press("button[value=card]")
        for _ in range(20):
            if visit.page.locator("a[href*='/receipts/']").count():
                break
            visit.page.wait_for_timeout(500)
            visit.page.reload()
        visit.press("a[href*='/receipts/']")
        album.take(visit, "receipt-phone")


def main(port: int, folder: Path = FOLDER) -> None:
    album, site = Album(folder), Site(port)
    agency, renata = AREAS["agency"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=launch_arguments())
        take_homes(album, browser, site)
        with visiting(browser, site) as visit:
            pay_rent(visit, renata)
        with visiting(browser, site, phone=False) as visit:
            take_desk(album, visit, agency)
        take_paying(album, browser, site)
        browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), *(Path(folder) for folder in sys.argv[2:3]))
