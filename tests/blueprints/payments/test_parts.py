"""Paying a part: the oldest first, the surcharge last and never left alone; typed amounts are read strictly (F05)."""

from __future__ import annotations

import datetime
import re
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from blueprints.payments.choosing import Choice, ChosenInvoice
from blueprints.payments.models import Attempt
from blueprints.payments.parts import PartRules, part_of, without_lone_surcharge
from saas.audit import SYSTEM
from saas.database import db
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.services import change_settings
from tests.blueprints.payments.returned import agree, open_of, payment_of, standing, tell
from tests.blueprints.payments.test_pages import token
from tests.blueprints.payments.world import PayingWorld
from tests.pages import checked_get

ANY = PartRules(True, 1)
LATE = {"due_in": -3, "second_due_on": datetime.date(2099, 1, 1)}


def chosen(amount: int, surcharge: int = 0, day: int = 1) -> ChosenInvoice:
    when = datetime.date(2026, 1, day)
    return ChosenInvoice(
        id=uuid.uuid4(),
        number=f"F-{day}",
        type_code="supply",
        type_names={},
        period="",
        account_id=uuid.uuid4(),
        account_kind="supply",
        account_number="1",
        address="",
        amount=amount,
        surcharge=surcharge,
        due_on=when,
        until=when,
    )


def test_the_oldest_first_and_the_rest_left_out():
    one, two, three = chosen(100, day=1), chosen(50, day=2), chosen(70, day=3)
    part = part_of(Choice([one, two, three], "ARS"), 120, ANY)
    assert [(item.id, item.amount) for item in part.items] == [(one.id, 100), (two.id, 20)]


def test_the_debt_first_the_surcharge_last():
    late = chosen(110, surcharge=10)
    part = part_of(Choice([late], "ARS"), 99, ANY)
    assert [(item.amount, item.surcharge) for item in part.items] == [(99, 0)]
    for amount in (100, 105, 109):
        with pytest.raises(Refusal, match="second due date"):
            part_of(Choice([late], "ARS"), amount, ANY)
    assert part_of(Choice([late], "ARS"), 110, ANY).items[0].surcharge == 10
    both = part_of(Choice([late, chosen(50, day=2)], "ARS"), 120, ANY)
    assert [(item.amount, item.surcharge) for item in both.items] == [(110, 10), (10, 0)]


@pytest.mark.parametrize(
    ("rules", "amount"),
    [(PartRules(False, 1), 50), (PartRules(True, 30), 29), (ANY, 101), (ANY, 0), (ANY, -5)],
)
def test_what_the_tenant_does_not_allow(rules, amount):
    with pytest.raises(Refusal) as refused:
        part_of(Choice([chosen(100)], "ARS"), amount, rules)
    assert refused.value.field == "part"


def test_the_least_is_rounded_up():
    assert PartRules(True, 10).least(101) == 11
    assert PartRules(True, 1).least(5) == 1


@given(
    st.lists(st.tuples(st.integers(2, 10**6), st.integers(0, 10**5)), min_size=1, max_size=6),
    st.integers(1, 10**7),
)
@settings(max_examples=200, deadline=None)
def test_any_part_is_spread_whole(amounts, amount):
    items = [chosen(full, min(extra, full - 1), day) for day, (full, extra) in enumerate(amounts, 1)]
    choice = Choice(items, "ARS")
    try:
        part = part_of(choice, amount, ANY)
    except Refusal:
        return
    assert part.amount == amount
    whole = {item.id: item for item in items}
    for item in part.items[:-1]:
        assert item == whole[item.id]
    last = part.items[-1]
    full = whole[last.id]
    assert 0 < last.amount <= full.amount and 0 <= last.surcharge < last.amount
    assert last.surcharge in (0, full.surcharge)
    assert without_lone_surcharge(last.amount, full.amount, full.surcharge) == last.amount


def allow(world: PayingWorld, minimum: int = 10) -> None:
    with unit_of_work(world.tenant.id):
        change_settings({"payments.partial": True, "payments.partial-minimum": minimum}, actor=SYSTEM)


def test_the_allocation_is_shown_before_paying_and_then_paid(world: PayingWorld):
    allow(world)
    one, two = world.invoice(100_000, due_in=5), world.invoice(40_000, due_in=9)
    client = world.client()
    chosen_ids = f"invoice={two}&invoice={one}"
    page = checked_get(client, f"/payments/summary?{chosen_ids}&part=1.200,00")
    assert "F-1" in page.text and "F-2" in page.text and "200,00" in page.text
    sure = checked_get(client, f"/payments/confirm?{chosen_ids}&part=1.200,00")
    data = {"csrf_token": token(sure.body), "invoice": [str(two), str(one)], "part": "1.200,00"}
    gone = client.post("/payments/start", data=data)
    assert "amount=120000" in gone.headers["Location"]
    again = client.post("/payments/start", data=data)
    assert again.headers["Location"] == gone.headers["Location"]  # a second click is the same attempt
    with unit_of_work(world.tenant.id):
        attempt = db.session.execute(select(Attempt.id)).scalar_one()
    tell(world, world.said(attempt))
    assert (open_of(world, one), open_of(world, two)) == (0, 20_000)
    assert payment_of(world, attempt)
    agree(world)


def test_a_late_part_and_its_rest_come_to_the_second_amount(world: PayingWorld):
    allow(world)
    late = world.invoice(50_000, second_total=51_000, **LATE)
    client = world.client()
    for part, left in (("300,00", 20_000), ("", 0)):
        sure = checked_get(client, f"/payments/confirm?invoice={late}&part={part}")
        data = {"csrf_token": token(sure.body), "invoice": str(late), "part": part}
        gone = client.post("/payments/start", data=data)
        reference = gone.headers["Location"].partition("reference=")[2].partition("&")[0]
        with unit_of_work(world.tenant.id):
            from sqlalchemy import select

            from blueprints.payments.models import Attempt
            from saas.database import db

            attempt = db.session.execute(
                select(Attempt.id).where(Attempt.reference == reference)
            ).scalar_one()
        tell(world, world.said(attempt))
        assert open_of(world, late) == left
    assert standing(world) == {"clearing": 51_000, "owed": 0, "credit": 0, "surcharge": 1_000}


@pytest.mark.parametrize(
    "typed",
    [
        "0",
        "-1",
        "0.001",
        "1e309",
        "NaN",
        "Infinity",
        "1,234",
        "99999999999999,99",
        "١٢٣",
        "1.2.3",
        "abc",
        "5",
        "1.000,01",
    ],
)
def test_amounts_that_are_none_or_not_allowed_are_said(world: PayingWorld, typed):
    allow(world)
    one = world.invoice(100_000)
    client = world.client()
    address = {"invoice": str(one), "part": typed}
    page = client.get("/payments/summary", query_string=address)
    assert page.status_code == 422 and 'href="#part"' not in page.text
    assert "part-error" in page.text
    assert client.get("/payments/confirm", query_string=address).status_code == 422


def test_without_the_setting_nothing_of_it_is_read(world: PayingWorld):
    one = world.invoice(100_000)
    client = world.client()
    page = checked_get(client, f"/payments/summary?invoice={one}&part=1,00")
    assert 'name="part"' not in page.body and "1.000,00" in page.text


def test_an_unfinished_part_goes_on_as_the_part_that_it_was(world: PayingWorld):
    """The page of the payment repeats the part, so that going on is the same payment and not one of the whole."""
    allow(world)
    client, one = world.client(), world.invoice(100_000)
    page = client.get(f"/payments/confirm?invoice={one}&part=400").text
    data = {"csrf_token": token(page), "invoice": str(one), "part": "400"}
    first = client.post("/payments/start", data=data)
    assert first.status_code == 303
    with unit_of_work(world.tenant.id):
        attempt = db.session.execute(select(Attempt)).scalar_one()
    assert attempt.amount == 40_000
    stands = client.get(f"/payments/{attempt.id}").text
    part = re.search(r'name="part" value="([^"]+)"', stands)
    assert part
    data = {"csrf_token": token(stands), "invoice": str(one), "part": part[1].replace("&nbsp;", " ")}
    again = client.post("/payments/start", data=data)
    assert again.headers["Location"] == first.headers["Location"], "the same order at the bank"
