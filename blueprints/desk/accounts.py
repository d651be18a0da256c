"""Accounts: find one, open one, read its invoices."""

from __future__ import annotations

import uuid

from flask import Response, g, request

from blueprints.desk import words
from blueprints.desk.files import account_invoices_file, accounts_file
from blueprints.desk.pages import asked, asked_id, pages
from blueprints.desk.queries import SIZE, Line, customers
from blueprints.desk.queries import accounts as queries
from blueprints.invoices import rules as invoice_rules
from blueprints.ledger import rules as books
from blueprints.ledger.queries import balance
from blueprints.payments.titles import method_title
from saas.permissions import allow
from tenants import roles
from tenants.exports import wanted
from tenants.look import render


@pages.get("/accounts")
@allow(roles.CUSTOMERS)
def accounts() -> str | Response:
    question, customer_id = asked("q"), asked_id("customer")
    if (file := wanted()) is not None:
        return accounts_file(file, question, customer_id)
    page = queries.find_accounts(question, request.args.get("after"), customer_id=customer_id)
    return render(
        "desk/accounts.html",
        page=page,
        owed=customers.owed_by_account([row.id for row in page.rows]),
        customer=customers.customer(customer_id) if customer_id else None,
        question=question,
        words=words,
        later="after" in request.args,
    )


@pages.get("/accounts/<uuid:account_id>")
@allow(roles.CUSTOMERS)
def account(account_id: uuid.UUID) -> str:
    row = queries.account(account_id)
    return render(
        "desk/account.html",
        account=row,
        method_title=method_title,
        parties=queries.parties_of(account_id),
        users=queries.users_of(account_id),
        page=queries.invoices_of(account_id, None, queries.INVOICES_SHOWN),
        payments=queries.payments_of(account_id),
        receivable=balance(books.RECEIVABLE, account_id=account_id),
        credit=-balance(books.CUSTOMER_CREDIT, account_id=account_id),
        state_of=_state,
        words=words,
    )


@pages.get("/accounts/<uuid:account_id>/invoices")
@allow(roles.CUSTOMERS)
def account_invoices(account_id: uuid.UUID) -> str | Response:
    if (file := wanted()) is not None:
        return account_invoices_file(file, queries.account(account_id), _state)
    return render(
        "desk/account_invoices.html",
        account=queries.account(account_id),
        page=queries.invoices_of(account_id, request.args.get("after"), SIZE),
        state_of=_state,
        later="after" in request.args,
    )


def _state(row: Line) -> str:
    """An invoice's state as the status component names it."""
    code = invoice_rules.state(
        open_amount=row.open_amount,
        due_on=row.due_on,
        second_due_on=row.second_due_on,
        void=row.void_at is not None,
        in_process=False,
        today=g.tenant.today(),
    )
    return code.replace("-", "_")
