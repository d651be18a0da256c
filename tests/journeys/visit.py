"""A visit: one person's browser, whose every page is weighed and checked for access."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Response

from blueprints.platform.demo.logins import PASSWORD
from saas.human_check import MINIMUM_SECONDS
from tests.journeys.guests import Guest
from tests.journeys.site import Site

BUDGET_BYTES = 100_000  # spec: a first visit on a cheap phone
BUDGET_REQUESTS = 10
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
# What is right with a page is not asked for: to tell of every part of it takes as long as to look.
OPTIONS = json.dumps({"runOnly": RULES, "resultTypes": ["violations"]})
PERSON = MINIMUM_SECONDS + 0.1  # so long a form is filled in by somebody who has no script


@dataclass
class Visit:
    """Follows one page object; `pages` collects what was seen."""

    page: Page
    site: Site
    scripted: bool
    bytes: int = 0
    requests: int = 0
    pages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("response", self._weigh)

    def _weigh(self, response: Response) -> None:
        if response.request.url.startswith("data:"):
            return
        self.requests += 1
        length = response.headers.get("content-length")
        self.bytes += int(length) if length else 0

    def open(self, host: str, path: str = "/") -> None:
        self.page.goto(self.site.url(host, path))
        self.look()

    def press(self, selector: str) -> None:
        """Press a button or link and look at the page that comes."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()
        self.look()

    def look(self) -> None:
        """What must hold on every page that anybody sees."""
        page = self.page
        page.wait_for_load_state("load")
        name = f"{page.url.split('//', 1)[1]} “{page.title()}”"
        self.pages.append(name)
        assert page.locator("h1").count() == 1, f"{name}: one h1"
        width = page.viewport_size["width"] if page.viewport_size else 0
        wide = page.evaluate("document.documentElement.scrollWidth") if self.scripted else width
        assert wide <= width, f"{name}: {wide} px wide on a screen of {width}"
        if self.scripted:
            found = page.evaluate(f"axe.run({OPTIONS}).then(results => results.violations)")
            serious = [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found]
            assert not serious, f"{name}: {serious}"

    def sign_in(self, host: str, email: str) -> None:
        self.page.goto(self.site.url(host, "/login"))
        came = time.monotonic()
        self.look()
        self.page.fill("input[name=email]", email)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.wait_for_timeout(max(0.0, came + PERSON - time.monotonic()) * 1000)
        self.press("form[action*='login'] button[type=submit]")
        assert "/login" not in self.page.url, "the login was not accepted"

    def come_in(self, guest: Guest) -> None:
        """Be somebody who has signed in before."""
        address = self.site.url(guest.host)
        self.page.context.add_cookies([{"name": "ventanilla", "value": guest.token, "url": address}])

    def picture(self, folder: Path | None, name: str) -> None:
        if folder is not None:
            self.page.screenshot(path=folder / f"{name}.png", full_page=False)

    def amount(self, selector: str) -> int:
        """An amount on the page in minor units (two decimals, or none shown)."""
        text = self.page.locator(selector).first.inner_text()
        found = re.search(r"([\d.]+)(?:,(\d{2}))?", text)
        assert found, f"no amount in {text!r}"
        return int(found.group(1).replace(".", "")) * 100 + int(found.group(2) or 0)


@contextmanager
def visiting(browser: Browser, site: Site, *, scripted: bool = True, phone: bool = True) -> Iterator[Visit]:
    """A fresh browser profile. Without script, axe cannot run: those visits check the journey itself."""
    context = browser.new_context(
        viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type]
        java_script_enabled=scripted,
        locale="es-CO",
    )
    context.set_default_timeout(15_000)
    if scripted:
        context.add_init_script(AXE_SCRIPT)  # there the browser reads it once, not for every page again
    page = context.new_page()
    try:
        yield Visit(page, site, scripted)
    finally:
        context.close()
