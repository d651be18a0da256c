"""The first page: natural for each kind of person, and the same numbers as everywhere else."""

from __future__ import annotations

import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blueprints.accounts.reach import Reach
from blueprints.invoices import queries
from blueprints.invoices.statement import statement
from blueprints.ledger import queries as books
from blueprints.ledger.rules import RECEIVABLE
from saas.clock import today
from saas.scope import unit_of_work
from tests.cast import (
    add_account,
    add_customer,
    add_invoice,
    add_user,
    give_access,
    make_agency,
    make_utility,
)
from tests.signed_in import signed_in, statements

DAY = datetime.timedelta(days=1)
ZONE = "America/Argentina/Mendoza"


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.get_data(as_text=True).replace("\xa0", " ")


def test_the_same_number_everywhere(app: Flask) -> None:
    tenant, now = make_utility(), today(ZONE)
    with unit_of_work(tenant.id):
        account, user = add_account("061-1"), add_user("a@example.com")
        give_access(user, account)
        add_invoice(account, "1", amount=123_456, issued_on=now - 40 * DAY, due_on=now - 30 * DAY)
        add_invoice(account, "2", amount=100_001, issued_on=now - 2 * DAY, due_on=now + 9 * DAY)
    client = signed_in(app, tenant, user)
    owed = "$2.234,57"
    assert owed in text_of(client, "/")
    assert owed in text_of(client, "/statement")
    pending = text_of(client, "/invoices")
    assert "$1.234,56" in pending and "$1.000,01" in pending
    with unit_of_work(tenant.id):
        reach = Reach(user_id=user, today=now)
        (sums,) = queries.totals(reach)
        rows = queries.pending(reach, language="es").rows
        found = statement(reach, account, first=now - 90 * DAY, last=now, currency="ARS", language="es")
        ledger = books.balance(RECEIVABLE, account_id=account)
        assert sums.owed == sum(row.due.amount for row in rows) == found.closing == ledger == 223_457
        assert sum(found.ages.values()) == found.closing
        assert found.ages["1-30"] == 123_456


def test_what_the_second_date_adds_is_said_in_the_statement(app: Flask) -> None:
    """It is not in the books before it is paid, so the statement names the difference."""
    tenant, now = make_utility(), today(ZONE)
    with unit_of_work(tenant.id):
        account, user = add_account("061-1"), add_user("a@example.com")
        give_access(user, account)
        add_invoice(
            account, "1", amount=100_000, issued_on=now - 20 * DAY, due_on=now - DAY,
            second_due_on=now + 5 * DAY, second_total=101_800,
        )  # fmt: skip
    client = signed_in(app, tenant, user)
    assert "$1.018,00" in text_of(client, "/")
    page = text_of(client, "/statement")
    assert "$1.000,00" in page and "$1.018,00" in page and "$18,00" in page


def test_nothing_owed(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("061-1"), add_user("a@example.com")
        give_access(user, account)
    page = text_of(signed_in(app, tenant, user), "/")
    assert "hero-clear" in page


def test_nobody_linked_and_staff(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        alone, staff = add_user("a@example.com"), add_user("b@example.com", staff_role="reader")
    assert 'class="empty"' in text_of(signed_in(app, tenant, alone), "/")
    answer = signed_in(app, tenant, staff).get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/desk")


def test_renter_owner_and_both(app: Flask) -> None:
    tenant = make_agency()
    with unit_of_work(tenant.id):
        person = add_customer("Ana Pérez", document="1")
        lease = add_account("CT-1", kind="lease", customers=[(person, "renter", 1_000_000)])
        mandate = add_account("CT-2", kind="mandate", customers=[(person, "owner", 1_000_000)])
        renter, owner, both = (
            add_user(f"{name}@example.com", name="Ana Pérez", customer_id=person) for name in "abc"
        )
        give_access(renter, lease, role="renter")
        give_access(owner, mandate, role="owner")
        give_access(both, lease, role="renter")
        give_access(both, mandate, role="owner")
        add_invoice(lease, "R-1", type_code="rent", currency="COP", amount=90_000_000)
        staff = add_user("staff@example.com", staff_role="administrator")
    assert "$900.000" in text_of(signed_in(app, tenant, renter), "/")
    alone = text_of(signed_in(app, tenant, owner), "/")
    assert "$900.000" not in alone
    together = text_of(signed_in(app, tenant, both), "/")
    assert "$900.000" in together and "switcher" in together
    looking = text_of(signed_in(app, tenant, staff, viewing=person), "/")
    assert "$900.000" in looking and 'action="/accounts' not in looking


@pytest.mark.parametrize("path", ["/", "/invoices", "/invoices/history", "/statement", "/accounts"])
def test_pages_take_a_constant_number_of_statements(app: Flask, path: str) -> None:
    """Five invoices or fifty: the database is asked as often, and seldom."""
    tenant = make_utility()
    counted = []
    with unit_of_work(tenant.id):
        user = add_user("a@example.com")
        accounts = [add_account(str(number)) for number in range(2)]
        for account in accounts:
            give_access(user, account)
    client = signed_in(app, tenant, user)
    for first, last in ((0, 5), (5, 50)):
        with unit_of_work(tenant.id):
            for number in range(first, last):
                add_invoice(accounts[number % 2], str(number))
        client.get(path)
        with statements() as sent:
            assert client.get(path).status_code == 200
        counted.append(len(sent))
    assert counted[0] == counted[1] <= 8, counted


def test_who_has_one_account_costs_the_list_one_statement(app: Flask) -> None:
    """Beside the frame's own: this is the page that everybody opens."""
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
        for number in range(20):
            add_invoice(account, str(number))
    client = signed_in(app, tenant, user)
    client.get("/invoices")
    with statements() as sent:
        client.get("/invoices")
    assert len(sent) == 2, sent
