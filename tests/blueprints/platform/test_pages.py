"""The platform's own host: health, the welcome of the demo, the local mailbox."""

from __future__ import annotations

from flask import Flask

from saas.clock import now
from saas.mail import Letter, Mailbox, compose
from tests.application import client_for
from tests.cast import make_utility
from tests.pages import checked_get


def test_alive_and_ready(app: Flask) -> None:
    client = client_for(app, "localhost")
    assert client.get("/livez").json == {"status": "alive"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["checks"]["schema"]) == (200, True)  # type: ignore[index]


def test_health_is_nobody_s_business_on_a_tenant_s_host(app: Flask) -> None:
    tenant = make_utility()
    client = client_for(app, tenant.host)
    for path in ("/livez", "/readyz", "/mailbox"):
        assert client.get(path).status_code == 404


def test_the_same_address_is_another_page_on_another_kind_of_host(app: Flask) -> None:
    tenant = make_utility()
    page = checked_get(client_for(app, "localhost"), "/")
    assert tenant.host in page.text or f"//{tenant.host}" in str(page.links)
    answer = client_for(app, tenant.host).get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login")


def test_a_mail_is_shown_with_its_attachment(app: Flask, mailbox: Mailbox) -> None:
    text = "Hola\nhttps://x.example/"
    letter = Letter("ana@example.com", "Su recibo <b>", text, "<p>Hola</p>", "Aguas", "no-reply@x.example")
    mailbox.send(compose(letter, now()))
    client = client_for(app, "localhost")
    page = checked_get(client, "/mailbox")
    assert "Su recibo <b>" in page.text
    (name, _message) = mailbox.letters()[0]
    assert "Hola" in checked_get(client, f"/mailbox/{name}").text
    html = client.get(f"/mailbox/{name}/html")
    assert "sandbox" in html.headers["Content-Security-Policy"]


def test_a_strange_name_of_a_mail_is_not_found(app: Flask) -> None:
    client = client_for(app, "localhost")
    for name in ("..%2f..%2fetc%2fpasswd", "x", "0" * 32):
        assert client.get(f"/mailbox/{name}").status_code == 404
