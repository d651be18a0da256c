"""Applying observations: once, whole, in any order; what does not fit is put aside and never lost."""

from __future__ import annotations

import datetime
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from blueprints.invoices.models import Invoice
from blueprints.invoices.services import void_invoice
from blueprints.ledger import queries as books
from blueprints.ledger import rules as kinds
from blueprints.payments.applying import apply
from blueprints.payments.interface import Observation
from blueprints.payments.models import (
    Allocation,
    ObservationRow,
    Payment,
    QuarantinedPayment,
    Receipt,
)
from saas import audit, events, outbox
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tests.blueprints.payments.world import PayingWorld, paying_world


def tell(world: PayingWorld, *observations: Observation) -> list[str]:
    """Each observation in a transaction of its own."""
    effects = []
    account = world.provider_account()
    for observation in observations:
        with unit_of_work(world.tenant.id):
            effects.append(apply(observation, account=account, now=now()))
    return effects


def count(world: PayingWorld, model) -> int:
    with unit_of_work(world.tenant.id):
        return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def balances(world: PayingWorld) -> dict[str, int]:
    with unit_of_work(world.tenant.id):
        assert books.unbalanced_entries() == []
        return {
            "clearing": books.balance(kinds.CLEARING),
            "owed": books.balance(kinds.RECEIVABLE),
            "credit": -books.balance(kinds.CUSTOMER_CREDIT),
            "surcharge": -books.balance(kinds.SURCHARGE),
        }


def open_amounts(world: PayingWorld) -> list[int]:
    with unit_of_work(world.tenant.id):
        return list(db.session.execute(select(Invoice.open_amount).order_by(Invoice.number)).scalars())


def quarantine(world: PayingWorld) -> list[str]:
    with unit_of_work(world.tenant.id):
        return list(
            db.session.execute(
                select(QuarantinedPayment.kind).order_by(QuarantinedPayment.created_at, QuarantinedPayment.id)
            ).scalars()
        )


def test_captured_settles_everything_once(world: PayingWorld, monkeypatch):
    told = []
    listeners = [*events.subscribers("payment.captured"), lambda **facts: told.append(facts)]
    monkeypatch.setitem(events._handlers, "payment.captured", listeners)
    one, two = world.invoice(100_000), world.invoice(40_000)
    started = world.start(one, two)
    said = world.said(started.attempt_id)
    assert tell(world, said) == ["moved"]
    assert balances(world) == {"clearing": 140_000, "owed": 0, "credit": 0, "surcharge": 0}
    assert open_amounts(world) == [0, 0]
    row = world.attempt(started.attempt_id)
    assert (row.state, row.poll_at) == ("captured", None)
    assert count(world, Payment) == count(world, Receipt) == 1
    assert count(world, Allocation) == 2
    assert [sorted(facts["items"]) for facts in told] == [sorted([(one, 100_000), (two, 40_000)])]
    with unit_of_work(world.tenant.id):
        assert audit.first_broken() is None
        number, prefix = db.session.execute(select(Receipt.number)).scalar_one(), "R-000001"
        assert number == prefix


def test_fifty_times_in_series_and_in_parallel(world: PayingWorld):
    started = world.start(world.invoice(100_000), world.invoice(40_000))
    said, account = world.said(started.attempt_id), world.provider_account()

    def once(_turn: int) -> str:
        with world.app.app_context(), unit_of_work(world.tenant.id):
            return apply(said, account=account, now=now())

    with ThreadPoolExecutor(8) as pool:
        effects = list(pool.map(once, range(50)))
    effects += tell(world, *[said] * 50)
    assert sorted(effects) == ["duplicate"] * 99 + ["moved"]
    assert balances(world)["clearing"] == 140_000
    assert count(world, Payment) == count(world, Receipt) == count(world, ObservationRow) == 1


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"amount": 100_001}, "amount-differs"),
        ({"amount": 99_999}, "amount-differs"),
        ({"currency": "COP"}, "currency-differs"),
        ({"mode": "live"}, "mode-differs"),
        ({"kind": "settled"}, "unexpected-kind"),
        ({"reference": "nobody-knows"}, "unknown-reference"),
    ],
)
def test_what_differs_is_put_aside_and_the_right_one_still_counts(world: PayingWorld, changes, kind):
    started = world.start(world.invoice(100_000))
    wrong = world.said(started.attempt_id, **changes)
    assert tell(world, wrong)[0] == f"quarantined:{kind}"
    assert tell(world, wrong)[0] in ("duplicate", f"quarantined:{kind}")
    assert quarantine(world) == [kind]
    assert balances(world)["clearing"] == 0
    assert world.attempt(started.attempt_id).state == "created"
    assert tell(world, world.said(started.attempt_id)) == ["moved"]
    assert balances(world)["clearing"] == 100_000


def test_another_account_of_the_tenant_cannot_speak_for_the_attempt(world: PayingWorld):
    from blueprints.payments.providers.bank_simulator.opening import open_simulator_account
    from tenants.provider_account_services import open_account

    started = world.start(world.invoice())
    with unit_of_work(world.tenant.id):
        second = open_account(open_simulator_account("Otro banco"))
    with unit_of_work(world.tenant.id):
        effect = apply(world.said(started.attempt_id), account=second, now=now())
    assert effect == "quarantined:other-account"
    assert tell(world, world.said(started.attempt_id)) == ["moved"]


def test_a_late_success_is_booked_after_expiry(world: PayingWorld):
    started = world.start(world.invoice(100_000))
    effects = tell(world, world.said(started.attempt_id, "expired", event="1"))
    effects += tell(world, world.said(started.attempt_id, "captured", event="2"))
    assert effects == ["moved", "moved"]
    assert balances(world) == {"clearing": 100_000, "owed": 0, "credit": 0, "surcharge": 0}
    assert quarantine(world) == []


def test_paid_twice_becomes_credit_and_a_task(world: PayingWorld):
    one, two = world.invoice(100_000), world.invoice(40_000)
    first = world.start(one)
    second = world.start(one, two)  # leaves the first, whose page may still be open at the bank
    assert tell(world, world.said(second.attempt_id)) == ["moved"]
    assert tell(world, world.said(first.attempt_id)) == ["moved"]
    assert balances(world) == {"clearing": 240_000, "owed": 0, "credit": 100_000, "surcharge": 0}
    assert quarantine(world) == ["surplus"]
    assert count(world, Receipt) == 2


def test_an_invoice_voided_meanwhile_becomes_credit(world: PayingWorld):
    one, two = world.invoice(100_000), world.invoice(40_000)
    started = world.start(one, two)
    with unit_of_work(world.tenant.id):
        void_invoice(one, reason="error", today=datetime.date(2026, 11, 21))
    assert tell(world, world.said(started.attempt_id)) == ["moved"]
    assert balances(world) == {"clearing": 140_000, "owed": 0, "credit": 100_000, "surcharge": 0}
    assert quarantine(world) == ["surplus"]


def test_the_surcharge_is_posted_with_the_money(world: PayingWorld):
    late = world.invoice(50_000, due_in=-3, second_due_on=datetime.date(2099, 1, 1), second_total=51_000)
    started = world.start(late)
    assert tell(world, world.said(started.attempt_id)) == ["moved"]
    assert balances(world) == {"clearing": 51_000, "owed": 0, "credit": 0, "surcharge": 1_000}


def test_declined_then_approved_and_the_reverse(world: PayingWorld):
    first, second = world.start(world.invoice(1_000)), world.start(world.invoice(2_000))
    failed, captured = world.said(first.attempt_id, "failed"), world.said(first.attempt_id, event="2")
    assert tell(world, failed, captured) == ["moved", "moved"]
    captured, failed = world.said(second.attempt_id), world.said(second.attempt_id, "failed", event="2")
    assert tell(world, captured, failed) == ["moved", "already-captured"]
    assert balances(world)["clearing"] == 3_000


def test_any_order_ends_in_the_same_balances(app):
    ends = set()
    for turn, order in enumerate(itertools.permutations(["pending", "failed", "captured", "expired"])):
        world = paying_world(app, f"orden-{turn}")
        started = world.start(world.invoice(70_000))
        tell(world, *[world.said(started.attempt_id, kind) for kind in order])
        ends.add((world.attempt(started.attempt_id).state, tuple(balances(world).values())))
    assert ends == {("captured", (70_000, 0, 0, 0))}


def test_a_failure_lets_go_of_the_invoices(world: PayingWorld):
    one = world.invoice()
    first = world.start(one)
    tell(world, world.said(first.attempt_id, "failed"))
    assert world.start(one).attempt_id != first.attempt_id


def test_two_tenants_may_use_one_reference(world: PayingWorld):
    other = paying_world(world.app, "vecina")
    ours, theirs = world.start(world.invoice()), other.start(other.invoice(100_000))
    said = world.said(ours.attempt_id)
    with unit_of_work(other.tenant.id):
        effect = apply(said, account=other.provider_account(), now=now())
    assert effect == "quarantined:unknown-reference"
    assert other.attempt(theirs.attempt_id).state == "created"
    assert balances(other)["clearing"] == 0


def test_a_process_that_dies_before_the_outbox_loses_nothing(world: PayingWorld, mailbox):
    started = world.start(world.invoice(100_000))
    tell(world, world.said(started.attempt_id))  # committed; nobody drained
    assert mailbox.letters() == []
    for _turn in range(3):
        outbox.drain()
    letters = [letter for _name, letter in mailbox.letters()]
    assert [letter["To"] for letter in letters] == [world.email]
    attached = list(letters[0].iter_attachments())
    assert [part.get_content_type() for part in attached] == ["application/pdf"]
    assert attached[0].get_content().startswith(b"%PDF")
    with unit_of_work(world.tenant.id):
        assert db.session.execute(select(Receipt.file_id)).scalar_one() is not None
    assert count(world, Receipt) == 1


def test_a_second_capture_of_the_same_attempt_is_kept_for_staff(world: PayingWorld):
    """Paid twice at the counter, or charged twice: the second money has a number of its own."""
    started = world.start(world.invoice())
    account = world.provider_account()
    with unit_of_work(world.tenant.id):
        assert apply(world.said(started.attempt_id, event="7"), account=account, now=now()) == "moved"
    with unit_of_work(world.tenant.id):
        again = world.said(started.attempt_id, event="7", evidence="polled")
        assert apply(again, account=account, now=now()) == "duplicate"
    with unit_of_work(world.tenant.id):
        effect = apply(world.said(started.attempt_id, event="8"), account=account, now=now())
        assert effect == "quarantined:captured-again"
        kinds = db.session.execute(select(QuarantinedPayment.kind)).scalars().all()
        assert kinds == ["captured-again"]


def test_a_payer_who_tries_again_after_a_refusal_is_still_asked_about(world: PayingWorld):
    """At some providers a second try comes under the same reference; its notice may be lost."""
    started = world.start(world.invoice())
    with unit_of_work(world.tenant.id):
        said = world.said(started.attempt_id, "failed", event="1")
        assert apply(said, account=world.provider_account(), now=now()) == "moved"
    assert world.attempt(started.attempt_id).poll_at is not None
