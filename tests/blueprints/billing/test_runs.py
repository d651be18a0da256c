"""Runs: what they foresee, that twice is nothing new, that a kill loses nothing, that an undo leaves no trace."""

from __future__ import annotations

import datetime
import threading
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from blueprints.accounts.models import AccountParty
from blueprints.billing import runs
from blueprints.billing.models import BillingCredit, BillingItem, BillingRun
from blueprints.billing.runs import finish, step, undo
from blueprints.billing.services import (
    DATE_PASSED,
    NO_LEASE,
    ask_to_undo,
    discard_run,
    draft_run,
    go_on,
    start_run,
)
from blueprints.billing.staging import undo as undoing
from blueprints.invoices.models import Invoice
from blueprints.invoices.services import void_invoice
from blueprints.leases.models import Lease, LeaseRent
from blueprints.ledger.models import JournalEntry
from blueprints.ledger.queries import balance, receivables_by_invoice, unbalanced_entries
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from saas import outbox
from saas.audit import SYSTEM, AuditRow, first_broken
from saas.clock import now, today
from saas.database import db
from saas.events import _handlers, subscribe
from saas.ids import new_id
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.services import change_settings
from tests.blueprints.billing.agency import (
    ZONE,
    People,
    add_charge,
    add_lease,
    begun,
    day,
    drafted,
    earlier,
    invoices_of,
    items_of,
    ran,
    run_of,
    settle_in,
    this_month,
)
from tests.cast import TenantCast, add_invoice, make_agency


@pytest.fixture
def agency(app: Flask) -> TenantCast:
    return make_agency()


@pytest.fixture
def people(agency: TenantCast) -> People:
    with unit_of_work(agency.id):
        return settle_in()


def fill(agency: TenantCast, people: People, count: int = 12) -> None:
    with unit_of_work(agency.id):
        for number in range(count):
            add_lease(people, f"CT-{number:02d}", rent=100_000 * (number + 1), scenario="COMERCIO")


def amounts(agency: TenantCast, run_id: uuid.UUID | None = None) -> dict[str, tuple[int, int, int]]:
    return {lease: (one.total, one.tax, one.withholding) for one, lease in invoices_of(agency.id, run_id)}


def assert_books_hold(agency: TenantCast) -> None:
    with unit_of_work(agency.id) as session:
        assert unbalanced_entries() == []
        said = receivables_by_invoice()
        kept = {row.id: row.open_amount for row in session.execute(select(Invoice.id, Invoice.open_amount))}
        assert {one: amount for one, amount in said.items() if amount} == {
            one: amount for one, amount in kept.items() if amount
        }
        assert first_broken() is None


def account_of(lease_id: uuid.UUID) -> uuid.UUID:
    return db.session.execute(select(Lease.lease_account_id).where(Lease.id == lease_id)).scalar_one()


def effects(agency: TenantCast, run_id: uuid.UUID) -> dict[str, tuple[str, list[str], list[str]]]:
    return {
        number: (item.effect, item.reasons, item.warnings)
        for number, item in items_of(agency.id, run_id).items()
    }


# --- drafts ---------------------------------------------------------------------------------------------------


def test_a_draft_writes_nothing_but_itself(agency, people):
    fill(agency, people)
    run_id = drafted(agency.id, size=5)
    run = run_of(agency.id, run_id)
    assert (run.state, run.items, run.issued, run.totals["new"]["count"]) == ("draft", 12, 0, 12)
    assert invoices_of(agency.id) == []
    with unit_of_work(agency.id) as session:
        assert session.execute(select(func.count()).select_from(JournalEntry)).scalar_one() == 0


def test_what_a_draft_says_of_each_contract(agency, people):
    period, before = this_month(), earlier(this_month())
    with unit_of_work(agency.id):
        add_lease(people, "SAME")
        add_lease(people, "RAISED", rents=[(day(1), 160_000_000)])
        add_lease(people, "STARTED", starts_on=day(18, before))
        extra = add_lease(people, "EXTRA")
        add_charge(extra, 5_000, since=period, until=period)
        add_lease(people, "NEW", starts_on=day(1))
        ended = add_lease(people, "GONE")
        add_lease(people, "NO-SCENARIO", scenario=None)
        alone = add_lease(people, "NO-OWNER")
        add_lease(people, "IMPORTED")
        add_lease(people, "DRAFT", status="draft")
        add_lease(people, "LONG-GONE", status="ended", ended_on=datetime.date(2025, 1, 31))
        bare = add_lease(people, "NO-RENT")
    ran(agency.id, before)
    with unit_of_work(agency.id) as session:
        session.execute(
            update(Lease)
            .where(Lease.id == ended)
            .values(status="ended", ended_on=day(1) - datetime.timedelta(days=1))
        )
        mandate = session.execute(select(Lease.mandate_account_id).where(Lease.id == alone)).scalar_one()
        session.query(AccountParty).filter(AccountParty.account_id == mandate).delete()
        session.query(LeaseRent).filter(LeaseRent.lease_id == bare).delete()
        imported = session.execute(
            select(Lease.lease_account_id).where(Lease.number == "IMPORTED")
        ).scalar_one()
        invoice_id = add_invoice(imported, "OLD-1", type_code="rent", currency="COP")
        session.execute(
            update(Invoice).where(Invoice.id == invoice_id).values(period=period, batch_id=new_id())
        )
    run_id = drafted(agency.id)
    assert effects(agency, run_id) == {
        "SAME": ("same", [], []),
        "RAISED": ("changed", ["rent"], []),
        "STARTED": ("changed", ["part-before"], []),
        "EXTRA": ("changed", ["extras"], []),
        "NEW": ("new", ["starts"], []),
        "GONE": ("gone", ["ended"], []),
        "NO-SCENARIO": ("same", [], ["no-scenario"]),
        "NO-OWNER": ("skipped", ["no-owner"], ["no-owner"]),
        "IMPORTED": ("skipped", ["imported"], []),
        "NO-RENT": ("skipped", ["no-rent"], ["no-rent"]),
    }
    assert run_of(agency.id, run_id).totals["warned"] == 3


def test_one_contract_alone(agency, people):
    fill(agency, people)
    run_id = ran(agency.id, lease_number="CT-03")
    assert list(amounts(agency)) == ["CT-03"]
    rest = ran(agency.id)
    assert effects(agency, rest)["CT-03"][:2] == ("skipped", ["billed"])
    assert len(amounts(agency, rest)) == 11 and len(amounts(agency, run_id)) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"period": "2026-13"}, "month"),
        ({"period": "2019-01"}, "month"),
        ({"period": "2099-01"}, "month"),
        ({"lease_number": "CT-99"}, "lease"),
        ({"issued_on": datetime.date(2020, 1, 1)}, "issued_on"),
        ({"issued_on": datetime.date(2090, 1, 1)}, "issued_on"),
    ],
)
def test_what_cannot_be_drafted_names_its_field(agency, given: dict[str, Any], field):
    with unit_of_work(agency.id), pytest.raises(Refusal) as refused:
        draft_run(given.pop("period", this_month()), actor=SYSTEM, **given)
    assert refused.value.field == field
    assert refused.value.msgid != "" and NO_LEASE


# --- issuing --------------------------------------------------------------------------------------------------


def test_twice_is_nothing_new(agency, people):
    fill(agency, people)
    ran(agency.id, size=5)
    before = amounts(agency)
    again = drafted(agency.id)
    assert {effect for effect, *_ in effects(agency, again).values()} == {"skipped"}
    with unit_of_work(agency.id), pytest.raises(Refusal):
        start_run(again, actor=SYSTEM)
    assert amounts(agency) == before
    assert_books_hold(agency)


def test_two_runs_at_once_bill_each_contract_once(app, agency, people):
    fill(agency, people, 30)
    first, second = begun(agency.id), begun(agency.id)
    failed: list[BaseException] = []

    def go(run_id: uuid.UUID) -> None:
        try:
            with app.app_context():
                finish(agency.id, run_id, size=3)
        except BaseException as problem:
            failed.append(problem)

    threads = [threading.Thread(target=go, args=(one,)) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    assert len(invoices_of(agency.id)) == 30
    one, other = run_of(agency.id, first), run_of(agency.id, second)
    assert (one.state, other.state, one.issued + other.issued) == ("done", "done", 30)
    numbers = sorted(int(invoice.number.removeprefix("FV-")) for invoice, _ in invoices_of(agency.id))
    assert numbers == list(range(1, 31))  # no holes
    assert {reasons[0] for effect, reasons, _ in effects(agency, second).values() if effect == "skipped"} <= {
        "billed"
    }
    assert_books_hold(agency)


def test_the_database_refuses_a_second_invoice_of_a_run(agency, people):
    fill(agency, people, 1)
    run_id = ran(agency.id)
    ((invoice, _),) = invoices_of(agency.id)
    with unit_of_work(agency.id):
        other = add_invoice(invoice.account_id, "X-1", type_code="rent", currency="COP")
    with pytest.raises(Exception, match="uq_invoices_run"), unit_of_work(agency.id) as session:
        session.execute(
            update(Invoice).where(Invoice.id == other).values(run_id=run_id, period=invoice.period)
        )


class Killed(BaseException):
    """As a process ends: nothing catches it."""


def test_a_run_that_is_killed_goes_on_where_it_stood(agency, people, monkeypatch):
    fill(agency, people)
    run_id = begun(agency.id)
    step(agency.id, run_id, size=5)
    real = runs.issue.carry_credits

    def die(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(runs.issue, "carry_credits", die)
    with pytest.raises(Killed):
        step(agency.id, run_id, size=5)  # invoices were written, and nothing of them stays
    monkeypatch.setattr(runs.issue, "carry_credits", real)
    run = run_of(agency.id, run_id)
    assert (run.state, run.done_to, run.issued, len(invoices_of(agency.id))) == ("running", 5, 5, 5)
    finish(agency.id, run_id, size=5)
    run = run_of(agency.id, run_id)
    assert (run.state, run.issued) == ("done", 12)
    assert [one.number for one, _ in invoices_of(agency.id)] == [f"FV-{n}" for n in range(1, 13)]
    assert_books_hold(agency)


def test_a_failure_stops_the_run_and_it_can_go_on(agency, people, monkeypatch):
    fill(agency, people)
    run_id = begun(agency.id)
    with monkeypatch.context() as patched:
        patched.setattr(runs.issue, "issue", lambda *_, **__: 1 / 0)
        finish(agency.id, run_id)
    run = run_of(agency.id, run_id)
    assert (run.state, run.problem["msgid"], invoices_of(agency.id)) == ("stopped", runs.FAILED, [])
    with unit_of_work(agency.id):
        go_on(run_id, later=False)
    finish(agency.id, run_id)
    assert run_of(agency.id, run_id).issued == 12


def test_numbers_that_are_taken_stop_the_run_before_anything(agency, people):
    fill(agency, people, 3)
    with unit_of_work(agency.id) as session:
        account = session.execute(select(Lease.lease_account_id).where(Lease.number == "CT-00")).scalar_one()
        add_invoice(account, "FV-2", type_code="rent", currency="COP")  # another period's
        session.execute(update(Invoice).values(period="2020-01"))
    run_id = ran(agency.id)
    run = run_of(agency.id, run_id)
    assert (run.state, run.problem["facts"]) == ("stopped", {"first": "FV-1", "last": "FV-3"})
    with unit_of_work(agency.id):
        change_settings({"billing.first_number": 5001}, actor=SYSTEM)
        go_on(run_id, later=False)
    finish(agency.id, run_id)
    assert [one.number for one, _ in invoices_of(agency.id, run_id)] == ["FV-5001", "FV-5002", "FV-5003"]


def test_what_changed_since_the_draft_is_put_aside_and_not_billed(agency, people):
    fill(agency, people, 3)
    run_id = begun(agency.id)
    with unit_of_work(agency.id) as session:
        lease = session.execute(select(Lease.id).where(Lease.number == "CT-01")).scalar_one()
        add_charge(lease, 7_000)
    finish(agency.id, run_id)
    assert sorted(amounts(agency)) == ["CT-00", "CT-02"]
    assert effects(agency, run_id)["CT-01"][:2] == ("skipped", ["changed-since"])
    ran(agency.id)
    assert len(amounts(agency)) == 3


def test_a_draft_whose_date_has_passed_is_not_started(agency, people):
    fill(agency, people, 1)
    run_id = drafted(agency.id)
    with unit_of_work(agency.id) as session:
        session.execute(update(BillingRun).values(issued_on=today(ZONE) - datetime.timedelta(days=1)))
    with unit_of_work(agency.id), pytest.raises(Refusal, match="passed") as refused:
        start_run(run_id, actor=SYSTEM)
    assert refused.value.msgid == DATE_PASSED


def test_a_draft_is_started_once_and_dropped_only_before(agency, people):
    fill(agency, people, 1)
    run_id = begun(agency.id)
    for verb in (lambda: start_run(run_id, actor=SYSTEM), lambda: discard_run(run_id)):
        with unit_of_work(agency.id), pytest.raises(Refusal):
            verb()
    dropped = drafted(agency.id)
    with unit_of_work(agency.id):
        discard_run(dropped)
    outbox.drain()
    with unit_of_work(agency.id) as session:
        left = select(func.count()).select_from(BillingItem).where(BillingItem.run_id == dropped)
        assert session.execute(left).scalar_one() == 0
    assert run_of(agency.id, dropped).state == "discarded"


def test_jobs_draft_issue_and_take_back(agency, people):
    fill(agency, people)
    with unit_of_work(agency.id):
        run_id = draft_run(this_month(), actor=SYSTEM)
    outbox.drain()
    with unit_of_work(agency.id):
        start_run(run_id, actor=SYSTEM)
    outbox.drain()
    assert run_of(agency.id, run_id).state == "done"
    with unit_of_work(agency.id):
        ask_to_undo(run_id, actor=SYSTEM)
    outbox.drain()
    assert run_of(agency.id, run_id).state == "undone"


def test_others_are_told_of_each_batch(agency, people):
    heard: list[dict[str, Any]] = []

    def hear(**facts: Any) -> None:
        heard.append(facts)

    subscribe("invoices.issued", hear)
    try:
        fill(agency, people)
        run_id = ran(agency.id, size=5)
    finally:
        _handlers["invoices.issued"].remove(hear)
    assert [one["count"] for one in heard] == [5, 5, 2]
    for one in heard:
        assert one["run_id"] == run_id
        with unit_of_work(agency.id) as session:
            named = (
                select(func.count())
                .select_from(Invoice)
                .where(Invoice.run_id == run_id, Invoice.id.between(one["first_id"], one["last_id"]))
            )
            assert session.execute(named).scalar_one() == one["count"]


def test_evidence_names_the_numbers(agency, people):
    fill(agency, people)
    run_id = ran(agency.id, size=8)
    with unit_of_work(agency.id) as session:
        rows = session.execute(
            select(AuditRow.action, AuditRow.data)
            .where(AuditRow.subject_id == run_id)
            .order_by(AuditRow.number)
        ).all()
        assert [row.action for row in rows] == ["billing.started", "billing.issued", "billing.issued"]
        assert (rows[1].data["first"], rows[1].data["last"], rows[2].data["last"]) == (
            "FV-1",
            "FV-8",
            "FV-12",
        )
        assert rows[0].data["total"] == rows[1].data["total"] + rows[2].data["total"]


def test_tenants_do_not_meet(app, agency, people):
    fill(agency, people, 2)
    other = make_agency("otra", canary="CANARIO-OTRA")
    with unit_of_work(other.id):
        theirs = settle_in()
        add_lease(theirs, "CT-00", rent=999)
    ran(agency.id)
    assert invoices_of(other.id) == []
    ran(other.id)
    assert amounts(other) == {"CT-00": (999, 0, 0)} and len(amounts(agency)) == 2
    assert invoices_of(other.id)[0][0].number == "FV-1"


# --- credits --------------------------------------------------------------------------------------------------


def test_a_credit_that_exceeds_its_month_is_used_in_the_next(agency, people):
    before = earlier(this_month())
    with unit_of_work(agency.id):
        lease = add_lease(people, "CT-1", rent=100_000)
        add_charge(lease, 130_000, kind="credit", text="Arreglo del techo", since=before, until=before)
    first = ran(agency.id, before)
    assert effects(agency, first)["CT-1"][:2] == ("covered", ["credit-left"])
    second = ran(agency.id)
    assert amounts(agency) == {"CT-1": (70_000, 0, 0)}
    with unit_of_work(agency.id), pytest.raises(Refusal) as refused:
        undo(agency.id, first)
    assert refused.value.msgid == undoing.LATER
    undo(agency.id, second)
    with unit_of_work(agency.id) as session:
        (credit,) = session.execute(select(BillingCredit)).scalars()
        assert (credit.amount, credit.used_by) == (30_000, None)
    assert amounts(agency, ran(agency.id)) == {"CT-1": (70_000, 0, 0)}


# --- undo -----------------------------------------------------------------------------------------------------


def test_undone_and_run_again_gives_the_same(agency, people):
    fill(agency, people)
    run_id = ran(agency.id, size=5)
    before = amounts(agency)
    counts = undo(agency.id, run_id)
    assert counts == {"voided": 12, "total": sum(total for total, *_ in before.values())}
    assert invoices_of(agency.id) == [] and run_of(agency.id, run_id).state == "undone"
    with unit_of_work(agency.id):
        assert balance("receivable") == balance("uncollected-rent") == 0
    assert_books_hold(agency)
    again = ran(agency.id)
    assert amounts(agency, again) == before
    assert invoices_of(agency.id)[0][0].number == "FV-13"  # numbers never go back
    assert_books_hold(agency)
    with pytest.raises(Refusal):
        undo(agency.id, run_id)


def test_one_invoice_taken_back_alone_frees_its_month(agency, people):
    fill(agency, people, 2)
    run_id = ran(agency.id)
    with unit_of_work(agency.id):
        void_invoice(invoices_of(agency.id)[0][0].id, reason="error", today=today(ZONE))
    assert len(amounts(agency, ran(agency.id, lease_number="CT-00"))) == 1
    assert undo(agency.id, run_id)["voided"] == 1
    assert_books_hold(agency)


def paid(agency: TenantCast, people: People) -> uuid.UUID:
    invoice = invoices_of(agency.id)[0][0]
    with unit_of_work(agency.id):
        return record_outside_payment(
            OutsidePayment(
                number="RC-1", customer_id=people.renter, paid_on=today(ZONE), currency="COP", method="PSE",
                reference="1", items=[(invoice.id, 50)],
            )
        )  # fmt: skip


def test_nothing_is_undone_once_something_is_paid(agency, people):
    fill(agency, people)
    run_id = ran(agency.id)
    paid(agency, people)
    before = amounts(agency)
    with unit_of_work(agency.id):
        ask_to_undo(run_id, actor=SYSTEM)
    outbox.drain()
    run = run_of(agency.id, run_id)
    assert (run.state, run.problem["msgid"], run.problem["facts"]) == (
        "done", undoing.PAID, {"count": "1", "number": "FV-1"},
    )  # fmt: skip
    assert amounts(agency) == before
    assert_books_hold(agency)


def test_nothing_is_undone_while_a_link_to_pay_is_about(agency, people):
    from blueprints.payments.models import PaymentLink

    fill(agency, people)
    run_id = ran(agency.id)
    moment = now()
    with unit_of_work(agency.id) as session:
        link = PaymentLink(
            id=new_id(), token_digest="x", invoice_id=invoices_of(agency.id)[0][0].id, created_at=moment,
            expires_at=moment + datetime.timedelta(days=1),
        )  # fmt: skip
        session.add(link)
    with pytest.raises(Refusal, match="payment links"):
        undo(agency.id, run_id)
    with unit_of_work(agency.id) as session:
        session.execute(update(PaymentLink).values(revoked_at=moment))
    assert undo(agency.id, run_id)["voided"] == 12
