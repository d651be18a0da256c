from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask, request
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.test import create_environ, run_wsgi_app

from saas.hosts import HostCheck, MalformedHost, normalise_host

KNOWN = {"agua.localhost": "the water company", "xn--caa-8ma.example": "the reed"}


def ask(
    host: str | None,
    more: dict[str, str] | None = None,
    *,
    resolve: Callable[[str], object | None] = KNOWN.get,
    port: int | None = None,
) -> tuple[int, dict[str, str], bytes, dict[str, Any]]:
    """Status, headers, body, and the environ as the application saw it (empty when it was never asked)."""
    seen: dict[str, Any] = {}
    answer: list[Any] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", [])
        return [b"inside"]

    environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http"}
    environ.update(more or {})
    if host is not None:
        environ["HTTP_HOST"] = host
    body = b"".join(HostCheck(app, resolve, port)(environ, lambda *a: answer.extend(a)))  # type: ignore[arg-type]
    return int(answer[0].split()[0]), dict(answer[1]), body, seen


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("agua.localhost", "agua.localhost"),
        ("AGUA.LocalHost", "agua.localhost"),
        ("agua.localhost.", "agua.localhost"),
        ("agua.localhost:8000", "agua.localhost"),
        ("Agua.Localhost.:65535", "agua.localhost"),
        ("xn--caa-8ma.example", "xn--caa-8ma.example"),
    ],
)
def test_a_known_host_goes_through_in_one_normal_form(header: str, host: str) -> None:
    status, _, body, seen = ask(header)
    assert (status, body) == (200, b"inside")
    assert (seen["ventanilla.host"], seen["ventanilla.place"]) == (host, KNOWN[host])
    assert seen["HTTP_HOST"].split(":")[0] == host


@pytest.mark.parametrize(
    "header",
    ["unknown.example", "localhost", "127.0.0.1", "127.0.0.1:8000", "2130706433", "[::1]", "[::1]:8000", "evil",
     "agua.localhost.evil.example", "a.agua.localhost", "xagua.localhost"],
)  # fmt: skip
def test_an_unknown_host_is_a_neutral_404(header: str) -> None:
    status, _, _, seen = ask(header)
    assert (status, seen) == (404, {})


BAD = [
    "", " ", "agua.localhost:99999", "agua.localhost:0", "agua.localhost:", "agua.localhost:80a", "agua.localhost:-1",
    "agua.localhost:٨٠", "agua.localhost:80:80", "xn--.agua.localhost", "xn--a.localhost", "xn--\u00f1.localhost",
    "ab--cd.localhost", "agua.localhost, evil.example", "agua.localhost,evil.example", "[::1", "::1", "[]", "[zz]",
    "[::1]x", "[::1]:", "a@evil", "a#@evil", "agua.localhost@evil", "agua.localhost#", "agua.localhost/",
    "agua.localhost?x", "agua.localhost\\", "agua.localhost\x00", "agua.localhost\r\nX: y", " agua.localhost",
    "agua.localhost ", "agua localhost", ".agua.localhost", "agua..localhost", "agua.localhost..", ".", "-a.localhost",
    "a-.localhost", "a_b.localhost", "ägua.localhost", "agua%2elocalhost", "a" * 64 + ".localhost",
    ".".join(["a" * 50] * 6), "http://agua.localhost", "*.localhost", "agua。localhost",
]  # fmt: skip


@pytest.mark.parametrize("header", BAD)
def test_a_malformed_host_is_a_neutral_400(header: str) -> None:
    status, _, _, seen = ask(header)
    assert (status, seen) == (400, {})


def test_no_host_at_all_is_400_and_the_servers_own_name_is_no_substitute() -> None:
    assert ask(None, {"SERVER_NAME": "agua.localhost"})[0] == 400


def test_forwarded_hosts_change_nothing() -> None:
    more = {"HTTP_X_FORWARDED_HOST": "agua.localhost", "HTTP_FORWARDED": "host=agua.localhost"}
    assert ask("unknown.example", more)[0] == 404


@pytest.mark.parametrize("key", ["RAW_URI", "REQUEST_URI"])
def test_an_absolute_request_line_must_name_the_same_host(key: str) -> None:
    assert ask("agua.localhost", {key: "http://agua.localhost/x"})[0] == 200
    assert ask("agua.localhost", {key: "/x?next=http://evil.example/"})[0] == 200
    for target in ("http://evil.example/x", "HTTP://evil.example", "http://a@agua.localhost/", "http:///x"):
        assert ask("agua.localhost", {key: target})[0] == 400
    assert ask("agua.localhost", {"PATH_INFO": "http://evil.example/"})[0] == 400
    assert ask("agua.localhost", {"PATH_INFO": "*"})[0] == 400


def test_with_a_port_another_port_is_unknown() -> None:
    assert ask("agua.localhost:8000", port=8000)[0] == 200
    assert ask("agua.localhost", port=8000)[0] == 200
    assert ask("agua.localhost:8001", port=8000)[0] == 404


def test_when_nothing_can_be_looked_up_it_says_so() -> None:
    def broken(host: str) -> object:
        raise RuntimeError("no database, password hunter2")

    status, headers, body, seen = ask("agua.localhost", resolve=broken)
    assert (status, seen, headers["Retry-After"]) == (503, {}, "30")
    assert b"hunter2" not in body


class Outline(HTMLParser):
    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "style")]


@pytest.mark.parametrize("header", ["[::1", "unknown.example"])
def test_the_page_is_whole_bilingual_and_protected(header: str) -> None:
    _, headers, body, _ = ask(header)
    outline = Outline(body)
    assert outline.tags.count("h1") == 1 and "script" not in outline.tags and not outline.addresses
    assert b'lang="es"' in body and b'lang="en"' in body
    assert headers["Content-Length"] == str(len(body))
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store" and headers["X-Request-ID"]
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for rule in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "Strict-Transport-Security" not in headers
    assert "Strict-Transport-Security" in ask(header, {"wsgi.url_scheme": "https"})[1]
    assert header.encode() not in body


def test_head_has_the_headers_and_no_body() -> None:
    status, headers, body, _ = ask("unknown.example", {"REQUEST_METHOD": "HEAD"})
    assert (status, body) == (404, b"") and int(headers["Content-Length"]) > 0


FLASK = Flask(__name__)
FLASK.add_url_rule("/", view_func=lambda: f"{request.host} {request.host_url} {request.url}")

HOSTS = st.text(st.sampled_from("abzAZ09-._:[]@#%,/\\ \t\u00e1xn"), max_size=40) | st.text(max_size=40)


@settings(deadline=None)
@given(HOSTS)
@example("a.t:99999")
@example("xn--.a.t")
def test_whatever_gets_through_flask_can_serve(header: str) -> None:
    """With a resolver that knows everybody, no header makes the framework behind it fail."""
    guarded = HostCheck(FLASK.wsgi_app, lambda host: host)
    _, status, _ = run_wsgi_app(guarded, {**create_environ("/"), "HTTP_HOST": header})
    assert status.split()[0] in ("200", "400")


@given(HOSTS)
def test_the_normal_form_is_its_own_normal_form(header: str) -> None:
    try:
        host, port = normalise_host(header)
    except MalformedHost:
        return
    assert normalise_host(host) == (host, None)
    assert host == host.lower() and not host.endswith(".") and (port is None or 1 <= port <= 65535)
