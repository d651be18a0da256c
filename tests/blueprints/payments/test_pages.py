"""The way of a payer through the pages, at our host and at the bank's."""

from __future__ import annotations

import datetime
import re
from urllib.parse import urlsplit

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from blueprints.payments.models import Attempt
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from blueprints.payments.providers.bank_simulator import messenger
from saas import outbox
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tenants.people import UserSession
from tests import cast
from tests.application import client_for
from tests.blueprints.payments.world import PayingWorld, paying_world
from tests.pages import check_page, checked_get
from tests.signed_in import signed_in, statements


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def at_confirm(client: FlaskClient, *invoices) -> str:
    query = "&".join(f"invoice={invoice}" for invoice in invoices)
    return token(client.get(f"/payments/confirm?{query}").text)


def begin(client: FlaskClient, *invoices, **more):
    data = {"csrf_token": at_confirm(client, *invoices), "invoice": [str(i) for i in invoices], **more}
    return client.post("/payments/start", data=data)


def decide(world: PayingWorld, url: str, decision: str, notice: str = "once") -> str:
    """At the bank: look at the order, decide, and come back. Returns the path that the payer returns to."""
    bank = client_for(world.app, "bank.localhost")
    order = bank.get(url.removeprefix("http://bank.localhost"))
    assert order.status_code == 303
    page = bank.get(order.headers["Location"])
    assert "form-action 'self' http://aguas.localhost" in page.headers["Content-Security-Policy"]
    check_page(page, url="/orders")
    data = {"csrf_token": token(page.text), "decision": decision, "notice": notice}
    back = bank.post(order.headers["Location"], data=data)
    assert back.status_code == 303
    return urlsplit(back.headers["Location"]).path


def carry(world: PayingWorld) -> list[int]:
    """Let the bank's messenger go."""
    held, world.bank.held = world.bank.held, []
    return [messenger.post(world.wire, delivery) for delivery in held]


def test_choose_two_pay_and_read_the_receipt(world: PayingWorld, mailbox):
    one, two = world.invoice(100_000), world.invoice(45_050)
    client = world.client()
    listed = client.get("/invoices").text
    chosen = {"csrf_token": token(listed), "invoice": [str(one), str(two)]}
    summary = client.post("/payments/summary", data=chosen)
    assert summary.status_code == 303
    page = checked_get(client, summary.headers["Location"])
    assert "$ 1.450,50" in page.text.replace("\xa0", " ") or "$1.450,50" in page.text
    confirm = client.post("/payments/confirm", data={**chosen, "csrf_token": token(page.body)})
    sure = checked_get(client, confirm.headers["Location"])
    assert world.tenant.canary in sure.text
    gone = client.post("/payments/start", data={**chosen, "csrf_token": token(sure.body)})
    assert gone.status_code == 303
    assert "http://bank.localhost" in gone.headers["Content-Security-Policy"]
    back = decide(world, gone.headers["Location"], "approve", "twice")
    waiting = checked_get(client, back)
    assert "data-every" in waiting.body and 'http-equiv="refresh"' in waiting.body
    assert carry(world) == [200, 200]
    done = checked_get(client, back)
    assert "data-every" not in done.body
    receipt = re.search(r'href="(/receipts/[0-9a-f-]{36})"', done.body)
    assert receipt
    paper = checked_get(client, receipt[1])
    assert "R-000001" in paper.h1
    outbox.drain()
    outbox.drain()
    pdf = client.get(f"{receipt[1]}/pdf")
    assert pdf.data.startswith(b"%PDF") and pdf.data == client.get(f"{receipt[1]}/pdf").data
    letters = [letter for _name, letter in mailbox.letters()]
    assert [letter["To"] for letter in letters] == [world.email]
    assert "R-000001" in letters[0]["Subject"]
    assert "R-000001" in checked_get(client, "/receipts").text
    code = re.search(r"/check/([0-9A-Z-]+)", paper.body)
    assert code
    stranger = client_for(world.app, world.tenant.host)
    checked = checked_get(stranger, f"/check/{code[1].lower()}")
    assert "R-000001" in checked.text
    assert "Camila" not in checked.text and "F-1" not in checked.text
    checked_get(stranger, "/check/0000-0000-0000", status=404)


@pytest.mark.parametrize(
    ("decision", "state"),
    [("decline", "failed"), ("expire", "expired"), ("pending", "pending"), ("approve-late", "pending")],
)
def test_the_other_ends_are_explained(world: PayingWorld, decision, state):
    client = world.client()
    gone = begin(client, world.invoice())
    back = decide(world, gone.headers["Location"], decision)
    carry(world) if decision != "approve-late" else messenger.post(world.wire, world.bank.held[0])
    page = checked_get(client, back)
    assert (f'data-state="{state}"' in page.body) == (state == "pending")
    assert ("data-every" in page.body) == (state == "pending")
    assert client.get(f"{back}/status").json == {"state": state, "done": state != "pending", "receipt": None}


def test_the_browser_is_never_believed(world: PayingWorld):
    client = world.client()
    gone = begin(client, world.invoice())
    back = decide(world, gone.headers["Location"], "decline", "never")
    forged = f"{back}?transactionState=4&state=approved&receipt=1"
    assert 'data-state="created"' in checked_get(client, forged).body


def test_amounts_in_the_form_are_not_read(world: PayingWorld):
    client = world.client()
    one = world.invoice(100_000)
    forged = {
        "amount": "1",
        "currency": "USD",
        "total": "1",
        "tenant_id": "x",
        "merchant": "x",
        "state": "captured",
    }
    gone = begin(client, one, **forged)
    assert "amount=100000&currency=ARS" in gone.headers["Location"]
    tampered = gone.headers["Location"].replace("amount=100000", "amount=1")
    bank = client_for(world.app, "bank.localhost")
    assert bank.get(tampered.removeprefix("http://bank.localhost")).status_code == 400


@pytest.mark.parametrize("typed", ["0", "-1", "1e309", "NaN", "1.234,50", "٣", "x" * 5000, "\x00"])
def test_an_id_that_is_none_is_nobodys_invoice(world: PayingWorld, typed):
    client = world.client()
    data = {"csrf_token": at_confirm(client, world.invoice()), "invoice": typed}
    assert client.post("/payments/start", data=data).status_code == 404
    assert client.get("/payments/summary", query_string={"invoice": typed}).status_code == 404


def test_nothing_chosen_and_what_is_paid_are_explained(world: PayingWorld):
    client = world.client()
    assert checked_get(client, "/payments/summary", status=422).h1
    one = world.invoice()
    gone = begin(client, one)
    decide(world, gone.headers["Location"], "approve")
    carry(world)
    checked_get(client, f"/payments/summary?invoice={one}", status=422)


def test_a_co_tenant_reads_that_a_payment_is_in_process(world: PayingWorld):
    one = world.invoice()
    with unit_of_work(world.tenant.id):
        other = cast.add_user("otra@example.com")
        cast.give_access(other, world.account_id)
    begin(world.client(), one)
    answer = begin(signed_in(world.app, world.tenant, other), one)
    assert answer.status_code == 422
    check_page(answer, url="/payments/start")


def test_ones_own_pending_payment_is_shown_instead(world: PayingWorld):
    client, one = world.client(), world.invoice()
    gone = begin(client, one)
    back = decide(world, gone.headers["Location"], "pending")
    carry(world)
    assert begin(client, one).headers["Location"] == back


def test_strangers_see_nothing(world: PayingWorld):
    client, one = world.client(), world.invoice()
    gone = begin(client, one)
    back = decide(world, gone.headers["Location"], "approve")
    carry(world)
    receipt = client.get(f"{back}/status").json["receipt"]
    with unit_of_work(world.tenant.id):
        neighbour = cast.add_user("vecino@example.com")
    other = paying_world(world.app, "vecina")
    for stranger in (signed_in(world.app, world.tenant, neighbour), other.client()):
        for path in (back, f"{back}/status", receipt, f"{receipt}/pdf"):
            assert stranger.get(path).status_code == 404
        assert "R-000001" not in stranger.get("/receipts").text
    anonymous = client_for(world.app, world.tenant.host).get(back)
    assert anonymous.status_code == 302
    assert back in anonymous.headers["Location"].replace("%2F", "/")


def test_a_co_tenant_does_not_learn_what_else_was_paid(world: PayingWorld):
    shared = world.invoice()
    with unit_of_work(world.tenant.id):
        private = cast.add_account("062-2")
        cast.give_access(world.user_id, private)

        also = cast.add_invoice(private, "P-1", due_on=datetime.date(2099, 1, 1))
        other = cast.add_user("otra@example.com")
        cast.give_access(other, world.account_id)
    client = world.client()
    back = decide(world, begin(client, shared, also).headers["Location"], "approve")
    carry(world)
    receipt = client.get(f"{back}/status").json["receipt"]
    assert signed_in(world.app, world.tenant, other).get(receipt).status_code == 404
    assert client.get(receipt).status_code == 200


def test_payments_made_outside_have_a_page_without_paper(world: PayingWorld):
    one = world.invoice(100_000)
    with unit_of_work(world.tenant.id):
        new = OutsidePayment(
            items=[(one, 100_000)],
            paid_on=datetime.date(2026, 11, 20),
            currency="ARS",
            method="Rapipago",
            reference="RP-1",
            number="EX-77",
        )
        payment_id = record_outside_payment(new)
    client = world.client()
    assert "EX-77" in checked_get(client, "/receipts").text
    assert "Rapipago" in checked_get(client, f"/receipts/{payment_id}").text
    assert client.get(f"/receipts/{payment_id}/pdf").status_code == 404
    assert "RP-1" in client.get(f"/invoices/{one}").text or "EX-77" in client.get(f"/invoices/{one}").text


def test_the_list_is_paged_by_key_and_costs_the_same(world: PayingWorld):

    client = world.client()
    with unit_of_work(world.tenant.id):
        for number in range(45):
            invoice = cast.add_invoice(world.account_id, f"L-{number:02d}", amount=1000)
            record_outside_payment(
                OutsidePayment(
                    items=[(invoice, 1000)],
                    paid_on=datetime.date(2026, 10, 1) + datetime.timedelta(days=number // 3),
                    currency="ARS",
                    method="Caja",
                    reference=f"C-{number}",
                    number=f"N-{number:02d}",
                )
            )
    client.get("/receipts")  # the tenant is read once and kept
    seen, path, pages = [], "/receipts", []
    while path:
        with statements() as sent:
            page = checked_get(client, path)
        pages.append(len(sent))
        seen += re.findall(r"N-\d\d", page.text)
        older = [link for link in page.links if "before=" in link]
        path = older[0] if older else ""
    assert len(seen) == len(set(seen)) == 45 and len(set(pages)) == 1
    newer = [link for link in page.links if "after=" in link]
    assert re.findall(r"N-\d\d", checked_get(client, newer[0]).text) == seen[20:40]


def test_waiting_does_not_keep_the_session_alive(world: PayingWorld):

    client = world.client()
    back = decide(world, begin(client, world.invoice()).headers["Location"], "pending")
    with unit_of_work(world.tenant.id):
        before = db.session.execute(select(UserSession.last_seen_at)).scalar_one()
    with time_machine.travel(now() + datetime.timedelta(minutes=20), tick=True):
        client.get(back)
        client.get(f"{back}/status")
    with unit_of_work(world.tenant.id):
        assert db.session.execute(select(UserSession.last_seen_at)).scalar_one() == before


def test_staff_who_look_on_pay_nothing(world: PayingWorld):
    one = world.invoice()
    with unit_of_work(world.tenant.id):
        staff = cast.add_user("ana@example.com", staff_role="administrator")
    client = signed_in(world.app, world.tenant, staff, viewing=world.customer_id)
    assert client.get(f"/payments/summary?invoice={one}").status_code == 422
    with unit_of_work(world.tenant.id):
        assert db.session.execute(select(func.count()).select_from(Attempt)).scalar_one() == 0
