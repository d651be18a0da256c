"""What a person may file a case about: their own contracts, properties and invoices, with the right to claim."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, null, select

from blueprints.accounts.models import Access, Account, Property
from blueprints.accounts.reach import reachable, theirs
from blueprints.invoices.models import Invoice
from saas.database import db
from saas.refusals import NotFound
from tenants.context import Reach

MOST = 200
"""Contracts that a form offers; who has more begins at the invoice or tells the number in the text."""


@dataclass(frozen=True, slots=True)
class Claimable:
    """A contract (account) that the person may file a case about, and its property where it has one. `until`: the
    person's last day in it, where that is over."""

    account_id: uuid.UUID
    kind: str
    number: str
    name: str
    property_id: uuid.UUID | None
    property_address: str
    until: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class ClaimedInvoice:
    """An invoice that the person may file a case about."""

    id: uuid.UUID
    number: str
    account_id: uuid.UUID


def claimable(reach: Reach) -> Sequence[Claimable]:
    """The person's contracts with the right to claim, by number; one statement."""
    mine = reachable(reach, "claim")
    label = (
        select(func.max(Access.label))
        .where(Access.user_id == reach.user_id, Access.account_id == Account.id)
        .correlate(Account)
        .scalar_subquery()
        if reach.user_id is not None
        else null()
    )
    rows = db.session.execute(
        select(
            Account.id,
            Account.kind,
            Account.number,
            Account.address,
            label.label("label"),
            Account.property_id,
            Property.address.label("property_address"),
        )
        .select_from(mine)
        .join(Account, Account.id == mine.c.account_id)
        .outerjoin(
            Property, and_(Property.tenant_id == Account.tenant_id, Property.id == Account.property_id)
        )
        .order_by(Account.number, Account.id)
        .limit(MOST)
    )
    return [
        Claimable(
            row.id,
            row.kind,
            row.number,
            row.label or row.address or row.number,
            row.property_id,
            row.property_address or "",
        )
        for row in rows
    ]


def claimed_invoice(reach: Reach, invoice_id: uuid.UUID) -> ClaimedInvoice:
    """An invoice of an account with the right to claim, of the person's own time there. Raises NotFound."""
    mine = reachable(reach, "claim")
    row = db.session.execute(
        select(Invoice.id, Invoice.number, Invoice.account_id)
        .select_from(mine)
        .join(Invoice, Invoice.account_id == mine.c.account_id)
        .where(
            Invoice.id == invoice_id,
            theirs(mine, Invoice.issued_on),
        )
    ).first()
    if row is None:
        raise NotFound()
    return ClaimedInvoice(row.id, row.number, row.account_id)


def properties_of(choices: Sequence[Claimable]) -> list[tuple[uuid.UUID, str]]:
    """The properties behind contracts, each once, in the order of the contracts."""
    found: dict[uuid.UUID, str] = {}
    for one in choices:
        if one.property_id is not None:
            found.setdefault(one.property_id, one.property_address)
    return list(found.items())
