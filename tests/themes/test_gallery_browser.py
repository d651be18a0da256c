"""The sample pages in a browser: accessibility, narrow screens, large text, and the small script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright, expect

from saas.local.chromium import find_chromium, launch_arguments
from tests.themes.gallery import write

pytestmark = pytest.mark.browser

#: Pages whose parts together show every component.
PAGES = (
    "home", "home_clear", "pending", "invoice", "receipt", "history", "form_errors", "login", "sessions",
    "desk_customers", "desk_import", "pending_payment", "platform", "gateway",
)  # fmt: skip


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    write(folder)
    return folder


@pytest.fixture
def tab(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    options = getattr(request, "param", {})
    page = browser.new_page(
        viewport={"width": options.get("width", 360), "height": 640},
        color_scheme=options.get("scheme", "light"),
    )
    yield page
    page.close()


@pytest.mark.parametrize("package", ["portada", "caudal"])
@pytest.mark.parametrize(
    "tab",
    [{"scheme": "light"}, {"scheme": "dark"}, {"width": 1280}],
    indirect=True,
    ids=["day", "night", "wide"],
)
def test_no_accessibility_violation(gallery: Path, tab: Page, package: str) -> None:
    axe = Axe()
    found = {}
    wide = tab.viewport_size is not None and tab.viewport_size["width"] > 1000
    for name in ("home", "pending", "history", "desk_customers") if wide else PAGES:
        tab.goto((gallery / f"{package}-{name}.html").as_uri())
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        violations = axe.run(tab, options={"runOnly": tags}).response["violations"]
        if violations:
            found[name] = [(v["id"], [node["html"][:160] for node in v["nodes"]][:3]) for v in violations]
    assert found == {}


@pytest.mark.parametrize("package", ["portada", "caudal"])
def test_nothing_sticks_out_at_any_width(gallery: Path, tab: Page, package: str) -> None:
    for width in (320, 641, 1000):
        tab.set_viewport_size({"width": width, "height": 700})
        for name in PAGES:
            tab.goto((gallery / f"{package}-{name}.html").as_uri())
            assert tab.evaluate("document.scrollingElement.scrollWidth") <= width, (name, width)


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


SMALL = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')].flatMap(it => {
  if (it.closest('p, li:not([class]), dd, dt, td, th, figcaption') && it.matches('a:not(.btn):not(nav a)')) return [];
  const zone = it.matches('input[type=checkbox], input[type=radio]') ? it.closest('label') : it;
  const box = zone.getBoundingClientRect();
  const small = box.width && (box.height < 43.5 || box.width < 24) && !it.matches('.skip');
  return small ? [it.outerHTML.slice(0, 90) + ' ' + box.height] : [];
})"""


@pytest.mark.parametrize("package", ["portada", "caudal"])
def test_what_is_pressed_is_large_enough(gallery: Path, tab: Page, package: str) -> None:
    for name in (name for name in PAGES if not name.startswith("desk")):
        tab.goto((gallery / f"{package}-{name}.html").as_uri())
        assert tab.evaluate(SMALL) == [], name


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
