"""What is held for owners, and what of it can be paid: read from the books, a few statements for all of them."""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import and_, case, func, or_, select

from blueprints.accounts.models import AccountParty
from blueprints.invoices.models import Invoice
from blueprints.leases.models import Lease
from blueprints.leases.rules import Party, owners_on
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import OWNER_PAYABLE
from blueprints.payments import refund_rules
from blueprints.payments.models import Payment
from blueprints.payments.refund_models import Refund, RefundPart
from blueprints.payouts import rules
from blueprints.payouts.bank_accounts import chosen_accounts
from saas.database import db
from tenants.loading import serving

Pair = tuple[uuid.UUID, uuid.UUID]  # mandate's account, owner
RESERVE, MINIMUM = "payouts.reserve", "payouts.minimum"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a run is for; empty: everybody."""

    mandates: frozenset[uuid.UUID] = frozenset()
    owners: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """A proposal for one owner and mandate."""

    mandate_account_id: uuid.UUID
    customer_id: uuid.UUID
    held: int
    account_id: uuid.UUID | None
    proposal: rules.Proposal


def propose(cut_on: datetime.date, currency: str, scope: Scope, now: datetime.datetime) -> list[Line]:
    """A line for every owner and mandate for whom anything was ever held, in a stable order."""
    found = held(cut_on, currency, scope)
    chosen = chosen_accounts(sorted({owner for _mandate, owner in found}), now)
    tenant = serving()
    reserve, minimum = int(tenant.setting(RESERVE)), int(tenant.setting(MINIMUM))
    return [
        Line(
            mandate,
            owner,
            amounts.held,
            chosen[owner].account_id,
            rules.propose(amounts, chosen[owner], reserve=reserve, minimum=minimum),
        )
        for (mandate, owner), amounts in sorted(found.items())
    ]


def held(cut_on: datetime.date, currency: str, scope: Scope) -> dict[Pair, rules.Held]:
    """What the books hold per mandate and owner, in minor units.

    Of it `by_cut` is what came in until the cut less all that was ever taken: what was taken after the cut was taken
    from what is there. Rent that is disputed is not in it at all: the dispute took it out of the books' liability.
    """
    early = or_(Posting.amount > 0, JournalEntry.occurred_on <= cut_on)
    query = (
        select(
            LedgerAccount.account_id,
            LedgerAccount.customer_id,
            func.sum(-Posting.amount).label("held"),
            func.sum(case((early, -Posting.amount), else_=0)).label("by_cut"),
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
        .where(LedgerAccount.kind == OWNER_PAYABLE, LedgerAccount.currency == currency)
        .group_by(LedgerAccount.account_id, LedgerAccount.customer_id)
    )
    if scope.mandates:
        query = query.where(LedgerAccount.account_id.in_(scope.mandates))
    if scope.owners:
        query = query.where(LedgerAccount.customer_id.in_(scope.owners))
    rows = db.session.execute(query).all()
    refunds = refunds_on_the_way({row.account_id for row in rows} if scope.mandates else None, currency)
    return {
        (row.account_id, row.customer_id): rules.Held(
            int(row.held), int(row.by_cut), refunds.get((row.account_id, row.customer_id), 0)
        )
        for row in rows
        if row.account_id is not None and row.customer_id is not None
    }


def refunds_on_the_way(mandates: Collection[uuid.UUID] | None, currency: str) -> dict[Pair, int]:
    """The owners' part of rent that may go back to the renter, theirs who owned on the day it came in: refunds that
    are asked for, agreed to or sent leave the books only when the provider says so."""
    query = (
        select(Lease.mandate_account_id, Payment.paid_on, func.sum(RefundPart.amount).label("amount"))
        .select_from(RefundPart)
        .join(Refund, and_(Refund.tenant_id == RefundPart.tenant_id, Refund.id == RefundPart.refund_id))
        .join(Payment, and_(Payment.tenant_id == Refund.tenant_id, Payment.id == Refund.payment_id))
        .join(Invoice, and_(Invoice.tenant_id == RefundPart.tenant_id, Invoice.id == RefundPart.invoice_id))
        .join(Lease, and_(Lease.tenant_id == Invoice.tenant_id, Lease.lease_account_id == Invoice.account_id))
        .where(Refund.state.in_(refund_rules.HOLDING), Refund.currency == currency)
        .group_by(Lease.mandate_account_id, Payment.paid_on)
    )
    if mandates is not None:
        query = query.where(Lease.mandate_account_id.in_(mandates))
    rows = db.session.execute(query).all()
    owners = _parties({row.mandate_account_id for row in rows})
    found: dict[Pair, int] = defaultdict(int)
    for row in rows:
        for owner in owners_on(owners[row.mandate_account_id], row.paid_on):
            part = rules.part_of(int(row.amount), owner.share)
            found[row.mandate_account_id, owner.customer_id] += part
    return found


def _parties(mandates: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Party]]:
    """The owners of mandates with the days of each."""
    found: dict[uuid.UUID, list[Party]] = defaultdict(list)
    if not mandates:
        return found
    rows = db.session.execute(
        select(
            AccountParty.account_id,
            AccountParty.customer_id,
            AccountParty.share,
            AccountParty.valid_from,
            AccountParty.valid_until,
        ).where(AccountParty.account_id.in_(mandates), AccountParty.role == "owner")
    )
    for row in rows:
        found[row.account_id].append(Party(row.customer_id, row.share, row.valid_from, row.valid_until))
    return found
