"""What the database reckons is what the rules say, contract by contract and line by line."""

from __future__ import annotations

import datetime
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.billing import rules
from blueprints.billing.models import BillingCredit
from blueprints.billing.months import Month, parse_month
from blueprints.billing.rules import Extra, Tax
from blueprints.billing.runs import frozen_rules, reckoning_of
from blueprints.invoices.services import NewInvoice, NewLine, issue_invoice
from blueprints.leases.models import Lease, LeaseCharge, LeaseRent
from blueprints.leases.terms import RentFrom
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.queries import receivables_by_invoice, unbalanced_entries
from saas.audit import SYSTEM
from saas.clock import today
from saas.database import db
from saas.scope import unit_of_work
from tenants.services import change_settings
from tests.blueprints.billing.agency import (
    ZONE,
    People,
    add_charge,
    add_lease,
    day,
    earlier,
    invoices_of,
    items_of,
    lines_of,
    ran,
    settle_in,
    this_month,
)
from tests.cast import make_agency

LEASES = 40


@dataclass
class Expected:
    """What the rules say of one contract."""

    bill: rules.Bill | None
    due_on: datetime.date | None = None
    credits: Sequence[Extra] = field(default_factory=list)


def some_leases(people: People, dice: random.Random, month: Month) -> None:
    def near() -> datetime.date:
        return month.first + datetime.timedelta(days=dice.randint(-50, 40))

    for number in range(LEASES):
        starts = dice.choice([datetime.date(2024, 5, 17), near()])
        changes: dict[str, Any] = {}
        if dice.random() < 0.2:
            changes = {"status": "ended", "ended_on": max(starts, near())}
        elif dice.random() < 0.2:
            changes = {"renews": False}
        if dice.random() < 0.1:
            changes = {"status": "draft"}
        rents = {
            near(): dice.choice([100_000_000, dice.randint(1, 10**11)]) for _ in range(dice.randint(0, 3))
        }
        lease_id = add_lease(
            people,
            f"CT-{number:03d}",
            rent=dice.choice([100_000_000, dice.randint(1, 10**11), dice.randint(1, 50)]),
            scenario=dice.choice(["VIVIENDA", "COMERCIO", "COMERCIO", None]),
            starts_on=starts,
            ends_on=max(starts, near()),
            payment_day=dice.randint(1, 31),
            rents=[(since, amount) for since, amount in rents.items() if since > starts],
            **changes,
        )
        for _ in range(dice.choice([0, 0, 1, 3])):
            add_charge(
                lease_id,
                dice.choice([dice.randint(1, 10**6), dice.randint(1, 10**11)]),
                kind=dice.choice(["charge", "credit", "credit"]),
                text=dice.choice(["Administración", "Arreglo {what} de {days} días", "100 % de todo"]),
                taxed=dice.random() < 0.5,
                since=earlier(month.period, dice.randint(-1, 1)),
                until=dice.choice([None, None, earlier(month.period, -1)]),
            )


def expected(lease: Lease, month: Month, kept: dict[str, Any], brought: Sequence[Any]) -> Expected:
    """By the rules alone, out of rows read one by one."""
    with_ = reckoning_of(month, today(ZONE), kept)
    rents = [
        RentFrom(row.valid_from, row.rent)
        for row in db.session.execute(select(LeaseRent).where(LeaseRent.lease_id == lease.id)).scalars()
    ]
    found = rules.stretches(lease, rents, month, with_.count)
    if not found:
        return Expected(None)
    extras = db.session.execute(
        select(LeaseCharge).where(LeaseCharge.lease_id == lease.id).order_by(LeaseCharge.id)
    ).scalars()
    held = [
        one
        for one in extras
        if one.from_period <= month.period and (one.until_period or month.period) >= month.period
    ]
    charges = [Extra(one.description, one.amount, one.taxed) for one in held if one.kind == "charge"]
    credits = [
        *(Extra(one.description, one.amount, one.taxed, True) for one in brought),
        *(Extra(one.description, one.amount, one.taxed) for one in held if one.kind == "credit"),
    ]
    taxes: Sequence[Tax] = with_.taxes.get(lease.scenario_code or "", [])
    bill = rules.bill(found, charges, credits, taxes, with_.wording)
    due = rules.due_on(with_.due_days, lease.payment_day, found[0].first_day, today(ZONE))
    return Expected(bill, due, credits)


def look(tenant_id: uuid.UUID, month: Month) -> dict[str, Expected]:
    with unit_of_work(tenant_id) as session:
        kept = frozen_rules(month)
        open_credits = (
            session.execute(
                select(BillingCredit)
                .where(BillingCredit.used_by.is_(None), BillingCredit.period < month.period)
                .order_by(BillingCredit.period, BillingCredit.id)
            )
            .scalars()
            .all()
        )
        return {
            lease.number: expected(
                lease, month, kept, [one for one in open_credits if one.lease_id == lease.id]
            )
            for lease in session.execute(select(Lease)).scalars().all()
        }


@pytest.mark.parametrize(("seed", "count"), [(1, "real"), (2, "30"), (3, "30")])
def test_two_months_of_random_contracts(app: Flask, seed: int, count: str):
    dice = random.Random(seed)
    tenant = make_agency()
    this = parse_month(this_month())
    with unit_of_work(tenant.id):
        change_settings(
            {"billing.days": count, "billing.payment_code": "77{account:4}{number:5}"}, actor=SYSTEM
        )
        some_leases(settle_in(), dice, this)
    carried = 0
    for month in (this, parse_month(earlier(this.period, -1))):
        foreseen = look(tenant.id, month)
        run_id = ran(tenant.id, month.period, size=7)
        items = items_of(tenant.id, run_id)
        issued = {lease: invoice for invoice, lease in invoices_of(tenant.id, run_id)}
        for number, expect in foreseen.items():
            if expect.bill is None:
                assert number not in issued
                assert number not in items or items[number].effect == "gone"
                continue
            item, bill = items[number], expect.bill
            if not any(line.kind == "charge" and line.amount > 0 for line in bill.lines):
                assert item.effect == "skipped" and number not in issued
                continue
            assert (item.subtotal, item.tax, item.withholding, item.total) == (
                bill.subtotal, bill.tax, bill.withholding, bill.total,
            ), number  # fmt: skip
            assert item.left == sum(one.amount for one in bill.left)
            carried += item.left
            if bill.total <= 0:
                assert item.effect == "covered" and number not in issued
                continue
            invoice = issued.pop(number)
            assert lines_of(tenant.id, invoice.id) == [tuple(line) for line in bill.lines], number
            assert (invoice.total, invoice.open_amount, invoice.due_on) == (
                bill.total,
                bill.total,
                expect.due_on,
            )
            digits = number.removeprefix("CT-").rjust(4, "0") + invoice.number.removeprefix("FV-").rjust(
                5, "0"
            )
            assert invoice.payment_code == f"77{digits}"
        assert not issued
    assert carried, "no credit went over: the contracts of this seed try too little"
    with unit_of_work(tenant.id):
        assert unbalanced_entries() == []
        still_open = {invoice.id: invoice.total for invoice, _ in invoices_of(tenant.id)}
        assert receivables_by_invoice() == still_open


def books_of(tenant_id: uuid.UUID, invoice_id: uuid.UUID) -> list[tuple[Any, ...]]:
    with unit_of_work(tenant_id) as session:
        rows = session.execute(
            select(
                JournalEntry.kind,
                JournalEntry.occurred_on,
                LedgerAccount.kind,
                Posting.amount,
                Posting.invoice_id,
            )
            .join(Posting, Posting.entry_id == JournalEntry.id)
            .join(LedgerAccount, LedgerAccount.id == Posting.ledger_account_id)
            .where(JournalEntry.business_key == f"invoice:{invoice_id}:issue")
            .order_by(Posting.amount.desc())
        )
        return [(*row[:4], row[4] is not None) for row in rows]


def test_an_invoice_of_a_run_is_booked_as_one_issued_by_hand(app: Flask):
    tenant = make_agency()
    with unit_of_work(tenant.id) as session:
        people = settle_in()
        add_lease(people, "CT-1", rent=467_000_000, scenario="COMERCIO")
        other = add_lease(people, "CT-2")
        account = session.execute(select(Lease.lease_account_id).where(Lease.id == other)).scalar_one()
        by_hand = issue_invoice(
            NewInvoice(
                number="M-1",
                type_code="rent",
                account_id=account,
                period=this_month(),
                issued_on=today(ZONE),
                due_on=day(28),
                currency="COP",
                lines=[
                    NewLine("charge", "Canon", 467_000_000),
                    NewLine("tax", "IVA", 88_730_000),
                    NewLine("withholding", "Retención", 16_345_000),
                ],
            )
        )
    ((invoice, _),) = invoices_of(tenant.id, ran(tenant.id))
    assert books_of(tenant.id, invoice.id) == books_of(tenant.id, by_hand)
    with unit_of_work(tenant.id):
        hand = next(one for one, _ in invoices_of(tenant.id) if one.id == by_hand)
    same = (
        "type_code",
        "period",
        "issued_on",
        "currency",
        "subtotal",
        "tax",
        "withholding",
        "total",
        "open_amount",
    )
    assert [getattr(invoice, name) for name in same] == [getattr(hand, name) for name in same]
