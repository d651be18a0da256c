"""The script solves what the server asks, under the product's own content policy, and never blocks a form."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import Browser

from saas.headers import policy
from saas.human_check import challenge, verify
from tests.saas.test_human_check import SCRIPT, Used

pytestmark = pytest.mark.browser

KEY = b"k" * 32
# No computer is slow enough for a test: the work stands still until the test lets it go.
HELD_WORK = """
const gate = new Promise((open) => { window.release = open; });
const derive = SubtleCrypto.prototype.deriveBits;
SubtleCrypto.prototype.deriveBits = async function (...all) { await gate; return derive.apply(this, all); };
"""


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None: ...


class Site:
    """One form; what it posts is kept."""

    def __init__(self) -> None:
        self.script = True
        self.posted: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        headers = [("Content-Security-Policy", policy()), ("Content-Type", "text/html; charset=utf-8")]
        if environ["PATH_INFO"].endswith(".js"):
            if not self.script:
                start_response("404 Not Found", [])
                return [b""]
            start_response("200 OK", [*headers[:1], ("Content-Type", "text/javascript")])
            return [SCRIPT.read_bytes()]
        if environ["REQUEST_METHOD"] == "POST":
            size = int(environ["CONTENT_LENGTH"])
            fields = parse_qs(environ["wsgi.input"].read(size).decode(), keep_blank_values=True)
            self.posted.append(fields["human_check"][0])
            start_response("200 OK", headers)
            return [b"<!doctype html><title>in</title><h1>in</h1>"]
        asked = escape(json.dumps(challenge(KEY, datetime.now(UTC), 50)), quote=True)
        start_response("200 OK", headers)
        return [
            f"""<!doctype html><html lang="en"><title>t</title><form method="post" data-human-check="{asked}">
            <input type="hidden" name="human_check"><button>Enter</button>
            <p data-human-status data-working="Checking" data-done="Ready" aria-live="polite"></p></form>
            <script type="module" src="/human-check.js"></script>""".encode()
        ]


@pytest.fixture
def site() -> Iterator[tuple[Site, str]]:
    pages = Site()
    with make_server("127.0.0.1", 0, pages, server_class=Server, handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield pages, f"http://agua.localhost:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Any]:
    opened: Any = browser.new_page()
    opened.complaints = []
    opened.on("console", lambda message: opened.complaints.append(message.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    yield opened
    opened.close()


def accepted(site: Site) -> bool:
    return verify(KEY, site.posted[-1], datetime.now(UTC), Used())


def test_the_work_is_done_while_the_page_is_read(site: tuple[Site, str], page: Any) -> None:
    pages, address = site
    page.goto(address)
    page.get_by_text("Ready").wait_for(timeout=20_000)
    page.get_by_role("button").click()
    page.get_by_role("heading", name="in").wait_for()
    assert accepted(pages) and not page.complaints


def test_a_hasty_submit_waits_for_it_and_is_sent_once(site: tuple[Site, str], page: Any) -> None:
    pages, address = site
    page.add_init_script(HELD_WORK)
    page.goto(address)
    page.get_by_role("button").dblclick()
    page.get_by_text("Checking").wait_for()
    assert not pages.posted
    page.evaluate("release()")
    page.get_by_role("heading", name="in").wait_for()
    assert len(pages.posted) == 1 and accepted(pages) and not page.complaints


def test_where_the_script_is_missing_the_form_still_goes(site: tuple[Site, str], page: Any) -> None:
    pages, address = site
    pages.script = False
    page.goto(address)
    page.get_by_role("button").click()
    page.get_by_role("heading", name="in").wait_for()
    assert pages.posted == [""]


def test_where_the_browser_cannot_the_form_still_goes(site: tuple[Site, str], page: Any) -> None:
    pages, address = site
    page.add_init_script("delete Crypto.prototype.subtle")
    page.goto(address)
    page.get_by_role("button").click()
    page.get_by_role("heading", name="in").wait_for()
    assert pages.posted == [""]
