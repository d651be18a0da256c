"""What every address does with requests that no page of ours would send (cases E01 to E09)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import pytest
from werkzeug.test import TestResponse

from saas import csrf
from saas.permissions import GATEWAY
from saas.web import ANY, TENANT
from tests.pages import missing_headers, read_page
from tests.rules.asking import (
    Answer,
    Asker,
    Asking,
    contents,
    differences,
    fill,
    form_token,
    host_of,
    hostile_form,
    keeping_nothing,
    nothing,
    repair,
    request,
    rightful,
    tenant_routes,
)
from tests.rules.manifest import Route
from tests.rules.world import Person, World

T = TypeVar("T")

# What a reading may leave behind besides what moves by itself, each with its reason.
READING_LEAVES: dict[str, str] = {}


def unsafe(routes: list[Route]) -> list[Route]:
    """What changes something for a person: on a tenant's host, the platform's and the bank's."""
    return [route for route in routes if "POST" in route.methods and route.permission != GATEWAY]


def some(things: Mapping[str, T], number: int, count: int = 3) -> list[tuple[str, T]]:
    """A few of many, others for every route: all of them are tried, and on every route some."""
    names = list(things)
    chosen = [names[(number * count + step) % len(names)] for step in range(min(count, len(names)))]
    return [(name, things[name]) for name in chosen]


def right_token(world: World, route: Route) -> str:
    """The token that the rightful person's page would carry."""
    tenant = world.victim if route.place in (TENANT, ANY) else None
    return form_token(world.app, tenant, rightful(world, route).person, route.place)


def post(world: World, route: Route, data: Any, *, query: str = "", **options: Any) -> int:
    """The rightful person posts this to the route."""
    asker = rightful(world, route)
    path = fill(route, world.victim) + (f"?{query}" if query else "")
    response = request(world.app, "POST", host_of(route, asker.at), path, asker.person, data=data, **options)
    response.close()
    if asker.person:
        repair(world, asker.at, asker.person)
    return response.status_code


def get(world: World, route: Route, *, query: str = "", method: str = "GET", **options: Any) -> TestResponse:
    """The rightful person reads the route."""
    asker = rightful(world, route)
    path = fill(route, world.victim) + (f"?{query}" if query else "")
    return request(world.app, method, host_of(route, asker.at), path, asker.person, **options)


# --- forged forms (E01, E02, E03) -----------------------------------------------------------------------------------


def test_a_form_without_token_changes_nothing(world: World, asking: Asking, all_routes: list[Route]):
    before, form = contents(world, world.victim), hostile_form(world.victim)
    for route in unsafe(all_routes):
        asker = rightful(world, route)
        answer = asking.ask(asker, route, "POST", world.victim, form=form, with_token=False)
        assert answer.status in (400, 403), str(answer)
    assert len(asking.answers) > 10
    nothing(differences(before, contents(world, world.victim)))


def wrong_tokens(world: World, person: Person | None) -> dict[str, str]:
    other_session = Person(person.user_id if person else world.victim.first("users"))
    right = form_token(world.app, world.victim, person)
    return {
        "of another session": form_token(world.app, world.victim, other_session),
        "of an anonymous visit": form_token(world.app, world.victim, None) if person else right[:-2] + "AA",
        "of another tenant": form_token(world.app, world.other, person),
        "empty": "",
        "cut": right[:-1],
        "twice": right + right,
        "not ASCII": "ñ" * 43,
        "not base64": "!" * 43,
        "long": "A" * 5000,
    }


def test_a_wrong_token_changes_nothing(world: World, all_routes: list[Route]):
    before, taken = contents(world, world.victim), []
    for number, route in enumerate(unsafe(all_routes)):
        for name, token in some(wrong_tokens(world, rightful(world, route).person), number):
            status = post(world, route, {csrf.FIELD: token})
            if status not in (400, 403):
                taken.append(f"{route.rule}: token {name} -> {status}")
    nothing(taken)
    nothing(differences(before, contents(world, world.victim)))


ELSEWHERE = [
    {"Origin": "null"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null", "Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://vecino.localhost"},
    {"Origin": "http://hogar.localhost.evil.example"},
    {"Origin": "https://hogar.localhost"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


def test_a_form_from_elsewhere_changes_nothing(world: World, all_routes: list[Route]):
    """Even with a right token: the browser's word on where the form stood counts too."""
    before, taken = contents(world, world.victim), []
    for number, route in enumerate(unsafe(all_routes)):
        for _name, headers in some({str(headers): headers for headers in ELSEWHERE}, number):
            token = right_token(world, route)
            status = post(world, route, {csrf.FIELD: token}, headers=headers)
            if status != 403:
                taken.append(f"{route.rule}: {headers} -> {status}")
    nothing(taken)
    nothing(differences(before, contents(world, world.victim)))


def test_a_token_in_the_address_is_none(world: World, all_routes: list[Route]):
    taken = []
    for route in unsafe(all_routes):
        token = right_token(world, route)
        status = post(world, route, {}, query=f"{csrf.FIELD}={token}")
        if status not in (400, 403):
            taken.append(f"{route.rule} -> {status}")
    nothing(taken)


# --- reading changes nothing (E04) ----------------------------------------------------------------------------------


def test_reading_everything_changes_nothing(world: World, asking: Asking, all_routes: list[Route]):
    before = {side.cast.slug: contents(world, side) for side in (world.victim, world.other)}
    for name in ("customer", "admin"):
        asker = Asker(name, world.victim, world.victim.people[name])
        for route in tenant_routes(all_routes):
            if "GET" in route.methods:
                asking.ask(asker, route, "GET", world.victim)
    changed = [
        change
        for side in (world.victim, world.other)
        for change in differences(before[side.cast.slug], contents(world, side))
        if change.partition(":")[0] not in READING_LEAVES
    ]
    nothing(changed)


# --- odd requests (E05, E06, E07) -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["TRACE", "FOO", "DELETE"])
def test_methods_that_nobody_has(world: World, all_routes: list[Route], method: str):
    odd = [
        f"{method} {route.rule} -> {status}"
        for route in tenant_routes(all_routes)
        if (status := get(world, route, method=method).status_code) not in (400, 404, 405)
    ]
    nothing(odd)


def test_the_method_is_the_requests_own(world: World, all_routes: list[Route]):
    """No header and no parameter turns a reading into something else."""
    before = contents(world, world.victim)
    overrides = {"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "DELETE", "X-Method-Override": "POST"}
    failed = [
        f"{route.rule} -> {status}"
        for route in unsafe(all_routes)
        if (status := get(world, route, query="_method=POST", headers=overrides).status_code) >= 500
    ]
    nothing(failed)
    nothing(differences(before, contents(world, world.victim)))


ODD_BODIES = {
    "JSON": (b'{"amount": 1}', "application/json"),
    "JSON as text": (b'{"amount": 1}', "text/plain"),
    "multipart without boundary": (b"--x\r\n\r\n", "multipart/form-data"),
    "multipart cut short": (
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n',
        "multipart/form-data; boundary=x",
    ),
    "another charset": (b"a=+AGE-", "application/x-www-form-urlencoded; charset=utf-7"),
    "bytes that are no text": (b"\xff\xfe=\x00\x80", "application/x-www-form-urlencoded"),
    "nothing at all": (b"", ""),
}


def test_bodies_that_no_form_sends(world: World, all_routes: list[Route]):
    failed = []
    with keeping_nothing():
        for number, route in enumerate(unsafe(all_routes)):
            headers = {csrf.HEADER: right_token(world, route)}
            for kind, (body, content_type) in some(ODD_BODIES, number):
                status = post(world, route, body, headers=headers, content_type=content_type)
                if status >= 500:
                    failed.append(f"{route.rule}: {kind} -> {status}")
    nothing(failed)


FIELDS = (
    "email", "password", "name", "q", "note", "reason", "amount", "code", "number", "language", "label", "next", "role",
    "resolution", "text", "title", "profile", "mode", "document", "invoice_ids", "invoices", "invoice", "account_id",
)  # fmt: skip
TEXTS = {
    "NUL": "a\x00b",
    "a lone surrogate": "\ud800",
    "reversed and combined": "\u202e" * 20 + "e\u0301" * 200 + "😀",
    "long": "x" * 20_000,
}


def test_text_that_no_keyboard_types(world: World, all_routes: list[Route]):
    """In every field of every form (J13): stored or refused, never a failure."""
    failed = []
    with keeping_nothing():
        for number, route in enumerate(unsafe(all_routes)):
            names = {name for name, _value in fields_of(world, route)} | set(FIELDS)
            for kind, text in some(TEXTS, number):
                form: dict[str, Any] = dict.fromkeys(names, text.encode("utf-8", "surrogatepass"))
                form[csrf.FIELD] = right_token(world, route)
                if (status := post(world, route, form)) >= 500:
                    failed.append(f"{route.rule}: {kind} -> {status}")
    nothing(failed)


def fields_of(world: World, route: Route) -> list[tuple[str, str]]:
    """What the forms of the page at the same address ask for."""
    response = get(world, route)
    if response.status_code != 200 or response.mimetype != "text/html":
        return []
    return [field for form in read_page(response).forms for field in form.fields]


QUERIES = {
    "numbers": "after=x&page=-1&year=99999&q=%00&account=1&from=2026-02-31&state=x&next=//evil.example&month=13&type=x",
    "long": "before=%00&q="
    + "x" * 3000
    + "&year=x&account=null&to=x&kind=%ff&%00=1&next=https://evil.example",
    "cursors": "after="
    + "A" * 2000
    + "&q=%ed%a0%80&year=0&from=&to=9999-12-31&older=W10&newer=WzEsMiwzXQ&number=%00",
    "lists": "after=WzEsMiwzXQ&q='%20OR%201=1--&q=%25&sort=;&invoice=x&invoice=&invoices=1&asked=x&mode=x&list[]=1",
}


def test_addresses_that_nobody_links_to(world: World, all_routes: list[Route]):
    failed = []
    with keeping_nothing():
        for number, route in enumerate(tenant_routes(all_routes)):
            if "GET" not in route.methods:
                continue
            for name, query in some(QUERIES, number, 2 if route.arguments else 4):
                response = get(world, route, query=query)
                if response.status_code >= 500 or not response.headers.get("Location", "/").startswith("/"):
                    failed.append(f"{route.rule}: {name} -> {response.status_code}")
    nothing(failed)


def test_other_sites_read_nothing(readings: list[tuple[Route, Answer]]):
    """The readings were made with another site's Origin."""
    open_to_others = [
        f"{answer}: {name}"
        for _route, answer in readings
        for name in answer.headers
        if name.startswith("Access-Control-")
    ]
    nothing(open_to_others)


# --- headers (E09) --------------------------------------------------------------------------------------------------


def test_every_answer_has_its_headers(
    world: World, all_routes: list[Route], readings: list[tuple[Route, Answer]]
):
    """Pages, downloads, redirects, refusals: of every route, to whoever may and to nobody."""
    nobody = Asker("nobody", world.victim)
    answers = [(f"{answer}", answer.status, answer.headers) for _route, answer in readings]
    for route in all_routes:
        for method in (*route.methods, "PUT"):
            response = request(world.app, method, host_of(route, nobody.at), fill(route, world.victim))
            answers.append((f"nobody: {method} {route.rule}", response.status_code, response.headers))
    wrong = {f"{name}: {what}" for name, _status, headers in answers for what in missing_headers(headers)}
    nothing(sorted(wrong))
    assert {200, 302, 400, 404, 405} <= {status for _name, status, _headers in answers}


def test_a_failure_has_its_headers_and_tells_nothing(world: World, all_routes: list[Route], monkeypatch):
    """500: a page in the tenant's look, without a word of what failed."""
    route = next(route for route in all_routes if route.endpoint == "invoices.pending")

    def broken(**_arguments: object) -> str:
        raise RuntimeError("SELECT secret FROM customers")

    view = world.app.view_functions[route.endpoint]
    for attribute in ("permission", "quiet", "static"):
        if hasattr(view, attribute):
            setattr(broken, attribute, getattr(view, attribute))
    monkeypatch.setitem(world.app.view_functions, route.endpoint, broken)
    asker = rightful(world, route)
    response = request(world.app, "GET", asker.at.host, fill(route, world.victim), asker.person)
    body = response.get_data(as_text=True)
    assert response.status_code == 500
    nothing(missing_headers(response.headers))
    assert "SELECT" not in body and "Traceback" not in body and "RuntimeError" not in body
    assert world.victim.canary in body, "the error page is the tenant's"


def test_refused_hosts_have_headers_too(world: World):
    for host in ("unknown.example", "a@b"):
        response = request(world.app, "GET", "x.example", "/", environ_overrides={"HTTP_HOST": host})
        lacking = [
            what for what in missing_headers(response.headers) if "script-src" not in what
        ]  # its default is 'none'
        nothing(lacking)


def test_cookies_are_the_hosts_own(world: World, all_routes: list[Route]):
    """No Domain, not readable by scripts, not sent along from other sites."""
    found = 0
    for route in tenant_routes(all_routes):
        if "GET" in route.methods and route.permission == "public":
            response = world.app.test_client(use_cookies=False).get(
                fill(route, world.victim), base_url=f"http://{world.victim.host}"
            )
            for cookie in response.headers.getlist("Set-Cookie"):
                found += 1
                assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie, cookie
                assert "Domain=" not in cookie, cookie
    assert found, "the login page gives a browser something to bind its form to"
