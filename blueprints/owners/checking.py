"""Whether owners' papers and the books agree: what `flask ledger check` asks of statements and commissions."""

from __future__ import annotations

import uuid
from collections import defaultdict

from sqlalchemy import and_, func, select

from blueprints.accounts.models import AccountParty
from blueprints.leases.models import Lease
from blueprints.leases.rules import Party, gaps, owners_on
from blueprints.leases.services import RENT_COLLECTED
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import OWNER_PAYABLE, SUPPLIER_PAYABLE
from blueprints.owners import rules
from blueprints.owners.agreed import INVOICE, REVERSED, WITHHELD, terms_of
from blueprints.owners.commissions import TOPIC
from blueprints.owners.models import CommissionDocument, OwnerCharge, RentCommission, SupplierPayment
from blueprints.owners.rules import Amounts
from blueprints.owners.statement_rules import OTHER
from blueprints.owners.statements import CHARGED, RENT_KINDS, UNCHARGED, classified
from blueprints.owners.suppliers import PAID, UNPAID, key_of
from saas.database import db
from saas.outbox import OutboxRow


def differences() -> list[str]:
    """Every difference in the active tenant, one line each; empty when all agrees. Reads whole tables."""
    return [
        *_commissions(),
        *_documents(),
        *_charges(),
        *_suppliers(),
        *_shares(),
        *_owners_of_the_day(),
        *_unknown_movements(),
    ]


def _collected() -> dict[uuid.UUID, int]:
    """What the books hold of each rent invoice for owners."""
    rows = db.session.execute(
        select(Posting.invoice_id, func.sum(-Posting.amount).label("amount"))
        .join(
            LedgerAccount,
            and_(LedgerAccount.tenant_id == Posting.tenant_id, LedgerAccount.id == Posting.ledger_account_id),
        )
        .join(
            JournalEntry,
            and_(JournalEntry.tenant_id == Posting.tenant_id, JournalEntry.id == Posting.entry_id),
        )
        .where(LedgerAccount.kind == OWNER_PAYABLE, JournalEntry.kind.in_(RENT_KINDS))
        .group_by(Posting.invoice_id)
    )
    return {row.invoice_id: int(row.amount) for row in rows if row.invoice_id is not None}


def _commissions() -> list[str]:
    """Of each rent on which we made commission: never more than is due on what was collected. What is still to be
    made waits in the outbox."""
    made: dict[uuid.UUID, list[tuple[str, Amounts]]] = defaultdict(list)
    for row in db.session.execute(
        select(
            CommissionDocument.commission_id,
            CommissionDocument.kind,
            CommissionDocument.charge,
            CommissionDocument.amounts,
        ).order_by(CommissionDocument.commission_id, CommissionDocument.position)
    ):
        made[row.commission_id].append((row.kind, Amounts(row.charge, tuple(row.amounts))))
    waiting = {
        payload["invoice_id"]
        for payload in db.session.execute(
            select(OutboxRow.payload).where(OutboxRow.topic == TOPIC, OutboxRow.done_at.is_(None))
        ).scalars()
    }
    collected, wrong = _collected(), []
    for agreed in db.session.execute(
        select(
            RentCommission.id,
            RentCommission.rent_invoice_id,
            RentCommission.base,
            RentCommission.rent_total,
            RentCommission.rate,
            RentCommission.taxes,
        ).order_by(RentCommission.id)
    ):
        terms = terms_of(agreed)
        booked = rules.none(terms)
        for kind, amounts in made[agreed.id]:
            booked = booked.plus(amounts) if kind == INVOICE else booked.minus(amounts)
        held = collected.get(agreed.rent_invoice_id, 0)
        step = rules.step(terms, booked, held)
        if step is not None and step[0] < 0 and str(agreed.rent_invoice_id) not in waiting:
            due = rules.due(terms, held)
            wrong.append(
                f"commission on {agreed.rent_invoice_id}: {booked.charge} made, {due.charge} due on {held}"
            )
    return wrong


def _borne(kinds: tuple[str, ...], account: str = OWNER_PAYABLE) -> dict[str, int]:
    """What an account of the books (that of owners: what they bore) took, by the business key of the entry."""
    rows = db.session.execute(
        select(JournalEntry.business_key, func.sum(Posting.amount).label("amount"))
        .select_from(Posting)
        .join(
            LedgerAccount,
            and_(LedgerAccount.tenant_id == Posting.tenant_id, LedgerAccount.id == Posting.ledger_account_id),
        )
        .join(
            JournalEntry,
            and_(JournalEntry.tenant_id == Posting.tenant_id, JournalEntry.id == Posting.entry_id),
        )
        .where(LedgerAccount.kind == account, JournalEntry.kind.in_(kinds))
        .group_by(JournalEntry.business_key)
    )
    return {row.business_key: int(row.amount) for row in rows}


def _documents() -> list[str]:
    """Each document of ours stands in the books with its amount."""
    borne, wrong = _borne((WITHHELD, REVERSED)), []
    for row in db.session.execute(
        select(
            CommissionDocument.id,
            CommissionDocument.kind,
            CommissionDocument.number,
            CommissionDocument.invoice_id,
            CommissionDocument.total,
        )
    ):
        invoice = row.kind == INVOICE
        key = f"commission:{row.invoice_id}:withheld" if invoice else f"commission-note:{row.id}"
        booked = borne.get(key, 0) if invoice else -borne.get(key, 0)
        if booked != row.total:
            wrong.append(f"{row.kind} {row.number}: {row.total} on paper, {booked} in the books")
    return wrong


def _charges() -> list[str]:
    """Each charge stands in the books with its amount, and so does its reversal."""
    borne, wrong = _borne((CHARGED, UNCHARGED)), []
    for row in db.session.execute(
        select(OwnerCharge.id, OwnerCharge.number, OwnerCharge.amount, OwnerCharge.reversed_on)
    ):
        made = borne.get(f"owner-charge:{row.id}", 0)
        undone = -borne.get(f"owner-charge:{row.id}:reversed", 0)
        if made != row.amount or undone != (row.amount if row.reversed_on else 0):
            wrong.append(f"charge {row.number}: {row.amount}, in the books {made} and {undone} taken back")
    return wrong


def _suppliers() -> list[str]:
    """Each payment to a supplier stands in the books with its amount, and so does its reversal; and what suppliers are
    owed is what charges in force say, less what was paid."""
    paid, wrong = _borne((PAID, UNPAID), SUPPLIER_PAYABLE), []
    owed: dict[str, int] = defaultdict(int)
    for charge in db.session.execute(
        select(OwnerCharge.currency, OwnerCharge.amount).where(OwnerCharge.reversed_on.is_(None))
    ):
        owed[charge.currency] += charge.amount
    for row in db.session.execute(
        select(
            SupplierPayment.id, SupplierPayment.amount, SupplierPayment.currency, SupplierPayment.reversed_on
        )
    ):
        made, undone = paid.get(key_of(row.id), 0), -paid.get(f"{key_of(row.id)}:reversed", 0)
        if made != row.amount or undone != (row.amount if row.reversed_on else 0):
            wrong.append(
                f"supplier payment {row.id}: {row.amount}, in the books {made} and {undone} taken back"
            )
        owed[row.currency] -= 0 if row.reversed_on else row.amount
    books = db.session.execute(
        select(LedgerAccount.currency, func.sum(-Posting.amount).label("amount"))
        .join(
            Posting,
            and_(LedgerAccount.tenant_id == Posting.tenant_id, LedgerAccount.id == Posting.ledger_account_id),
        )
        .where(LedgerAccount.kind == SUPPLIER_PAYABLE)
        .group_by(LedgerAccount.currency)
    )
    return wrong + [
        f"suppliers are owed {owed[one.currency]} {one.currency}, in the books {one.amount}"
        for one in books
        if int(one.amount) != owed[one.currency]
    ]


def _parties() -> dict[uuid.UUID, list[Party]]:
    found: dict[uuid.UUID, list[Party]] = defaultdict(list)
    for row in db.session.execute(
        select(
            AccountParty.account_id,
            AccountParty.customer_id,
            AccountParty.share,
            AccountParty.valid_from,
            AccountParty.valid_until,
        )
        .where(AccountParty.role == "owner")
        .order_by(AccountParty.account_id)
    ):
        found[row.account_id].append(Party(row.customer_id, row.share, row.valid_from, row.valid_until))
    return found


def _shares() -> list[str]:
    """The shares of a mandate make a whole on every day on which anybody has one."""
    mandates = set(db.session.execute(select(Lease.mandate_account_id)).scalars())
    return [
        f"owners of {account_id}: their shares make {total} millionths from {day or 'the beginning'} on"
        for account_id, parties in _parties().items()
        if account_id in mandates
        for day, total in gaps(parties)
    ]


def _owners_of_the_day() -> list[str]:
    """Rent that a payment brought is held for those who owned on its day, and for nobody else."""
    parties = _parties()
    rows = db.session.execute(
        select(
            JournalEntry.business_key,
            JournalEntry.occurred_on,
            LedgerAccount.account_id,
            LedgerAccount.customer_id,
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
            LedgerAccount.kind == OWNER_PAYABLE,
            JournalEntry.kind == RENT_COLLECTED,
            JournalEntry.business_key.startswith("payment:"),
        )
    )
    return [
        f"entry {row.business_key}: {row.customer_id} was no owner on {row.occurred_on.isoformat()}"
        for row in rows
        if (owners := owners_on(parties.get(row.account_id, []), row.occurred_on))
        and all(owner.customer_id != row.customer_id for owner in owners)
    ]


def _unknown_movements() -> list[str]:
    """What is owed to owners moves by what statements can tell, and by nothing else."""
    rows = db.session.execute(
        select(JournalEntry.business_key, JournalEntry.kind, Posting.invoice_id)
        .select_from(Posting)
        .join(
            LedgerAccount,
            and_(LedgerAccount.tenant_id == Posting.tenant_id, LedgerAccount.id == Posting.ledger_account_id),
        )
        .join(
            JournalEntry,
            and_(JournalEntry.tenant_id == Posting.tenant_id, JournalEntry.id == Posting.entry_id),
        )
        .where(LedgerAccount.kind == OWNER_PAYABLE)
        .where(JournalEntry.kind.not_in((*RENT_KINDS, WITHHELD, REVERSED, CHARGED, UNCHARGED, "owner-paid")))
    )
    return [
        f"entry {row.business_key}: no statement can say what it is"
        for row in rows
        if classified(row.kind, row.business_key, row.invoice_id)[0] == OTHER
    ]
