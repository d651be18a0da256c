"""The proof is proved: each fault that is put into the product on purpose turns the machine red.

A tour through the house, always the same, passes as the product is. With a fault in it an invariant must break, and it
is said which. Where something of the database stops a fault before any invariant could see it, that guard is named and
tried first, then lifted in this test's database.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from sqlalchemy.exc import IntegrityError

from blueprints.hooks import gateway, services
from blueprints.ledger import rules as books
from blueprints.ledger import services as ledger
from blueprints.payments import capturing, refund_news, refund_sending, returning, rules
from blueprints.payments.interface import CAPTURED, DISPUTE_WON, DISPUTED, FAILED, Observation, RefundView
from blueprints.payments.models import Allocation
from blueprints.payments.refund_rules import REFUND_KINDS
from saas.database import db
from saas.ids import new_id
from saas.scope import unit_of_work
from tests.blueprints.payments.machine.house import House, NotTaken, walk
from tests.blueprints.payments.machine.invariants import NAMES, Broken
from tests.blueprints.payments.machine.side import BEFORE_ANSWER, BEFORE_COMMIT

Patch = pytest.MonkeyPatch


def tour(house: House) -> None:
    """Everything that a fault of the list needs to show itself. Raises Broken."""
    draw = random.Random(7)
    house.decide(0, 0, FAILED, tell=False)
    house.decide(0, 0, CAPTURED, tell=True)
    house.repeat(0, draw, 3)
    house.deliver(0, draw, 9)  # that it had failed before
    house.misdirect(1, 0, signed_right=True)
    house.misdirect(1, 0, signed_right=False)
    house.pay_something_else(1, 0, 0)
    house.decide(1, 0, CAPTURED, tell=False)
    house.die(1, draw, BEFORE_COMMIT)
    house.start(0, {2}, per_cent=100, link=True)
    house.pay_outside(0, 2, per_cent=60)
    house.decide(0, 1, CAPTURED, tell=True)  # and what comes is more than the invoice lacks
    house.repeat(0, draw, 2)
    house.issue(0, 9_000, late=False, account=1, dollars=False)
    house.use_credit(0, 3, per_cent=60)
    house.give_back(0, 0, portion=33, way="provider", answer="lost")
    house.send_again(0)
    house.give_back(0, 0, portion=33, way="outside", answer="done")
    house.give_back_at_the_provider(0, 0, portion=10, tell=True)
    house.refund_ends(0, 0, fails=True, tell=False)
    house.die(0, draw, BEFORE_ANSWER)
    house.repeat(0, draw, 3)
    house.dispute(1, 0, DISPUTED, tell=True)
    house.dispute(1, 0, DISPUTE_WON, tell=True)
    house.give_back(1, 0, portion=60, way="credit", answer="done")
    house.twin(0, 0, draw)
    house.come_to_rest()


# The faults


def dedupe_off(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Observation, "dedupe_key", property(lambda _said: uuid.uuid4().hex))


def capture_again(monkeypatch: Patch) -> None:
    """Neither the key nor the state nor the books' business key says that this was here before."""
    dedupe_off(monkeypatch)
    monkeypatch.setitem(rules.TABLE, (CAPTURED, CAPTURED), rules.Move(CAPTURED, rules.MOVED))

    def post(key: str, *given: Any, **more: Any) -> bool:
        return ledger.post(f"{key}:{uuid.uuid4().hex}", *given, **more)

    monkeypatch.setattr(capturing, "post", post)


def tenant_check_off(monkeypatch: Patch) -> None:
    """A notice is applied in whatever tenant knows its reference."""
    account_check_off(monkeypatch)
    real = services.apply

    def apply(observation: Observation, *, account: Any, now: Any, again: bool = False) -> str:
        effect = real(observation, account=account, now=now, again=again)
        if effect.endswith(rules.UNKNOWN_REFERENCE):
            for side in _houses[-1].sides:
                if observation.reference in side.provider.orders:
                    with unit_of_work(side.id):
                        return real(observation, account=side.account, now=now)
        return effect

    monkeypatch.setattr(services, "apply", apply)


def account_check_off(monkeypatch: Patch) -> None:
    _ignore(monkeypatch, rules.OTHER_ACCOUNT)


def amount_check_off(monkeypatch: Patch) -> None:
    _ignore(monkeypatch, rules.AMOUNT_DIFFERS)


def _ignore(monkeypatch: Patch, what: str) -> None:
    real = rules.disagreement
    monkeypatch.setattr(
        rules, "disagreement", lambda *terms: None if (found := real(*terms)) == what else found
    )


def over_allocation(monkeypatch: Patch) -> None:
    """What comes in settles its invoice, whatever that lacks."""
    monkeypatch.setattr(
        rules, "allocate", lambda *, amount, surcharge, **_invoice: rules.Share(amount, surcharge, 0)
    )


def refund_keeps_allocation(monkeypatch: Patch) -> None:
    """Money leaves, and the invoice it had paid still counts it."""

    def shrink(payment_id: uuid.UUID, invoice_id: uuid.UUID, amount: int, surcharge: int) -> int:
        row = db.session.query(Allocation).filter_by(payment_id=payment_id, invoice_id=invoice_id).one()
        return row.amount - row.reversed - row.surcharge

    monkeypatch.setattr(returning, "shrink", shrink)


def refund_sent_twice(monkeypatch: Patch) -> None:
    """Each call to the provider is a new refund to it."""
    monkeypatch.setattr(refund_sending, "RefundView", lambda _refund_id, *given: RefundView(new_id(), *given))


def refund_heard_twice(monkeypatch: Patch) -> None:
    """What is said of a refund is always of a new one."""
    real = Observation.dedupe_key.fget  # type: ignore[attr-defined]
    key = property(lambda said: uuid.uuid4().hex if said.kind in REFUND_KINDS else real(said))
    monkeypatch.setattr(Observation, "dedupe_key", key)
    monkeypatch.setattr(refund_news, "_known", lambda _payment_id, _said: None)


def answer_before_the_commit(monkeypatch: Patch) -> None:
    """The gateway hears 200, and nothing was done."""
    monkeypatch.setattr(gateway, "work", lambda *_notice: [])


def captured_falls_back(monkeypatch: Patch) -> None:
    monkeypatch.setitem(rules.TABLE, (CAPTURED, FAILED), rules.Move(FAILED, rules.MOVED))


def no_receipt(monkeypatch: Patch) -> None:
    monkeypatch.setattr(capturing, "issue_receipt", lambda _payment_id, _now: None)


def half_an_entry(monkeypatch: Patch) -> None:
    """The money is booked and nothing stands against it."""
    real = books.settle
    monkeypatch.setattr(ledger, "checked", list)
    monkeypatch.setattr(books, "settle", lambda **given: real(**given)[:1])


@dataclass(frozen=True)
class Fault:
    put_in: Callable[[Patch], None]
    broken: str  # the invariant that must see it
    guard: str = ""  # what of the database stops it first
    lifted: tuple[str, ...] = field(default_factory=tuple)  # statements that take the guard away


FAULTS = (
    Fault(dedupe_off, "order_and_repetition_do_not_matter"),
    Fault(
        capture_again,
        "captured_stays_captured",
        "uq_payments_tenant_id_attempt_id",
        ("ALTER TABLE payments DROP CONSTRAINT uq_payments_tenant_id_attempt_id",),
    ),
    Fault(tenant_check_off, "tenants_keep_to_themselves"),
    Fault(amount_check_off, "cash_is_the_providers"),
    Fault(
        over_allocation,
        "receivables_are_open_amounts",
        "ck_invoices_open",
        ("ALTER TABLE invoices DROP CONSTRAINT ck_invoices_open",),
    ),
    Fault(refund_keeps_allocation, "allocations_fit_payments"),
    Fault(refund_sent_twice, "refunds_fit_captures"),
    Fault(
        refund_heard_twice,
        "refunds_fit_captures",
        "uq_payment_refunds_event",
        ("DROP INDEX uq_payment_refunds_event",),
    ),
    Fault(answer_before_the_commit, "cash_is_the_providers"),
    Fault(captured_falls_back, "captured_stays_captured"),
    Fault(no_receipt, "one_receipt_each"),
    Fault(
        half_an_entry,
        "entries_balance_and_stay",
        "refuse_unbalanced_entries",
        ("ALTER TABLE postings DISABLE TRIGGER USER",),
    ),
)
_houses: list[House] = []


@pytest.fixture
def house(app: Flask, eye: psycopg.Connection[Any]) -> Iterator[House]:
    _houses.append(House(app, eye))
    yield _houses[-1]
    _houses.clear()


@contextmanager
def lifted(fault: Fault, cleaner: psycopg.Connection[Any]) -> Iterator[None]:
    """The guard is gone, and back afterwards, when the rows that it would not have let in are."""
    restore: list[Any] = []
    try:
        for statement in fault.lifted:
            restore.append(_restores(statement, cleaner))
            cleaner.execute(statement)
        yield
    finally:
        cleaner.execute("SELECT pg_temp.clean()")
        for statement in restore:
            cleaner.execute(statement)


def _restores(statement: str, cleaner: psycopg.Connection[Any]) -> Any:
    if "TRIGGER" in statement:
        return statement.replace("DISABLE", "ENABLE")
    name = statement.rpartition(" ")[2]
    if statement.startswith("DROP INDEX"):
        (words,) = cleaner.execute("SELECT pg_get_indexdef(%s::regclass)", (name,)).fetchone() or ("",)
        return words
    row = cleaner.execute(
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s",
        (name,),
    ).fetchone()
    assert row is not None
    table, words = row
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} ").format(
        sql.Identifier(table), sql.Identifier(name)
    ) + sql.SQL(words)


def test_as_it_is_the_tour_holds(house: House):
    tour(house)
    seen = house.before or {}
    kinds = {row.event for books_of in seen.values() for row in books_of.lines}
    assert {"payment", "credit", "surcharge", "refunded", "refund-failed", "disputed", "dispute-won"} <= kinds
    assert {"credit-used", "credited"} <= kinds


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.put_in.__name__)
def test_each_fault_turns_it_red(fault: Fault, house: House, _cleaner: psycopg.Connection[Any], monkeypatch):
    fault.put_in(monkeypatch)
    with lifted(fault, _cleaner), pytest.raises(Broken) as caught:
        tour(house)
    assert fault.broken in caught.value.names, str(caught.value)


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.guard], ids=lambda fault: fault.put_in.__name__
)
def test_the_database_stops_it_first(fault: Fault, house: House, monkeypatch):
    """Without the guard lifted the fault moves nothing: the transaction fails whole, and the gateway comes again."""
    fault.put_in(monkeypatch)
    failures: list[IntegrityError] = []
    real = services.work

    def watched(*given: Any) -> list[str]:
        try:
            return real(*given)
        except IntegrityError as problem:
            failures.append(problem)
            raise

    with patch.object(gateway, "work", watched), pytest.raises((NotTaken, IntegrityError)) as caught:
        tour(house)
    problem = failures[-1] if failures else caught.value
    assert fault.guard in str(problem)
    house.settled("the guard held", again=True)


def test_without_the_account_check_other_tenants_are_still_out_of_reach(house: House, monkeypatch):
    """Row security and the filter of every statement are the catchers here: the other tenant's attempt is not even
    seen, so there is nothing that could be compared."""
    account_check_off(monkeypatch)
    tour(house)


def test_every_invariant_has_a_fault_that_only_it_must_see():
    assert {fault.broken for fault in FAULTS} == set(NAMES)


@pytest.mark.parametrize(
    "fault", [dedupe_off, amount_check_off, refund_keeps_allocation], ids=lambda f: f.__name__
)
def test_a_walk_at_random_finds_it_too(fault, app: Flask, eye: psycopg.Connection[Any], monkeypatch):
    fault(monkeypatch)
    assert any(walk(House(app, eye), seed, 40) for seed in range(12))
