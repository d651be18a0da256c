"""The host decides the tenant, and nothing else does (cases A04, A05, A16, D01, D02, D03, D12)."""

from __future__ import annotations

from contextvars import Context

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from saas import outbox
from saas.web import ANY, PLATFORM, SIMULATOR, TENANT
from tests.blueprints.auth.door import waited
from tests.rules.asking import (
    PLATFORM_HOST,
    SIMULATOR_HOST,
    Answer,
    Asker,
    Asking,
    cookies,
    fill,
    keeping_nothing,
    nothing,
    request,
    rightful,
    tenant_routes,
)
from tests.rules.manifest import Route
from tests.rules.world import Person, World

MALFORMED = [
    "hogar.localhost:99999", "xn--.hogar.localhost", "", "hogar.localhost, vecino.localhost", "[::1", "a@evil.example",
    "a#@evil.example", "hogar.localhost/", "hogar.localhost:", "hogar.localhost:80:80", "hogar..localhost", ".hogar",
    "hogar.localhost:-1", "hogar localhost", "hogar_localhost", "-hogar.localhost", "hogar.localhost\t", "ñ.localhost",
    "a" * 300, "%68ogar.localhost",
]  # fmt: skip
UNKNOWN = ["unknown.example", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:80", "hogar.localhost.evil.example",
           "evilhogar.localhost", "localhost.hogar", "www.hogar.localhost", "0x7f000001"]  # fmt: skip
SAME = ["HOGAR.localhost", "hogar.LOCALHOST", "hogar.localhost.", "hogar.localhost:80", "Hogar.Localhost.:80"]


def raw(
    world: World, host: str, path: str = "/", person: Person | None = None
) -> tuple[int, str, dict[str, str]]:
    """One request with the Host header exactly as given: a test client stumbles over some of them itself."""
    environ = EnvironBuilder(
        path, base_url="http://x.example", headers={"Cookie": cookies(person)}
    ).get_environ()
    environ["HTTP_HOST"] = host
    body, status, headers = Context().run(run_wsgi_app, world.app, environ, True)
    return int(status[:3]), b"".join(body).decode(), dict(headers)


@pytest.mark.parametrize("host", MALFORMED)
def test_a_malformed_host_is_refused(world: World, host: str):
    status, body, headers = raw(world, host)
    assert status == 400
    assert "CANARIO" not in body + str(headers)


@pytest.mark.parametrize("host", UNKNOWN)
def test_an_unknown_host_has_no_page(world: World, host: str):
    """No default tenant: a neutral page that says nothing of anybody."""
    status, body, headers = raw(world, host)
    assert status == 404
    assert "CANARIO" not in body + str(headers)
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize("host", SAME)
def test_case_dot_and_port_are_the_same_host(world: World, all_routes: list[Route], host: str):
    person = world.victim.people["customer"]
    status, body, _headers = raw(world, host, "/desk-that-is-not-there", person=person)
    assert status == 404
    assert world.victim.canary in body, "the tenant's own page for what is not there"


def test_the_page_of_an_unknown_host_is_the_same_for_all(world: World):
    assert raw(world, "one.example")[1] == raw(world, "other.example")[1]


def test_the_platforms_host_is_no_tenant(world: World):
    status, body, _headers = raw(world, PLATFORM_HOST)
    assert status in (200, 302)
    assert "PERSONA" not in body


SPOOFED = {
    "X-Forwarded-Host": "{host}",
    "X-Host": "{host}",
    "X-Original-Host": "{host}",
    "X-HTTP-Host-Override": "{host}",
    "Forwarded": "host={host}",
    "X-Original-URL": "http://{host}/",
    "X-Rewrite-URL": "/",
    "X-Tenant": "{slug}",
    "X-Tenant-ID": "{id}",
    "X_Tenant_Id": "{id}",
}


def test_nothing_but_the_host_names_the_tenant(world: World, asking: Asking, all_routes: list[Route]):
    """Headers and query strings that name the other tenant change nothing (A05)."""
    asker = Asker("customer", world.victim, world.victim.people["customer"])
    other = world.other
    headers = {
        name: value.format(host=other.host, slug=other.cast.slug, id=other.id)
        for name, value in SPOOFED.items()
    }
    query = f"?tenant={other.cast.slug}&tenant_id={other.id}&host={other.host}"
    with keeping_nothing():
        for route in tenant_routes(all_routes):
            if "GET" not in route.methods or route.permission == "gateway":
                continue
            plain = asking.ask(asker, route, "GET", world.victim)
            path = fill(route, world.victim)
            spoofed = request(world.app, "GET", asker.at.host, path + query, asker.person, headers=headers)
            said = spoofed.get_data() + str(spoofed.headers).encode()
            assert spoofed.status_code == plain.status, route.rule
            assert other.canary.encode() not in said, route.rule
            location = spoofed.headers.get("Location", "/")
            assert location.startswith(("/", f"http://{asker.at.host}/")), route.rule


def test_a_page_of_one_host_then_of_the_other(world: World, asking: Asking, all_routes: list[Route]):
    """The same path on A, then on B, with A's validators (A16): caches of ours must not mix them."""
    with keeping_nothing():
        for route in tenant_routes(all_routes):
            if "GET" not in route.methods or route.ids or route.permission == "gateway":
                continue
            first = asking.ask(rightful(world, route), route, "GET", world.victim)
            name = next(
                (n for n, p in world.victim.people.items() if p is rightful(world, route).person), None
            )
            person = world.other.people[name] if name else None
            validators = {"If-Modified-Since": "Sat, 21 Nov 2099 00:00:00 GMT"}
            if "ETag" in first.headers:
                validators["If-None-Match"] = first.headers["ETag"]
            second = asking.ask(
                Asker("other", world.other, person), route, "GET", world.other, headers=validators
            )
            assert second.status != 304, f"{second}: what the other host holds is not this"
            assert second.leaks(world.victim.secrets) == []
            assert first.leaks(world.other.secrets) == []


# Pictures that the look is chosen by; drawn from tokens, with nobody's name in them.
MAY_BE_KEPT = {"desk.theme_picture", "desk.theme_version_picture", "desk.theme_preview_css"}


def test_private_pages_are_not_stored(readings: list[tuple[Route, Answer]]):
    kept = [
        f"{answer}: {answer.headers.get('Cache-Control')!r}"
        for route, answer in readings
        if route.permission != "public"
        and route.endpoint not in MAY_BE_KEPT
        and "no-store" not in answer.headers.get("Cache-Control", "")
    ]
    nothing(kept)


PLACES = {TENANT: None, PLATFORM: PLATFORM_HOST, SIMULATOR: SIMULATOR_HOST}


@pytest.mark.parametrize("place", PLACES)
def test_pages_exist_in_their_place_only(world: World, asking: Asking, all_routes: list[Route], place: str):
    """The desk is not on the platform's host, the platform not on a tenant's, the bank nowhere else (D12)."""
    host = PLACES[place] or world.victim.host
    admin = world.victim.people["admin"]
    here = {route.rule for route in all_routes if route.place in (place, ANY)}
    found = []
    for route in all_routes:
        if route.place in (place, ANY) or route.rule in here:
            continue
        for method in route.methods:
            response = request(world.app, method, host, fill(route, world.victim), admin)
            if response.status_code != 404 or "PERSONA" in response.get_data(as_text=True):
                found.append(f"{method} {route.rule} of {route.place} on {host} -> {response.status_code}")
    nothing(found)


def test_an_absolute_request_line_names_the_same_host(world: World):
    response = request(
        world.app, "GET", world.victim.host, "/", environ_overrides={"RAW_URI": "http://evil.example/"}
    )
    assert response.status_code == 400


def test_links_in_mails_lead_to_the_stored_host(world: World, asking: Asking, all_routes: list[Route]):
    """Asking for a new password while every header names somebody else's host (D03)."""
    route = next(route for route in all_routes if route.endpoint == "auth.recover")
    email = f"cliente@{world.victim.cast.slug}.example"
    headers = {
        name: value.format(host="evil.example", slug="evil", id="0") for name, value in SPOOFED.items()
    }
    box = world.app.extensions["mail"]
    known = {name for name, _letter in box.letters(500)}
    world.superuser.execute("DELETE FROM outbox")
    with world.app.app_context():
        form = {"email": email, "form_token": waited(world.victim.cast, "recover")}
    answer = asking.ask(
        Asker("nobody", world.victim), route, "POST", world.victim, form=form, headers=headers
    )
    assert answer.status == 303, str(answer)
    with world.app.app_context():
        outbox.drain()
    letters = [letter for name, letter in box.letters(500) if name not in known and letter["To"] == email]
    assert len(letters) == 1
    text = letters[0].get_body(("plain",)).get_content()
    assert "evil" not in letters[0].as_string()
    assert f"http://{world.victim.host}/" in text
