"""What is taken away is gone with the next request, however open the session is (case A11)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from saas.clock import now
from saas.scope import unit_of_work
from saas.tokens import digest, new_token
from tenants.services import suspend_tenant, touch
from tests.rules.asking import fill, repair, request, tenant_routes
from tests.rules.manifest import Route
from tests.rules.world import Person, World

HOME = "/invoices"
DESK = "/desk/customers"


@pytest.fixture
def people(world: World) -> Iterator[dict[str, Person]]:
    """The victim's people, signed in; made whole again afterwards."""
    for person in world.victim.people.values():
        repair(world, world.victim, person)
    yield world.victim.people
    for person in world.victim.people.values():
        repair(world, world.victim, person)


def status(world: World, path: str, person: Person | None, method: str = "GET") -> int:
    return request(world.app, method, world.victim.host, path, person).status_code


def change(world: World, statement: str, *values: object) -> None:
    world.superuser.execute(statement, values)


def test_a_disabled_user_is_out(world: World, people: dict[str, Person]):
    customer = people["customer"]
    assert status(world, HOME, customer) == 200
    change(world, "UPDATE users SET status = 'disabled' WHERE id = %s", customer.user_id)
    assert status(world, HOME, customer) == 302
    assert status(world, "/logout", customer, "POST") == 400


def test_a_role_that_is_taken_away_opens_nothing(world: World, people: dict[str, Person]):
    admin = people["admin"]
    assert status(world, DESK, admin) == 200
    change(world, "UPDATE staff_roles SET role = 'nothing' WHERE user_id = %s", admin.user_id)
    assert status(world, DESK, admin) == 403
    change(world, "UPDATE staff_roles SET role = 'administrator' WHERE user_id = %s", admin.user_id)
    assert status(world, DESK, admin) == 200


def test_a_closed_session_is_closed(world: World, people: dict[str, Person]):
    customer = people["customer"]
    change(world, "DELETE FROM sessions WHERE id = %s", customer.session_id)
    assert status(world, HOME, customer) == 302


ENDS = {
    "old": "expires_at = now() - interval '1 second'",
    "idle": "last_seen_at = now() - interval '46 minutes'",
    "of another host": "host = 'old.localhost'",
}


@pytest.mark.parametrize("moved", ENDS.values(), ids=ENDS.keys())
def test_a_session_ends(world: World, people: dict[str, Person], moved: str):
    """By its age, by being idle, and when it was opened on another host."""
    customer = people["customer"]
    change(world, f"UPDATE sessions SET {moved} WHERE id = %s", customer.session_id)
    assert status(world, HOME, customer) == 302


def test_access_that_ended_shows_nothing(world: World, people: dict[str, Person], all_routes: list[Route]):
    customer = people["customer"]
    route = next(route for route in all_routes if route.endpoint == "invoices.invoice")
    path = fill(route, world.victim)
    assert status(world, path, customer) == 200
    change(
        world,
        "UPDATE access SET valid_until = current_date - 2 WHERE tenant_id = %s AND user_id = %s",
        world.victim.id,
        customer.user_id,
    )
    try:
        assert status(world, path, customer) == 404
    finally:
        change(world, "UPDATE access SET valid_until = NULL WHERE tenant_id = %s", world.victim.id)


def test_a_suspended_tenant_has_no_pages(world: World, people: dict[str, Person], all_routes: list[Route]):
    """503 for everybody who is signed in or not; the other tenant notices nothing."""
    with world.app.app_context():
        suspend_tenant(world.victim.id, suspended=True)
    try:
        open_still = []
        for route in tenant_routes(all_routes):
            for method in route.methods:
                found = status(world, fill(route, world.victim), people["admin"], method)
                if found != 503:
                    open_still.append(f"{method} {route.rule} -> {found}")
        assert open_still == []
        assert (
            request(world.app, "GET", world.other.host, HOME, world.other.people["customer"]).status_code
            == 200
        )
    finally:
        with world.app.app_context():
            suspend_tenant(world.victim.id, suspended=False)
    assert status(world, HOME, people["customer"]) == 200


def test_a_removed_host_leads_nowhere(world: World, people: dict[str, Person]):
    """At once, although the process remembers hosts; put back, it leads here again."""
    assert status(world, HOME, people["customer"]) == 200
    change(world, "DELETE FROM domains WHERE host = %s", world.victim.host)
    try:
        assert status(world, HOME, people["customer"]) == 404
    finally:
        change(
            world,
            "INSERT INTO domains (host, tenant_id, canonical) VALUES (%s, %s, true)",
            world.victim.host,
            world.victim.id,
        )
        with world.app.app_context(), unit_of_work(world.victim.id):
            touch()
    assert status(world, HOME, people["customer"]) == 200


def test_a_link_of_a_disabled_user_is_dead(world: World, people: dict[str, Person], all_routes: list[Route]):
    """Pending links die with the user, as they do when they expire or when they are used."""
    route = next(route for route in all_routes if route.endpoint == "auth.link")
    path = fill(route, world.victim)
    assert status(world, path, None) == 200
    change(world, "UPDATE users SET status = 'disabled' WHERE id = %s", people["customer"].user_id)
    dead = status(world, path, None)
    unknown = status(world, fill(route, world.victim, {"token": new_token()}), None)
    assert dead == unknown != 200
    assert request(world.app, "GET", world.other.host, path).status_code == unknown, "another tenant's host"


def test_a_capability_that_is_off_has_no_pages(
    world: World, people: dict[str, Person], all_routes: list[Route]
):
    optional = world.app.extensions["optional_blueprints"]
    change(
        world, "UPDATE tenants SET capabilities = '{}', version = version + 1 WHERE id = %s", world.victim.id
    )
    try:
        there = []
        for route in tenant_routes(all_routes):
            if route.blueprint in optional:
                name = "admin" if route.rule.startswith("/desk") else "customer"
                found = status(world, fill(route, world.victim), people[name])
                if found not in (404, 405):
                    there.append(f"{route.rule} -> {found}")
        assert there == []
    finally:
        change(
            world,
            "UPDATE tenants SET capabilities = %s, version = version + 1 WHERE id = %s",
            sorted(set(optional.values())),
            world.victim.id,
        )


def test_a_session_of_nobody_is_anonymous(world: World):
    """A cookie that was never given, or is no token at all."""
    for token in ("", "x", "a" * 5000, digest("x"), str(uuid.uuid4()), "%00", now().isoformat()):
        assert status(world, HOME, Person(uuid.uuid4(), token=token)) == 302, token
