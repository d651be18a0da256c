"""Rent that goes back: what is owed to owners follows the payment by the same shares, also when it was paid out."""

from __future__ import annotations

import datetime
import uuid

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from blueprints.accounts.models import Account, Property
from blueprints.leases.services import NewLease, open_lease, record_payout
from blueprints.ledger import rules
from blueprints.ledger.queries import balance
from blueprints.owners import queries
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from blueprints.payments.refunds import NewRefund, request_refund
from saas.audit import SYSTEM, Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.scope import unit_of_work
from tenants.context import Reach
from tenants.services import change_settings
from tests import cast


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=8),
    st.lists(st.integers(1, 10**6), min_size=1, max_size=5),
)
@settings(max_examples=200, deadline=None)
def test_however_often_it_changes_the_cents_end_as_if_divided_once(amounts, shares):
    lease, mandate, invoice = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    owners = [(uuid.uuid4(), share) for share in shares]
    held: dict[uuid.UUID, int] = {}
    before = 0
    for after in amounts:
        lines = rules.move_rent(
            lease_account_id=lease,
            mandate_account_id=mandate,
            invoice_id=invoice,
            before=before,
            after=after,
            owners=owners,
        )
        assert sum(line.amount for line in lines) == 0
        for line in lines:
            if line.kind == rules.OWNER_PAYABLE:
                assert line.customer_id is not None
                held[line.customer_id] = held.get(line.customer_id, 0) - line.amount
        before = after
    once = rules.collect_rent(
        lease_account_id=lease,
        mandate_account_id=mandate,
        invoice_id=invoice,
        amount=before,
        owners=owners,
    )
    ends = {line.customer_id: -line.amount for line in once if line.kind == rules.OWNER_PAYABLE}
    assert {owner: amount for owner, amount in held.items() if amount} == ends


def test_an_owner_who_was_paid_already_owes_it_to_the_next_payout(app: Flask):
    tenant = cast.make_agency()
    day = datetime.date(2026, 11, 5)
    with unit_of_work(tenant.id):
        change_settings({"refunds.second-person-above": 10**9}, actor=SYSTEM)
        owners = [cast.add_customer("Dueña", document="1"), cast.add_customer("Dueño", document="2")]
        place = Property(
            id=new_id(), code="P-1", kind="Casa", address="Calle 1", city="Bello", created_at=now()
        )
        db.session.add(place)
        db.session.flush()
        open_lease(
            NewLease(
                number="CT-1",
                property_id=place.id,
                address="Calle 1",
                city="Bello",
                renters=[cast.add_customer("Inquilina", document="100")],
                owners=[(owners[0], 600_000), (owners[1], 400_000)],
                rent=1_000_001,
                currency="COP",
                commission=90_000,
                payment_day=5,
                starts_on=datetime.date(2026, 1, 1),
                ends_on=datetime.date(2026, 12, 31),
            )
        )
        accounts = dict(
            db.session.execute(select(Account.kind, Account.id)).all()  # the lease's and the mandate's
        )
        invoice = cast.add_invoice(
            accounts["lease"], "F-1", amount=1_000_001, type_code="rent", currency="COP"
        )
        payment = record_outside_payment(
            OutsidePayment(
                items=[(invoice, 1_000_001)], paid_on=day, currency="COP", method="Caja", reference="1"
            )
        )
        record_payout(
            number="E-1",
            mandate_account_id=accounts["mandate"],
            customer_id=owners[0],
            period="2026-11",
            amount=600_001,
            currency="COP",
            paid_on=day,
            method="Banco",
            reference="T-1",
        )
        user = cast.add_user("duena@example.com", customer_id=owners[0])
        cast.give_access(user, accounts["mandate"], role="owner")
    ana = Actor("staff", user, "Ana")
    for amount, held in ((1, 0), (499_999, -300_000), (500_001, -600_001)):
        with unit_of_work(tenant.id):
            request_refund(
                NewRefund(payment, [(invoice, amount)], "outside", "Error", "TR-1"), actor=ana, now=now()
            )
        with unit_of_work(tenant.id):
            assert -balance(rules.OWNER_PAYABLE, customer_id=owners[0]) == pytest.approx(held, abs=1)
            assert balance(rules.OWNER_PAYABLE) + balance(rules.UNCOLLECTED_RENT) == -400_000
    with unit_of_work(tenant.id):
        assert -balance(rules.OWNER_PAYABLE, customer_id=owners[0]) == -600_001
        assert -balance(rules.OWNER_PAYABLE, customer_id=owners[1]) == 0
        summary = queries.owner_summary(
            Reach(user_id=user, today=datetime.date(2026, 11, 21)), owners[0], currency="COP"
        )
        assert summary is not None and (summary.held, summary.year_income) == (-600_001, 0)
