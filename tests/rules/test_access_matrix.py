"""Every address, every method, every member of the cast, with the victim's real ids (cases A01, A02, A04, A06, A07).

The addresses come from the URL map and the ids from the world, so a new page is tried from the day it exists.
"""

from __future__ import annotations

import pytest

from saas.permissions import GATEWAY, SIGNED_IN
from saas.web import TENANT
from tenants.frame import ALLOWED_WHILE_VIEWING
from tests.rules.asking import (
    Answer,
    Asker,
    Asking,
    contents,
    differences,
    fill,
    given_to,
    guarded,
    hostile_form,
    hostile_query,
    id_routes,
    keeping_nothing,
    new_id_that_nobody_has,
    nothing,
    repair,
    request,
    rightful,
    row_text,
    tenant_routes,
)
from tests.rules.manifest import Route
from tests.rules.world import Side, World

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
GONE = 404
LOGIN = "/login"


def secrets_shown(answers: list[Answer], secrets: tuple[bytes, ...]) -> list[str]:
    return [leak for answer in answers for leak in answer.leaks(secrets)]


def wrong(answers: list[Answer], *allowed: int) -> list[str]:
    return [str(answer) for answer in answers if answer.status not in allowed]


def ask_everything(
    asking: Asking, asker: Asker, routes: list[Route], ids_of: Side, methods: tuple[str, ...] = METHODS
) -> list[Answer]:
    form, query = hostile_form(ids_of), hostile_query(ids_of)
    return [
        asking.ask(asker, route, method, ids_of, form=form, query=query)
        for route in routes
        for method in methods
        if method in ("OPTIONS", "PUT")
        or method in route.methods
        or (method == "HEAD" and "GET" in route.methods)
    ]


def others_on_their_own_host(world: World) -> list[Asker]:
    """People of the other tenant, on the other tenant's host, with the victim's ids."""
    return [
        Asker(f"{name} of another tenant", world.other, person)
        for name, person in world.other.people.items()
        if name in ("customer", "admin")
    ]


def others_on_the_victims_host(world: World) -> list[Asker]:
    """Their cookies on the host of the victim (A04)."""
    return [
        Asker(f"{name} of another tenant, on this host", world.victim, person, world.other)
        for name, person in world.other.people.items()
        if name in ("customer", "admin")
    ]


# --- strangers ----------------------------------------------------------------------------------------------------


def test_a_stranger_from_another_tenant_finds_nothing(world: World, asking: Asking, all_routes: list[Route]):
    before = contents(world, world.victim)
    for asker in others_on_their_own_host(world):
        answers = ask_everything(asking, asker, id_routes(all_routes), world.victim)
        # OPTIONS and wrong methods are answered before any row is looked for.
        nothing(wrong([a for a in answers if a.method in ("GET", "HEAD", "POST")], 404, 405))
        nothing(wrong(answers, 200, 404, 405))
    nothing(secrets_shown(asking.answers, world.victim.secrets))
    assert differences(before, contents(world, world.victim), moving=frozenset()) == []


def test_pages_without_an_id_take_no_id_of_another_tenant(
    world: World, asking: Asking, all_routes: list[Route]
):
    """Forms with every id of the victim (A07) and fields that nobody may set (A06), on the stranger's own host."""
    before = contents(world, world.victim)
    plain = [route for route in tenant_routes(all_routes) if not route.ids and route.permission != GATEWAY]
    for asker in others_on_their_own_host(world):
        ask_everything(asking, asker, plain, world.victim, ("GET", "POST"))
    assert [str(answer) for answer in asking.answers if answer.status >= 500] == []
    nothing(secrets_shown(asking.answers, world.victim.secrets))
    assert differences(before, contents(world, world.victim), moving=frozenset()) == []


def test_no_row_of_the_stranger_names_a_row_of_the_victim(
    world: World, asking: Asking, all_routes: list[Route]
):
    """Whatever those forms did write in the other tenant holds no id of the victim's."""
    before, form = contents(world, world.other), hostile_form(world.victim)
    for asker in others_on_their_own_host(world):
        for route in tenant_routes(all_routes):
            if "POST" in route.methods and route.permission != GATEWAY:
                asking.ask(asker, route, "POST", world.victim, form=form)
    after = contents(world, world.other)
    ids = {str(row_id) for ids in world.victim.rows.values() for row_id in ids} | {str(world.victim.id)}
    found = [
        f"{table}: {text[:200]}"
        for table, rows in after.items()
        for row_id, digest in rows.items()
        if before[table].get(row_id) != digest
        and any(name in (text := row_text(world, table, row_id)) for name in ids)
    ]
    nothing(found)


def test_a_session_is_worth_nothing_on_another_tenants_host(
    world: World, asking: Asking, all_routes: list[Route]
):
    """The cookie of tenant B on the host of tenant A is an anonymous visit (A04)."""
    before = contents(world, world.victim)
    for asker in others_on_the_victims_host(world):
        answers = ask_everything(asking, asker, guarded(all_routes), world.victim, ("GET", "HEAD", "POST"))
        assert wrong([a for a in answers if a.method != "POST"], 302) == []
        assert wrong([a for a in answers if a.method == "POST"], 400) == [], (
            "the form token is another session's"
        )
        assert all(a.headers["Location"].startswith(LOGIN) for a in answers if a.status == 302)
    nothing(secrets_shown(asking.answers, (world.victim.person_canary.encode(),)))
    assert differences(before, contents(world, world.victim), moving=frozenset()) == []


def test_nobody_is_sent_to_the_login(world: World, asking: Asking, all_routes: list[Route]):
    before = contents(world, world.victim)
    nobody = Asker("nobody", world.victim)
    answers = ask_everything(asking, nobody, guarded(all_routes), world.victim)
    for answer in answers:
        route = next(route for route in all_routes if route.rule == answer.rule and route.place == TENANT)
        allowed = (200, 302) if answer.method == "OPTIONS" else (302, 405)
        assert answer.status in allowed, str(answer)
        assert answer.status != 405 or answer.method not in route.methods, str(answer)
        if answer.status == 302:
            assert answer.headers["Location"].startswith(LOGIN), str(answer)
    nothing(secrets_shown(answers, (world.victim.person_canary.encode(),)))
    nothing(differences(before, contents(world, world.victim)))


def test_a_program_that_nobody_signed_in_gets_401(world: World, asking: Asking, all_routes: list[Route]):
    nobody = Asker("a program", world.victim)
    for route in guarded(all_routes):
        if "GET" in route.methods:
            answer = asking.ask(nobody, route, "GET", world.victim, headers={"Accept": "application/json"})
            assert answer.status == 401, str(answer)
            assert answer.leaks(world.victim.secrets) == []


def test_a_neighbour_of_the_same_tenant_finds_nothing(world: World, asking: Asking, all_routes: list[Route]):
    """Another customer of the same tenant: somebody else's row does not exist; the desk does not either."""
    before = contents(world, world.victim)
    neighbour = Asker("neighbour", world.victim, world.victim.people["neighbour"])
    secret = (world.victim.person_canary.encode(),)
    form, query = hostile_form(world.victim), hostile_query(world.victim)
    for route in guarded(all_routes):
        for method in route.methods:
            answer = asking.ask(neighbour, route, method, world.victim, form=form, query=query)
            if route.ids or route.permission != SIGNED_IN:
                assert answer.status == GONE, str(answer)
            assert answer.status < 500, str(answer)
    nothing(secrets_shown(asking.answers, secret))
    nothing(touched_by(world, before, neighbour))


def test_staff_without_a_permission_are_refused(world: World, asking: Asking, all_routes: list[Route]):
    """Of their own house they may know that a page exists: 403, and nothing changes."""
    before = contents(world, world.victim)
    clerk = Asker("staff without permission", world.victim, world.victim.people["clerk"])
    form, query = hostile_form(world.victim), hostile_query(world.victim)
    for route in guarded(all_routes):
        for method in route.methods:
            answer = asking.ask(clerk, route, method, world.victim, form=form, query=query)
            if route.permission != SIGNED_IN:
                assert answer.status == 403, str(answer)
            elif route.ids:
                assert answer.status == GONE, f"{answer}: a customer's page, and staff are no customers"
    nothing(secrets_shown(asking.answers, (world.victim.person_canary.encode(),)))
    nothing(touched_by(world, before, clerk))


def touched_by(world: World, before: dict[str, dict[str, str]], asker: Asker) -> list[str]:
    """Rows that changed or came, other than the asker's own; and rows of theirs that name the victim's."""
    after = contents(world, world.victim)
    own = {str(asker.person.user_id), str(asker.person.session_id)} if asker.person else set()
    victims = {
        str(row_id)
        for table in ("invoices", "accounts", "customers", "payment_attempts", "receipts", "payouts", "users")
        for row_id in world.victim.rows[table]
    }
    found = []
    for table in before:
        if table == "attempt_buckets":
            continue
        for row_id in before[table].keys() | after[table].keys():
            if before[table].get(row_id) == after[table].get(row_id) or row_id in own:
                continue
            text = row_text(world, table, row_id)
            if row_id in before[table] and not any(name in text for name in own):
                found.append(f"{table} {row_id} was {'changed' if text else 'removed'}")
            elif any(name in text for name in victims):
                found.append(f"{table} {row_id} is new and names the victim: {text[:300]}")
    return found


# What no form of a customer may ever change, whatever fields it carries.
NOT_THE_CUSTOMERS = (
    *(
        "accounts",
        "account_parties",
        "customers",
        "domains",
        "properties",
        "staff_roles",
        "tenants",
        "theme_versions",
    ),
    *(
        "invoices",
        "invoice_lines",
        "invoice_types",
        "journal_entries",
        "postings",
        "ledger_accounts",
        "leases",
    ),
    *("payments", "payment_allocations", "payouts", "provider_accounts", "receipts", "import_batches"),
)


def test_a_customers_forms_set_no_more_than_they_ask_for(
    world: World, asking: Asking, all_routes: list[Route]
):
    """Own pages, own ids, and the fields of every mass assignment: role, balance, status=paid, tenant (A06)."""
    before, form = contents(world, world.victim), hostile_form(world.victim)
    customer = Asker("customer", world.victim, world.victim.people["customer"])
    kept = world.superuser.execute(
        "SELECT email, status, customer_id FROM users WHERE id = %s", (customer.person.user_id,)
    ).fetchone()
    for route in tenant_routes(all_routes):
        if "POST" in route.methods and route.permission == SIGNED_IN:
            asking.ask(customer, route, "POST", world.victim, form=form)
    after = contents(world, world.victim)
    # One of the forms takes back a payment link, as its maker may; the tests after this one open it.
    world.superuser.execute("UPDATE payment_links SET revoked_at = NULL")
    # Others take back or stop their own bank account, as owners may.
    world.superuser.execute(
        "UPDATE owner_bank_accounts SET state = 'waiting', frozen_at = NULL, ended_at = NULL, end_reason = NULL"
        " WHERE usable_from IS NULL AND id = %s",
        (world.victim.first("owner_bank_accounts"),),
    )
    nothing([answer for answer in map(str, asking.answers) if answer.endswith("500")])
    nothing(differences({name: before[name] for name in NOT_THE_CUSTOMERS}, after))
    assert (
        kept
        == world.superuser.execute(
            "SELECT email, status, customer_id FROM users WHERE id = %s", (customer.person.user_id,)
        ).fetchone()
    )


def test_staff_who_look_on_change_nothing(world: World, asking: Asking, all_routes: list[Route]):
    """While staff see a customer's pages every form is refused, but the two that end it (A18)."""
    admin = Asker("staff looking on", world.victim, world.victim.people["admin"])
    looked_at = world.victim.first("customers")

    def look_on() -> None:
        world.superuser.execute(
            "UPDATE sessions SET viewing_customer_id = %s, viewing_since = now() WHERE id = %s",
            (looked_at, admin.person.session_id),
        )

    look_on()
    before, form = contents(world, world.victim), hostile_form(world.victim)
    refused = []
    for route in guarded(all_routes):
        if "POST" in route.methods and route.endpoint not in ALLOWED_WHILE_VIEWING:
            look_on()
            answer = asking.ask(admin, route, "POST", world.victim, form=form)
            if answer.status not in (403, 404):
                refused.append(str(answer))
    nothing(refused)
    nothing(differences(before, contents(world, world.victim)))
    look_on()
    seen = asking.ask(
        admin, next(r for r in all_routes if r.endpoint == "invoices.pending"), "GET", world.victim
    )
    assert seen.status == 200 and seen.leaks((world.victim.person_canary.encode(),)), "they do see the pages"
    repair(world, world.victim, admin.person)


# --- the rightful ---------------------------------------------------------------------------------------------------

# Readings that do not end in a page, each with its status and reason. Everything else must be 200.
ELSEWHERE: dict[str, tuple[int, str]] = {
    "auth.ask_code": (303, "no sign-in waits for a code"),
    "auth.set_up_second_factor": (303, "it is on already"),
    "payments.summary": (422, "nothing was chosen"),
    "payments.confirm": (422, "nothing was chosen"),
    "payments.confirm_credit_use": (422, "nothing was chosen"),
    "imports.progress": (303, "the batch is done"),
    "payments_desk.collected_progress": (303, "the file is done"),
    "desk.choose_main_domain": (303, "no name was chosen"),
    "payouts_desk.file": (404, "the first run waits for its approval and has no file yet"),
    "cases.filed": (303, "nothing was filed in this browser"),
    "cases.followed": (303, "no number and code were given"),
    "cases.followed_act_page": (303, "no number and code were given"),
    "cases.followed_rating_page": (303, "no number and code were given"),
    "cases.followed_certificate": (303, "no number and code were given"),
    "cases.followed_file": (404, "no number and code were given"),
    "cases.follow_link": (303, "it opens the case and leads to its page"),
    "cases.fill_in": (303, "the first question has no answer"),
    "leases.contracts": (302, "who has one contract is led to it"),
    "billing.ask_to_start": (303, "the run is no draft"),
    "billing.ask_about_undo": (303, "the run is not done"),
    "cases_desk.filing_page": (303, "nobody was chosen"),
    "cases_desk.term_page": (303, "no class was chosen"),
    "cases_desk.entry_page": (303, "no list was chosen"),
    "desk.ask_to_restore_day": (303, "no day was chosen"),
}
# What a form full of foreign and senseless fields may come to when the rightful sends it.
AFTER_A_FORM = (200, 302, 303, 404, 409, 422)


def test_the_rightful_are_let_in(readings: list[tuple[Route, Answer]]):
    """The positive control (A02): without it everything above could be refused for the wrong reason."""
    unexpected = [
        f"{answer}, expected {expected}"
        for route, answer in readings
        if answer.status != (expected := ELSEWHERE.get(route.endpoint, (200, ""))[0])
    ]
    nothing(unexpected)


def test_the_rightful_see_the_canary(readings: list[tuple[Route, Answer]], world: World):
    """A canary that is on no page warns of nothing: most of the pages about a row must show it."""
    about_rows = [answer for route, answer in readings if route.ids and answer.status == 200]
    hiding = [str(answer) for answer in about_rows if not answer.leaks(world.victim.secrets)]
    assert len(about_rows) > 10
    assert len(hiding) <= 0.3 * len(about_rows), hiding


def test_the_rightful_may_choose_their_own(world: World, asking: Asking, all_routes: list[Route]):
    """The ids that strangers put into addresses are worth something in the right hands."""
    own = {"invoice": [str(row_id) for row_id in world.victim.rows["invoices"][:2]]}
    for route in all_routes:
        if route.endpoint in ("payments.summary", "payments.confirm"):
            answer = asking.ask(rightful(world, route), route, "GET", world.victim, query=own)
            assert answer.status == 200 and answer.leaks(world.victim.secrets), str(answer)
    assert len(asking.answers) == 2


def test_head_is_get_without_a_body(world: World, asking: Asking, readings: list[tuple[Route, Answer]]):
    wrong_heads = []
    with keeping_nothing():
        for route, read in readings:
            head = asking.ask(
                rightful(world, route), route, "HEAD", world.victim, given=given_to(route, world.victim)
            )
            if head.status != read.status or head.body:
                wrong_heads.append(f"{head} with {len(head.body)} bytes, GET {read.status}")
    nothing(wrong_heads)


def test_the_rightful_may_send_forms(world: World, asking: Asking, all_routes: list[Route]):
    """Senseless forms are answered with a page that says so, never with a failure."""
    with keeping_nothing():
        for route in tenant_routes(all_routes):
            if "POST" in route.methods and route.permission != GATEWAY:
                asking.ask(
                    rightful(world, route), route, "POST", world.victim, given=given_to(route, world.victim)
                )
    nothing(wrong(asking.answers, *AFTER_A_FORM))


def test_every_address_can_be_filled(world: World, all_routes: list[Route]):
    """A new kind of id needs a row in the world: otherwise the tests above would skip its page."""
    for route in all_routes:
        assert "<" not in fill(route, world.victim), route.rule


@pytest.mark.parametrize("id_text", ["007", "9" * 40, "1 OR 1=1", "{x}", "x" * 3000])
def test_what_is_no_id_is_not_found(world: World, all_routes: list[Route], id_text: str):
    """Malformed ids (A08) get the same answer as ids of nobody."""
    found = []
    for route in id_routes(all_routes):
        if "GET" in route.methods:
            for given in (id_text, new_id_that_nobody_has()):
                path = fill(route, world.victim, {route.ids[0]: given})
                status = request(
                    world.app, "GET", world.victim.host, path, rightful(world, route).person
                ).status_code
                if status != GONE:
                    found.append(f"{path[:100]} -> {status}")
    nothing(found)
