"""Every page that exists, looked at as a whole by whoever may see it (cases L12, E09, A01)."""

from __future__ import annotations

import pytest

from saas import csrf
from saas.web import PLATFORM, SIMULATOR, TENANT
from tests.pages import read_page
from tests.rules.asking import (
    Asker,
    fill,
    form_token,
    given_to,
    host_of,
    keeping_nothing,
    nothing,
    request,
    rightful,
    tenant_routes,
)
from tests.rules.manifest import Route
from tests.rules.world import World


def complaints_of(world: World, route: Route, asker: Asker) -> list[str]:
    path = fill(route, world.victim, given_to(route, world.victim))
    response = request(world.app, "GET", host_of(route, world.victim), path, asker.person)
    if response.mimetype != "text/html" or response.status_code in (302, 303):
        return []
    # The platform's own page may name its tenants where it is a demo; nobody's customers, though.
    others = [world.other.person_canary, *([world.other.canary] if route.place == TENANT else [])]
    page = read_page(response, url=path, not_showing=others)
    return [f"{route.rule} ({response.status_code}): {what}" for what in page.complaints]


def test_pages_are_well_made(world: World, all_routes: list[Route]):
    found: list[str] = []
    with keeping_nothing():
        for route in tenant_routes(all_routes):
            if "GET" in route.methods:
                found += complaints_of(world, route, rightful(world, route))
    nothing(found)


@pytest.mark.parametrize("place", [PLATFORM, SIMULATOR])
def test_pages_of_other_places_are_well_made(world: World, all_routes: list[Route], place: str):
    found: list[str] = []
    for route in all_routes:
        if route.place == place and "GET" in route.methods and route.endpoint != "bank.take_order":
            found += complaints_of(world, route, Asker("anybody", world.victim))
    nothing(found)


def test_refused_forms_are_well_made(world: World, all_routes: list[Route]):
    """What comes back after a form with nothing in it: the same page, with what is wrong on it."""
    found: list[str] = []
    with keeping_nothing():
        for route in tenant_routes(all_routes):
            if "POST" not in route.methods or route.permission == "gateway":
                continue
            asker = rightful(world, route)
            path = fill(route, world.victim, given_to(route, world.victim))
            token = form_token(world.app, world.victim, asker.person)
            response = request(
                world.app, "POST", world.victim.host, path, asker.person, data={csrf.FIELD: token}
            )
            if response.mimetype == "text/html" and response.status_code in (200, 422):
                page = read_page(response, url=path)
                found += [f"POST {route.rule}: {what}" for what in page.complaints]
                if "data-problem" in page.body and not page.title.startswith("Error: "):
                    found.append(f"POST {route.rule}: the title of a page with problems begins with Error")
    nothing(found)


@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_error_pages_are_well_made(world: World, status: int):
    asks = {
        400: ("POST", "/logout", world.victim.people["customer"]),
        403: ("GET", "/desk/customers", world.victim.people["clerk"]),
        404: ("GET", "/nowhere", world.victim.people["customer"]),
        405: ("PUT", "/invoices", world.victim.people["customer"]),
    }
    method, path, person = asks[status]
    response = request(world.app, method, world.victim.host, path, person)
    assert response.status_code == status
    nothing(read_page(response).complaints)
