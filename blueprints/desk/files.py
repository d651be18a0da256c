"""The desk's lists as files, under the filters of their pages."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Response, g
from flask_babel import gettext as _

from blueprints.desk import words
from blueprints.desk.queries import Line, customers, evidence, payments, staff
from blueprints.desk.queries import accounts as accounts_read
from blueprints.invoices.wording import STATE_WORDS
from saas.identity_numbers import written_document
from saas.money import Money
from saas.sheets import Cell, Column
from tenants import roles
from tenants.exports import AT_ONCE, MOST_ROWS, Listing, every, export
from tenants.page_context import word

LONG = 40  # characters of a wide column


def customers_file(format: str, question: str, *, no_login: bool) -> Response:
    """Customers with what they owe, a row for each currency; by name."""

    def rows() -> Iterator[list[Cell]]:
        cursor: str | None = None
        while True:
            page = customers.find_customers(question, cursor, no_login=no_login, size=AT_ONCE)
            owed = customers.owed_by_customer([row.id for row in page.rows])
            for row in page.rows:
                for currency, amount in owed.get(row.id) or [(g.tenant.currency, 0)]:
                    yield [
                        row.name,
                        written_document(row.document_kind, row.document_number),
                        row.email,
                        row.phone,
                        row.city,
                        _("Signs in") if row.has_login else _("No login"),
                        Money(amount, currency),
                    ]
            if page.older is None:
                return
            cursor = page.older

    columns = (
        Column(_("Name"), width=28),
        Column(_("Document"), width=16),
        Column(_("E-mail"), width=26),
        Column(_("Telephone"), width=15),
        Column(_("City"), width=14),
        Column(_("Access"), width=12),
        Column(_("Owes"), "money"),
    )
    narrowed = [(_("Search"), question)] if question else []
    if no_login:
        narrowed.append((_("Access"), _("No login")))
    return export(format, Listing(_("customers"), _("Customers"), columns, narrowed), rows())


def accounts_file(format: str, question: str, customer_id: uuid.UUID | None) -> Response:
    """Accounts with their open balance, a row for each currency; by number."""

    def rows() -> Iterator[list[Cell]]:
        cursor: str | None = None
        while True:
            page = accounts_read.find_accounts(question, cursor, customer_id=customer_id, size=AT_ONCE)
            owed = customers.owed_by_account([row.id for row in page.rows])
            for row in page.rows:
                for currency, amount in owed.get(row.id) or [(g.tenant.currency, 0)]:
                    yield [
                        row.number,
                        word(row.kind),
                        row.address,
                        row.city,
                        _(words.ACCOUNT_STATES[row.status][0]),
                        Money(amount, currency),
                    ]
            if page.older is None:
                return
            cursor = page.older

    columns = (
        Column(_("Number"), width=16),
        Column(_("Kind"), width=22),
        Column(_("Address"), width=LONG),
        Column(_("City"), width=16),
        Column(_("State"), width=12),
        Column(_("Open balance"), "money"),
    )
    narrowed = [(_("Search"), question)] if question else []
    if customer_id:
        narrowed.append((_("Customer"), customers.customer(customer_id).name))
    return export(format, Listing(_("accounts"), _("Accounts"), columns, narrowed), rows())


def account_invoices_file(format: str, account: Line, state_of: Callable[[Line], str]) -> Response:
    """Every invoice of one account, newest due date first."""
    states = {code.replace("-", "_"): said for code, said in STATE_WORDS.items()}
    columns = (
        Column(_("Number"), width=16),
        Column(_("Period"), width=12),
        Column(_("Issued"), "date"),
        Column(_("Due"), "date"),
        Column(_("State"), width=16),
        Column(_("Total"), "money"),
        Column(_("Open balance"), "money"),
    )

    def cells(row: Line) -> list[Cell]:
        return [
            row.number,
            row.period,
            row.issued_on,
            row.due_on,
            _(states[state_of(row)]),
            Money(row.total, row.currency),
            Money(row.open_amount, row.currency),
        ]

    title = _("Invoices of %(number)s", number=account.number)
    found = every(lambda cursor: accounts_read.invoices_of(account.id, cursor, AT_ONCE), cells)
    return export(format, Listing(_("invoices"), title, columns), found)


def attempts_file(format: str, state: str, reference: str) -> Response:
    """Attempts to pay, newest first."""
    columns = (
        Column(_("Reference"), width=18),
        Column(_("Begun"), "moment"),
        Column(_("Person"), width=26),
        Column(_("Provider"), width=20),
        Column(_("Provider's reference"), width=26),
        Column(_("State"), width=14),
        Column(_("Finished"), "moment"),
        Column(_("Amount"), "money"),
    )

    def cells(row: Line) -> list[Cell]:
        said = _(words.ATTEMPT_STATES[row.state][0])
        return [
            row.reference,
            row.created_at,
            row.user_name,
            row.provider,
            row.provider_reference,
            f"{said} ({_('Test')})" if row.mode == "test" else said,
            row.finished_at,
            Money(row.amount, row.currency),
        ]

    narrowed = [(_("State"), _(words.ATTEMPT_STATES[state][0]))] if state else []
    if reference:
        narrowed.append((_("Reference"), reference))
    found = every(lambda cursor: payments.attempts(state, reference, cursor, AT_ONCE), cells)
    return export(format, Listing(_("payments"), _("Attempts to pay"), columns, narrowed), found)


def evidence_file(
    format: str,
    details: Callable[[Mapping[str, Any]], str],
    *,
    narrowed: list[tuple[str, str]],
    area: str,
    who: str,
    customer_id: uuid.UUID | None,
    since: datetime.datetime | None,
    until: datetime.datetime | None,
) -> Response:
    """Rows of the evidence, newest first."""
    columns = (
        Column(_("Number"), "integer", 9),
        Column(_("When"), "moment"),
        Column(_("Who"), width=24),
        Column(_("What"), width=30),
        Column(_("Details"), width=60),
    )

    def cells(row: Line) -> list[Cell]:
        by = row.actor_name or _(words.ACTORS.get(row.actor_kind, row.actor_kind))
        return [row.number, row.at, by, _(words.action(row.action)), details(row.data)]

    def page_at(cursor: str | None) -> Any:
        return evidence.evidence(
            cursor, area=area, who=who, customer_id=customer_id, since=since, until=until, size=AT_ONCE
        )

    return export(format, Listing(_("audit"), _("Audit"), columns, narrowed), every(page_at, cells))


def staff_file(format: str) -> Response:
    """Who works here and what each may do, by name."""
    columns = (
        Column(_("Name"), width=28),
        Column(_("E-mail"), width=30),
        Column(_("Roles"), width=40),
        Column(_("Last sign-in"), "moment"),
        Column(_("State"), width=14),
    )

    def cells(row: Line) -> list[Cell]:
        held = ", ".join(_(roles.ROLE_NAMES.get(role, role)) for role in sorted(row.roles))
        return [row.name, row.email, held, row.last_login_at, _(words.USER_STATES[row.status][0])]

    rows = map(cells, staff.colleagues(MOST_ROWS + 1))
    return export(format, Listing(_("staff"), _("Staff"), columns), rows)
