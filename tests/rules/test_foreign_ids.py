"""Ids of somebody else in forms that are right otherwise (A07), and what an id of somebody else tells (A09)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from saas import csrf
from saas.clock import now
from saas.ids import new_id
from saas.permissions import SIGNED_IN
from tests.rules.asking import (
    Asker,
    Asking,
    contents,
    differences,
    form_token,
    guarded,
    keeping_nothing,
    new_id_that_nobody_has,
    nothing,
    repair,
    request,
)
from tests.rules.manifest import Route
from tests.rules.world import Side, World

NEW_CASE = {"class_code": "claim", "subject_code": "payments", "description": "Algo no está bien"}
TODAY = f"{now():%d/%m/%Y}"


def send(world: World, side: Side, who: str, path: str, data: Mapping[str, Any]) -> int:
    asker = Asker(who, side, side.people[who])
    token = {csrf.FIELD: form_token(world.app, side, asker.person)}
    answer = request(world.app, "POST", side.host, path, asker.person, data={**data, **token})
    repair(world, side, side.people[who])
    return answer.status_code


# --- A07 --------------------------------------------------------------------------------------------------------------


def somebody_elses(side: Side) -> dict[str, tuple[str, Any, int]]:
    """What a case may be about: the field, somebody else's id, and how that is answered."""
    return {
        "contract": ("account_id", side.first("accounts"), 422),
        "property": ("property_id", side.first("properties"), 422),
        "invoice": ("invoice", side.first("invoices"), 404),
    }


@pytest.mark.parametrize("whose", ["of the same tenant", "of another tenant"])
@pytest.mark.parametrize("what", ["contract", "property", "invoice"])
def test_a_case_about_somebody_elses_things_is_not_filed(world: World, what: str, whose: str):
    side = world.victim if whose == "of the same tenant" else world.other
    field, row_id, status = somebody_elses(side)[what]
    path, before = "/cases/new/details", contents(world, world.victim)
    assert send(world, world.victim, "neighbour", path, {**NEW_CASE, field: str(row_id)}) == status
    nothing(differences(before, contents(world, world.victim)))
    with keeping_nothing():  # the same form about nothing of anybody's is fine
        assert send(world, world.victim, "neighbour", path, NEW_CASE) == 303


def test_a_form_takes_no_file_that_somebody_else_has_sent(world: World):
    """Who knows the key of another's form gets neither its files nor its case."""
    key, customer = str(new_id()), world.victim.people["customer"]
    world.superuser.execute(
        "UPDATE case_uploads SET form_key = %s, user_id = %s WHERE tenant_id = %s",
        (key, customer.user_id, world.victim.id),
    )
    files = "SELECT count(*) FROM case_files WHERE tenant_id = %s"
    (before,) = world.superuser.execute(files, (world.victim.id,)).fetchone() or (0,)
    given = {**NEW_CASE, "form_key": key}
    assert send(world, world.victim, "neighbour", "/cases/new/details", given) == 303
    assert world.superuser.execute(files, (world.victim.id,)).fetchone() == (before,)
    assert send(world, world.victim, "customer", "/cases/new/details", given) == 404, (
        "the key was used by another"
    )


def staff_forms(own: Side, named: Side) -> dict[str, tuple[str, dict[str, str]]]:
    """Forms of the desk, right but for whose row they name."""
    number = f"{named.person_canary}-2"  # of the mandate
    return {
        "quote": (
            f"/desk/cases/{own.first('cases')}/quotes",
            {
                "amount": "1.000", "vendor": "Techos", "description": "Techo", "valid_until": TODAY,
                "mandate_account_id": str(named.rows["accounts"][2]),
            },
        ),
        "assignment": (f"/desk/cases/{own.first('cases')}/assign", {"to": str(named.people["admin"].user_id)}),
        "charge": (
            "/desk/owner-charges/new",
            {
                "contract": number, "kind": "repair", "amount": "1.000", "description": "Techo",
                "charged_on": TODAY,
            },
        ),
        "payout": (
            "/desk/payouts/new",
            {"cut_on": TODAY, "pay_on": TODAY, "whom": "some", "which": number},
        ),
        "month": ("/desk/billing/new", {"month": f"{now():%Y-%m}", "lease": f"{named.canary} leases"}),
    }  # fmt: skip


@pytest.mark.parametrize("what", ["quote", "assignment", "charge", "payout"])
def test_staff_name_nothing_of_another_tenant(world: World, what: str):
    own = world.other
    mandate, place = own.rows["accounts"][2], own.first("properties")
    world.superuser.execute("UPDATE accounts SET property_id = %s WHERE id = %s", (place, mandate))
    path, data = staff_forms(own, world.victim)[what]
    before = {side.cast.slug: contents(world, side) for side in (world.victim, own)}
    assert send(world, own, "admin", path, data) == 422
    for side in (world.victim, own):
        nothing(differences(before[side.cast.slug], contents(world, side)))
    path, data = staff_forms(own, own)[what]
    with keeping_nothing():
        assert send(world, own, "admin", path, data) == 303, "with a row of the own it is fine"


# --- A09 --------------------------------------------------------------------------------------------------------------


def test_a_foreign_id_is_answered_as_one_that_nobody_has(
    world: World, asking: Asking, all_routes: list[Route]
):
    """A neighbour with a customer's ids, and staff of another tenant with those of this one."""
    neighbour = Asker("neighbour", world.victim, world.victim.people["neighbour"])
    stranger = Asker("admin of another tenant", world.other, world.other.people["admin"])
    told = []
    for route in guarded(all_routes):
        if not route.ids or "GET" not in route.methods:
            continue
        at_the_desk = route.permission != SIGNED_IN or route.rule.startswith("/desk")
        asker = stranger if at_the_desk else neighbour
        nobodys = {name: new_id_that_nobody_has() for name in route.ids}
        foreign = asking.ask(asker, route, "GET", world.victim)
        unknown = asking.ask(asker, route, "GET", world.victim, given=nobodys)
        if (foreign.status, alike(foreign.body)) != (unknown.status, alike(unknown.body)):
            told.append(f"{foreign} and {unknown.status}, {len(foreign.body)} and {len(unknown.body)} bytes")
        elif len(foreign.body) != len(unknown.body):
            told.append(f"{foreign}: {len(foreign.body)} and {len(unknown.body)} bytes")
    assert len(asking.answers) > 150
    nothing(told)


def alike(body: bytes) -> bytes:
    """A page without what differs each time: form tokens, and the ids that were asked for."""
    return re.sub(rb"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9_-]{40,}", b"*", body)
