"""A client's eyes: every page that a test fetches is also looked at as a whole.

    page = checked_get(client, "/invoices")          # or check_page(response) for one that is there already
    assert page.h1 == "…"; page.forms; page.links; page.text

Fails with a list of everything that is wrong with the page: structure, labels, form tokens, inline code, headers,
sentences left untranslated, somebody else's canary.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from saas import csrf
from saas.languages import load_catalogue

Attributes = dict[str, str]

VOID = frozenset(re.findall(r"\w+", "area base br col embed hr img input link meta source track wbr"))
END_IS_OPTIONAL = frozenset(
    re.findall(r"\w+", "li p dt dd tr td th thead tbody tfoot option optgroup html head body")
)
NEEDS_LABEL = frozenset({"input", "select", "textarea"})
NEEDS_NONE = frozenset({"hidden", "submit", "button", "reset", "image"})
REFERS = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "list")
LEFTOVERS = re.compile(
    r"\{\{|\}\}|\{%|%\}|%\(\w+\)s|\bNone\b|\bUndefined\b|<built-in|object at 0x|LocalProxy|\bnan\b"
)
HEADERS = {
    "Content-Security-Policy": (
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "script-src 'self'",
    ),
    "X-Content-Type-Options": ("nosniff",),
    "Referrer-Policy": (),
    "X-Frame-Options": ("DENY",),
    "X-Request-ID": (),
}


@dataclass
class Form:
    """One form of a page. `fields` are the names and values that a browser would send."""

    attributes: Attributes
    fields: list[tuple[str, str]] = field(default_factory=list)

    @property
    def action(self) -> str | None:
        return self.attributes.get("action")

    @property
    def method(self) -> str:
        return self.attributes.get("method", "").lower()


@dataclass
class Page:
    """What was found on a page."""

    url: str
    lang: str = ""
    title: str = ""
    h1: str = ""
    text: str = ""
    body: str = ""
    forms: list[Form] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    """Reads a page strictly enough to notice what browsers repair in silence."""

    def __init__(self, page: Page) -> None:
        super().__init__(convert_charrefs=True)
        self.page = page
        self.open: list[str] = []
        self.texts: list[str] = []
        self.counts: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.labels: set[str] = set()
        self.refers: list[tuple[str, str]] = []
        self.controls: list[tuple[str, Attributes, bool]] = []
        self.buttons: list[tuple[Attributes, list[str]]] = []
        self.form: Form | None = None
        self.h1: list[str] = []
        self.title: list[str] = []

    def complain(self, what: str) -> None:
        self.page.complaints.append(f"line {self.getpos()[0]}: {what}")

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in pairs}
        if len(attributes) != len(pairs):
            self.complain(f"<{tag}> has an attribute twice")
        self.counts[tag] += 1
        self._look(tag, attributes)
        if tag == "form":
            if self.form is not None:
                self.complain("a form inside a form")
            self.form = Form(attributes)
            self.page.forms.append(self.form)
        if tag not in VOID:
            if tag in END_IS_OPTIONAL and self.open and self.open[-1] == tag:
                self.open.pop()
            self.open.append(tag)

    def handle_startendtag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, pairs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return self.complain(f"</{tag}> cannot be")
        if tag == "form":
            self.form = None
        while self.open and self.open[-1] != tag and self.open[-1] in END_IS_OPTIONAL:
            self.open.pop()
        if not self.open or self.open[-1] != tag:
            return self.complain(f"</{tag}> closes nothing; open: {' '.join(self.open[-4:])}")
        self.open.pop()
        return None

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style"):
            if data.strip():
                self.complain(f"inline <{self.open[-1]}>")
            return
        self.texts.append(data)
        if "h1" in self.open:
            self.h1.append(data)
        if self.open and self.open[-1] == "title" and "svg" not in self.open:
            self.title.append(data)
        if "button" in self.open:
            self.buttons[-1][1].append(data)

    def _look(self, tag: str, attributes: Attributes) -> None:
        if tag == "html":
            self.page.lang = attributes.get("lang", "")
        if name := attributes.get("id"):
            self.ids[name] += 1
        for kind in REFERS:
            self.refers += [(kind, target) for target in attributes.get(kind, "").split()]
        for name, value in attributes.items():
            if name == "style" or re.fullmatch(r"on[a-z]+", name):
                self.complain(f"<{tag}> has {name}=")
            if name in ("href", "src", "action", "formaction") and value.lower().strip().startswith(
                ("javascript:", "vbscript:")
            ):
                self.complain(f"<{tag}> leads to {value[:40]}")
        if (tag == "script" and "src" not in attributes) or tag == "style":
            self.complain(f"inline <{tag}>")
        if tag in ("script", "img", "iframe", "link", "source") and re.match(
            r"(https?:)?//", attributes.get("src") or (attributes.get("href", "") if tag == "link" else "")
        ):
            self.complain(f"<{tag}> loads from elsewhere: {attributes}")
        if tag == "a" and "href" in attributes:
            self.page.links.append(attributes["href"])
            if attributes["href"].startswith("#") and len(attributes["href"]) > 1:
                self.refers.append(("href", attributes["href"][1:]))
        if tag == "img" and "alt" not in attributes:
            self.complain("an <img> without alt")
        if tag == "label":
            self.labels.update(attributes.get("for", "").split())
        if tag == "button":
            self.buttons.append((attributes, []))
            if self.form is not None and "type" not in attributes:
                self.complain("a <button> in a form without a type")
        if tag in NEEDS_LABEL:
            self.controls.append((tag, attributes, "label" in self.open))
            if self.form is not None and attributes.get("name"):
                self.form.fields.append((attributes["name"], attributes.get("value", "")))

    def finish(self) -> None:
        self.close()
        page = self.page
        page.title, page.h1 = _plain(self.title), _plain(self.h1)
        page.text = _plain(self.texts)
        left = [tag for tag in self.open if tag not in END_IS_OPTIONAL]
        if left:
            page.complaints.append(f"never closed: {' '.join(left)}")
        page.complaints += [f"id {name!r} {count} times" for name, count in self.ids.items() if count > 1]
        page.complaints += [
            f"{kind}={target!r} leads nowhere" for kind, target in self.refers if target not in self.ids
        ]
        self._labels()

    def _labels(self) -> None:
        for tag, attributes, inside in self.controls:
            if "hidden" in attributes or (tag == "input" and attributes.get("type", "text") in NEEDS_NONE):
                continue
            named = (
                attributes.keys() & {"aria-label", "aria-labelledby"} or attributes.get("id") in self.labels
            )
            if not (named or inside):
                self.page.complaints.append(f"<{tag} name={attributes.get('name')!r}> has no label")
        for attributes, texts in self.buttons:
            if not (_plain(texts) or attributes.get("aria-label")):
                self.page.complaints.append(f"a button without words: {attributes}")


def _plain(parts: Iterable[str]) -> str:
    return " ".join("".join(parts).split())


def checked_get(client: FlaskClient, url: str, *, status: int = 200, not_showing: Iterable[str] = ()) -> Page:
    """Fetch a page and look at it. `not_showing`: canaries of others."""
    response = client.get(url)
    assert response.status_code == status, f"{url}: {response.status_code}, expected {status}"
    return check_page(response, url=url, not_showing=not_showing)


def check_page(response: TestResponse, *, url: str = "", not_showing: Iterable[str] = ()) -> Page:
    """Look at an answer as a whole. Fails when anything is wrong with it."""
    page = read_page(response, url=url, not_showing=not_showing)
    assert not page.complaints, f"{page.url}:\n" + "\n".join(page.complaints)
    return page


def read_page(response: TestResponse, *, url: str = "", not_showing: Iterable[str] = ()) -> Page:
    """What is on the page, with everything that is wrong in `complaints`."""
    page = Page(url or response.request.path)
    if response.mimetype != "text/html":
        page.complaints.append(f"no page but {response.mimetype}")
        return page
    page.body = response.get_data(as_text=True)
    reader = _Reader(page)
    reader.feed(page.body)
    reader.finish()
    if not page.body.lstrip().lower().startswith("<!doctype html>"):
        page.complaints.append("no doctype")
    _title_and_heading(page, reader)
    _forms(page)
    _sentences(page, reader)
    _headers(page, response)
    page.complaints += [f"shows {canary!r}" for canary in not_showing if canary in page.body]
    return page


def _title_and_heading(page: Page, reader: _Reader) -> None:
    if page.lang not in ("es", "en"):
        page.complaints.append(f"lang is {page.lang!r}")
    for tag in ("h1", "main", "title"):
        count = reader.counts[tag] if tag != "title" else len(re.findall(r"<title>", page.body))
        if count != 1:
            page.complaints.append(f"{count} <{tag}>")
    title = re.sub(r"^Error: ", "", page.title)
    if not page.h1 or not title.startswith(page.h1):
        page.complaints.append(f"title {page.title!r} does not begin with the heading {page.h1!r}")


def _forms(page: Page) -> None:
    for form in page.forms:
        name = f"form {form.action!r}"
        if form.method not in ("get", "post", "dialog"):
            page.complaints.append(f"{name} does not say its method")
        if form.action is None:
            page.complaints.append(f"{name}: a form says where it leads")
        if form.method != "post":
            continue
        tokens = [value for field_name, value in form.fields if field_name == csrf.FIELD]
        elsewhere = bool(re.match(r"https?://", form.action or ""))
        if elsewhere and tokens:
            page.complaints.append(f"{name} gives our token away")
        if not elsewhere and (len(tokens) != 1 or not tokens[0]):
            page.complaints.append(f"{name} carries {len(tokens)} tokens")


def _sentences(page: Page, reader: _Reader) -> None:
    if match := LEFTOVERS.search(page.text):
        around = page.text[max(0, match.start() - 30) : match.end() + 30]
        page.complaints.append(f"left over: …{around}…")
    if page.lang == "es":
        other = _english()
        page.complaints += [
            f"not translated: {text!r}" for text in {_plain([part]) for part in reader.texts} if text in other
        ]


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    """English sentences that have a Spanish one, or should have."""
    english, spanish = load_catalogue("en"), load_catalogue("es")
    known = [msgid for msgid in english._catalog if isinstance(msgid, str) and " " in msgid]
    return frozenset(
        msgid for msgid in known if spanish.gettext(msgid) != msgid or msgid not in spanish._catalog
    )


def _headers(page: Page, response: TestResponse) -> None:
    page.complaints += missing_headers(response.headers)
    if "no-store" not in response.headers.get("Cache-Control", ""):
        page.complaints.append("a page may be kept by a cache")


def missing_headers(headers: Mapping[str, str]) -> list[str]:
    """What is wrong with the security headers of any answer."""
    found = []
    for name, parts in HEADERS.items():
        value = headers.get(name)
        if value is None:
            found.append(f"no {name}")
        else:
            found += [f"{name} lacks {part}" for part in parts if part not in value]
    policy = headers.get("Content-Security-Policy", "")
    if "unsafe" in policy or re.search(r"(?<!\w)\*", policy):
        found.append("the content policy allows too much")
    if "Access-Control-Allow-Origin" in headers:
        found.append("other sites may read this")
    return found
