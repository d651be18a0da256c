"""The documents behind an owner's statement: what they say, and what they are called."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from blueprints.invoices.models import Invoice
from blueprints.leases.models import Payout
from blueprints.owners import statement_rules as rules
from blueprints.owners.models import CommissionDocument, OwnerCharge
from blueprints.owners.statement_rules import Movement, Paper
from saas.database import db


@dataclass(frozen=True, slots=True)
class Origin:
    """The document that a line of a statement comes from. `period` is the month it was billed for; a payout has no
    `paper`."""

    what: str  # rent, invoice, credit-note, charge, payout
    id: uuid.UUID
    number: str
    paper: Paper | None = None
    period: str = ""
    text: str = ""
    void: bool = False


def origins_of(movements: Sequence[Movement]) -> Mapping[uuid.UUID, Origin]:
    """The documents behind movements, by id: at most one statement for each kind of document."""
    ids: dict[str, set[uuid.UUID]] = {section: set() for section in rules.SECTIONS}
    for movement in movements:
        if movement.source is not None:
            ids[movement.section].add(movement.source)
    found = _invoices(ids[rules.RENT], ids[rules.COMMISSION])
    found |= _notes(ids[rules.COMMISSION] - found.keys())
    found |= _charges(ids[rules.CHARGE])
    return found | _payouts(ids[rules.PAYOUT])


def _invoices(rents: set[uuid.UUID], commissions: set[uuid.UUID]) -> dict[uuid.UUID, Origin]:
    if not (wanted := rents | commissions):
        return {}
    rows = db.session.execute(
        select(
            Invoice.id,
            Invoice.number,
            Invoice.period,
            Invoice.subtotal,
            Invoice.tax,
            Invoice.withholding,
            Invoice.total,
        ).where(Invoice.id.in_(wanted))
    )
    return {
        row.id: Origin(
            "rent" if row.id in rents else "invoice",
            row.id,
            row.number,
            Paper(row.subtotal, row.tax, row.withholding, row.total),
            row.period,
        )
        for row in rows
    }


def _notes(wanted: set[uuid.UUID]) -> dict[uuid.UUID, Origin]:
    if not wanted:
        return {}
    rows = db.session.execute(
        select(
            CommissionDocument.id,
            CommissionDocument.number,
            CommissionDocument.charge,
            CommissionDocument.tax,
            CommissionDocument.withholding,
            CommissionDocument.total,
        ).where(CommissionDocument.id.in_(wanted))
    )
    return {
        row.id: Origin(
            "credit-note", row.id, row.number, Paper(row.charge, row.tax, row.withholding, row.total)
        )
        for row in rows
    }


def _charges(wanted: set[uuid.UUID]) -> dict[uuid.UUID, Origin]:
    if not wanted:
        return {}
    rows = db.session.execute(
        select(
            OwnerCharge.id,
            OwnerCharge.number,
            OwnerCharge.description,
            OwnerCharge.amount,
            OwnerCharge.tax,
            OwnerCharge.reversed_on,
        ).where(OwnerCharge.id.in_(wanted))
    )
    return {
        row.id: Origin(
            "charge",
            row.id,
            row.number,
            Paper(row.amount - row.tax, row.tax, 0, row.amount),
            text=row.description,
            void=row.reversed_on is not None,
        )
        for row in rows
    }


def _payouts(wanted: set[uuid.UUID]) -> dict[uuid.UUID, Origin]:
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Payout.id, Payout.number, Payout.period, Payout.method, Payout.void_at).where(
            Payout.id.in_(wanted)
        )
    )
    return {
        row.id: Origin(
            "payout",
            row.id,
            row.number,
            period=row.period,
            text=row.method,
            void=row.void_at is not None,
        )
        for row in rows
    }
