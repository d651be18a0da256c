"""What every address must have: a permission, a place, typed ids, a plain name, and a line in routes.txt."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from saas.permissions import GATEWAY, PUBLIC, SIGNED_IN, needs_confirmation, permission_of
from saas.web import ANY, PLATFORM, SIMULATOR, TENANT, Pages
from tenants.frame import ALLOWED_WHILE_VIEWING
from tenants.roles import ROLES
from tests.rules.manifest import Route, bare_app, routes_of, written

# Arguments that are no row's id, each with what it is.
UNTYPED = {
    "token": "a random secret from a link",
    "payment_token": "the random secret of a payment link",
    "linked_reference": "the random reference of a payment through a link",
    "code": "a short code that a person reads from paper",
    "digest": "the hash of a file's content",
    "name": "the name of a file in a folder, looked up in an index",
    "provider": "the name of a payment provider",
    "package": "the name of a theme package",
    "letter": "the name of a mail in the local mailbox",
    "index": "the place of an attachment in a mail of the local mailbox",
    "slug": "the short name of a tenant, on the platform's host",
    "period": "a month, such as 2026-03",
    "year": "a year",
    "bank_token": "the secret of a link that confirms a bank account",
    "unsubscribe_token": "the signed name of a customer and a kind of message",
    "kind_code": "a kind of message, from a list in the code",
    "follow_token": "the signed name of a case that was filed without a login",
    "quote_token": "the secret of a link that opens one quote of a repair",
    "alarm_token": "the secret of a link that says: it was not me",
}
PARTS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)?")
CONVERTER = re.compile(r"<(?:(?P<kind>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
PLACES = {TENANT, PLATFORM, SIMULATOR, ANY}
STAFF_PERMISSIONS = frozenset().union(*ROLES.values())


@pytest.fixture(scope="module")
def bare() -> Flask:
    return bare_app()


@pytest.fixture(scope="module")
def routes(bare: Flask) -> list[Route]:
    return routes_of(bare)


def test_the_list_is_the_url_map(routes: list[Route]):
    found, listed = [route.line() for route in routes], written()
    missing = "\n".join(line for line in found if line not in listed)
    stale = "\n".join(line for line in listed if line not in found)
    assert found == listed, (
        f"\nnot in routes.txt:\n{missing}\nin routes.txt only:\n{stale}\n"
        "read them, then run: python -m tests.rules.manifest"
    )


def test_every_view_declares_who_may_call_it(routes: list[Route]):
    known = {PUBLIC, SIGNED_IN, GATEWAY} | STAFF_PERMISSIONS
    assert [route.line() for route in routes if route.permission not in known] == []


def test_every_staff_permission_opens_something(routes: list[Route]):
    """A permission that no view asks for promises a protection that is not there."""
    from tenants import roles

    used = {route.permission for route in routes}
    asked_for_elsewhere = {roles.VIEW_AS, roles.INVITE}  # also decide about buttons
    assert STAFF_PERMISSIONS - used <= asked_for_elsewhere


def test_every_blueprint_knows_its_place(bare: Flask, routes: list[Route]):
    assert [name for name, found in bare.blueprints.items() if not isinstance(found, Pages)] == []
    assert [route.line() for route in routes if route.place not in PLACES] == []


def test_no_route_without_a_blueprint(routes: list[Route]):
    assert [route.line() for route in routes if not route.blueprint] == []


def test_ids_are_typed(routes: list[Route]):
    wrong = []
    for route in routes:
        for match in CONVERTER.finditer(route.rule):
            kind, name = match["kind"] or "default", match["name"]
            if kind not in ("uuid", "any") and not (
                name in UNTYPED and kind in ("default", "string", "path", "int")
            ):
                wrong.append(f"{route.rule}: <{kind}:{name}>")
            if kind == "uuid" and not name.endswith("_id"):
                wrong.append(f"{route.rule}: an id is named after its row, such as invoice_id")
    assert not wrong


def test_addresses_are_plain(routes: list[Route]):
    """Lower case, hyphens, no slash at the end, nothing repeated."""
    wrong = []
    for route in routes:
        plain = CONVERTER.sub("x", route.rule)
        parts = plain.strip("/").split("/")
        if plain != "/" and (plain.endswith("/") or not all(PARTS.fullmatch(part) for part in parts)):
            wrong.append(route.rule)
    assert not wrong


def test_one_address_has_one_meaning(routes: list[Route]):
    seen: dict[tuple[str, str, str], str] = {}
    for route in routes:
        for method in route.methods:
            key = (route.place, CONVERTER.sub("<>", route.rule), method)
            assert seen.setdefault(key, route.endpoint) == route.endpoint, f"{key} leads to two views"


def test_staff_pages_stand_under_desk(routes: list[Route]):
    """One look at an address tells whose page it is; and what stands there needs a staff permission."""
    for route in routes:
        under_desk = route.rule == "/desk" or route.rule.startswith("/desk/")
        if route.permission in STAFF_PERMISSIONS:
            assert under_desk and route.place == TENANT, route.line()
        elif under_desk:
            assert route.permission == SIGNED_IN, route.line()


def test_pages_for_people_live_on_the_tenants_host(routes: list[Route]):
    """Nobody is signed in on the platform's host or in the bank, so a permission there would be empty."""
    for route in routes:
        if route.place in (PLATFORM, SIMULATOR, ANY):
            assert route.permission in (PUBLIC, GATEWAY), route.line()


def test_only_machines_skip_the_form_token(routes: list[Route]):
    for route in routes:
        if route.permission == GATEWAY:
            mail_programs = route.endpoint == "messages.stop"  # they press the button for somebody (RFC 8058)
            assert route.blueprint == "hooks" or route.place == SIMULATOR or mail_programs, route.line()
            assert route.methods == ("POST",) or route.place == SIMULATOR, f"{route.line()}: a gateway posts"


def test_nothing_changes_by_reading(routes: list[Route]):
    """One view is for reading or for changing by its name; PUT, PATCH and DELETE are not for browsers."""
    for route in routes:
        assert set(route.methods) <= {"GET", "POST"}, route.line()


def test_static_views_are_assets_only(bare: Flask):
    """`static` skips tenant, session and transaction: files of the product itself, and what asks whether it lives."""
    static = {name for name, view in bare.view_functions.items() if getattr(view, "static", False)}
    assert static == {"assets.file", "assets.base_stylesheet", "health.livez", "health.readyz"}


def test_quiet_views_are_few(bare: Flask):
    """`quiet` views do not move the idle clock: what a page loads or polls by itself, never a page."""
    quiet = {name for name, view in bare.view_functions.items() if getattr(view, "quiet", False)}
    for name in quiet:
        rule = next(rule for rule in bare.url_map.iter_rules() if rule.endpoint == name)
        public = (
            permission_of(bare.view_functions[name]) == PUBLIC
        )  # the login page keeps no session alive either
        assert public or "POST" not in (rule.methods or set()), name


def test_risky_acts_ask_who_is_there(bare: Flask):
    """Both halves of a risky act ask: the page with the form and what takes it. Nobody can confirm to be nobody."""
    asking = {name for name, view in bare.view_functions.items() if needs_confirmation(view)}
    assert asking >= {
        *("desk.ask_to_invite_colleague", "desk.invite_colleague", "desk.colleague", "desk.change"),
        *("desk.disable", "desk.enable", "desk.remove_second_factor"),
        *("auth.change_email", "auth.set_up_second_factor", "auth.renew_recovery_codes"),
    }
    for name in asking:
        assert permission_of(bare.view_functions[name]) not in (PUBLIC, GATEWAY), name


def test_what_staff_may_do_while_looking_exists(routes: list[Route]):
    assert {route.endpoint for route in routes} >= ALLOWED_WHILE_VIEWING


def test_every_menu_entry_leads_somewhere(bare: Flask, routes: list[Route]):
    by_endpoint = {route.endpoint: route for route in routes}
    for entry in bare.extensions["menu"]:
        route = by_endpoint[entry.endpoint]
        assert "GET" in route.methods and not route.arguments, entry
        if entry.permission is not None:
            assert route.permission == entry.permission, entry
