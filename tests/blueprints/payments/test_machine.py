"""Whatever happens in whatever order, the books, the attempts and the receipts agree.

A state machine on the real database: two tenants, invoices issued and voided, attempts started over each
other, notices true, wrong, repeated, late and misdirected.
"""

from __future__ import annotations

import datetime
import itertools
import uuid
from dataclasses import dataclass, field
from typing import ClassVar

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from blueprints.invoices.models import Invoice
from blueprints.invoices.services import void_invoice
from blueprints.ledger import queries as books
from blueprints.ledger import rules as kinds
from blueprints.ledger.models import JournalEntry, Posting
from blueprints.payments.applying import apply
from blueprints.payments.interface import Observation
from blueprints.payments.models import Allocation, Attempt, Payment, Receipt
from blueprints.payments.polling import expire
from saas import audit
from saas.clock import now
from saas.database import db
from saas.outbox import OutboxRow
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tests.blueprints.payments.world import PayingWorld, paying_world

FAR = datetime.date(2099, 1, 1)
LATER = datetime.timedelta(days=10)
slugs = itertools.count()


@dataclass
class Side:
    """What we know ourselves of one tenant: the bank's view of its attempts, and what was delivered."""

    world: PayingWorld
    attempts: list[uuid.UUID] = field(default_factory=list)
    captured: dict[uuid.UUID, int] = field(default_factory=dict)
    delivered: list[Observation] = field(default_factory=list)


def _something_was_delivered(machine: Payments) -> bool:
    return any(side.delivered for side in machine.sides)


class Payments(RuleBasedStateMachine):
    app: ClassVar[Flask]

    @initialize()
    def begin(self) -> None:
        self.sides = [
            Side(paying_world(self.app, f"lado-{next(slugs)}", email=f"{name}@example.com")) for name in "ab"
        ]
        for side in self.sides:
            side.world.invoice(70_000)
            side.world.invoice(30_001, due_in=-2, second_due_on=FAR, second_total=33_000)
            side.world.invoice(5_000)
            side.attempts.append(side.world.start(*side.world.invoices[:2]).attempt_id)

    def _tell(self, side: Side, observation: Observation, through: Side | None = None) -> str:
        world = (through or side).world
        account = world.provider_account()
        with unit_of_work(world.tenant.id):
            return apply(observation, account=account, now=now())

    @rule(which=st.integers(0, 1), amount=st.integers(1, 500_000), late=st.booleans())
    def issue(self, which: int, amount: int, late: bool) -> None:
        second = {"second_due_on": FAR, "second_total": amount + 1 + amount // 10} if late else {}
        self.sides[which].world.invoice(amount, due_in=-2 if late else 5, **second)

    @rule(which=st.integers(0, 1), pick=st.integers(0, 99))
    def void(self, which: int, pick: int) -> None:
        world = self.sides[which].world
        if world.invoices:
            try:
                with unit_of_work(world.tenant.id):
                    chosen = world.invoices[pick % len(world.invoices)]
                    void_invoice(chosen, reason="prueba", today=datetime.date(2026, 11, 21))
            except Refusal:
                pass

    @rule(which=st.integers(0, 1), picks=st.sets(st.integers(0, 99), min_size=1, max_size=3))
    def start(self, which: int, picks: set[int]) -> None:
        side = self.sides[which]
        if not side.world.invoices:
            return
        chosen = {side.world.invoices[pick % len(side.world.invoices)] for pick in picks}
        try:
            started = side.world.start(*chosen)
        except Refusal:
            return
        if started.attempt_id not in side.attempts:
            side.attempts.append(started.attempt_id)

    @rule(
        which=st.integers(0, 1),
        pick=st.integers(0, 99),
        kind=st.sampled_from(["pending", "captured", "captured", "failed", "expired"]),
        event=st.integers(1, 3),
    )
    def deliver(self, which: int, pick: int, kind: str, event: int) -> None:
        side = self.sides[which]
        if not side.attempts:
            return
        attempt_id = side.attempts[pick % len(side.attempts)]
        said = side.world.said(attempt_id, kind, event=str(event))
        self._tell(side, said)
        side.delivered.append(said)
        if kind == "captured":
            side.captured[attempt_id] = said.amount

    @rule(
        which=st.integers(0, 1),
        pick=st.integers(0, 99),
        wrong=st.sampled_from(
            [{"amount": 1}, {"amount": -1}, {"currency": "COP"}, {"mode": "live"}, {"kind": "settled"}]
        ),
    )
    def deliver_wrong(self, which: int, pick: int, wrong: dict[str, object]) -> None:
        side = self.sides[which]
        if side.attempts:
            attempt_id = side.attempts[pick % len(side.attempts)]
            said = side.world.said(attempt_id)
            changed = {**wrong, "amount": said.amount + wrong["amount"]} if "amount" in wrong else wrong
            before = self._snapshot(side)
            self._tell(side, side.world.said(attempt_id, **changed))
            assert self._snapshot(side) == before

    @rule(which=st.integers(0, 1), pick=st.integers(0, 99))
    def deliver_through_the_other_tenant(self, which: int, pick: int) -> None:
        side, other = self.sides[which], self.sides[1 - which]
        if side.attempts:
            said = side.world.said(side.attempts[pick % len(side.attempts)])
            before = [self._snapshot(each) for each in self.sides]
            assert self._tell(side, said, through=other).startswith("quarantined")
            assert [self._snapshot(each) for each in self.sides] == before

    @precondition(_something_was_delivered)
    @rule(which=st.integers(0, 1), pick=st.integers(0, 99), times=st.integers(1, 3))
    def repeat(self, which: int, pick: int, times: int) -> None:
        side = self.sides[which]
        side = side if side.delivered else self.sides[1 - which]
        if side.delivered:
            before = self._snapshot(side)
            for _turn in range(times):
                assert self._tell(side, side.delivered[pick % len(side.delivered)]) == "duplicate"
            assert self._snapshot(side) == before

    @rule(which=st.integers(0, 1), pick=st.integers(0, 99))
    def time_runs_out(self, which: int, pick: int) -> None:
        side = self.sides[which]
        if side.attempts:
            with unit_of_work(side.world.tenant.id):
                expire(side.attempts[pick % len(side.attempts)], now=now() + LATER)

    @rule(which=st.integers(0, 1), pick=st.integers(0, 99))
    def die_before_the_commit(self, which: int, pick: int) -> None:
        side = self.sides[which]
        if side.attempts:
            said, account = (
                side.world.said(side.attempts[pick % len(side.attempts)]),
                side.world.provider_account(),
            )
            before = self._snapshot(side)
            try:
                with unit_of_work(side.world.tenant.id):
                    apply(said, account=account, now=now())
                    raise KeyboardInterrupt
            except KeyboardInterrupt:
                pass
            assert self._snapshot(side) == before

    def _snapshot(self, side: Side) -> list[tuple[object, ...]]:
        """Everything that money depends on."""
        with unit_of_work(side.world.tenant.id):
            queries = [
                select(Attempt.id, Attempt.state).order_by(Attempt.id),
                select(Invoice.id, Invoice.open_amount, Invoice.void_at).order_by(Invoice.id),
                select(func.count(), func.sum(func.abs(Posting.amount))).select_from(Posting),
                select(func.count()).select_from(JournalEntry),
                select(Payment.id, Payment.amount).order_by(Payment.id),
                select(Receipt.number).order_by(Receipt.number),
                select(func.count()).select_from(OutboxRow).where(OutboxRow.topic == "payments.receipt"),
            ]
            return [tuple(row) for query in queries for row in db.session.execute(query)]

    @invariant()
    def everything_agrees(self) -> None:
        for side in getattr(self, "sides", []):
            with unit_of_work(side.world.tenant.id):
                self._books(side)
                self._payments(side)

    def _books(self, side: Side) -> None:
        assert books.unbalanced_entries() == []
        rows = db.session.execute(
            select(Invoice.id, Invoice.open_amount, Invoice.total, Invoice.second_total)
        ).all()
        cached = {row.id: row.open_amount for row in rows}
        assert books.receivables_by_invoice() == cached
        assert all(0 <= row.open_amount <= (row.second_total or row.total) for row in rows)
        assert books.balance(kinds.RECEIVABLE) == sum(cached.values())
        assert books.balance(kinds.CLEARING) == sum(side.captured.values()) >= 0

    def _payments(self, side: Side) -> None:
        states = dict(db.session.execute(select(Attempt.id, Attempt.state)).all())
        assert {attempt_id for attempt_id, state in states.items() if state == "captured"} == set(
            side.captured
        )
        paid = db.session.execute(select(Payment.id, Payment.attempt_id, Payment.amount)).all()
        assert {row.attempt_id: row.amount for row in paid} == side.captured
        assert len(paid) == len(side.captured)
        allocated = dict(
            db.session.execute(
                select(Allocation.payment_id, func.sum(Allocation.amount)).group_by(Allocation.payment_id)
            ).all()
        )
        left = {row.id: row.amount - int(allocated.get(row.id, 0)) for row in paid}
        assert all(rest >= 0 for rest in left.values())
        assert -books.balance(kinds.CUSTOMER_CREDIT) == sum(left.values())
        receipts = set(db.session.execute(select(Receipt.payment_id)).scalars())
        waiting = db.session.execute(
            select(OutboxRow.key).where(OutboxRow.topic == "payments.receipt")
        ).scalars()
        assert receipts == {row.id for row in paid} == {uuid.UUID(key) for key in waiting}

    def teardown(self) -> None:
        for side in getattr(self, "sides", []):
            with unit_of_work(side.world.tenant.id):
                assert audit.first_broken() is None


def test_the_books_agree_whatever_happens(app: Flask):
    Payments.app = app
    run_state_machine_as_test(
        Payments,
        settings=settings(
            max_examples=10,
            stateful_step_count=18,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
