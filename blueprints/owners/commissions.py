"""Commission on collected rent: an invoice to the owners when rent comes in, a credit note when it goes back.

What is due depends on what the books say was collected and on nothing else. So this may run late, twice, or after a
crash, and always ends at the same sum; the outbox sees to it that it runs after every change.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import and_, select

from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.invoices.services import NewInvoice, NewLine, add_invoice_type, issue_invoice
from blueprints.leases.models import Lease
from blueprints.ledger import rules as books
from blueprints.ledger.services import post
from blueprints.owners import rules
from blueprints.owners.agreed import (
    INVOICE,
    NOTE,
    REVERSED,
    WITHHELD,
    Agreed,
    Rent,
    agree,
    agreed_on,
    borne_so_far,
    collected_of,
    made_by_office,
    rent_of,
)
from blueprints.owners.models import CommissionDocument
from blueprints.owners.months import month_name
from blueprints.owners.rules import Amounts
from saas import audit
from saas.audit import SYSTEM
from saas.clock import now
from saas.counters import take_numbers
from saas.database import db
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
NAMES = {
    "es": {"one": "Factura de comisión", "many": "Facturas de comisión"},
    "en": {"one": "Commission invoice", "many": "Commission invoices"},
}


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
    rent = rent_of(rent_invoice_id)
    if rent is None:
        return False
    lock(f"commission:{rent.mandate_account_id}")
    collected = collected_of(rent_invoice_id)
    total = sum(collected.values())
    known = agreed_on(rent_invoice_id)
    if known is None:
        if total <= 0 or rent.base <= 0 or made_by_office(rent):
            return False
        known = agree(rent)
    step = rules.step(known.terms, known.booked, total)
    if step is None:
        return False
    direction, amounts = step
    if direction > 0 and made_by_office(rent):
        return False
    sums = rules.sums(known.terms, amounts)
    wanted = rules.borne(rules.sums(known.terms, rules.due(known.terms, total)).total, collected)
    parts = rules.changes(wanted, borne_so_far(known.id, rent_invoice_id), direction * sums.total)
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
        WITHHELD,
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
