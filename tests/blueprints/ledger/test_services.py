"""The books refuse what does not balance, in Python and in the database."""

from __future__ import annotations

import datetime

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from blueprints.invoices.models import Invoice
from blueprints.ledger import queries, rules
from blueprints.ledger.models import JournalEntry, Posting
from blueprints.ledger.services import ledger_account, post
from saas.clock import now
from saas.ids import new_id
from saas.scope import unit_of_work
from tests.cast import add_account, add_invoice, make_utility

DAY = datetime.date(2026, 11, 21)


def test_a_business_key_posts_once(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account = add_account("1")
        lines = rules.credit(account_id=account, amount=500)
        assert post("k", "credit", lines, currency="ARS", occurred_on=DAY)
        assert not post("k", "credit", lines, currency="ARS", occurred_on=DAY)
        assert queries.balance(rules.CUSTOMER_CREDIT, account_id=account) == -500


def test_the_cached_balance_moves_with_the_books(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id) as session:
        account = add_account("1")
        invoice = add_invoice(account, "B-1", amount=1000)
        lines = rules.settle(source=rules.CLEARING, account_id=account, invoice_id=invoice, amount=1000)
        post("pay", "payment", lines, currency="ARS", occurred_on=DAY)
        row = session.execute(
            select(Invoice.open_amount, Invoice.settled_on).where(Invoice.id == invoice)
        ).one()
        assert (row.open_amount, row.settled_on) == (0, DAY)
        assert queries.receivables_by_invoice() == {invoice: 0}


def test_the_database_refuses_an_unbalanced_entry(app: Flask) -> None:
    tenant = make_utility()
    with pytest.raises(DBAPIError, match="does not sum to zero"), unit_of_work(tenant.id) as session:
        entry = new_id()
        session.execute(
            insert(JournalEntry).values(
                id=entry, business_key="x", kind="x", occurred_on=DAY, posted_at=now()
            )
        )
        session.execute(
            insert(Posting).values(
                id=new_id(),
                entry_id=entry,
                ledger_account_id=ledger_account(rules.CLEARING, None, None, "ARS"),
                amount=1,
                currency="ARS",
            )
        )


@pytest.mark.parametrize(
    "change", [update(Posting).values(amount=1), delete(Posting)], ids=["update", "delete"]
)
def test_the_application_cannot_change_a_posting(app: Flask, change: object) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        add_invoice(add_account("1"), "B-1")
    with pytest.raises(DBAPIError, match="permission denied"), unit_of_work(tenant.id) as session:
        session.execute(change)  # type: ignore[call-overload]
