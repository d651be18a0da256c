"""What a figure of a statement comes from, as an owner may see it: the rent of a month, a charge, a credit note."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, func, select

from blueprints.accounts.models import Account
from blueprints.accounts.reach import in_force, reachable
from blueprints.invoices.models import Invoice, InvoiceLine, InvoiceType
from blueprints.leases.models import Lease
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import OWNER_PAYABLE
from blueprints.owners.agreed import INVOICE
from blueprints.owners.models import CommissionDocument, OwnerCharge, RentCommission
from blueprints.owners.statements import RENT_KINDS
from blueprints.payments.models import Payment, Receipt
from saas.database import db
from saas.refusals import NotFound
from tenants.context import Reach


@dataclass(frozen=True, slots=True)
class Receiving:
    """Rent that came in, or went back (below zero): of the whole property, and the owner's part. Minor units."""

    day: datetime.date
    amount: int
    mine: int
    method: str
    receipt: str


@dataclass(frozen=True, slots=True)
class RentSource:
    """The rent of one month as its owner sees it: what was billed, what came in of it, and the commission on it."""

    invoice_id: uuid.UUID
    number: str
    period: str
    issued_on: datetime.date
    due_on: datetime.date
    currency: str
    total: int
    open_amount: int
    mandate_account_id: uuid.UUID
    lease_number: str
    address: str
    city: str
    lines: Sequence[Any]
    receivings: Sequence[Receiving]
    commissions: Sequence[Any]

    @property
    def mine(self) -> int:
        return sum(one.mine for one in self.receivings)


def rent_source(reach: Reach, owner_id: uuid.UUID, invoice_id: uuid.UUID) -> RentSource:
    """Raises NotFound when the rent is not of a property in reach, or nothing of it was ever the owner's."""
    mine = reachable(reach)
    row = db.session.execute(
        select(
            Invoice.id,
            Invoice.number,
            Invoice.period,
            Invoice.issued_on,
            Invoice.due_on,
            Invoice.currency,
            Invoice.total,
            Invoice.open_amount,
            Lease.mandate_account_id,
            Lease.number.label("lease_number"),
            Account.address,
            Account.city,
            in_force(mine, reach.today).label("still"),
        )
        .join(
            InvoiceType,
            and_(InvoiceType.tenant_id == Invoice.tenant_id, InvoiceType.code == Invoice.type_code),
        )
        .join(Lease, and_(Lease.tenant_id == Invoice.tenant_id, Lease.lease_account_id == Invoice.account_id))
        .join(Account, and_(Account.tenant_id == Lease.tenant_id, Account.id == Lease.mandate_account_id))
        .join(mine, mine.c.account_id == Account.id)
        .where(Invoice.id == invoice_id, InvoiceType.books == "rent")
    ).first()
    receivings = _receivings(owner_id, invoice_id) if row is not None else []
    if row is None or not receivings:
        raise NotFound()
    lines = db.session.execute(
        select(InvoiceLine.kind, InvoiceLine.description, InvoiceLine.amount)
        .where(InvoiceLine.invoice_id == invoice_id)
        .order_by(InvoiceLine.position)
    ).all()
    return RentSource(
        invoice_id=row.id,
        number=row.number,
        period=row.period,
        issued_on=row.issued_on,
        due_on=row.due_on,
        currency=row.currency,
        total=row.total,
        # Who owns no more is not told what came in of it afterwards.
        open_amount=row.open_amount if row.still else row.total - sum(one.amount for one in receivings),
        mandate_account_id=row.mandate_account_id,
        lease_number=row.lease_number,
        address=row.address or "",
        city=row.city or "",
        lines=lines,
        receivings=receivings,
        commissions=_commissions(owner_id, invoice_id),
    )


def _receivings(owner_id: uuid.UUID, invoice_id: uuid.UUID) -> list[Receiving]:
    own = func.sum(-Posting.amount).filter(LedgerAccount.customer_id == owner_id)
    rows = db.session.execute(
        select(
            JournalEntry.occurred_on,
            JournalEntry.business_key,
            func.sum(-Posting.amount).label("amount"),
            own.label("mine"),
        )
        .select_from(Posting)
        .join(
            LedgerAccount,
            and_(LedgerAccount.tenant_id == Posting.tenant_id, LedgerAccount.id == Posting.ledger_account_id),
        )
        .join(
            JournalEntry,
            and_(JournalEntry.tenant_id == Posting.tenant_id, JournalEntry.id == Posting.entry_id),
        )
        .where(
            Posting.invoice_id == invoice_id,
            LedgerAccount.kind == OWNER_PAYABLE,
            JournalEntry.kind.in_(RENT_KINDS),
        )
        .group_by(JournalEntry.id, JournalEntry.occurred_on, JournalEntry.business_key)
        .having(own.is_not(None))
        .order_by(JournalEntry.occurred_on, JournalEntry.id)
    ).all()
    paid = _payments([found for row in rows if (found := _payment_in(row.business_key))])
    return [
        Receiving(
            row.occurred_on,
            int(row.amount),
            int(row.mine),
            *paid.get(_payment_in(row.business_key), ("", "")),
        )
        for row in rows
    ]


def _payment_in(key: str) -> uuid.UUID | None:
    """The payment that an entry's key names."""
    what, _, rest = key.partition(":")
    try:
        return uuid.UUID(rest.partition(":")[0]) if what == "payment" else None
    except ValueError:
        return None


def _payments(ids: list[uuid.UUID]) -> dict[uuid.UUID | None, tuple[str, str]]:
    """Of payments: how they were made, and the number of the receipt."""
    if not ids:
        return {}
    rows = db.session.execute(
        select(Payment.id, Payment.method, func.coalesce(Receipt.number, Payment.number, "").label("number"))
        .outerjoin(Receipt, and_(Receipt.tenant_id == Payment.tenant_id, Receipt.payment_id == Payment.id))
        .where(Payment.id.in_(ids))
    )
    return {row.id: (row.method, row.number) for row in rows}


def _commissions(owner_id: uuid.UUID, invoice_id: uuid.UUID) -> list[Any]:
    """The documents of the commission on a rent that we made and the owner bore a part of; the back office's own
    stand on the statement."""
    key = case(
        (
            CommissionDocument.kind == INVOICE,
            func.concat("commission:", CommissionDocument.invoice_id, ":withheld"),
        ),
        else_=func.concat("commission-note:", CommissionDocument.id),
    )
    borne = (
        select(Posting.id)
        .join(
            JournalEntry,
            and_(JournalEntry.tenant_id == Posting.tenant_id, JournalEntry.id == Posting.entry_id),
        )
        .join(
            LedgerAccount,
            and_(LedgerAccount.tenant_id == Posting.tenant_id, LedgerAccount.id == Posting.ledger_account_id),
        )
        .where(
            JournalEntry.business_key == key,
            LedgerAccount.kind == OWNER_PAYABLE,
            LedgerAccount.customer_id == owner_id,
        )
        .correlate(CommissionDocument)
        .exists()
    )
    return list(
        db.session.execute(
            select(
                CommissionDocument.id,
                CommissionDocument.kind,
                CommissionDocument.number,
                CommissionDocument.invoice_id,
                CommissionDocument.issued_on,
                CommissionDocument.total,
                CommissionDocument.currency,
            )
            .join(
                RentCommission,
                and_(
                    RentCommission.tenant_id == CommissionDocument.tenant_id,
                    RentCommission.id == CommissionDocument.commission_id,
                ),
            )
            .where(RentCommission.rent_invoice_id == invoice_id, borne)
            .order_by(CommissionDocument.position)
        )
    )


def charge_source(reach: Reach, owner_id: uuid.UUID, charge_id: uuid.UUID) -> Any:
    """A charge with `mine`, what the owner bore of it when it was made. Raises NotFound."""
    mine = reachable(reach)
    row: Any = db.session.execute(
        select(
            OwnerCharge.id,
            OwnerCharge.number,
            OwnerCharge.mandate_account_id,
            OwnerCharge.kind,
            OwnerCharge.description,
            OwnerCharge.supplier,
            OwnerCharge.reference,
            OwnerCharge.amount,
            OwnerCharge.tax,
            OwnerCharge.currency,
            OwnerCharge.charged_on,
            OwnerCharge.file_id,
            OwnerCharge.reversed_on,
            OwnerCharge.reverse_reason,
            Account.number.label("mandate_number"),
            Account.address,
            Account.city,
        )
        .join(
            Account,
            and_(Account.tenant_id == OwnerCharge.tenant_id, Account.id == OwnerCharge.mandate_account_id),
        )
        .join(mine, mine.c.account_id == Account.id)
        .where(OwnerCharge.id == charge_id)
    ).first()
    part = _part_of(owner_id, f"owner-charge:{charge_id}") if row is not None else 0
    if row is None or not part:
        raise NotFound()
    return row, -part


def note_source(reach: Reach, owner_id: uuid.UUID, note_id: uuid.UUID) -> Any:
    """A credit note on commission, and what of it came back to the owner. Raises NotFound."""
    mine = reachable(reach)
    row: Any = db.session.execute(
        select(
            CommissionDocument.id,
            CommissionDocument.number,
            CommissionDocument.issued_on,
            CommissionDocument.charge,
            CommissionDocument.tax,
            CommissionDocument.withholding,
            CommissionDocument.total,
            CommissionDocument.currency,
            CommissionDocument.commission_id,
            CommissionDocument.file_id,
            RentCommission.rent_invoice_id,
            RentCommission.mandate_account_id,
            RentCommission.period,
            Invoice.number.label("rent_number"),
            Account.number.label("mandate_number"),
            Account.address,
            Account.city,
        )
        .join(
            RentCommission,
            and_(
                RentCommission.tenant_id == CommissionDocument.tenant_id,
                RentCommission.id == CommissionDocument.commission_id,
            ),
        )
        .join(
            Invoice,
            and_(Invoice.tenant_id == RentCommission.tenant_id, Invoice.id == RentCommission.rent_invoice_id),
        )
        .join(
            Account,
            and_(
                Account.tenant_id == RentCommission.tenant_id, Account.id == RentCommission.mandate_account_id
            ),
        )
        .join(mine, mine.c.account_id == Account.id)
        .where(CommissionDocument.id == note_id, CommissionDocument.kind == "credit-note")
    ).first()
    part = _part_of(owner_id, f"commission-note:{note_id}") if row is not None else 0
    if row is None or not part:
        raise NotFound()
    return row, part


def _part_of(owner_id: uuid.UUID, key: str) -> int:
    """What an entry gave to an owner (below zero: took)."""
    return int(
        db.session.execute(
            select(func.coalesce(func.sum(-Posting.amount), 0))
            .join(
                LedgerAccount,
                and_(
                    LedgerAccount.tenant_id == Posting.tenant_id,
                    LedgerAccount.id == Posting.ledger_account_id,
                ),
            )
            .join(
                JournalEntry,
                and_(JournalEntry.tenant_id == Posting.tenant_id, JournalEntry.id == Posting.entry_id),
            )
            .where(
                JournalEntry.business_key == key,
                LedgerAccount.kind == OWNER_PAYABLE,
                LedgerAccount.customer_id == owner_id,
            )
        ).scalar_one()
    )
