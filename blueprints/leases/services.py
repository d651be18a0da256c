"""Verbs on leases: open one with both its accounts, book what was collected for the owners, pay them."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from blueprints.accounts.models import Account, AccountParty
from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.leases.models import Lease, LeaseRent, Payout
from blueprints.leases.planning import plan_day
from blueprints.leases.rules import Party, owners_on
from blueprints.ledger import rules as books
from blueprints.ledger.services import post
from saas import audit
from saas.audit import SYSTEM, Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import Refusal

WHOLE = 1_000_000
RENT_COLLECTED = "rent-collected"
RENT_REVERSED = "rent-reversed"


@dataclass(frozen=True, slots=True)
class NewLease:
    """`owners` are (customer, share in millionths); `rent` in minor units; `commission` in millionths.

    A draft has its accounts and is billed by nobody.
    """

    number: str
    property_id: uuid.UUID
    address: str
    city: str
    renters: Sequence[uuid.UUID]
    owners: Sequence[tuple[uuid.UUID, int]]
    rent: int
    currency: str
    commission: int
    payment_day: int
    starts_on: datetime.date
    ends_on: datetime.date
    scenario_code: str | None = None
    renews: bool = True
    renewal_months: int = 12
    adjustment_points: int = 0
    status: str = "active"


def open_lease(new: NewLease) -> uuid.UUID:
    """Create the lease with the renter's account and the owners' account. Returns the lease's id.

    Raises Refusal when the owners' shares do not make a whole.
    """
    if sum(share for _owner, share in new.owners) != WHOLE:
        raise Refusal(N_("The owners' shares must add up to 100 %."))
    lease_account = _account("lease", new, [(renter, "renter", WHOLE) for renter in new.renters])
    mandate_account = _account("mandate", new, [(owner, "owner", share) for owner, share in new.owners])
    lease_id = new_id()
    db.session.add(
        Lease(
            id=lease_id,
            number=new.number,
            property_id=new.property_id,
            lease_account_id=lease_account,
            mandate_account_id=mandate_account,
            rent=new.rent,
            currency=new.currency,
            commission=new.commission,
            payment_day=new.payment_day,
            starts_on=new.starts_on,
            ends_on=new.ends_on,
            scenario_code=new.scenario_code,
            renews=new.renews,
            renewal_months=new.renewal_months,
            adjustment_points=new.adjustment_points,
            status=new.status,
        )
    )
    db.session.flush()
    db.session.add(
        LeaseRent(id=new_id(), lease_id=lease_id, valid_from=new.starts_on, rent=new.rent, reason="start")
    )
    db.session.flush()
    plan_day()
    return lease_id


def _account(kind: str, new: NewLease, parties: Sequence[tuple[uuid.UUID, str, int]]) -> uuid.UUID:
    account_id = new_id()
    db.session.add(
        Account(
            id=account_id,
            kind=kind,
            number=new.number,
            property_id=new.property_id,
            address=new.address,
            city=new.city,
            status="active",
            opened_on=new.starts_on,
            details={},
            created_at=now(),
        )
    )
    db.session.flush()
    db.session.add_all(
        AccountParty(
            id=new_id(),
            account_id=account_id,
            customer_id=customer,
            role=role,
            share=share,
            valid_from=new.starts_on,
        )
        for customer, role, share in parties
    )
    db.session.flush()
    return account_id


def owners_of(mandate_account_id: uuid.UUID, day: datetime.date) -> list[tuple[uuid.UUID, int]]:
    """The owners behind a mandate on a day of the tenant with their shares, in a stable order (the cents follow it).

    For who books something for them: until that is committed the owners stay who they are.
    """
    db.session.execute(
        select(Lease.id)
        .where(Lease.mandate_account_id == mandate_account_id)
        .order_by(Lease.id)
        .with_for_update(read=True, key_share=True)  # waits for who changes people, not for other changes
    ).all()
    rows = db.session.execute(
        select(
            AccountParty.customer_id, AccountParty.share, AccountParty.valid_from, AccountParty.valid_until
        )
        .where(AccountParty.account_id == mandate_account_id, AccountParty.role == "owner")
        .order_by(AccountParty.share.desc(), AccountParty.customer_id)
    )
    return [(owner.customer_id, owner.share) for owner in owners_on([Party(*row) for row in rows], day)]


def book_collected_rent(
    source: str, items: Sequence[tuple[uuid.UUID, int]], *, currency: str, paid_on: datetime.date
) -> None:
    """Money came in for invoices: what was rent becomes a liability to the owners.

    `items` are (invoice, amount in minor units); `source` makes the business key, so a repeat posts nothing.
    Only what was billed as rent is the owners'; a surcharge for lateness is the agency's.
    """
    changes = [(invoice_id, 0, amount) for invoice_id, amount in items]
    move_collected_rent(source, changes, currency=currency, paid_on=paid_on, occurred_on=paid_on)


def move_collected_rent(
    source: str,
    items: Sequence[tuple[uuid.UUID, int, int]],
    *,
    currency: str,
    paid_on: datetime.date,
    occurred_on: datetime.date,
) -> None:
    """What one payment holds of invoices changed, up or down: (invoice, before, after) in minor units. The liability
    to those who owned on the day of the payment follows, whoever owns today.

    An owner who was paid already owes the difference: it is held against what comes next.
    """
    invoice_ids = [invoice_id for invoice_id, _before, _after in items]
    rows = db.session.execute(
        select(Invoice.id, Invoice.total, Invoice.account_id, Lease.mandate_account_id)
        .join(
            InvoiceType,
            (InvoiceType.tenant_id == Invoice.tenant_id) & (InvoiceType.code == Invoice.type_code),
        )
        .join(Lease, (Lease.tenant_id == Invoice.tenant_id) & (Lease.lease_account_id == Invoice.account_id))
        .where(Invoice.id.in_(invoice_ids), InvoiceType.books == "rent")
    ).all()
    found = {row.id: row for row in rows}
    for invoice_id, before, after in items:
        row = found.get(invoice_id)
        if row is None:
            continue
        post(
            f"{source}:{invoice_id}:owners",
            RENT_COLLECTED if after > before else RENT_REVERSED,
            books.move_rent(
                lease_account_id=row.account_id,
                mandate_account_id=row.mandate_account_id,
                invoice_id=invoice_id,
                before=min(before, row.total),
                after=min(after, row.total),
                owners=owners_of(row.mandate_account_id, paid_on),
            ),
            currency=currency,
            occurred_on=occurred_on,
        )


def withhold_commission(invoice_id: uuid.UUID, *, on: datetime.date, actor: Actor | None = SYSTEM) -> None:
    """Settle a commission invoice out of what is held for the owners; once.

    `actor` is None where the caller leaves one row of evidence for many.
    """
    row = db.session.execute(
        select(Invoice.number, Invoice.account_id, Invoice.open_amount, Invoice.currency).where(
            Invoice.id == invoice_id
        )
    ).one()
    posted = post(
        f"commission:{invoice_id}:withheld",
        "commission-withheld",
        books.withhold_commission(
            mandate_account_id=row.account_id,
            invoice_id=invoice_id,
            amount=row.open_amount,
            owners=owners_of(row.account_id, on),
        ),
        currency=row.currency,
        occurred_on=on,
    )
    if posted and actor is not None:
        audit.record(
            "commission.withheld",
            actor=actor,
            subject=("invoice", invoice_id),
            data={
                "number": row.number,
                "amount": row.open_amount,
                "currency": row.currency,
                "on": on.isoformat(),
            },
        )


def record_payout(
    *,
    number: str,
    mandate_account_id: uuid.UUID,
    customer_id: uuid.UUID,
    period: str,
    amount: int,
    currency: str,
    paid_on: datetime.date,
    method: str,
    reference: str,
    actor: Actor | None = SYSTEM,
) -> uuid.UUID:
    """Money was handed to an owner: keep it and post it. Returns the payout's id.

    `actor` is None where the caller leaves one row of evidence for many.
    """
    payout_id = new_id()
    db.session.add(
        Payout(
            id=payout_id,
            number=number,
            mandate_account_id=mandate_account_id,
            customer_id=customer_id,
            period=period,
            amount=amount,
            currency=currency,
            paid_on=paid_on,
            method=method,
            reference=reference,
        )
    )
    db.session.flush()
    post(
        f"payout:{payout_id}",
        "owner-paid",
        books.pay_out(mandate_account_id=mandate_account_id, owner_id=customer_id, amount=amount),
        currency=currency,
        occurred_on=paid_on,
    )
    if actor is not None:
        audit.record(
            "payout.recorded",
            actor=actor,
            subject=("payout", payout_id),
            customer_id=customer_id,
            data={
                "number": number,
                "amount": amount,
                "currency": currency,
                "paid_on": paid_on.isoformat(),
                "period": period,
                "method": method,
                "reference": reference,
            },
        )
    return payout_id
