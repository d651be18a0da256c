"""The eyes themselves: they must see what is wrong."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request, Response

from saas.headers import policy
from tests.pages import read_page

GOOD = (
    '<!doctype html><html lang="es"><head><title>Facturas – Agua</title></head><body><main id="main"><h1>Facturas</h1>'
    '<form method="post" action="/x"><input type="hidden" name="csrf_token" value="t"><label for="a">A</label>'
    '<input id="a" name="a"><button type="submit">Seguir</button></form>%s</main></body></html>'
)
HEADERS = {
    "Content-Security-Policy": policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Request-ID": "1",
    "Cache-Control": "no-store",
}


def answer(body: str, **headers: str) -> TestResponse:
    response = Response(body, mimetype="text/html", headers=HEADERS | headers)
    return TestResponse(
        iter([body.encode()]), response.status, response.headers, Request.from_values("/seen"), history=()
    )


def complaints(body: str, **options: object) -> str:
    return "\n".join(read_page(answer(body), **options).complaints)  # type: ignore[arg-type]


def test_a_good_page_passes():
    assert complaints(GOOD % "") == ""


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("<h1>Otra</h1>", "2 <h1>"),
        ('<p id="a">', "'a' 2 times"),
        ("<div>", "never closed"),
        ("</div>", "closes nothing"),
        ('<p style="color:red">x</p>', "style="),
        ('<a href="/" onclick="x()">x</a>', "onclick"),
        ("<script>x()</script>", "inline <script>"),
        ('<script src="https://elsewhere.example/x.js"></script>', "from elsewhere"),
        ('<a href="javascript:x">x</a>', "javascript:"),
        ('<input name="q">', "no label"),
        ('<img src="/x.png">', "without alt"),
        ('<form action="/y"><button type="submit">x</button></form>', "does not say its method"),
        ('<form method="post" action="/y"></form>', "carries 0 tokens"),
        ('<form method="post"><input type="hidden" name="csrf_token" value="t"></form>', "where it leads"),
        ('<button type="submit"></button>', "without words"),
        ("<p>Hola {{ name }}</p>", "left over"),
        ("<p>Total: None</p>", "left over"),
        ("<p>Pagar %(amount)s</p>", "left over"),
        ("<p>Nothing was changed.</p>", "not translated"),
        ('<p aria-describedby="gone">x</p>', "leads nowhere"),
        ('<a href="#gone">x</a>', "leads nowhere"),
    ],
)
def test_what_is_wrong_is_said(extra: str, said: str):
    assert said in complaints(GOOD % extra)


def test_a_canary_is_seen():
    assert "CANARIO" in complaints(GOOD % "<p>CANARIO</p>", not_showing=["CANARIO"])


def test_the_title_begins_with_the_heading():
    assert "does not begin" in complaints((GOOD % "").replace("<title>Facturas", "<title>Cuentas"))
    assert complaints((GOOD % "").replace("<title>Facturas", "<title>Error: Facturas")) == ""


def test_headers_are_looked_at():
    page = read_page(
        answer(GOOD % "", **{"Content-Security-Policy": "default-src *", "Cache-Control": "public"})
    )
    assert "the content policy allows too much" in page.complaints
    assert "a page may be kept by a cache" in page.complaints
