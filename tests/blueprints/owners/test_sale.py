"""A part of a property is sold in the middle of a month: each owner reads the own time, and the money is theirs whose
day it came in on, also when it goes back."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import update

from blueprints.leases.parties import OWNER, NewPeople, change_people
from blueprints.leases.people import Person, find
from blueprints.leases.services import record_payout
from blueprints.ledger import rules as books
from blueprints.ledger.queries import balance
from blueprints.owners import certificates, queries, sources, statement_rules
from blueprints.owners.checking import differences
from blueprints.owners.statement_document import summary_rows
from blueprints.owners.statements import Statement, statement
from blueprints.payments.refund_models import Refund
from blueprints.payouts.proposing import refunds_on_the_way
from saas.audit import SYSTEM
from saas.clock import now
from saas.database import db
from saas.refusals import NotFound
from saas.scope import unit_of_work
from tenants.context import Reach
from tests import cast
from tests.blueprints.owners.estate import Estate, bill, collect, give_back, make_estate, settle_outbox
from tests.pages import checked_get
from tests.signed_in import signed_in

YEAR = now().year - 1  # its months are over, and so is the year
MONTH = f"{YEAR}-03"
SOLD = datetime.date(YEAR, 3, 16)


@dataclass
class Sale:
    """Ana keeps half, Beto sells, Carla buys. Of the rent 600 came in before and 400 after, a tenth is commission."""

    estate: Estate
    ana: uuid.UUID
    beto: uuid.UUID
    carla: uuid.UUID
    rent: uuid.UUID
    before: uuid.UUID
    after: uuid.UUID

    def read(self, owner: uuid.UUID, month: str = MONTH) -> Statement:
        reach = Reach(customer_id=owner, today=now().date())
        return statement(reach, owner, self.estate.mandate, month, currency="COP")


def make_sale() -> Sale:
    estate = make_estate(rate=100_000, taxes=())
    ana, beto = estate.owners
    with unit_of_work(estate.tenant.id):
        people = [
            Person("a", "CC", "10", share=500_000),
            Person("b", "CC", "33", "Carla Compradora", share=500_000),
        ]
        assert change_people(estate.lease, NewPeople(OWNER, find(people, "CO"), SOLD, "Venta"), actor=SYSTEM)
        carla = find(people, "CO")[1].customer_id
        assert carla is not None
        rent = bill(estate, "FV-1", 1_000, period=MONTH, taxes=(0, 0))
        before = collect(rent, 600, SOLD - datetime.timedelta(days=6))
    settle_outbox()
    with unit_of_work(estate.tenant.id):
        after = collect(rent, 400, SOLD + datetime.timedelta(days=4))
    settle_outbox()
    with unit_of_work(estate.tenant.id):
        for number, (owner, amount, day) in enumerate(
            [(ana, 100, 12), (ana, 50, 28), (beto, 30, 30), (carla, 70, 31)]
        ):
            record_payout(
                number=f"CE-{number}", mandate_account_id=estate.mandate, customer_id=owner, period=MONTH,
                amount=amount, currency="COP", paid_on=datetime.date(YEAR, 3, day), method="Banco 4321",
                reference="9",
            )  # fmt: skip
    return Sale(estate, ana, beto, carla, rent, before, after)


@pytest.fixture
def sale(app: Flask) -> Sale:
    return make_sale()


def figures(found: Statement, owner: uuid.UUID | None) -> list[int]:
    sheet = found.sheet if owner else found.whole
    return [sheet.section(section, owner).total for section in ("rent", "commission", "payout")]


def test_each_reads_the_own_part_and_of_the_whole_the_own_days(sale: Sale) -> None:
    with unit_of_work(sale.estate.tenant.id):
        ana, beto, carla = (sale.read(one) for one in (sale.ana, sale.beto, sale.carla))
        assert figures(ana, sale.ana) == [360 + 200, -36 - 20, -150]
        assert figures(beto, sale.beto) == [240, -24, -30]
        assert figures(carla, sale.carla) == [200, -20, -70]
        assert figures(ana, None) == [1_000, -100, -250]
        assert figures(beto, None) == [600, -60, -130]
        assert figures(carla, None) == [400, -40, -120]
        named = [{one.name for one in found.shares} for found in (ana, beto, carla)]
        assert named == [
            {"Dueña 0", "Dueña 1", "Carla Compradora"},
            {"Dueña 0", "Dueña 1"},
            {"Dueña 0", "Carla Compradora"},
        ]
        assert not any(found.whole_balances for found in (ana, beto, carla))
        assert (ana.share, beto.share, carla.share) == (None, 400_000, 500_000)
        assert summary_rows(carla)[0][1] is None
        assert differences() == []


def test_what_goes_back_is_theirs_whose_day_it_came_in_on(sale: Sale) -> None:
    with unit_of_work(sale.estate.tenant.id):
        give_back(sale.estate, sale.before, sale.rent, 100)
    settle_outbox()
    month = f"{now():%Y-%m}"
    with unit_of_work(sale.estate.tenant.id):
        assert figures(sale.read(sale.ana, month), sale.ana) == [-60, 6, 0]
        assert figures(sale.read(sale.beto, month), sale.beto) == [-40, 4, 0]
        assert not sale.read(sale.beto, month).sees_whole
        assert figures(sale.read(sale.carla, month), sale.carla) == [0, 0, 0]
        assert sale.read(sale.carla, month).whole.lines == []
        held = [-balance(books.OWNER_PAYABLE, customer_id=one) for one in (sale.ana, sale.beto, sale.carla)]
        assert held == [560 - 56 - 150 - 54, 240 - 24 - 30 - 36, 200 - 20 - 70]
        assert differences() == []


def test_a_refund_on_its_way_is_kept_from_them_too(sale: Sale) -> None:
    with unit_of_work(sale.estate.tenant.id):
        give_back(sale.estate, sale.before, sale.rent, 100)
        db.session.execute(update(Refund).values(state="requested"))
        found = refunds_on_the_way(None, "COP")
        assert {owner: amount for (_mandate, owner), amount in found.items()} == {sale.ana: 60, sale.beto: 40}


def test_who_sold_keeps_papers_and_learns_nothing_of_later(app: Flask, sale: Sale) -> None:
    with unit_of_work(sale.estate.tenant.id):
        user = cast.add_user("beto@example.com", customer_id=sale.beto)
        cast.give_access(
            user, sale.estate.mandate, role="owner", valid_until=SOLD - datetime.timedelta(days=1)
        )
        buyer = cast.add_user("carla@example.com", customer_id=sale.carla)
        cast.give_access(buyer, sale.estate.mandate, role="owner", valid_from=SOLD)
    seller = signed_in(app, sale.estate.tenant, user)
    page = checked_get(
        seller, f"/income/statements/{sale.estate.mandate}/{MONTH}", not_showing=("Carla", "Banco 4321")
    )
    assert "Dueña 0" in page.text
    for path in (
        "/income",
        "/income/payouts",
        f"/income/certificates/{YEAR}",
        f"/income/rents/{sale.rent}",
        "/",
    ):
        checked_get(seller, path, not_showing=("Carla",))
    assert "CE-2" in checked_get(seller, "/income/payouts").text
    assert seller.get(f"/income/statements/{sale.estate.mandate}/{MONTH}/pdf").status_code == 200
    bought = signed_in(app, sale.estate.tenant, buyer)
    checked_get(
        bought, f"/income/statements/{sale.estate.mandate}/{MONTH}", not_showing=("Dueña 1", "Banco 4321")
    )
    assert bought.get(f"/income/statements/{sale.estate.mandate}/{YEAR}-02").status_code == 404


def test_certificates_are_of_each_one_s_own_money(sale: Sale) -> None:
    with unit_of_work(sale.estate.tenant.id):
        years = [
            certificates.year_of(one, YEAR, currency="COP", today=now().date())
            for one in (sale.ana, sale.beto, sale.carla)
        ]
        assert [year.total.rent.total for year in years] == [560, 240, 200]
        source = sources.rent_source(Reach(customer_id=sale.beto, today=now().date()), sale.beto, sale.rent)
        assert (source.mine, source.open_amount, len(source.commissions)) == (240, 400, 1)
        with pytest.raises(NotFound):
            sale.read(sale.carla, f"{YEAR}-02")
        reach = Reach(customer_id=sale.beto, today=now().date())
        summary = queries.owner_summary(reach, sale.beto, currency="COP")
        assert summary is not None
        assert summary.held == 240 - 24 - 30


def test_who_may_read_an_entry() -> None:
    """Of a refund on a day of the new owners, they see nothing; of a payout, who owned on its day."""
    ana, beto, carla, entry = (uuid.uuid4() for _ in range(4))
    parties = [
        statement_rules.Party(ana, 500_000),
        statement_rules.Party(beto, 500_000, None, SOLD - datetime.timedelta(days=1)),
        statement_rules.Party(carla, 500_000, SOLD),
    ]
    refund = [
        statement_rules.Movement(statement_rules.RENT, owner, entry, None, SOLD, -1) for owner in (ana, beto)
    ]
    seen = [len(statement_rules.seen_by(owner, refund, parties)) for owner in (ana, beto, carla)]
    assert seen == [2, 2, 0]
