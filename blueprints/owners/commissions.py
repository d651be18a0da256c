"""Commission on collected rent: an invoice to the owners when rent comes in, a credit note when it goes back.

What is due depends on what the books say was collected and on nothing else. So this may run late, twice, or after a
crash, and always ends at the same sum; the outbox sees to it that it runs after every change.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import and_, func, select

from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.invoices.services import NewInvoice, NewLine, add_invoice_type, issue_invoice
from blueprints.leases.models import Lease, LeaseScenario
from blueprints.leases.services import RENT_COLLECTED, RENT_REVERSED
from blueprints.ledger import rules as books
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.services import post
from blueprints.owners import rules
from blueprints.owners.models import CommissionDocument, RentCommission
from blueprints.owners.rules import Amounts, Terms
from saas import audit
from saas.audit import SYSTEM
from saas.clock import now
from saas.counters import take_numbers
from saas.database import db
from saas.dates import format_month
from saas.events import emit
from saas.ids import new_id
from saas.locks import lock
from saas.outbox import OutboxRow, enqueue
from tenants.letters import speaking
from tenants.loading import serving

TOPIC = "owners.commission"
SETTING = "owners.commissions"
BY_US = "collection"  # made here, when rent is collected
BY_OFFICE = "office"  # made by the back office, and imported
TYPE = "commission"
INVOICE, NOTE = "invoice", "credit-note"
REVERSED = "commission-reversed"
NAMES = {
    "es": {"one": "Factura de comisión", "many": "Facturas de comisión"},
    "en": {"one": "Commission invoice", "many": "Commission invoices"},
}


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


def ask_for_commission(source: str, invoice_ids: Iterable[uuid.UUID], *, on: datetime.date) -> None:
    """Money moved on invoices (`source` names the event): the commission on those of rent follows, after the commit.

    Not at once: whoever captures a payment must neither wait for the series of commission invoices nor fail with it.
    """
    tenant = serving()
    if "owners" not in tenant.capabilities or tenant.setting(SETTING) != BY_US:
        return
    rents = (
        select(Invoice.id)
        .join(Lease, and_(Lease.tenant_id == Invoice.tenant_id, Lease.lease_account_id == Invoice.account_id))
        .join(
            InvoiceType,
            and_(InvoiceType.tenant_id == Invoice.tenant_id, InvoiceType.code == Invoice.type_code),
        )
        .where(Invoice.id.in_(list(invoice_ids)), InvoiceType.books == "rent", Lease.commission > 0)
        .order_by(Invoice.id)
    )
    for invoice_id in db.session.execute(rents).scalars():
        payload = {"invoice_id": str(invoice_id), "source": source, "on": on.isoformat()}
        enqueue(TOPIC, payload, key=f"{source}:{invoice_id}")


def follow_all() -> int:
    """Make what is still to be made, now: before owners are paid nothing may be outstanding. Returns how many.

    Whoever was asked to make them afterwards finds nothing to do.
    """
    waiting = db.session.execute(
        select(OutboxRow.payload)
        .where(OutboxRow.topic == TOPIC, OutboxRow.done_at.is_(None))
        .order_by(OutboxRow.created_at, OutboxRow.id)
    ).scalars()
    return sum(follow_row(payload) for payload in waiting.all())


def follow_row(payload: Mapping[str, Any]) -> bool:
    """What one row of the outbox asks for."""
    day = datetime.date.fromisoformat(payload["on"])
    return follow(uuid.UUID(payload["invoice_id"]), source=payload["source"], on=day)


def follow(rent_invoice_id: uuid.UUID, *, source: str, on: datetime.date) -> bool:
    """Bring the commission of one rent invoice to where what was collected of it puts it. Whether anything was made.

    An invoice of commission is settled at once out of what is held for the owners, each bearing it in proportion of
    what was collected for him or her; a credit note gives it back the same way.
    """
    rent = _rent(rent_invoice_id)
    if rent is None:
        return False
    lock(f"commission:{rent.mandate_account_id}")
    collected = collected_of(rent_invoice_id)
    total = sum(collected.values())
    known = _known(rent_invoice_id)
    if known is None:
        if total <= 0 or rent.base <= 0 or _made_by_office(rent):
            return False
        known = _agree(rent)
    step = rules.step(known.terms, known.booked, total)
    if step is None:
        return False
    direction, amounts = step
    if direction > 0 and _made_by_office(rent):
        return False
    sums = rules.sums(known.terms, amounts)
    wanted = rules.borne(rules.sums(known.terms, rules.due(known.terms, total)).total, collected)
    parts = rules.changes(wanted, _borne_so_far(known.id, rent_invoice_id), direction * sums.total)
    document = CommissionDocument(
        id=new_id(),
        commission_id=known.id,
        position=known.position + 1,
        kind=INVOICE if direction > 0 else NOTE,
        number="",
        collected=total,
        charge=sums.charge,
        amounts=list(amounts.taxes),
        tax=sums.tax,
        withholding=sums.withholding,
        total=sums.total,
        currency=rent.currency,
        issued_on=on,
        source=source,
        created_at=now(),
    )
    if direction > 0:
        _invoice(rent, document, _lines(rent, known, amounts), parts)
    else:
        _credit_note(rent, document, parts)
    return True


def _invoice(
    rent: Rent, document: CommissionDocument, lines: list[NewLine], parts: list[tuple[uuid.UUID, int]]
) -> None:
    document.number = _free_number(serving().setting("owners.commission-prefix"))
    document.invoice_id = issue_invoice(
        NewInvoice(
            number=document.number,
            type_code=_type(),
            account_id=rent.mandate_account_id,
            period=rent.period,
            issued_on=document.issued_on,
            due_on=document.issued_on,
            currency=rent.currency,
            lines=lines,
            details={"rent_invoice": str(rent.invoice_id), "rent_number": rent.number},
        )
    )
    db.session.add(document)
    db.session.flush()
    post(
        f"commission:{document.invoice_id}:withheld",
        "commission-withheld",
        books.withhold_parts(
            mandate_account_id=rent.mandate_account_id, invoice_id=document.invoice_id, parts=parts
        ),
        currency=rent.currency,
        occurred_on=document.issued_on,
    )
    _tell("commission.issued", rent, document, parts, ("invoice", document.invoice_id))


def _credit_note(rent: Rent, document: CommissionDocument, parts: list[tuple[uuid.UUID, int]]) -> None:
    number = take_numbers("commission-credit-notes")[0]
    document.number = f"{serving().setting('owners.credit-note-prefix')}{number:06d}"
    db.session.add(document)
    db.session.flush()
    post(
        f"commission-note:{document.id}",
        REVERSED,
        books.give_back_commission(
            mandate_account_id=rent.mandate_account_id,
            rent_invoice_id=rent.invoice_id,
            charge=document.charge,
            tax=document.tax - document.withholding,
            parts=[(owner, -part) for owner, part in parts],
        ),
        currency=rent.currency,
        occurred_on=document.issued_on,
    )
    _tell("commission.reversed", rent, document, parts, ("commission-note", document.id))


def _tell(
    event: str,
    rent: Rent,
    document: CommissionDocument,
    parts: list[tuple[uuid.UUID, int]],
    subject: tuple[str, uuid.UUID],
) -> None:
    audit.record(
        event,
        actor=SYSTEM,
        subject=subject,
        data={
            "number": document.number,
            "amount": document.total,
            "currency": document.currency,
            "rent_invoice": rent.number,
            "collected": document.collected,
            "source": document.source,
            "on": document.issued_on.isoformat(),
        },
    )
    emit(
        event,
        document_id=document.id,
        invoice_id=document.invoice_id,
        mandate_account_id=rent.mandate_account_id,
        customer_ids=[owner for owner, _part in parts],
        number=document.number,
        amount=document.total,
        currency=document.currency,
        period=rent.period,
        issued_on=document.issued_on,
    )


def collected_of(rent_invoice_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """What the books hold of a rent invoice for each owner, minor units."""
    return _owners_part(rent_invoice_id, JournalEntry.kind.in_((RENT_COLLECTED, RENT_REVERSED)), sign=-1)


def _borne_so_far(commission_id: uuid.UUID, rent_invoice_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """What each owner has borne of the commission: invoices kept from them, less what notes gave back."""
    invoices = select(CommissionDocument.invoice_id).where(
        CommissionDocument.commission_id == commission_id, CommissionDocument.kind == INVOICE
    )
    kept = _owners_part(invoices, JournalEntry.kind == "commission-withheld", sign=1)
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


def _rent(invoice_id: uuid.UUID) -> Rent | None:
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


def _known(rent_invoice_id: uuid.UUID) -> Agreed | None:
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


def _agree(rent: Rent) -> Agreed:
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


def _made_by_office(rent: Rent) -> bool:
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


def _type() -> str:
    """The tenant's type of commission invoices; made when it is missing."""
    known = db.session.execute(select(InvoiceType.id).where(InvoiceType.code == TYPE)).scalar()
    if known is None:
        add_invoice_type(TYPE, account_kind="mandate", books="commission", names=NAMES, payable_online=False)
    return TYPE


def _free_number(prefix: str) -> str:
    """The next number of our series; one that an imported invoice bears already is passed over."""
    while True:
        number = f"{prefix}{take_numbers('commission-invoices')[0]:06d}"
        taken = select(Invoice.id).where(Invoice.number == number, Invoice.void_at.is_(None))
        if db.session.execute(taken).first() is None:
            return number


def _lines(rent: Rent, known: Agreed, amounts: Amounts) -> list[NewLine]:
    with speaking(None):  # an invoice speaks the tenant's language
        concept = _(
            "Commission on the rent collected for %(period)s, contract %(number)s",
            period=month_name(rent.period),
            number=rent.lease_number,
        )
    lines = [NewLine("charge", concept, amounts.charge)]
    for tax, amount in zip(known.taxes, amounts.taxes, strict=True):
        if amount:
            lines.append(NewLine(str(tax["kind"]), str(tax["name"]), amount))
    return lines


def month_name(period: str) -> str:
    """A period as people read it; one that is no month stays as it is."""
    try:
        return format_month(period, serving().locale)
    except ValueError:
        return period
