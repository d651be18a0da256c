"""Takes the README's pictures from a running demo: `.venv/bin/python -m tests.journeys.pictures PORT`."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

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
