"""What the commission on a rent invoice depends on: its terms, what was collected of it, what was made so far."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select

from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.leases.models import Lease, LeaseScenario
from blueprints.leases.services import RENT_COLLECTED, RENT_REVERSED
from blueprints.ledger import rules as books
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.owners import rules
from blueprints.owners.models import CommissionDocument, RentCommission
from blueprints.owners.rules import Amounts, Terms
from saas.clock import now
from saas.database import db
from saas.ids import new_id

INVOICE, NOTE = "invoice", "credit-note"
WITHHELD = "commission-withheld"
REVERSED = "commission-reversed"


@dataclass(frozen=True, slots=True)
class Rent:
    """A rent invoice, whose mandate owes commission on it. `base`: its rent without taxes and other charges."""

    invoice_id: uuid.UUID
    number: str
    lease_number: str
    mandate_account_id: uuid.UUID
    period: str
    currency: str
    base: int
    total: int
    rate: int
    taxes: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Agreed:
    """The terms of one rent invoice as they were agreed, what was made of them, and the last document's position."""

    id: uuid.UUID
    terms: Terms
    taxes: tuple[Mapping[str, Any], ...]
    booked: Amounts
    position: int


def collected_of(rent_invoice_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """What the books hold of a rent invoice for each owner, minor units."""
    return _owners_part(rent_invoice_id, JournalEntry.kind.in_((RENT_COLLECTED, RENT_REVERSED)), sign=-1)


def borne_so_far(commission_id: uuid.UUID, rent_invoice_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """What each owner has borne of the commission: invoices kept from them, less what notes gave back."""
    invoices = select(CommissionDocument.invoice_id).where(
        CommissionDocument.commission_id == commission_id, CommissionDocument.kind == INVOICE
    )
    kept = _owners_part(invoices, JournalEntry.kind == WITHHELD, sign=1)
    for owner, part in _owners_part(rent_invoice_id, JournalEntry.kind == REVERSED, sign=1).items():
        kept[owner] = kept.get(owner, 0) + part
    return kept


def _owners_part(invoices: Any, kinds: Any, *, sign: int) -> dict[uuid.UUID, int]:
    which = (
        Posting.invoice_id == invoices
        if isinstance(invoices, uuid.UUID)
        else Posting.invoice_id.in_(invoices)
    )
    rows = db.session.execute(
        select(LedgerAccount.customer_id, func.sum(Posting.amount).label("amount"))
        .select_from(Posting)
        .join(
            LedgerAccount,
            and_(LedgerAccount.tenant_id == Posting.tenant_id, LedgerAccount.id == Posting.ledger_account_id),
        )
        .join(
            JournalEntry,
            and_(JournalEntry.tenant_id == Posting.tenant_id, JournalEntry.id == Posting.entry_id),
        )
        .where(which, LedgerAccount.kind == books.OWNER_PAYABLE, kinds)
        .group_by(LedgerAccount.customer_id)
    )
    return {row.customer_id: sign * int(row.amount) for row in rows if row.customer_id is not None}


def rent_of(invoice_id: uuid.UUID) -> Rent | None:
    row = db.session.execute(
        select(
            Invoice.id,
            Invoice.number,
            Lease.number.label("lease_number"),
            Lease.mandate_account_id,
            Invoice.period,
            Invoice.currency,
            Invoice.subtotal,
            Invoice.details,
            Invoice.total,
            Lease.commission,
            LeaseScenario.commission_taxes,
        )
        .join(Lease, and_(Lease.tenant_id == Invoice.tenant_id, Lease.lease_account_id == Invoice.account_id))
        .join(
            InvoiceType,
            and_(InvoiceType.tenant_id == Invoice.tenant_id, InvoiceType.code == Invoice.type_code),
        )
        .outerjoin(
            LeaseScenario,
            and_(LeaseScenario.tenant_id == Lease.tenant_id, LeaseScenario.code == Lease.scenario_code),
        )
        .where(Invoice.id == invoice_id, InvoiceType.books == "rent")
    ).first()
    if row is None:
        return None
    return Rent(
        row.id,
        row.number,
        row.lease_number,
        row.mandate_account_id,
        row.period,
        row.currency,
        base_of(row.subtotal, row.details),
        row.total,
        row.commission,
        tuple(row.commission_taxes or ()),
    )


def base_of(subtotal: int, details: Mapping[str, Any]) -> int:
    """What of a rent invoice bears commission: the rent that the monthly run wrote apart, else all it charges."""
    rent = details.get("rent")
    return rent if type(rent) is int and rent >= 0 else subtotal


def agreed_on(rent_invoice_id: uuid.UUID) -> Agreed | None:
    row = db.session.execute(
        select(
            RentCommission.id,
            RentCommission.base,
            RentCommission.rent_total,
            RentCommission.rate,
            RentCommission.taxes,
        ).where(RentCommission.rent_invoice_id == rent_invoice_id)
    ).first()
    if row is None:
        return None
    terms = terms_of(row)
    booked, position = rules.none(terms), 0
    for made in db.session.execute(
        select(
            CommissionDocument.position,
            CommissionDocument.kind,
            CommissionDocument.charge,
            CommissionDocument.amounts,
        )
        .where(CommissionDocument.commission_id == row.id)
        .order_by(CommissionDocument.position)
    ):
        amounts = Amounts(made.charge, tuple(made.amounts))
        booked = booked.plus(amounts) if made.kind == INVOICE else booked.minus(amounts)
        position = made.position
    return Agreed(row.id, terms, tuple(row.taxes), booked, position)


def terms_of(row: Any) -> Terms:
    """The terms in a row of rent_commissions."""
    taxes = tuple((str(tax["kind"]), int(tax["rate"])) for tax in row.taxes)
    return Terms(row.base, row.rent_total, row.rate, taxes)


def agree(rent: Rent) -> Agreed:
    kept = RentCommission(
        id=new_id(),
        rent_invoice_id=rent.invoice_id,
        mandate_account_id=rent.mandate_account_id,
        period=rent.period,
        currency=rent.currency,
        base=rent.base,
        rent_total=rent.total,
        rate=rent.rate,
        taxes=[dict(tax) for tax in rent.taxes],
        created_at=now(),
    )
    db.session.add(kept)
    db.session.flush()
    terms = terms_of(kept)
    return Agreed(kept.id, terms, tuple(kept.taxes), rules.none(terms), 0)


def made_by_office(rent: Rent) -> bool:
    """Whether the back office has made the commission invoice of this mandate and period: then we make none."""
    ours = select(CommissionDocument.invoice_id).where(CommissionDocument.invoice_id == Invoice.id).exists()
    return (
        db.session.execute(
            select(Invoice.id)
            .join(
                InvoiceType,
                and_(InvoiceType.tenant_id == Invoice.tenant_id, InvoiceType.code == Invoice.type_code),
            )
            .where(
                Invoice.account_id == rent.mandate_account_id,
                Invoice.period == rent.period,
                Invoice.void_at.is_(None),
                InvoiceType.books == "commission",
                ~ours,
            )
            .limit(1)
        ).first()
        is not None
    )
