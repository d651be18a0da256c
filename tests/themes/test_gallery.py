"""Every sample page, in every theme package: one h1, a title, labels, no inline code, within the weight budgets."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from tenants.theme_packages import THEMES, known_packages
from tests.themes.gallery import render, sample
from tests.themes.gallery_data import PAGES

ASSETS = THEMES / "base" / "assets"
WHOLE = [name for name in PAGES if name != "mail_receipt"]
VOID = {"meta", "link", "input", "img", "br", "path", "circle", "rect", "hr", "source"}


class Page(HTMLParser):
    """What a page is made of: tags with their attributes, in order, with the text of some."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.mistakes: list[str] = []
        self.words: dict[str, str] = {"title": "", "h1": ""}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.mistakes.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        for name in self.words:
            if name in self.open:
                self.words[name] += data

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag in names]


@pytest.mark.parametrize("package", known_packages())
@pytest.mark.parametrize("name", WHOLE)
def test_page_is_whole(package: str, name: str) -> None:
    html = render(package, name)
    page = Page(html)
    assert page.mistakes == []
    assert page.open == []
    assert len(page.all("h1")) == 1
    heading = " ".join(page.words["h1"].split())
    title = page.words["title"].removeprefix("Error: ")
    assert title.startswith(heading), (title, heading)
    assert page.words["title"].startswith("Error: ") == (name == "form_errors")
    ids = [attrs["id"] for _tag, attrs in page.tags if attrs.get("id")]
    assert len(ids) == len(set(ids))
    for _tag, attrs in page.tags:
        assert "style" not in attrs
        assert not [key for key in attrs if key.startswith("on")]
        for pointer in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
            for target in (attrs.get(pointer) or "").split():
                assert target in ids, (pointer, target)
    assert all(attrs.get("src") for attrs in page.all("script"))
    assert all("alt" in attrs for attrs in page.all("img"))
    labelled = {attrs.get("for") for attrs in page.all("label")}
    for attrs in page.all("input", "select", "textarea"):
        wrapped = attrs.get("type") in ("checkbox", "radio", "hidden")
        assert wrapped or attrs.get("id") in labelled, attrs
    assert html.count('method="post"') == html.count('name="csrf_token"') or name == "gateway"
    for attrs in page.all("table"):
        assert attrs["role"] == "table"
    assert html.count("<table") == html.count("<caption")


@pytest.mark.parametrize("package", known_packages())
def test_pages_are_light(package: str) -> None:
    for name in WHOLE:
        assert len(gzip.compress(render(package, name).encode(), mtime=0)) <= 14_000, name


def test_scripts_and_pictures_are_light() -> None:
    assert (ASSETS / "js" / "ventanilla.js").stat().st_size <= 6_500
    assert len(gzip.compress((ASSETS / "js" / "ventanilla.js").read_bytes(), mtime=0)) <= 3_000
    assert len(gzip.compress((ASSETS / "desk.css").read_bytes(), mtime=0)) <= 5_000
    for logo in THEMES.glob("*/assets/*.svg"):
        assert logo.stat().st_size <= 4_000, logo


def test_the_script_is_polite_to_a_strict_policy() -> None:
    script = (ASSETS / "js" / "ventanilla.js").read_text(encoding="utf-8")
    for word in (
        "innerHTML",
        "eval(",
        "Function(",
        ".style",
        "document.write",
        "insertAdjacentHTML",
        "localStorage",
    ):
        assert word not in script


XSS = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"
CALLS = {
    "button": 'button.link(x, x) ~ button.submit(x, name=x, value=x) ~ button.post(x, x, fields={x: x})',
    "blocks": (
        "blocks.back(x, x) ~ blocks.empty(x, x, x, x, x)"
        " ~ blocks.tabs([{'label': x, 'url': x, 'current': true, 'count': x}], x)"
        " ~ blocks.summary([{'key': x, 'value': x, 'url': x, 'change': x}])"
        " ~ blocks.figures([{'label': x, 'value': x, 'note': x}])"
        " ~ blocks.pager(x, x, x, x, x) ~ blocks.timeline([{'when': x, 'text': x, 'note': x, 'url': x}])"
        " ~ blocks.progress(x, 1, 2, x) ~ blocks.qr(x, x, x) ~ blocks.code(x, x) ~ blocks.plate(x, x) ~ blocks.plate(x)"
        " ~ blocks.help(x, x) ~ blocks.list([{'label': x, 'url': x, 'note': x, 'icon': x, 'value': x}])"
    ),
    "pay": (
        "pay.hero(x, 100, 'COP', by=x, label=x, url=x, status=x, note=x, second_label=x, second_url=x)"
        " ~ pay.clear(x, x, x, x, x) ~ pay.switcher(x, x, [{'label': x, 'note': x, 'url': x, 'current': true}] * 2, x)"
        " ~ pay.item(x, x, x, 100, 'COP', note=x, status=x, url=x, link=x)"
        " ~ pay.total([{'label': x, 'amount': 1, 'note': x}], x, 1, 'COP')"
        " ~ pay.steps([{'label': x, 'state': 'now'}]) ~ pay.outcome(x, x)"
    ),
    "status": "status.status(x) ~ status.status('paid', x) ~ status.chip(x, 'info', x)",
    "form": "form.text(x, x, x, hint=x, error=x, prefix=x, autocomplete=x)",
    "errors": "errors.listing([{'text': x, 'target': x}])",
    "notice": "notice.notice(x, 'info', x) ~ notice.banner({'text': x, 'tone': 'info'})",
    "table": "table.head(x, x, x) ~ table.cell(x, x) ~ table.num(x, x)",
    "icon": "icon.icon(x, x)",
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_what_people_typed_is_inert_in_every_macro(name: str) -> None:
    env = sample("base").environment()
    source = '{% import "components/' + name + '.html" as ' + name + " %}{{ " + CALLS[name] + " }}"
    html = env.from_string(source).render(x=XSS)
    assert "<script" not in html
    assert "<img src=x" not in html
    assert "{{7*7}}" in html
    assert "&lt;script" in html


def test_a_missing_value_is_an_error_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        sample("base").environment().from_string("{{ nobody }}").render()


def test_words_are_looked_up_each_time_not_once() -> None:
    made = sample("base")
    env = made.environment()
    page = env.from_string('{% import "components/status.html" as status %}{{ status.status("paid") }}')
    assert "Pagada" in page.render()
    made.catalogue.clear()
    assert "Paid" in page.render()


def test_no_component_translates_outside_a_macro() -> None:
    for path in sorted(Path(THEMES / "base" / "templates" / "components").glob("*.html")):
        text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        outside = re.sub(r"\{%-? macro .*?\{%-? endmacro -?%\}", "", text, flags=re.DOTALL)
        assert "_(" not in outside, path.name


@pytest.mark.parametrize("package", ["portada", "caudal"])
def test_letters_say_their_colours_and_load_nothing(package: str) -> None:
    html = render(package, "mail_receipt")
    assert not re.search(r"<(img|link|script|form)\b|url\(|var\(", html)
    assert Page(html).mistakes == []
    assert html.count("<h1") == 1


ICON = re.compile(r"""icon["']?\s*[:=]\s*["']([a-z-]+)["']|(?:drawing|icon|icons\.icon)\(["']([a-z-]+)["']""")


def test_every_icon_that_pages_and_menus_name_is_drawn() -> None:
    root, drawing = THEMES.parent, THEMES / "base/templates/components/icon.html"
    drawn = set(re.findall(r'^  "([a-z-]+)":', drawing.read_text(encoding="utf-8"), re.MULTILINE))
    named = {}
    places = (
        (root / "blueprints", "**/*.html"),
        (root / "blueprints", "**/*.py"),
        (THEMES, "*/templates/**/*.html"),
    )
    for path in (path for folder, pattern in places for path in folder.glob(pattern)):
        for pair in ICON.findall(path.read_text(encoding="utf-8")):
            named[next(filter(None, pair))] = path.name
    assert {name: where for name, where in named.items() if name not in drawn} == {}
