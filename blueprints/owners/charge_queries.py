"""Charges to owners as staff read them: the list, one of them, and the contracts that may be charged."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import and_, func, or_, select, tuple_

from blueprints.accounts.models import Account, Customer
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import OWNER_PAYABLE
from blueprints.owners.models import OwnerCharge, SupplierPayment
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound

PAGE = 30
MADE, REVERSED, OWED, PAID = "made", "reversed", "owed", "paid"


def _charges() -> Any:
    query = select(
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
        OwnerCharge.source_key,
        OwnerCharge.file_id,
        OwnerCharge.made_at,
        OwnerCharge.reversed_on,
        OwnerCharge.reverse_reason,
        SupplierPayment.paid_on.label("supplier_paid_on"),
        SupplierPayment.method.label("supplier_method"),
        SupplierPayment.reference.label("supplier_reference"),
        Account.number.label("mandate_number"),
        Account.address,
        Account.city,
    ).join(
        Account,
        and_(Account.tenant_id == OwnerCharge.tenant_id, Account.id == OwnerCharge.mandate_account_id),
    )
    return query.outerjoin(
        SupplierPayment,
        and_(
            SupplierPayment.tenant_id == OwnerCharge.tenant_id,
            SupplierPayment.charge_id == OwnerCharge.id,
            SupplierPayment.reversed_on.is_(None),
        ),
    )


def charges(text: str, state: str, cursor: str | None, page: int = PAGE) -> Page[Any]:
    """Charges, the newest first. `text` is found in the number, the contract, the address, the supplier and what it
    was for; `state` is "", "made", "reversed", "owed" (its supplier is still to be paid) or "paid"."""
    query = _charges().order_by(OwnerCharge.charged_on.desc(), OwnerCharge.id.desc()).limit(page + 1)
    for word in text.split()[:5]:
        query = query.where(
            or_(
                *(
                    column.icontains(word, autoescape=True)
                    for column in (
                        OwnerCharge.number,
                        OwnerCharge.description,
                        OwnerCharge.supplier,
                        Account.number,
                        Account.address,
                    )
                )
            )
        )
    if state == MADE:
        query = query.where(OwnerCharge.reversed_on.is_(None))
    elif state == REVERSED:
        query = query.where(OwnerCharge.reversed_on.is_not(None))
    elif state == OWED:
        query = query.where(OwnerCharge.reversed_on.is_(None), SupplierPayment.id.is_(None))
    elif state == PAID:
        query = query.where(SupplierPayment.id.is_not(None))
    start = decode_cursor(cursor, (datetime.date, uuid.UUID)) if cursor else None
    if start:
        query = query.where(tuple_(OwnerCharge.charged_on, OwnerCharge.id) < tuple_(*start))
    rows: list[Any] = list(db.session.execute(query).all())
    older = encode_cursor((rows[page - 1].charged_on, rows[page - 1].id)) if len(rows) > page else None
    return Page(rows[:page], None, older)


def charge(charge_id: uuid.UUID) -> Any:
    """One charge. Raises NotFound."""
    row: Any = db.session.execute(_charges().where(OwnerCharge.id == charge_id)).first()
    if row is None:
        raise NotFound()
    return row


def borne_by(charge_id: uuid.UUID) -> list[tuple[str, int]]:
    """Who bore how much of a charge when it was made: (name, minor units)."""
    rows = db.session.execute(
        select(Customer.name, func.sum(Posting.amount).label("amount"))
        .select_from(Posting)
        .join(
            LedgerAccount,
            and_(LedgerAccount.tenant_id == Posting.tenant_id, LedgerAccount.id == Posting.ledger_account_id),
        )
        .join(
            JournalEntry,
            and_(JournalEntry.tenant_id == Posting.tenant_id, JournalEntry.id == Posting.entry_id),
        )
        .join(
            Customer,
            and_(Customer.tenant_id == LedgerAccount.tenant_id, Customer.id == LedgerAccount.customer_id),
        )
        .where(
            JournalEntry.business_key == f"owner-charge:{charge_id}",
            LedgerAccount.kind == OWNER_PAYABLE,
        )
        .group_by(Customer.id, Customer.name)
        .order_by(func.sum(Posting.amount).desc(), Customer.id)
    )
    return [(row.name, int(row.amount)) for row in rows]


def mandate_of(number: str) -> uuid.UUID | None:
    """The owners' account of a contract, by the number that stands on it."""
    return db.session.execute(
        select(Account.id).where(Account.kind == "mandate", Account.number == number)
    ).scalar()


def mandate_number(mandate_id: uuid.UUID) -> str | None:
    return db.session.execute(
        select(Account.number).where(Account.kind == "mandate", Account.id == mandate_id)
    ).scalar()
