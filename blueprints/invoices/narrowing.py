"""How a history is narrowed: what a visitor asked for, which conditions that means, and their values."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Date, Text, Uuid, and_, bindparam, func, true

from blueprints.invoices import rules
from blueprints.invoices.models import Invoice

STATES = (rules.TO_PAY, rules.OVERDUE, rules.PAID, rules.VOID)


@dataclass(frozen=True, slots=True)
class Filters:
    """How a history is narrowed; None and empty leave it whole."""

    account_id: uuid.UUID | None = None
    type_code: str | None = None
    state: str | None = None
    year: int | None = None
    number: str = ""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which filters are set; the statement depends on that alone."""

    account: bool
    kind: bool
    state: str
    year: bool
    number: bool


def still_open() -> tuple[ColumnElement[bool], ...]:
    """In the very words of the partial index `ix_invoices_open`, or the planner would not use it."""
    return (Invoice.open_amount > 0, Invoice.void_at.is_(None))


def narrowed(narrowing: Narrowing, today: datetime.date) -> list[ColumnElement[bool]]:
    last = func.coalesce(Invoice.second_due_on, Invoice.due_on)
    states: dict[str, ColumnElement[bool]] = {
        rules.TO_PAY: and_(*still_open()),
        rules.OVERDUE: and_(*still_open(), last < today),
        rules.PAID: and_(Invoice.open_amount == 0, Invoice.void_at.is_(None)),
        rules.VOID: Invoice.void_at.is_not(None),
    }
    found = [states.get(narrowing.state, true())]
    if narrowing.account:
        found.append(Invoice.account_id == bindparam("account", type_=Uuid()))
    if narrowing.kind:
        found.append(Invoice.type_code == bindparam("kind", type_=Text()))
    if narrowing.year:
        first, end = bindparam("first_day", type_=Date()), bindparam("end_day", type_=Date())
        found.append(Invoice.due_on.between(first, end))
    if narrowing.number:
        number = func.regexp_replace(Invoice.number, "[^[:alnum:]]", "", "g")
        found.append(func.lower(number).contains(bindparam("number", type_=Text())))
    return found


def narrowing_of(filters: Filters) -> Narrowing:
    return Narrowing(
        account=filters.account_id is not None,
        kind=bool(filters.type_code),
        state=filters.state if filters.state in STATES else "",
        year=filters.year is not None,
        number=bool(_bare(filters.number)),
    )


def values_of(filters: Filters) -> dict[str, object]:
    first = datetime.date(filters.year, 1, 1) if filters.year is not None else None
    return {
        "account": filters.account_id,
        "kind": filters.type_code,
        "first_day": first,
        "end_day": first.replace(month=12, day=31) if first else None,
        "number": _bare(filters.number),
    }


def _bare(number: str) -> str:
    """Letters and figures only, so that nothing in it means something to LIKE."""
    return "".join(sign for sign in number if sign.isalnum()).lower()
