"""The statement of an account: the books' own numbers, only of one's own time, and never a wrong day taken silently."""

from __future__ import annotations

import datetime

import pytest
from flask import Flask

from blueprints.invoices import rules, statement
from blueprints.invoices.services import void_invoice
from blueprints.ledger.rules import CLEARING, settle
from blueprints.ledger.services import post
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tenants.context import Reach
from tests.cast import add_account, add_invoice, add_user, give_access, make_utility
from tests.signed_in import signed_in, statements

D = datetime.date
TODAY = D(2026, 11, 21)
NEW_YEAR = D(2026, 1, 1)


def read(reach: Reach, account, first: D = NEW_YEAR, last: D = TODAY) -> statement.Statement:
    return statement.statement(reach, account, first=first, last=last, currency="ARS", language="es")


def test_a_running_balance(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
        reach = Reach(user_id=user, today=TODAY)
        old = add_invoice(account, "1", amount=1000, issued_on=D(2026, 2, 1), due_on=D(2026, 2, 10))
        add_invoice(account, "2", amount=500, issued_on=D(2026, 9, 1), due_on=D(2026, 9, 10))
        gone = add_invoice(account, "3", amount=70, issued_on=D(2026, 10, 1), due_on=D(2026, 10, 10))
        lines = settle(source=CLEARING, account_id=account, invoice_id=old, amount=400)
        post("pay", "payment", lines, currency="ARS", occurred_on=D(2026, 9, 5))
        void_invoice(gone, reason="mistake", today=D(2026, 10, 2))
        with statements() as sent:
            found = read(reach, account, first=D(2026, 9, 1))
        assert len(sent) == 3
        assert found.opening == 1000
        assert [(entry.amount, entry.balance) for entry in found.entries] == [
            (500, 1500),
            (-400, 1100),
            (70, 1170),
            (-70, 1100),
        ]
        assert (found.charged, found.paid, found.closing) == (570, 470, 1100)
        assert found.opening + found.charged - found.paid == found.closing == found.entries[-1].balance
        assert {age: amount for age, amount in found.ages.items() if amount} == {"61-90": 500, "over-90": 600}
        past = read(reach, account, last=D(2026, 2, 5))
        assert (past.closing, past.ages[rules.NOT_DUE]) == (1000, 1000)
        nothing = read(reach, account, first=D(2020, 1, 1), last=D(2020, 2, 1))
        assert (nothing.opening, nothing.closing, list(nothing.entries)) == (0, 0, [])


def test_only_of_ones_own_time(app: Flask) -> None:
    """A new renter's statement holds neither the former one's invoices nor their late payments."""
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, stranger = add_account("1"), add_account("2")
        user, former = add_user("a@example.com"), add_user("b@example.com")
        give_access(user, account, valid_from=D(2026, 6, 1))
        give_access(former, account, valid_until=D(2026, 5, 31))
        old = add_invoice(account, "OLD", amount=1000, issued_on=D(2026, 5, 1), due_on=D(2026, 5, 10))
        add_invoice(account, "NEW", amount=500, issued_on=D(2026, 7, 1), due_on=D(2026, 7, 10))
        lines = settle(source=CLEARING, account_id=account, invoice_id=old, amount=400)
        post("pay", "payment", lines, currency="ARS", occurred_on=D(2026, 8, 1))
        found = read(Reach(user_id=user, today=TODAY), account)
        assert [(entry.number, entry.balance) for entry in found.entries] == [("NEW", 500)]
        for reach, which in (
            (Reach(user_id=former, today=TODAY), account),
            (Reach(user_id=user, today=TODAY), stranger),
        ):
            with pytest.raises(NotFound):
                read(reach, which)


def test_a_statement_leaves_nothing_out(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_utility()
    monkeypatch.setattr(statement, "MOST", 3)
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
        for number in range(4):
            add_invoice(account, str(number))
        with pytest.raises(Refusal):
            read(Reach(user_id=user, today=TODAY), account)


@pytest.mark.parametrize(
    "query", ["from=31/02/2026", "to=ayer", "from=10/10/2026&to=01/01/2026", "from=1%2F1%2F99999"]
)
def test_a_wrong_day_is_said_and_kept(app: Flask, query: str) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
    client = signed_in(app, tenant, user)
    answer = client.get(f"/statement?{query}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert client.get(f"/statement/pdf?{query}").status_code == 409


def test_pages_of_a_stranger_are_not_there(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, other, user = add_account("1"), add_account("2"), add_user("a@example.com")
        give_access(user, account)
    client = signed_in(app, tenant, user)
    for path in ("/statement", "/statement/pdf"):
        assert client.get(f"{path}?account={account}").status_code == 200
        for wrong in (other, "nonsense", "01900000-0000-7000-8000-000000000000"):
            assert client.get(f"{path}?account={wrong}").status_code == 404


@pytest.mark.parametrize(
    ("days", "age"),
    [(-1, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (4000, 4)],
)
def test_ages(days: int, age: int) -> None:
    assert rules.age(TODAY, None, TODAY + datetime.timedelta(days=days)) == rules.AGES[age]
    assert rules.age(D(2020, 1, 1), TODAY, TODAY + datetime.timedelta(days=days)) == rules.AGES[age]
