"""The sample pages in a browser: accessibility, narrow screens, large text, and the small script."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, expect

from saas.local.chromium import find_chromium, launch_arguments
from tests.themes.gallery import write

pytestmark = pytest.mark.browser

#: Pages whose parts together show every component.
PAGES = (
    "home", "home_clear", "pending", "invoice", "receipt", "history", "form_errors", "login", "sessions",
    "desk_customers", "desk_import", "pending_payment", "platform", "gateway",
)  # fmt: skip
PHONE: ViewportSize = {"width": 360, "height": 640}
DESK: ViewportSize = {"width": 1280, "height": 640}
ON_A_DESK = ("home", "pending", "history", "desk_customers")

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: Of the rules behind these tags those that look at colours. All others look at what LAYOUT holds, and at the text.
COLOURS = ["color-contrast", "link-in-text-block"]
LAYOUT = """() => [...document.querySelectorAll('*')].map(it => {
  const box = it.getBoundingClientRect(), style = getComputedStyle(it);
  return [it.tagName, box.x, box.y, box.width, box.height, style.display, style.visibility, style.opacity,
    style.position, style.overflow, style.clip, style.clipPath, style.pointerEvents, style.zIndex, style.fontSize,
    style.fontWeight, style.textDecorationLine].join(' ');
})"""
#: A button's colour fades over into the next one.
NIGHT_HAS_FALLEN = """() => matchMedia('(prefers-color-scheme: dark)').matches
  && !document.getAnimations().some(it => it instanceof CSSTransition)"""
SMALL = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')].flatMap(it => {
  if (it.closest('p, li:not([class]), dd, dt, td, th, figcaption') && it.matches('a:not(.btn):not(nav a)')) return [];
  const zone = it.matches('input[type=checkbox], input[type=radio]') ? it.closest('label') : it;
  const box = zone.getBoundingClientRect();
  const small = box.width && (box.height < 43.5 || box.width < 24) && !it.matches('.skip');
  return small ? [it.outerHTML.slice(0, 90) + ' ' + box.height] : [];
})"""


def violations(page: Page, rules: list[str]) -> list[tuple[str, list[str]]]:
    """What axe finds, by rule; the page has axe already. `rules`: their names or tags."""
    options = json.dumps({"runOnly": rules, "resultTypes": ["violations"]})
    found = page.evaluate(f"axe.run({options}).then(results => results.violations)")
    return [(one["id"], [node["html"][:160] for node in one["nodes"]][:3]) for one in found]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    write(folder)
    return folder


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport=PHONE)
    yield page
    page.close()


@pytest.fixture(scope="module")
def shown(gallery: Path, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Opens a sample page by day on a phone, in one tab for all: what reads it is compiled once."""
    context = browser.new_context(viewport=PHONE)
    context.add_init_script(AXE_SCRIPT)
    tab = context.new_page()

    def show(name: str) -> Page:
        tab.set_viewport_size(PHONE)
        tab.emulate_media(color_scheme="light")
        tab.goto((gallery / f"{name}.html").as_uri())
        return tab

    yield show
    context.close()


@pytest.mark.parametrize("package", ["portada", "caudal"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_fits(shown: Callable[[str], Page], package: str, name: str) -> None:
    page = shown(f"{package}-{name}")
    assert violations(page, TAGS) == [], "by day"
    by_day = page.evaluate(LAYOUT)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(NIGHT_HAS_FALLEN)
    assert page.evaluate(LAYOUT) == by_day, "night changes colours alone"
    assert violations(page, COLOURS) == [], "by night"
    page.emulate_media(color_scheme="light")
    if not name.startswith("desk"):
        assert page.evaluate(SMALL) == [], "large enough to press"
    for width in (320, 641, 1000):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width, f"{width} px"
    if name in ON_A_DESK:
        page.set_viewport_size(DESK)
        assert violations(page, TAGS) == [], "on a desk"


def test_text_may_be_twice_as_large(gallery: Path, _playwright: Playwright, tmp_path: Path) -> None:
    profile = tmp_path / "Default"
    profile.mkdir()
    (profile / "Preferences").write_text(
        '{"webkit":{"webprefs":{"default_font_size":32,"default_fixed_font_size":26}}}'
    )
    context = _playwright.chromium.launch_persistent_context(
        tmp_path,
        executable_path=str(find_chromium()),
        args=launch_arguments(),
        viewport={"width": 640, "height": 800},
    )
    page = context.new_page()
    for package in ("portada", "caudal"):
        for name in (name for name in PAGES if name != "gateway"):
            page.goto((gallery / f"{package}-{name}.html").as_uri())
            assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
            assert page.evaluate("document.scrollingElement.scrollWidth") <= 640, (package, name)
    context.close()


HIDDEN = """() => {
  const it = document.activeElement, box = it.getBoundingClientRect();
  if (!box.height || it === document.body) return '';
  const x = box.left + Math.min(box.width / 2, 20), y = box.top + Math.min(box.height / 2, 12);
  const top = document.elementFromPoint(x, y);
  const seen = top && (it.contains(top) || top.contains(it) || top.closest('label')?.contains(it));
  return seen ? '' : it.outerHTML.slice(0, 80);
}"""


@pytest.mark.parametrize("package", ["portada", "caudal"])
@pytest.mark.parametrize("name", ["pending", "history"])
def test_focus_is_never_covered_by_a_bar(gallery: Path, tab: Page, package: str, name: str) -> None:
    tab.goto((gallery / f"{package}-{name}.html").as_uri())
    for _press in range(30):
        tab.keyboard.press("Tab")
        assert tab.evaluate(HIDDEN) == ""


def test_the_total_follows_the_ticks_and_writes_money_as_the_server_does(gallery: Path, tab: Page) -> None:
    for package, first, both in (
        ("portada", "$2.150.000", "$318.500"),
        ("caudal", "$28.745,90", "$31.209,35"),
    ):
        tab.goto((gallery / f"{package}-pending.html").as_uri())
        boxes = tab.locator("[data-amount]")
        boxes.nth(1).uncheck()
        assert tab.locator("[data-total]").inner_text() == first
        assert tab.locator("[data-count]").inner_text() == "1"
        boxes.nth(0).uncheck()
        assert tab.locator(".paybar button").is_disabled()
        boxes.nth(1).check()
        assert tab.locator("[data-total]").inner_text() == both


def test_a_form_is_sent_once(gallery: Path, tab: Page) -> None:
    tab.goto((gallery / "caudal-pay_summary.html").as_uri())
    tab.evaluate(
        "window.sent = 0; document.addEventListener('submit', event => {"
        " if (!event.defaultPrevented) window.sent += 1; event.preventDefault(); })"
    )
    tab.get_by_role("button", name="Continuar al pago").click()
    tab.get_by_role("button", name="Continuar al pago").click(force=True)
    assert tab.evaluate("window.sent") == 1


def test_the_mode_can_be_switched_and_a_password_shown(gallery: Path, tab: Page) -> None:
    tab.goto((gallery / "portada-login.html").as_uri())
    switch = tab.locator("[data-mode-switch]")
    before = tab.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    switch.click()
    assert tab.locator("html").get_attribute("data-mode") == "dark"
    assert switch.inner_text() == "Claro"
    assert tab.evaluate("getComputedStyle(document.documentElement).backgroundColor") != before
    tab.get_by_role("button", name="Mostrar").click()
    assert tab.locator("#password").get_attribute("type") == "text"


def test_errors_take_the_focus_without_script(gallery: Path, browser: Browser) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto((gallery / "portada-form_errors.html").as_uri())
    expect(page.locator("[data-problem]")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#document")
    assert not page.locator(".peek, .copy, [data-mode-switch]").locator("visible=true").count()
    page.close()
