"""The desk: refunds by two people, disputes, what was paid twice, and trying again what did not fit."""

from __future__ import annotations

import re
import uuid

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from blueprints.payments.models import QuarantinedPayment
from blueprints.payments.refund_models import Credit, Dispute, Refund
from blueprints.payments.trying_again import try_again
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.provider_accounts import ProviderAccount
from tests import cast
from tests.blueprints.payments.returned import credit, drain, open_of, paid, refund_of, standing, tell
from tests.blueprints.payments.test_credit import overpaid
from tests.blueprints.payments.test_pages import token
from tests.blueprints.payments.test_refunds import approved_at_the_bank
from tests.blueprints.payments.world import PayingWorld
from tests.pages import checked_get
from tests.signed_in import signed_in


def at_desk(world: PayingWorld, name: str, role: str = "billing") -> FlaskClient:
    with unit_of_work(world.tenant.id):
        user = cast.add_user(f"{name}@example.com", name=name.capitalize(), staff_role=role)
    return signed_in(world.app, world.tenant, user)


def only(world: PayingWorld, model) -> uuid.UUID:
    with unit_of_work(world.tenant.id):
        return db.session.execute(select(model.id)).scalar_one()


def post(client: FlaskClient, page: str, to: str, **fields: str):
    return client.post(to, data={"csrf_token": token(client.get(page).text), **fields})


def test_from_the_payment_to_the_money_back(world: PayingWorld, mailbox):
    one, two = world.invoice(100_000), world.invoice(40_000)
    attempt, payment = paid(world, one, two)
    approved_at_the_bank(world, attempt)
    ana, luis = at_desk(world, "ana"), at_desk(world, "luis")
    assert f"/desk/payments/received/{payment}" in checked_get(ana, "/desk/payments").body
    checked_get(ana, f"/desk/payments/received/{payment}")
    new = f"/desk/payments/received/{payment}/refund"
    page = checked_get(ana, new)
    assert 'value="1000,00"' in page.body and 'value="400,00"' in page.body
    wrong = post(ana, new, new, way="provider", reason="Error", **{f"amount-{one}": "1,234"})
    assert wrong.status_code == 422 and "1,234" in wrong.text
    too_much = post(ana, new, new, way="provider", reason="Error", **{f"amount-{one}": "1.000,01"})
    assert too_much.status_code == 422
    sent = post(ana, new, new, way="provider", reason="Cobro doble", **{f"amount-{one}": "250,50"})
    assert sent.status_code == 303
    refund = only(world, Refund)
    address = f"/desk/payments/refunds/{refund}"
    assert sent.headers["Location"].endswith(address)
    assert "approve" not in checked_get(ana, address).body
    assert post(ana, address, f"{address}/approve").status_code == 422
    assert str(refund) in checked_get(luis, "/desk/payments/refunds").body
    assert "/desk/payments/refunds" in checked_get(luis, "/desk").body
    assert post(luis, address, f"{address}/approve").status_code == 303
    drain(world)
    assert refund_of(world, refund).state == "done" and open_of(world, one) == 25_050
    checked_get(luis, address)
    assert "250,50" in checked_get(luis, f"/desk/payments/received/{payment}").text
    client = world.client()
    receipt = checked_get(client, f"/receipts/{payment}")
    assert "250,50" in receipt.text and "1.400,00" in receipt.text
    subjects = [letter["Subject"] for _name, letter in mailbox.letters()]
    assert len(subjects) == 2


def test_a_failed_one_is_offered_another_way(world: PayingWorld):
    one = world.invoice(100_000)
    _attempt, payment = paid(world, one)  # the bank's own books do not know it: it refuses
    ana, luis = at_desk(world, "ana"), at_desk(world, "luis")
    new = f"/desk/payments/received/{payment}/refund"
    post(ana, new, new, way="provider", reason="Cobro doble", **{f"amount-{one}": "300"})
    refund = only(world, Refund)
    address = f"/desk/payments/refunds/{refund}"
    post(luis, address, f"{address}/approve")
    drain(world)
    page = checked_get(ana, address)
    assert refund_of(world, refund).state == "failed" and f"again={refund}" in page.body
    again = checked_get(ana, f"{new}?again={refund}")
    assert 'value="300,00"' in again.body and re.search(r'value="outside"[^>]* checked', again.body)
    done = post(
        ana, new, new, way="outside", reason="Cobro doble", reference="TR-1", again=str(refund),
        **{f"amount-{one}": "300"},
    )  # fmt: skip
    assert done.status_code == 303
    assert refund_of(world, refund).state == "rejected"


def test_a_dispute_is_seen_and_answered_once(world: PayingWorld):
    attempt, _payment = paid(world, world.invoice(100_000))
    tell(
        world,
        world.said(attempt, "disputed", event="d1", facts={"evidence_due": "2026-12-01T12:00:00+00:00"}),
    )
    ana = at_desk(world, "ana")
    dispute = only(world, Dispute)
    assert "/desk/payments/disputes" in checked_get(ana, "/desk").body
    address = f"/desk/payments/disputes/{dispute}"
    assert address in checked_get(ana, "/desk/payments/disputes").body
    assert "2026" in checked_get(ana, address).text
    assert post(ana, address, address, note="").status_code == 422
    assert post(ana, address, address, note="Se envió el recibo y el contrato").status_code == 303
    assert "Se envió el recibo" in checked_get(ana, address).text
    tell(world, world.said(attempt, "dispute_lost", event="d1"))
    assert post(ana, address, address, note="Otra vez").status_code == 422
    assert address in checked_get(ana, "/desk/payments/disputes?state=closed").body


def test_paid_twice_stands_side_by_side_and_is_decided(world: PayingWorld):
    overpaid(world)
    ana = at_desk(world, "ana")
    one = only(world, Credit)
    address = f"/desk/payments/credit/{one}"
    assert address in checked_get(ana, "/desk/payments/credit").body
    assert "/desk/payments/credit" in checked_get(ana, "/desk").body
    page = checked_get(ana, address)
    assert len(re.findall(r"/desk/payments/received/[0-9a-f-]{36}\"", page.body)) >= 2
    assert "of=credit" in page.body
    owed = world.invoice(30_000)
    page = checked_get(ana, address)
    use = re.search(r'name="use" value="([^"]+)"', page.body)
    assert use
    fields = {"use": use[1], "invoice": str(owed)}
    assert post(ana, address, f"{address}/use", **fields, amount="999.999").status_code == 422
    for _turn in range(2):
        assert post(ana, address, f"{address}/use", **fields, amount="300,00").status_code in (303, 422)
    assert open_of(world, owed) == 0 and credit(world) == 70_000
    kept = post(ana, address, f"{address}/keep", note="El cliente prefiere usarlo el mes próximo")
    assert kept.status_code == 303
    assert address not in checked_get(ana, "/desk/payments/credit").body
    assert address in checked_get(ana, "/desk/payments/credit?state=all").body


def test_what_did_not_fit_is_tried_again_after_the_mode_was_put_right(world: PayingWorld):
    one = world.invoice(100_000)
    started = world.start(one)
    tell(world, world.said(started.attempt_id, mode="live", event="9"))
    ana = at_desk(world, "ana")
    row = only(world, QuarantinedPayment)
    address = f"/desk/payments/quarantine/{row}"
    assert address in checked_get(ana, "/desk/payments/quarantine").body
    assert post(ana, address, f"{address}/again").headers["Location"].endswith(address)  # still does not fit
    assert open_of(world, one) == 100_000
    with unit_of_work(world.tenant.id):
        db.session.execute(
            update(QuarantinedPayment).values(data={**only_data(row), "mode": "test"})
        )  # as the adapter would say it now
    assert not post(ana, address, f"{address}/again").headers["Location"].endswith(address)
    assert open_of(world, one) == 0
    assert "Se aplicó" in checked_get(ana, f"{address}").text or checked_get(ana, address).h1
    assert post(ana, address, f"{address}/again").status_code == 422


def only_data(row_id: uuid.UUID) -> dict:
    return db.session.execute(
        select(QuarantinedPayment.data).where(QuarantinedPayment.id == row_id)
    ).scalar_one()


def test_a_refund_too_much_fits_once_another_has_failed(world: PayingWorld):
    attempt, _payment = paid(world, world.invoice(100_000))
    tell(
        world,
        world.said(attempt, "refunded", amount=60_000, event="a"),
        world.said(attempt, "refunded", amount=60_000, event="b"),
    )
    row, actor = only(world, QuarantinedPayment), Actor("staff", None, "Ana")
    with unit_of_work(world.tenant.id):
        assert try_again(row, actor=actor, now=now()) == "quarantined:refund-exceeds"
    tell(world, world.said(attempt, "refund_failed", amount=60_000, event="a"))
    assert standing(world)["clearing"] == 40_000
    with unit_of_work(world.tenant.id), pytest.raises(Refusal, match="resolved"):
        try_again(row, actor=actor, now=now())


def test_the_bytes_as_they_came_are_read_again(world: PayingWorld):
    """A notice for a merchant number that had been typed wrong: put aside, then read with the right settings."""
    from tests.blueprints.payments.test_pages import begin, carry, decide

    one = world.invoice(100_000)
    client = world.client()
    decide(world, begin(client, one).headers["Location"], "approve")
    with unit_of_work(world.tenant.id):
        from blueprints.payments.models import Attempt

        right = db.session.execute(select(Attempt.amount)).scalar_one()
        db.session.execute(update(Attempt).values(amount=right + 1))
    assert carry(world) == [200]
    row = only(world, QuarantinedPayment)
    with unit_of_work(world.tenant.id):
        from blueprints.payments.models import Attempt

        db.session.execute(update(Attempt).values(amount=right))
    with unit_of_work(world.tenant.id):
        assert try_again(row, actor=Actor("staff", None, "Ana"), now=now()) == "moved"
    assert open_of(world, one) == 0


def test_who_may_not_see_payments_sees_none_of_it(world: PayingWorld):
    attempt, payment = paid(world, world.invoice(100_000))
    tell(world, world.said(attempt, "disputed", event="d1"))
    reader = at_desk(world, "lector", "reader")
    for path in (
        f"received/{payment}", f"received/{payment}/refund", "refunds", "disputes", "credit", "quarantine",
        f"disputes/{only(world, Dispute)}",
    ):  # fmt: skip
        assert reader.get(f"/desk/payments/{path}").status_code == 403, path


def test_the_bank_of_the_demo_gives_back_and_disputes(world: PayingWorld):
    """The buttons of the invented bank, carried by its messenger to our books."""
    from tests.application import client_for
    from tests.blueprints.payments.test_pages import begin, carry, decide

    one = world.invoice(100_000)
    gone = begin(world.client(), one)
    decide(world, gone.headers["Location"], "approve")
    carry(world)
    bank = client_for(world.app, "bank.localhost")
    order = bank.get(gone.headers["Location"].removeprefix("http://bank.localhost")).headers["Location"]

    def press(act: str) -> None:
        page = bank.get(order)
        assert act in page.text
        sent = bank.post(f"{order}/after", data={"csrf_token": token(page.text), "act": act})
        assert sent.status_code == 303
        assert carry(world) == [200]

    press("refund-half")
    assert open_of(world, one) == 50_000
    press("dispute")
    assert open_of(world, one) == 100_000
    press("dispute-won")
    assert open_of(world, one) == 50_000
    press("refund")
    assert standing(world) == {"clearing": 0, "owed": 100_000, "credit": 0, "surcharge": 0}
    with unit_of_work(world.tenant.id):
        assert db.session.execute(select(ProviderAccount.id)).scalar_one()
