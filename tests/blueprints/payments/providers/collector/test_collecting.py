"""Collected files: each line once, whatever happens; what fits nothing is put aside and never lost."""

from __future__ import annotations

import dataclasses
import datetime
import random
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from blueprints.invoices.models import Invoice
from blueprints.invoices.services import void_invoice
from blueprints.payments import collected_lines, collecting
from blueprints.payments import collected_queries as queries
from blueprints.payments.choosing import InProcess
from blueprints.payments.collected_models import CollectedFile, CollectedLineRow
from blueprints.payments.collecting import AlreadyTaken, go_on, order, take_in
from blueprints.payments.models import Attempt, Payment, QuarantinedPayment, Receipt
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from blueprints.payments.polling import expire
from blueprints.payments.providers.collector.opening import open_practice_collector
from saas import outbox
from saas.audit import SYSTEM
from saas.clock import now
from saas.database import db
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tests.blueprints.payments.providers.collector.layouts import payment
from tests.blueprints.payments.providers.collector.world import CashWorld, all_lines, cash_world
from tests.blueprints.payments.test_applying import balances, count, open_amounts, quarantine
from tests.blueprints.payments.world import paying_world
from tests.pages import checked_get
from tests.signed_in import post


def test_a_coupon_is_a_number_a_day_and_bars(cash: CashWorld):
    made = cash.coupon(cash.paying.invoice(150_026))
    assert made.number.isdigit() and made.instructions.reference == made.number
    assert made.instructions.due == cash.today() + datetime.timedelta(days=7)
    bars = made.instructions.barcode
    assert len(bars) == 42 and bars[4:12] == "00150026" and bars[17:31].lstrip("0") == made.number
    attempt = cash.paying.attempt(made.attempt_id)
    assert attempt.state == "created" and attempt.poll_at is None
    local = attempt.expires_at.astimezone(datetime.timezone(datetime.timedelta(hours=-3)))
    assert (local.date(), local.time()) == (made.instructions.due, datetime.time(23, 59, 59))


def test_a_coupon_is_not_good_for_longer_than_its_amount(cash: CashWorld):
    invoice = cash.paying.invoice(100_000, due_in=2)
    with unit_of_work(cash.tenant_id):
        db.session.execute(
            update(Invoice)
            .where(Invoice.id == invoice)
            .values(second_total=110_000, second_due_on=cash.today() + datetime.timedelta(days=20))
        )
    assert cash.coupon(invoice).instructions.due == cash.today() + datetime.timedelta(days=2)


def test_numbers_are_everyones_own_and_stay_apart_by_more_than_a_digit(cash: CashWorld):
    numbers = [cash.coupon(cash.paying.invoice(1_000 + n)).number for n in range(12)]
    assert len(set(numbers)) == 12
    near = {(a, b) for a in numbers for b in numbers if sum(x != y for x, y in zip(a, b, strict=True)) == 1}
    assert near == set()


def test_nobody_is_asked_about_a_coupon(cash: CashWorld):
    made = cash.coupon(cash.paying.invoice())
    outbox.drain()
    with unit_of_work(cash.tenant_id):
        assert (
            db.session.execute(
                select(func.count())
                .select_from(outbox.OutboxRow)
                .where(outbox.OutboxRow.topic == "payments.poll")
            ).scalar()
            == 0
        )
    assert cash.paying.wire.sent == []
    assert cash.paying.attempt(made.attempt_id).state == "created"


def test_a_line_pays_its_coupon(cash: CashWorld):
    made = cash.coupon(cash.paying.invoice(100_000), cash.paying.invoice(40_000))
    assert cash.collect(cash.line(made.number, 140_000)) == ["paid"]
    assert balances(cash.paying) == {"clearing": 140_000, "owed": 0, "credit": 0, "surcharge": 0}
    attempt = cash.paying.attempt(made.attempt_id)
    assert (attempt.state, attempt.provider_reference) == ("captured", made.number)
    assert count(cash.paying, Receipt) == 1 and quarantine(cash.paying) == []


def test_what_is_paid_counts_from_the_day_it_was_paid(cash: CashWorld):
    made = cash.coupon(cash.paying.invoice())
    day = cash.today()
    with time_machine.travel(now() + datetime.timedelta(days=3), tick=True):
        assert cash.collect(cash.line(made.number, made.amount, paid_on=day)) == ["paid"]
    with unit_of_work(cash.tenant_id):
        assert db.session.execute(select(Payment.paid_on)).scalar_one() == day


def test_a_file_is_taken_once_per_account(cash: CashWorld):
    made = cash.coupon(cash.paying.invoice())
    content = cash.file(cash.line(made.number, made.amount))
    taken = cash.take_in(content)
    with pytest.raises(AlreadyTaken) as refusal:
        cash.take_in(content, "otro-nombre.txt")
    assert refusal.value.collected_file_id == taken
    cash.apply(taken)
    with pytest.raises(AlreadyTaken, match="already taken"):
        cash.take_in(content)
    assert cash.apply(taken) == ["paid"]  # ordered again: nothing moves
    assert balances(cash.paying)["clearing"] == 100_000


def test_a_line_in_another_file_has_no_second_effect(cash: CashWorld):
    made, other = cash.coupon(cash.paying.invoice()), cash.coupon(cash.paying.invoice(7_000))
    first = cash.line(made.number, made.amount, 1)
    assert cash.collect(first) == ["paid"]
    assert cash.collect(first, cash.line(other.number, other.amount, 2)) == ["repeated", "paid"]
    assert balances(cash.paying)["clearing"] == 107_000 and quarantine(cash.paying) == []


def test_a_line_twice_in_one_file_counts_once(cash: CashWorld):
    made = cash.coupon(cash.paying.invoice())
    line = cash.line(made.number, made.amount, 1)
    assert cash.collect(line, line) == ["paid", "repeated"]
    assert balances(cash.paying)["clearing"] == 100_000


def test_a_number_of_the_collector_that_comes_with_another_payment_is_put_aside(cash: CashWorld):
    made, other = cash.coupon(cash.paying.invoice()), cash.coupon(cash.paying.invoice(7_000))
    effects = cash.collect(cash.line(made.number, made.amount, 1), cash.line(other.number, other.amount, 1))
    assert effects == ["paid", "quarantined:key-reused"]
    assert quarantine(cash.paying) == ["key-reused"]


def test_a_coupon_that_is_paid_twice_is_not_lost(cash: CashWorld):
    made = cash.coupon(cash.paying.invoice())
    lines = [cash.line(made.number, made.amount, number) for number in (1, 2)]
    assert cash.collect(*lines) == ["paid", "quarantined:captured-again"]
    assert balances(cash.paying) == {"clearing": 100_000, "owed": 0, "credit": 0, "surcharge": 0}
    with unit_of_work(cash.tenant_id):
        aside = db.session.execute(select(QuarantinedPayment)).scalar_one()
        assert (aside.kind, aside.attempt_id, aside.data["amount"]) == (
            "captured-again",
            made.attempt_id,
            100_000,
        )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"amount": 99_999}, "amount-differs"),
        ({"amount": 100_001}, "amount-differs"),
        ({"currency": "USD"}, "currency-differs"),
        ({"reference": "987654321"}, "unknown-reference"),
    ],
)
def test_what_differs_is_put_aside(cash: CashWorld, change: dict[str, object], why: str):
    made = cash.coupon(cash.paying.invoice())
    line = {**cash.line(made.number, made.amount), **change}
    assert cash.collect(line) == [f"quarantined:{why}"]
    assert quarantine(cash.paying) == [why]
    assert balances(cash.paying)["clearing"] == 0
    assert cash.paying.attempt(made.attempt_id).state == "created"
    # The right line still pays.
    assert cash.collect(cash.line(made.number, made.amount, 2)) == ["paid"]


def test_a_coupon_paid_after_its_day_is_booked(cash: CashWorld):
    made = cash.coupon(cash.paying.invoice())
    with time_machine.travel(now() + datetime.timedelta(days=12), tick=True):
        with unit_of_work(cash.tenant_id):
            assert expire(made.attempt_id, now=now())
        assert cash.collect(cash.line(made.number, made.amount)) == ["paid"]
    assert balances(cash.paying) == {"clearing": 100_000, "owed": 0, "credit": 0, "surcharge": 0}


def test_a_coupon_holds_its_invoice_until_the_file_of_its_last_day_must_be_here(cash: CashWorld):
    """Paid at the counter on the last evening, it is in the file of the next days: nobody may be led to pay again."""
    invoice = cash.paying.invoice()
    made = cash.coupon(invoice)
    over = cash.paying.attempt(made.attempt_id).expires_at
    with time_machine.travel(over + datetime.timedelta(hours=1), tick=True):
        with unit_of_work(cash.tenant_id):
            assert not expire(made.attempt_id, now=now())
        with pytest.raises(InProcess):
            cash.paying.start(invoice)
        client = cash.paying.client()
        page = checked_get(client, f"/payments/{made.attempt_id}")
        assert "ya no es válido" in page.text
        assert "/payments/start" not in page.body
    with time_machine.travel(over + datetime.timedelta(days=1), tick=True):
        assert cash.collect(cash.line(made.number, made.amount)) == ["paid"]
    second = cash.coupon(another := cash.paying.invoice())
    over = cash.paying.attempt(second.attempt_id).expires_at
    with time_machine.travel(over + datetime.timedelta(hours=1), tick=True):
        left = post(
            cash.paying.client(), f"/payments/{second.attempt_id}", f"/payments/{second.attempt_id}/leave"
        )
        assert left.status_code == 303
        assert cash.paying.start(another).fresh, "who says that it was not used may go on"
    third = cash.coupon(cash.paying.invoice())
    over = cash.paying.attempt(third.attempt_id).expires_at
    with (
        time_machine.travel(over + datetime.timedelta(days=2, minutes=1), tick=True),
        unit_of_work(cash.tenant_id),
    ):
        assert expire(third.attempt_id, now=now())


def test_an_invoice_that_was_paid_meanwhile_becomes_credit(cash: CashWorld):
    invoice = cash.paying.invoice()
    made = cash.coupon(invoice)
    with unit_of_work(cash.tenant_id):
        record_outside_payment(
            OutsidePayment([(invoice, 100_000)], cash.today(), cash.paying.tenant.currency, "Caja", "1")
        )
    assert cash.collect(cash.line(made.number, made.amount)) == ["paid"]
    assert balances(cash.paying)["credit"] == 100_000


def test_a_coupon_of_the_tenants_other_collector_is_put_aside(cash: CashWorld):
    with unit_of_work(cash.tenant_id):
        other = dataclasses.replace(cash, collector_id=open_practice_collector("ARS", name="Otra red"))
    made = other.coupon(cash.paying.invoice())
    assert cash.collect(cash.line(made.number, made.amount)) == ["quarantined:other-account"]
    assert other.paying.attempt(made.attempt_id).state == "created"


def test_a_coupon_of_another_tenant_is_unknown(app: Flask, cash: CashWorld):
    neighbour = cash_world(paying_world(app, "vecina", email="vecina@example.com"))
    # The third one, so that the number does not happen to be one of ours, too.
    made = [neighbour.coupon(neighbour.paying.invoice()) for _ in range(3)][-1]
    assert cash.collect(cash.line(made.number, made.amount)) == ["quarantined:unknown-reference"]
    assert neighbour.paying.attempt(made.attempt_id).state == "created"
    with unit_of_work(neighbour.tenant_id), pytest.raises(NotFound):
        take_in(cash.collector_id, b"x", "x", actor=SYSTEM)


# --- invoices that are found by their payment code -------------------------------------------------------------


def with_code(cash: CashWorld, code: str, amount: int = 100_000, **values: object):
    invoice = cash.paying.invoice(amount)
    with unit_of_work(cash.tenant_id):
        db.session.execute(update(Invoice).where(Invoice.id == invoice).values(payment_code=code, **values))
    return invoice


def test_an_invoice_is_found_by_the_code_on_its_paper(cash: CashWorld):
    invoice = with_code(cash, "0052779563201")
    assert cash.collect(cash.line("0052779563201", 100_000)) == ["invoice-paid"]
    with unit_of_work(cash.tenant_id):
        paid = db.session.execute(select(Payment)).scalar_one()
        assert (paid.method, paid.amount, paid.attempt_id) == ("Pago Cerca", 100_000, None)
        assert db.session.execute(select(CollectedLineRow.invoice_id)).scalar_one() == invoice
    assert balances(cash.paying) == {"clearing": 100_000, "owed": 0, "credit": 0, "surcharge": 0}


def test_an_invoice_takes_only_what_was_owed_on_the_day(cash: CashWorld):
    day = cash.today()
    late = with_code(
        cash, "777", due_on=day - datetime.timedelta(days=3), second_total=110_000, second_due_on=day
    )
    lines = [
        cash.line("777", 100_000, 1),
        cash.line("777", 110_000, 2, currency="USD"),
        cash.line("777", 110_000, 3),
        cash.line("777", 110_000, 4),
    ]
    assert cash.collect(*lines) == [
        "quarantined:amount-differs",
        "quarantined:currency-differs",
        "invoice-paid",
        "quarantined:nothing-owed",
    ]
    with unit_of_work(cash.tenant_id):
        assert db.session.execute(select(Invoice.open_amount).where(Invoice.id == late)).scalar() == 0
    assert balances(cash.paying)["surcharge"] == 10_000


def test_an_invoice_that_was_taken_back_is_nobodys(cash: CashWorld):
    invoice = with_code(cash, "888")
    with unit_of_work(cash.tenant_id):
        void_invoice(invoice, reason="error", today=cash.today(), actor=SYSTEM)
    assert cash.collect(cash.line("888", 100_000)) == ["quarantined:unknown-reference"]


def test_a_reference_that_means_two_things_is_put_aside(cash: CashWorld):
    made = cash.coupon(cash.paying.invoice())
    with_code(cash, made.number)
    with_code(cash, "999")
    with_code(cash, "999")
    effects = cash.collect(cash.line(made.number, made.amount, 1), cash.line("999", 100_000, 2))
    assert effects == ["quarantined:ambiguous-reference"] * 2
    assert balances(cash.paying)["clearing"] == 0


# --- before anything happens -------------------------------------------------------------------------------------


def test_what_would_happen_is_what_happens(cash: CashWorld):
    made, paid, off = (cash.coupon(cash.paying.invoice(amount)) for amount in (1_000, 2_000, 3_000))
    assert cash.collect(cash.line(paid.number, 2_000, 50)) == ["paid"]
    with_code(cash, "5501", 500)
    taken = cash.take_in(
        cash.file(
            cash.line(made.number, 1_000, 1),
            cash.line(paid.number, 2_000, 2),
            cash.line(off.number, 3_001, 3),
            cash.line("5501", 500, 4),
            cash.line("31415926", 42, 5),
            cash.line(paid.number, 2_000, 50),
        )
    )
    with unit_of_work(cash.tenant_id):
        groups = {group.what: (group.lines, group.total) for group in queries.expected(taken)}
        assert groups == {
            "coupon": (1, 1_000),
            "invoice": (1, 500),
            "differs": (1, 3_001),
            "nothing-owed": (1, 2_000),
            "repeated": (1, 2_000),
            "unknown": (1, 42),
        }
        assert [row.what for row in queries.forecast_lines(taken)] == [
            "nothing-owed",
            "differs",
            "unknown",
            "repeated",
        ]
        assert count(cash.paying, Payment) == 1
    assert cash.apply(taken) == [
        "paid",
        "quarantined:captured-again",
        "quarantined:amount-differs",
        "invoice-paid",
        "quarantined:unknown-reference",
        "repeated",
    ]
    with unit_of_work(cash.tenant_id):
        done = db.session.execute(select(CollectedFile).where(CollectedFile.id == taken)).scalar_one()
        assert done.state == "done" and sum(done.outcome.values()) == 6


def test_a_wrong_file_leaves_nothing_behind(cash: CashWorld):
    good = cash.file(cash.line("1", 100))
    for content in (b"", good[:-20], good.replace(b"\r\n5", b"\r\n7"), good + good):
        with pytest.raises(Refusal):
            cash.take_in(content)
    with pytest.raises(Refusal, match="still to come"):
        cash.take_in(cash.file(cash.line("1", 100, paid_on=cash.today() + datetime.timedelta(days=2))))
    assert count(cash.paying, CollectedFile) == 0 and count(cash.paying, CollectedLineRow) == 0


def test_a_provider_without_files_takes_none(cash: CashWorld):
    with unit_of_work(cash.tenant_id), pytest.raises(Refusal, match="does not tell by file"):
        take_in(cash.paying.provider_account_id, b"x", "x", actor=SYSTEM)


def test_nothing_is_applied_before_somebody_says_so(cash: CashWorld):
    made = cash.coupon(cash.paying.invoice())
    taken = cash.take_in(cash.file(cash.line(made.number, made.amount)))
    assert go_on(cash.tenant_id, taken) is False
    assert cash.effects(taken) == [None]


# --- whatever happens meanwhile -----------------------------------------------------------------------------------


def test_two_files_in_parallel_take_each_payment_once(cash: CashWorld):
    made = [cash.coupon(cash.paying.invoice(1_000 + n)) for n in range(8)]
    lines = [cash.line(one.number, one.amount, n) for n, one in enumerate(made, start=1)]
    files = [cash.take_in(cash.file(*lines)), cash.take_in(cash.file(*reversed(lines)))]
    start = threading.Barrier(2)

    def run(taken):
        with cash.paying.app.app_context():
            start.wait()
            return cash.apply(taken)

    with ThreadPoolExecutor(2) as threads:
        effects = [effect for found in threads.map(run, files) for effect in found]
    assert sorted(map(str, effects)) == ["paid"] * 8 + ["repeated"] * 8
    assert balances(cash.paying)["clearing"] == sum(one.amount for one in made)
    assert len([row for row in all_lines(cash) if row.counts]) == 8


def test_one_file_applied_by_two_at_once(cash: CashWorld):
    made = [cash.coupon(cash.paying.invoice(1_000 + n)) for n in range(6)]
    taken = cash.take_in(cash.file(*(cash.line(one.number, one.amount, n) for n, one in enumerate(made))))

    def run(_):
        with cash.paying.app.app_context():
            cash.apply(taken)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(run, range(2)))
    assert cash.effects(taken) == ["paid"] * 6
    assert balances(cash.paying)["clearing"] == sum(one.amount for one in made)


def test_the_work_goes_on_where_it_stopped(cash: CashWorld, monkeypatch):
    """It may end at any line: what was applied stays applied, the rest comes later, nothing comes twice."""
    made = [cash.coupon(cash.paying.invoice(1_000 + n)) for n in range(5)]
    taken = cash.take_in(cash.file(*(cash.line(one.number, one.amount, n) for n, one in enumerate(made))))
    with unit_of_work(cash.tenant_id):
        order(taken, actor=SYSTEM)
    real, calls = collected_lines.apply_line, []

    def dies(*args):
        calls.append(args)
        effect = real(*args)
        if len(calls) == 3:
            raise KeyboardInterrupt  # no exception that anybody catches
        return effect

    monkeypatch.setattr(collecting, "apply_line", dies)
    with pytest.raises(KeyboardInterrupt):
        go_on(cash.tenant_id, taken)
    assert [effect for effect in cash.effects(taken) if effect] == ["paid", "paid"]
    while go_on(cash.tenant_id, taken, most=2):
        pass
    assert cash.effects(taken) == ["paid"] * 5
    assert balances(cash.paying)["clearing"] == sum(one.amount for one in made)


def test_a_line_that_fails_stops_no_other(cash: CashWorld, monkeypatch):
    made = [cash.coupon(cash.paying.invoice(1_000 + n)) for n in range(3)]
    taken = cash.take_in(cash.file(*(cash.line(one.number, one.amount, n) for n, one in enumerate(made))))
    with unit_of_work(cash.tenant_id):
        order(taken, actor=SYSTEM)
    real, seen = collected_lines.apply_line, []

    def poisoned(line_id, *args):
        seen.append(line_id)
        if len(seen) == 1:
            raise ValueError("poison")
        return real(line_id, *args)

    with monkeypatch.context() as patch:
        patch.setattr(collecting, "apply_line", poisoned)
        with pytest.raises(RuntimeError, match="1 lines"):
            go_on(cash.tenant_id, taken)
    assert cash.effects(taken) == [None, "paid", "paid"]
    assert go_on(cash.tenant_id, taken) is False
    assert cash.effects(taken) == ["paid"] * 3


def test_the_outbox_carries_a_file_through_in_stretches(cash: CashWorld, monkeypatch):
    made = [cash.coupon(cash.paying.invoice(1_000 + n)) for n in range(5)]
    taken = cash.take_in(cash.file(*(cash.line(one.number, one.amount, n) for n, one in enumerate(made))))
    monkeypatch.setattr(collecting.go_on, "__kwdefaults__", {"most": 2})
    with unit_of_work(cash.tenant_id):
        order(taken, actor=SYSTEM)
    outbox.drain()
    assert cash.effects(taken) == ["paid"] * 5
    with unit_of_work(cash.tenant_id):
        assert outbox.backlog()["dead"] == 0


def test_shuffled_repeated_and_split_files_come_to_the_same(cash: CashWorld):
    """Forty payments in seven files that overlap, in any order: the books equal the truth."""
    dice = random.Random(7)
    made = [cash.coupon(cash.paying.invoice(1_000 + n)) for n in range(40)]
    lines = [cash.line(one.number, one.amount, n) for n, one in enumerate(made)]
    lines += [cash.line(str(10**9 + n), 500, 100 + n) for n in range(5)]
    for _ in range(6):
        cash.collect(*dice.sample(lines, 25))
    cash.collect(*lines)
    assert balances(cash.paying) == {
        "clearing": sum(one.amount for one in made),
        "owed": 0,
        "credit": 0,
        "surcharge": 0,
    }
    assert quarantine(cash.paying) == ["unknown-reference"] * 5
    assert open_amounts(cash.paying) == [0] * 40
    assert count(cash.paying, Payment) == 40


@pytest.mark.slow
def test_ten_thousand_lines_in_bounded_time_and_memory(cash: CashWorld):
    """The first two hundred pay invoices, the rest are unknown: each costs about the same, in flat memory."""
    day = cash.today()
    invoices = [with_code(cash, str(70_000 + n), 1_000) for n in range(200)]
    assert len(invoices) == 200
    lines = [payment(str(70_000 + n), 1_000, n, paid_on=day, processed_on=day) for n in range(10_000)]
    content = cash.file(*lines)
    tracemalloc.start()  # it slows everything down, so only a tenth is weighed
    cash.take_in(cash.file(*lines[-1000:]), "mil.txt")
    _now, reading = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    began = time.monotonic()
    taken = cash.take_in(content)
    checked = time.monotonic() - began
    with unit_of_work(cash.tenant_id):
        began = time.monotonic()
        assert sum(group.lines for group in queries.expected(taken)) == 10_000
        told = time.monotonic() - began
    with unit_of_work(cash.tenant_id):
        order(taken, actor=SYSTEM)
    began = time.monotonic()
    go_on(cash.tenant_id, taken, most=250)
    applied = time.monotonic() - began
    tracemalloc.start()
    go_on(cash.tenant_id, taken, most=50)
    _now, applying = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    effects = cash.effects(taken)
    assert [effect for effect in effects if effect][:200] == ["invoice-paid"] * 200
    print(
        f"checked in {checked:.1f} s, told in {told:.2f} s, {applied / 250 * 1000:.1f} ms a line,"
        f" {reading >> 10} and {applying >> 10} kB"
    )
    assert checked < 30 and told < 5 and applied / 250 < 0.25
    assert reading < 10 << 20 and applying < 10 << 20


def test_attempts_keep_their_numbers(cash: CashWorld):
    """The number stays the attempt's, so that a line is understood however late it comes."""
    made = cash.coupon(cash.paying.invoice())
    cash.collect(cash.line(made.number.zfill(21), made.amount))
    with unit_of_work(cash.tenant_id):
        assert db.session.execute(select(Attempt.provider_reference)).scalar_one() == made.number
