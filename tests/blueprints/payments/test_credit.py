"""Credit: put on an invoice once, by whoever may; when its payment goes back, what it paid is open again."""

from __future__ import annotations

import datetime
import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from blueprints.payments import refund_rules
from blueprints.payments.credit import credit_of, use_credit
from blueprints.payments.refund_models import Refund
from blueprints.payments.refund_rules import Case, Source, take, to_book
from blueprints.payments.refunds import ask_back
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tests import cast
from tests.blueprints.payments.returned import agree, credit, drain, open_of, paid, standing, tell
from tests.blueprints.payments.test_pages import token
from tests.blueprints.payments.world import PayingWorld, paying_world
from tests.pages import checked_get
from tests.signed_in import signed_in


def overpaid(world: PayingWorld, amount: int = 100_000) -> uuid.UUID:
    """An invoice that was paid twice. Returns the attempt whose money is credit now."""
    one = world.invoice(amount)
    first = world.start(one)
    second = world.start(one, world.invoice(5_000))
    tell(world, world.said(first.attempt_id), world.said(second.attempt_id))
    assert credit(world) == amount
    return second.attempt_id


def put(world: PayingWorld, invoice: uuid.UUID, amount: int, use: uuid.UUID | None = None) -> int:
    actor = Actor("customer", world.user_id, "Camila")
    with unit_of_work(world.tenant.id):
        used = use_credit(use or uuid.uuid4(), invoice, amount, actor=actor, now=now())
    agree(world)
    return used


def test_it_pays_a_part_and_the_rest_stays(world: PayingWorld):
    overpaid(world)
    one = world.invoice(30_000)
    assert put(world, one, 20_000) == 20_000
    assert (open_of(world, one), credit(world)) == (10_000, 80_000)
    assert standing(world) == {"clearing": 205_000, "owed": 10_000, "credit": 80_000, "surcharge": 0}


def test_the_same_form_counts_once(world: PayingWorld):
    overpaid(world)
    one, use = world.invoice(30_000), uuid.uuid4()
    assert [put(world, one, 10_000, use) for _turn in range(3)] == [10_000, 0, 0]
    assert open_of(world, one) == 20_000


def test_two_at_once_cannot_spend_it_twice(world: PayingWorld):
    overpaid(world)
    invoices = [world.invoice(80_000), world.invoice(80_000)]
    actor = Actor("customer", world.user_id, "Camila")

    def once(invoice: uuid.UUID) -> bool:
        try:
            with world.app.app_context(), unit_of_work(world.tenant.id):
                use_credit(uuid.uuid4(), invoice, 80_000, actor=actor, now=now())
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(once, invoices)) == [False, True]
    agree(world)
    assert credit(world) == 20_000


def test_spent_and_asked_back_at_once(world: PayingWorld):
    overpaid(world)
    one = world.invoice(80_000)
    actor = Actor("customer", world.user_id, "Camila")

    def act(turn: int) -> bool:
        try:
            with world.app.app_context(), unit_of_work(world.tenant.id):
                if turn:
                    use_credit(uuid.uuid4(), one, 80_000, actor=actor, now=now())
                else:
                    ask_back(uuid.uuid4(), world.account_id, 80_000, actor=actor, now=now())
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(act, range(2))) == [False, True]
    agree(world)


@pytest.mark.parametrize("amount", [30_001, 100_001])
def test_never_more_than_is_owed_or_there(world: PayingWorld, amount):
    overpaid(world)
    one = world.invoice(30_000 if amount < 100_000 else 200_000)
    with pytest.raises(Refusal):
        put(world, one, amount)
    assert credit(world) == 100_000


def test_an_invoice_that_is_being_paid_is_left_alone(world: PayingWorld):
    overpaid(world)
    one = world.invoice(30_000)
    world.start(one)
    with pytest.raises(Refusal, match="being processed"):
        put(world, one, 30_000)


def test_the_surcharge_of_the_second_date_is_paid_too(world: PayingWorld):
    overpaid(world)
    late = world.invoice(50_000, due_in=-3, second_due_on=datetime.date(2099, 1, 1), second_total=51_000)
    with pytest.raises(Refusal, match="second due date"):
        put(world, late, 50_500)
    put(world, late, 51_000)
    assert standing(world)["surcharge"] == 1_000 and open_of(world, late) == 0


def test_when_its_payment_goes_back_what_it_paid_is_open_again(world: PayingWorld):
    attempt = overpaid(world)
    one = world.invoice(30_000)
    put(world, one, 30_000)
    tell(world, world.said(attempt, "refunded", event="r"))  # 105 000: its credit, and what that had paid
    assert open_of(world, one) == 30_000 and credit(world) == 0
    assert standing(world) == {"clearing": 100_000, "owed": 35_000, "credit": 0, "surcharge": 0}
    tell(world, world.said(attempt, "refund_failed", event="r"))
    assert standing(world) == {"clearing": 205_000, "owed": 0, "credit": 70_000, "surcharge": 0}


def test_the_next_holder_neither_sees_nor_spends_it(world: PayingWorld):
    overpaid(world)
    one = world.invoice(30_000)
    tomorrow = now().date() + datetime.timedelta(days=1)
    with unit_of_work(world.tenant.id):
        assert credit_of([world.account_id], since=tomorrow) == []
    actor = Actor("customer", world.user_id, "Otra")
    with unit_of_work(world.tenant.id), pytest.raises(Refusal):
        use_credit(uuid.uuid4(), one, 10_000, actor=actor, now=now(), since=tomorrow)


def test_seen_used_and_asked_back_on_the_pages(world: PayingWorld, mailbox):
    client = world.client()
    assert "Usted no tiene" in checked_get(client, "/credit").text or checked_get(client, "/credit").h1
    overpaid(world)
    drain(world)
    assert any("/credit" in letter.as_string() for _name, letter in mailbox.letters())
    one = world.invoice(30_000)
    for path in ("/", "/invoices", "/statement"):
        assert "1.000,00" in checked_get(client, path).text and "/credit" in checked_get(client, path).body
    page = checked_get(client, "/credit")
    assert f"/credit/{world.account_id}/use" in page.body
    choose = checked_get(client, f"/credit/{world.account_id}/use")
    assert 'value="300,00"' in choose.body
    asked = {"invoice": str(one), "amount": "100,00"}
    sure = client.get(f"/credit/{world.account_id}/confirm", query_string=asked)
    assert "200,00" in sure.text
    fields = dict(re.findall(r'name="(csrf_token|use|invoice|amount)" value="([^"]+)"', sure.text))
    for _turn in range(2):  # pressed twice
        done = client.post(f"/credit/{world.account_id}/use", data=fields)
        assert done.status_code == 303 and str(one) in done.headers["Location"]
    assert open_of(world, one) == 20_000 and credit(world) == 90_000
    ask = checked_get(client, f"/credit/{world.account_id}/ask-back")
    fields = dict(re.findall(r'name="(csrf_token|ask|amount)"[^>]* value="([^"]+)"', ask.body))
    fields.setdefault("amount", "900,00")
    for _turn in range(2):
        assert client.post(f"/credit/{world.account_id}/ask-back", data=fields).status_code == 303
    with unit_of_work(world.tenant.id):
        assert db.session.execute(select(Refund.state, Refund.amount)).all() == [("asked", 90_000)]
    assert "900,00" in checked_get(client, "/credit").text
    refused = client.post(f"/credit/{world.account_id}/use", data={**fields, "use": str(uuid.uuid4())})
    assert refused.status_code == 422


@pytest.mark.parametrize("typed", ["0", "-1", "1,234", "1e9", "NaN", "999.999,00", ""])
def test_amounts_that_are_none(world: PayingWorld, typed):
    overpaid(world)
    one = world.invoice(30_000)
    client = world.client()
    asked = {"invoice": str(one), "amount": typed}
    assert client.get(f"/credit/{world.account_id}/confirm", query_string=asked).status_code == 422
    page = checked_get(client, f"/credit/{world.account_id}/ask-back")
    data = {"csrf_token": token(page.body), "ask": str(uuid.uuid4()), "amount": typed}
    assert client.post(f"/credit/{world.account_id}/ask-back", data=data).status_code == 422
    assert credit(world) == 100_000


def test_strangers_and_who_only_sees_use_nothing(world: PayingWorld):
    overpaid(world)
    one = world.invoice(30_000)
    with unit_of_work(world.tenant.id):
        watcher, stranger = cast.add_user("mira@example.com"), cast.add_user("nadie@example.com")
        cast.give_access(watcher, world.account_id, can_pay=False)
    other = paying_world(world.app, "vecina", email="v@example.com")
    fields = {"use": str(uuid.uuid4()), "invoice": str(one), "amount": "10,00"}
    for client in (
        signed_in(world.app, world.tenant, watcher),
        signed_in(world.app, world.tenant, stranger),
        other.client(),
    ):
        fields["csrf_token"] = token(client.get("/credit").text)
        for path in ("use", "ask-back", "confirm"):
            assert client.get(f"/credit/{world.account_id}/{path}").status_code == 404
        assert client.post(f"/credit/{world.account_id}/use", data=fields).status_code == 404
    assert credit(world) == 100_000


@given(
    st.integers(1, 10**6),
    st.lists(st.tuples(st.integers(1, 10**6), st.booleans(), st.integers(0, 10**6)), max_size=8),
)
@settings(max_examples=300, deadline=None)
def test_cases_never_hold_more_than_was_captured_and_the_order_does_not_matter(captured, drawn):
    """F14: whatever was booked before, afterwards min(captured, all that counts) is."""
    cases, held = [], 0
    for key, (demand, counts, booked) in enumerate(drawn):
        booked = min(booked, demand, captured - held)
        held += booked
        cases.append(Case(key, demand, booked, counts))
    booked = {case.key: case.booked for case in cases}
    for key, amount in to_book(captured, cases):
        booked[key] += amount
    counted = sum(case.demand for case in cases if case.counts)
    assert sum(booked.values()) == min(captured, counted)
    for case in cases:
        assert 0 <= booked[case.key] <= (case.demand if case.counts else 0)


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**6)), min_size=1, max_size=6),
    st.integers(0, 10**7),
    st.dictionaries(st.integers(0, 7), st.integers(0, 10**6), max_size=4),
)
@settings(max_examples=300, deadline=None)
def test_what_is_taken_is_there_and_adds_up(places, amount, wanted):
    sources = [Source(key, full, min(extra, full)) for key, (full, extra) in enumerate(places)]
    amount = min(amount, sum(source.amount for source in sources))
    taken = take(amount, sources, wanted)
    assert sum(part.amount for part in taken) == amount
    by_key = {source.key: source for source in sources}
    for part in taken:
        assert 0 < part.amount <= by_key[part.key].amount
        assert part.surcharge == min(part.amount, by_key[part.key].surcharge)
    asked = sum(min(wanted.get(source.key, 0), source.amount) for source in sources)
    got = sum(min(part.amount, wanted.get(part.key, 0)) for part in taken)
    assert got == min(asked, amount)
    with pytest.raises(ValueError, match="more than"):
        take(sum(source.amount for source in sources) + 1, sources)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_refunds_credit_and_disputes_in_any_mix_agree(world: PayingWorld, data):
    """F14: random refunds, disputes and uses of credit on one tenant's books; every difference would be found."""
    one, two = world.invoice(data.draw(st.integers(10, 90_000))), world.invoice(20_000)
    attempt, _payment = paid(world, one, two)
    total = world.attempt(attempt).amount
    kinds = [*refund_rules.REFUND_KINDS, *refund_rules.DISPUTE_KINDS, "captured"]
    for number in range(data.draw(st.integers(1, 6))):
        kind = data.draw(st.sampled_from(sorted(kinds)))
        more = {} if kind == "captured" else {"amount": data.draw(st.integers(1, total))}
        event = f"{kind[:6]}-{data.draw(st.integers(0, 2))}-{number % 2}"
        tell(world, world.said(attempt, kind, event=event, **more))
        if (left := credit(world)) and (owed := open_of(world, one)):
            try:
                put(world, one, min(left, owed))
            except Refusal:
                continue
    agree(world)
