"""Every morning our captures are held against the provider's own books."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from blueprints.payments.applying import apply
from blueprints.payments.interface import CaptureView, Settled, Unreachable
from blueprints.payments.models import Attempt, Payment
from blueprints.payments.providers.bank_simulator.adapter import BankSimulator
from blueprints.payments.settlement_models import SettlementDifference, SettlementRun
from blueprints.payments.settling import compare, compare_again, resolve_difference
from saas.audit import SYSTEM, AuditRow
from saas.clock import now
from saas.database import db
from saas.outbox import OutboxRow
from saas.scope import unit_of_work
from tenants.loading import serving
from tests import cast
from tests.blueprints.payments.world import PayingWorld
from tests.pages import checked_get
from tests.signed_in import post, signed_in


class Books:
    """What the bank would list of a day; tests write into it."""

    def __init__(self) -> None:
        self.lines: list[Settled] = []
        self.down = False
        self.asked: list[Sequence[CaptureView]] = []

    def settled(self, _adapter, _account, since, until, ours, _wire) -> Sequence[Settled]:
        assert until - since == datetime.timedelta(days=2), "half a day of margin on both sides"
        self.asked.append(ours)
        if self.down:
            raise Unreachable("closed")
        return self.lines


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    found, can = Books(), BankSimulator.can
    monkeypatch.setattr(BankSimulator, "settled", lambda *given: found.settled(*given))
    monkeypatch.setattr(
        BankSimulator, "can", lambda self, account: replace(can(self, account), settlement="list")
    )
    return found


def paid(world: PayingWorld, amount: int = 100_000) -> Attempt:
    started = world.start(world.invoice(amount))
    with unit_of_work(world.tenant.id):
        apply(world.said(started.attempt_id), account=world.provider_account(), now=now())
    return world.attempt(started.attempt_id)


def in_books(attempt: Attempt, amount: int | None = None) -> Settled:
    return Settled(attempt.reference, "bank-1", amount or attempt.amount, attempt.currency, now())


def compared(world: PayingWorld) -> list[str]:
    with unit_of_work(world.tenant.id):
        found = compare(world.provider_account_id, serving().today(), wire=world.wire, now=now())
        return [one.kind for one in found]


def waiting(world: PayingWorld) -> int:
    with unit_of_work(world.tenant.id):
        query = select(func.count()).where(SettlementDifference.resolved_at.is_(None))
        return db.session.execute(query).scalar_one()


def test_a_day_that_agrees(world: PayingWorld, books: Books):
    one, two = paid(world), paid(world, 45_050)
    books.lines = [in_books(two), in_books(one)]
    assert compared(world) == []
    assert [capture.reference for capture in books.asked[0]] == [one.reference, two.reference]
    with unit_of_work(world.tenant.id):
        run = db.session.execute(select(SettlementRun)).scalar_one()
        assert (run.ours, run.theirs, run.runs) == (2, 2, 1)


def test_missing_extra_and_amount_are_found_and_nothing_is_booked(world: PayingWorld, books: Books):
    one, two = paid(world), paid(world)
    books.lines = [in_books(two, 99_999), Settled("nobody", "x-1", 5, world.tenant.currency, now())]
    assert sorted(compared(world)) == ["amount", "extra", "missing"]
    assert waiting(world) == 3
    with unit_of_work(world.tenant.id):
        assert db.session.execute(select(func.sum(Payment.amount))).scalar_one() == one.amount + two.amount


def test_a_capture_that_we_never_heard_of_is_asked_about(world: PayingWorld, books: Books):
    """The notice was lost and the polls too: the comparison finds the money (case G17)."""
    started = world.start(world.invoice())
    attempt = world.attempt(started.attempt_id)
    books.lines = [in_books(attempt)]
    assert compared(world) == ["extra"]
    with unit_of_work(world.tenant.id):
        asked = db.session.execute(
            select(OutboxRow.payload).where(OutboxRow.topic == "payments.ask")
        ).scalars()
        assert [row["attempt_id"] for row in asked] == [str(attempt.id)]
        apply(world.said(attempt.id), account=world.provider_account(), now=now())
    assert compared(world) == []
    assert waiting(world) == 0, "what is gone is resolved by itself"


def test_comparing_twice_finds_the_same_once(world: PayingWorld, books: Books):
    paid(world)
    for _turn in range(3):
        assert compared(world) == ["missing"]
    assert waiting(world) == 1
    with unit_of_work(world.tenant.id):
        assert db.session.execute(select(SettlementRun.runs)).scalar_one() == 3


def test_what_was_explained_stays_explained_and_what_came_back_is_open(world: PayingWorld, books: Books):
    attempt = paid(world)
    compared(world)
    books.lines = [in_books(attempt)]
    compared(world)
    assert waiting(world) == 0
    books.lines = []
    compared(world)
    assert waiting(world) == 1, "gone by itself, and back"
    with unit_of_work(world.tenant.id):
        found = db.session.execute(select(SettlementDifference.id)).scalar_one()
        user = cast.add_user("ana@example.com", staff_role="billing")
        resolve_difference(found, "the bank moved it to May", actor=SYSTEM, user_id=user, now=now())
    compared(world)
    assert waiting(world) == 0
    with unit_of_work(world.tenant.id):
        last = db.session.execute(select(AuditRow.action).order_by(AuditRow.number.desc()).limit(1))
        assert last.scalar_one() == "settlement.resolved"


def test_a_provider_that_does_not_answer_is_asked_again(world: PayingWorld, books: Books):
    paid(world)
    books.down = True
    with pytest.raises(Unreachable):
        compared(world)
    assert waiting(world) == 0


def test_each_day_is_planned_once_for_the_next_morning(world: PayingWorld, books: Books):
    paid(world)
    paid(world)
    with unit_of_work(world.tenant.id):
        rows = db.session.execute(
            select(OutboxRow.due_at, OutboxRow.payload).where(OutboxRow.topic == "payments.compare")
        ).all()
        assert len(rows) == 1
        zone_today = serving().today()
        assert rows[0].payload["day"] == zone_today.isoformat()
        assert rows[0].due_at > now()
        run_before = db.session.execute(select(func.count()).select_from(SettlementRun)).scalar_one()
        assert run_before == 0


def test_a_provider_without_books_is_not_compared(world: PayingWorld):
    paid(world)
    with unit_of_work(world.tenant.id):
        topics = db.session.execute(select(OutboxRow.topic)).scalars().all()
    assert "payments.compare" not in topics


def test_staff_read_explain_and_compare_again(world: PayingWorld, books: Books):
    paid(world)
    compared(world)
    with unit_of_work(world.tenant.id):
        user = cast.add_user("ana@example.com", staff_role="billing")
        run_id = db.session.execute(select(SettlementRun.id)).scalar_one()
        difference_id = db.session.execute(select(SettlementDifference.id)).scalar_one()
    client = signed_in(world.app, world.tenant, user)
    listed = checked_get(client, "/desk/payments/comparison")
    path = f"/desk/payments/comparison/{run_id}"
    assert path in listed.links and "1 diferencia" in listed.text
    explain = f"/desk/payments/differences/{difference_id}"
    assert explain in checked_get(client, path).links
    checked_get(client, explain)
    wrong = post(client, explain, explain, {"note": "   "})
    assert wrong.status_code == 422 and "<title>Error: " in wrong.text
    assert post(client, explain, explain, {"note": "Lo pagó otro comercio"}).status_code == 303
    assert "Lo pagó otro comercio" in checked_get(client, explain).text
    assert post(client, path, path).status_code == 303
    with unit_of_work(world.tenant.id):
        planned = select(func.count()).where(OutboxRow.topic == "payments.compare", OutboxRow.due_at <= now())
        assert db.session.execute(planned).scalar_one() == 1


def test_asking_twice_for_the_same_comparison_plans_one(world: PayingWorld, books: Books):
    paid(world)
    compared(world)
    with unit_of_work(world.tenant.id):
        run_id = db.session.execute(select(SettlementRun.id)).scalar_one()
        compare_again(run_id, now())
        compare_again(run_id, now())
        due = select(func.count()).where(OutboxRow.topic == "payments.compare", OutboxRow.due_at <= now())
        assert db.session.execute(due).scalar_one() == 1
