"""Coming back from the bank without having paid: go on, or choose again, and wait for nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from blueprints.payments.models import Attempt
from saas.audit import AuditRow
from saas.database import db
from saas.scope import unit_of_work
from tests import cast
from tests.blueprints.payments.test_pages import at_confirm, begin, carry, decide, token
from tests.blueprints.payments.world import PayingWorld
from tests.pages import checked_get
from tests.signed_in import post, signed_in, statements


def state_of(world: PayingWorld, path: str) -> str:
    return world.client().get(f"{path}/status").json["state"]


def begun(world: PayingWorld, client, *invoices) -> str:
    """Begin to pay and close the bank's tab. Returns the path of the payment's page."""
    assert begin(client, *invoices).status_code == 303
    with unit_of_work(world.tenant.id):
        newest = select(Attempt.id).order_by(Attempt.created_at.desc()).limit(1)
        return f"/payments/{db.session.execute(newest).scalar_one()}"


def test_whoever_comes_back_is_told_how_to_go_on(world: PayingWorld):
    client, one, two = world.client(), world.invoice(), world.invoice()
    client.get("/invoices")
    with statements() as quiet:
        client.get("/invoices")
    path = begun(world, client, one)
    with statements() as asking:
        page = checked_get(client, "/invoices")
    assert path in page.links
    assert len(asking) == len(quiet) + 1, "asked only when an invoice is held"
    assert path in checked_get(client, f"/invoices/{one}").links
    assert path not in checked_get(client, f"/invoices/{two}").links
    # The same payment goes on at the same order of the bank.
    stands = checked_get(client, path)
    again = client.post("/payments/start", data={"csrf_token": token(stands.body), "invoice": str(one)})
    assert again.headers["Location"].startswith("http://bank.localhost/pay?")
    assert decide(world, again.headers["Location"], "approve") == path
    carry(world)
    assert state_of(world, path) == "captured"


def test_leave_it_and_choose_others_at_once(world: PayingWorld):
    client, one, two = world.client(), world.invoice(), world.invoice()
    path = begun(world, client, one, two)
    left = post(client, path, f"{path}/leave")
    assert (left.status_code, left.headers["Location"]) == (303, "/invoices")
    page = checked_get(client, "/invoices")
    assert page.body.count(" checked") == 2 and path not in page.links
    assert state_of(world, path) == "canceled"
    with unit_of_work(world.tenant.id):
        done = db.session.execute(select(AuditRow.action).order_by(AuditRow.number)).scalars().all()
    assert done[-1] == "payment.canceled"
    other = begun(world, client, two)
    assert other != path
    with unit_of_work(world.tenant.id):
        assert db.session.execute(select(Attempt.id).where(Attempt.state == "created")).scalars().all()


@pytest.mark.parametrize(("decision", "state"), [("approve", "captured"), ("pending", "pending")])
def test_whoever_has_paid_without_knowing_does_not_leave_it(world: PayingWorld, decision, state):
    """The notice is late; the bank is asked before anything is given up."""
    client, one = world.client(), world.invoice()
    path = decide(world, begin(client, one).headers["Location"], decision, "never")
    left = post(client, path, f"{path}/leave")
    assert left.headers["Location"] == path
    assert state_of(world, path) == state
    again = client.post("/payments/start", data={"csrf_token": at_token(client), "invoice": str(one)})
    assert again.status_code == 422 if state == "captured" else again.headers["Location"] == path


def at_token(client) -> str:
    return token(client.get("/profile").text)


def test_a_silent_bank_keeps_nobody_waiting(world: PayingWorld):
    client, one = world.client(), world.invoice()
    path = begun(world, client, one)
    world.wire.down = True
    assert post(client, path, f"{path}/leave").headers["Location"] == "/invoices"
    assert state_of(world, path) == "canceled"


def test_nobody_leaves_anothers_payment(world: PayingWorld):
    client, one = world.client(), world.invoice()
    path = begun(world, client, one)
    with unit_of_work(world.tenant.id):
        other = cast.add_user("otra@example.com")
        cast.give_access(other, world.account_id)
        staff = cast.add_user("ana@example.com", staff_role="administrator")
    neighbour = signed_in(world.app, world.tenant, other)
    assert post(neighbour, "/invoices", f"{path}/leave").status_code == 404
    assert path not in checked_get(neighbour, "/invoices").links
    looking = signed_in(world.app, world.tenant, staff, viewing=world.customer_id)
    page = checked_get(looking, path)
    assert "/leave" not in page.body and "bank.localhost" not in page.text
    assert post(looking, path, f"{path}/leave").status_code == 403
    assert state_of(world, path) == "created"


def test_choosing_anew_ends_the_old_one_in_evidence(world: PayingWorld):
    client, one, two = world.client(), world.invoice(), world.invoice()
    path = begun(world, client, one)
    assert at_confirm(client, one, two)
    begin(client, one, two)
    assert state_of(world, path) == "canceled"
    with unit_of_work(world.tenant.id):
        rows = db.session.execute(select(AuditRow.action).order_by(AuditRow.number)).scalars().all()
    assert rows.count("payment.canceled") == 1 and rows[-1] == "payment.started"
