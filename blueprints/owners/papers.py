"""The documents behind an owner's statement: what they say, and what they are called."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from blueprints.invoices.models import Invoice
from blueprints.leases.models import Payout
from blueprints.owners import statement_rules as rules
from blueprints.owners.models import CommissionDocument, OwnerCharge
from blueprints.owners.statement_rules import Movement, Paper, Sheet
from saas.database import db


@dataclass(frozen=True, slots=True)
class Origin:
    """The document that a line of a statement comes from. `period` is the month it was billed for."""

    what: str  # rent, invoice, credit-note, charge, payout
    id: uuid.UUID
    number: str
    period: str = ""
    text: str = ""
    void: bool = False


def papers_of(movements: Sequence[Movement]) -> dict[uuid.UUID, Paper]:
    """What the documents behind movements say."""
    ids = _sources(movements)
    found: dict[uuid.UUID, Paper] = {}
    if invoices := ids[rules.RENT] | ids[rules.COMMISSION]:
        for row in db.session.execute(
            select(Invoice.id, Invoice.subtotal, Invoice.tax, Invoice.withholding, Invoice.total).where(
                Invoice.id.in_(invoices)
            )
        ):
            found[row.id] = Paper(row.subtotal, row.tax, row.withholding, row.total)
    if notes := ids[rules.COMMISSION] - found.keys():
        for note in db.session.execute(
            select(
                CommissionDocument.id,
                CommissionDocument.charge,
                CommissionDocument.tax,
                CommissionDocument.withholding,
                CommissionDocument.total,
            ).where(CommissionDocument.id.in_(notes))
        ):
            found[note.id] = Paper(note.charge, note.tax, note.withholding, note.total)
    if charges := ids[rules.CHARGE]:
        for charge in db.session.execute(
            select(OwnerCharge.id, OwnerCharge.amount, OwnerCharge.tax).where(OwnerCharge.id.in_(charges))
        ):
            found[charge.id] = Paper(charge.amount - charge.tax, charge.tax, 0, charge.amount)
    return found


def _sources(rows: Sequence[Movement] | Sequence[rules.Line]) -> dict[str, set[uuid.UUID]]:
    found: dict[str, set[uuid.UUID]] = {section: set() for section in rules.SECTIONS}
    for row in rows:
        if row.source is not None:
            found[row.section].add(row.source)
    return found


def origins_of(sheet: Sheet) -> dict[uuid.UUID, Origin]:
    """What the sources of a sheet are called."""
    ids = _sources(list(sheet.lines))
    found: dict[uuid.UUID, Origin] = {}
    if invoices := ids[rules.RENT] | ids[rules.COMMISSION]:
        for row in db.session.execute(
            select(Invoice.id, Invoice.number, Invoice.period).where(Invoice.id.in_(invoices))
        ):
            what = "rent" if row.id in ids[rules.RENT] else "invoice"
            found[row.id] = Origin(what, row.id, row.number, row.period)
    if notes := ids[rules.COMMISSION] - found.keys():
        for note in db.session.execute(
            select(CommissionDocument.id, CommissionDocument.number).where(CommissionDocument.id.in_(notes))
        ):
            found[note.id] = Origin("credit-note", note.id, note.number)
    if charges := ids[rules.CHARGE]:
        for charge in db.session.execute(
            select(
                OwnerCharge.id, OwnerCharge.number, OwnerCharge.description, OwnerCharge.reversed_on
            ).where(OwnerCharge.id.in_(charges))
        ):
            found[charge.id] = Origin(
                "charge",
                charge.id,
                charge.number,
                text=charge.description,
                void=charge.reversed_on is not None,
            )
    if payouts := ids[rules.PAYOUT]:
        for payout in db.session.execute(
            select(Payout.id, Payout.number, Payout.period, Payout.method, Payout.void_at).where(
                Payout.id.in_(payouts)
            )
        ):
            found[payout.id] = Origin(
                "payout",
                payout.id,
                payout.number,
                payout.period,
                payout.method,
                void=payout.void_at is not None,
            )
    return found
