"""The owner's side of the books: what came in, what was kept, what was paid out; and who may read it."""

from __future__ import annotations

import datetime
import itertools
import uuid
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select, update

from blueprints.accounts.models import AccountParty, Property
from blueprints.accounts.reach import Reach
from blueprints.desk import words
from blueprints.invoices.services import void_invoice
from blueprints.leases.models import Lease
from blueprints.leases.services import NewLease, open_lease, record_payout, withhold_commission
from blueprints.ledger import rules
from blueprints.ledger.queries import balance
from blueprints.owners import queries
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from saas.audit import Actor, AuditRow, first_broken
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tests.cast import TenantCast, add_customer, add_invoice, add_user, give_access, make_agency

DAY = datetime.date(2026, 11, 5)
REACH_DAY = datetime.date(2026, 11, 21)


@dataclass
class World:
    tenant: TenantCast
    owners: list[uuid.UUID]
    user: uuid.UUID
    lease: uuid.UUID
    mandate: uuid.UUID


def _property() -> uuid.UUID:
    row = Property(id=new_id(), code="P-1", kind="Casa", address="Calle 1", city="Bello", created_at=now())
    db.session.add(row)
    db.session.flush()
    return row.id


def _lease(owners: list[tuple[uuid.UUID, int]]) -> tuple[uuid.UUID, uuid.UUID]:
    renter = add_customer("Inquilina", document="100")
    lease_id = open_lease(
        NewLease(
            number="CT-1",
            property_id=_property(),
            address="Calle 1",
            city="Bello",
            renters=[renter],
            owners=owners,
            rent=1_000_001,
            currency="COP",
            commission=90_000,
            payment_day=5,
            starts_on=datetime.date(2026, 1, 1),
            ends_on=datetime.date(2026, 12, 31),
        )
    )
    row = db.session.execute(
        select(Lease.lease_account_id, Lease.mandate_account_id).where(Lease.id == lease_id)
    ).one()
    return row.lease_account_id, row.mandate_account_id


@pytest.fixture
def world(app: Flask) -> World:
    tenant = make_agency()
    with unit_of_work(tenant.id):
        owners = [add_customer("Dueña", document="1"), add_customer("Dueño", document="2")]
        lease, mandate = _lease([(owners[0], 600_000), (owners[1], 400_000)])
        user = add_user("duena@example.com", customer_id=owners[0])
        give_access(user, mandate, role="owner", main=True)
    return World(tenant, owners, user, lease, mandate)


def _month(world: World, number: str = "FV-1", amount: int = 1_000_001) -> uuid.UUID:
    """Rent billed and paid, commission kept, for one month."""
    rent = add_invoice(world.lease, number, amount=amount, type_code="rent", currency="COP", due_on=DAY)
    record_outside_payment(
        OutsidePayment(items=[(rent, amount)], paid_on=DAY, currency="COP", method="PSE", reference="1")
    )
    commission = add_invoice(
        world.mandate, f"C{number}", amount=90_000, type_code="commission", currency="COP", due_on=DAY
    )
    withhold_commission(commission, on=DAY)
    return rent


def test_collected_rent_is_owed_to_the_owners_by_share(world: World) -> None:
    with unit_of_work(world.tenant.id):
        _month(world)
        held = [-balance(rules.OWNER_PAYABLE, customer_id=owner) for owner in world.owners]
        assert sum(held) == 1_000_001 - 90_000
        assert held == [600_001 - 54_000, 400_000 - 36_000]
        assert balance(rules.UNCOLLECTED_RENT) == 0
        assert balance(rules.RECEIVABLE) == 0


def test_the_statement_is_one_owner_s_share_and_adds_up(world: World) -> None:
    with unit_of_work(world.tenant.id):
        _month(world)
        record_payout(
            number="CE-1",
            mandate_account_id=world.mandate,
            customer_id=world.owners[0],
            period="2026-11",
            amount=546_001,
            currency="COP",
            paid_on=DAY,
            method="Transferencia",
            reference="9",
        )
        reach = Reach(user_id=world.user, today=REACH_DAY)
        (line,) = queries.months(reach, world.owners[0], currency="COP").rows
        assert (line.rent, line.kept, line.net, line.paid, line.closing) == (
            600_001,
            54_000,
            546_001,
            546_001,
            0,
        )
        summary = queries.owner_summary(reach, world.owners[0], currency="COP")
        assert summary is not None
        assert (summary.held, summary.month_income, summary.last_payout_amount) == (0, 600_001, 546_001)


def test_a_surcharge_for_lateness_is_not_the_owner_s(world: World) -> None:
    with unit_of_work(world.tenant.id):
        rent = add_invoice(
            world.lease,
            "FV-9",
            amount=1000,
            type_code="rent",
            currency="COP",
            due_on=DAY,
            second_due_on=DAY + datetime.timedelta(days=10),
            second_total=1100,
        )
        late = DAY + datetime.timedelta(days=3)
        record_outside_payment(
            OutsidePayment(items=[(rent, 1100)], paid_on=late, currency="COP", method="PSE", reference="1")
        )
        assert -balance(rules.OWNER_PAYABLE) == 1000
        assert -balance(rules.SURCHARGE) == 100


def test_a_surcharge_paid_with_the_last_part_is_not_the_owner_s_either(world: World) -> None:
    with unit_of_work(world.tenant.id):
        rent = add_invoice(
            world.lease,
            "FV-9",
            amount=1000,
            type_code="rent",
            currency="COP",
            due_on=DAY,
            second_due_on=DAY + datetime.timedelta(days=10),
            second_total=1100,
        )
        for part, on in ((600, DAY), (500, DAY + datetime.timedelta(days=3))):
            record_outside_payment(
                OutsidePayment(items=[(rent, part)], paid_on=on, currency="COP", method="PSE", reference="1")
            )
        assert -balance(rules.OWNER_PAYABLE) == 1000
        assert -balance(rules.SURCHARGE) == 100
        assert balance(rules.UNCOLLECTED_RENT) == 0
        assert balance(rules.RECEIVABLE) == 0


def test_a_stranger_sees_no_payout(world: World) -> None:
    with unit_of_work(world.tenant.id):
        payout = record_payout(
            number="CE-1",
            mandate_account_id=world.mandate,
            customer_id=world.owners[1],
            period="2026-11",
            amount=1,
            currency="COP",
            paid_on=DAY,
            method="Transferencia",
            reference="9",
        )
        reach = Reach(user_id=world.user, today=REACH_DAY)
        with pytest.raises(NotFound):  # the co-owner's, not hers
            queries.payout(reach, world.owners[0], payout)
        with pytest.raises(NotFound):  # hers by number, but out of reach
            queries.payout(Reach(user_id=new_id(), today=REACH_DAY), world.owners[1], payout)


def test_shares_must_make_a_whole(app: Flask) -> None:
    tenant = make_agency()
    with pytest.raises(Refusal, match="add up"), unit_of_work(tenant.id):
        _lease([(add_customer("Dueña", document="1"), 600_000)])


def test_paying_more_than_is_owed_is_refused(world: World) -> None:
    with pytest.raises(Refusal, match="more than"), unit_of_work(world.tenant.id):
        rent = add_invoice(world.lease, "FV-1", amount=1000, type_code="rent", currency="COP", due_on=DAY)
        record_outside_payment(
            OutsidePayment(items=[(rent, 1001)], paid_on=DAY, currency="COP", method="PSE", reference="1")
        )


def test_the_months_page_without_gaps(world: World) -> None:
    with unit_of_work(world.tenant.id):
        for number in range(queries.PAGE + 3):
            rent = add_invoice(
                world.lease, f"FV-{number}", amount=1000 + number, type_code="rent", currency="COP"
            )
            record_outside_payment(
                OutsidePayment(
                    items=[(rent, 1000 + number)],
                    paid_on=datetime.date(2020 + number // 12, number % 12 + 1, 3),
                    currency="COP",
                    method="PSE",
                    reference="1",
                )
            )
        reach = Reach(user_id=world.user, today=REACH_DAY)
        first = queries.months(reach, world.owners[0], currency="COP")
        second = queries.months(reach, world.owners[0], currency="COP", cursor=first.older)
        lines = [*first.rows, *second.rows]
        found = [line.month for line in lines]
        assert len(found) == len(set(found)) == queries.PAGE + 3
        assert found == sorted(found, reverse=True)
        assert second.older is None
        assert all(later.opening == earlier.closing for later, earlier in itertools.pairwise(lines))


def test_rent_belongs_to_who_owned_on_the_day_it_was_collected(world: World) -> None:
    """A part is sold on the first of November: what comes in before is the old owner's, afterwards the new one's."""
    sold = datetime.date(2026, 11, 1)
    with unit_of_work(world.tenant.id) as session:
        buyer = add_customer("Compradora", document="3")
        session.execute(
            update(AccountParty)
            .where(AccountParty.account_id == world.mandate, AccountParty.customer_id == world.owners[0])
            .values(valid_until=sold - datetime.timedelta(days=1))
            .execution_options(synchronize_session=False)
        )
        session.add(
            AccountParty(
                id=new_id(),
                account_id=world.mandate,
                customer_id=buyer,
                role="owner",
                share=600_000,
                valid_from=sold,
            )
        )
        session.flush()
        for number, paid_on in (("FV-1", sold - datetime.timedelta(days=1)), ("FV-2", sold)):
            rent = add_invoice(world.lease, number, amount=1_000, type_code="rent", currency="COP")
            record_outside_payment(
                OutsidePayment(
                    items=[(rent, 1_000)], paid_on=paid_on, currency="COP", method="PSE", reference="1"
                )
            )
        held = [-balance(rules.OWNER_PAYABLE, customer_id=owner) for owner in (*world.owners, buyer)]
        assert held == [600, 800, 600]
        commission = add_invoice(world.mandate, "C-1", amount=100, type_code="commission", currency="COP")
        withhold_commission(commission, on=sold)
        held = [-balance(rules.OWNER_PAYABLE, customer_id=owner) for owner in (*world.owners, buyer)]
        assert held == [600, 760, 540]


def test_each_act_of_money_is_evidence_once(world: World) -> None:
    actor = Actor("staff", world.user, "Beto Cobros")
    with unit_of_work(world.tenant.id):
        rent = add_invoice(world.lease, "FV-1", amount=1_000, type_code="rent", currency="COP")
        gone = add_invoice(world.lease, "FV-2", amount=1_000, type_code="rent", currency="COP")
        fee = add_invoice(world.mandate, "C-1", amount=90, type_code="commission", currency="COP")
        paid = OutsidePayment(
            items=[(rent, 1_000)], paid_on=DAY, currency="COP", method="PSE", reference="77"
        )
        payment = record_outside_payment(paid, actor=actor)
        for _again in range(2):
            withhold_commission(fee, on=DAY, actor=actor)
            void_invoice(gone, reason="Se emitió dos veces", today=DAY, actor=actor)
        payout = record_payout(
            number="CE-1", mandate_account_id=world.mandate, customer_id=world.owners[0], period="2026-11",
            amount=500, currency="COP", paid_on=DAY, method="Transferencia", reference="9", actor=actor,
        )  # fmt: skip
        withhold_commission(  # a load of many leaves its own row
            add_invoice(world.mandate, "C-2", amount=90, type_code="commission", currency="COP"),
            on=DAY,
            actor=None,
        )
    with unit_of_work(world.tenant.id) as session:
        rows = session.execute(select(AuditRow).order_by(AuditRow.number)).scalars().all()
        assert [(row.action, row.subject_id, row.actor_name) for row in rows] == [
            ("payment.recorded", payment, "Beto Cobros"),
            ("commission.withheld", fee, "Beto Cobros"),
            ("invoice.voided", gone, "Beto Cobros"),
            ("payout.recorded", payout, "Beto Cobros"),
        ]
        assert rows[0].data["amount"] == 1_000 and rows[2].data["reason"] == "Se emitió dos veces"
        assert rows[3].customer_id == world.owners[0]
        assert all(row.action in words.ACTIONS for row in rows)
        assert all(row.action.partition(".")[0] in words.AREAS for row in rows)
        assert first_broken() is None
