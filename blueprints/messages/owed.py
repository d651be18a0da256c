"""The invoices that a message asks for, as they stand when it leaves; and those that it must not ask for."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, not_, select

from blueprints.accounts.models import Account
from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.invoices.queries import being_paid
from blueprints.invoices.rules import due
from blueprints.payments.links import USUAL, make_link, token_of
from blueprints.payments.models import Allocation
from blueprints.payments.refund_models import Dispute
from blueprints.payments.titles import invoice_title
from saas.audit import SYSTEM
from saas.clock import now
from saas.database import db
from saas.refusals import Refusal
from tenants.loading import serving
from tenants.page_context import language, locale

PAYMENT_LINK = "messages.payment-link"  # the setting
WITHHELD = "commission"  # books of invoices that nobody pays: they are kept from the rent


@dataclass(frozen=True, slots=True)
class Owed:
    """An invoice that is open today, in the words of the language spoken now. `amount` is what it takes today,
    until the day `until`; it is overdue after `last_on`."""

    id: uuid.UUID
    number: str
    title: str
    account: str
    amount: int
    currency: str
    due_on: datetime.date
    until: datetime.date
    last_on: datetime.date
    payable: bool


def disputed() -> ColumnElement[bool]:
    """Whether the statement's invoice was paid by money that a bank is taking back now."""
    return exists().where(
        Allocation.invoice_id == Invoice.id,
        Allocation.tenant_id == Invoice.tenant_id,
        Dispute.tenant_id == Allocation.tenant_id,
        Dispute.payment_id == Allocation.payment_id,
        Dispute.state == "open",
    )


def asked_for() -> tuple[ColumnElement[bool], ...]:
    """The conditions under which an invoice may be asked for: open, not taken back, not being paid, not disputed,
    and one that somebody pays."""
    return (
        Invoice.open_amount > 0,
        Invoice.void_at.is_(None),
        InvoiceType.books != WITHHELD,
        not_(being_paid()),
        not_(disputed()),
    )


def owed(invoice_ids: Sequence[uuid.UUID], today: datetime.date) -> list[Owed]:
    """Those of the invoices that may be asked for today, the first due one first. One statement."""
    if not invoice_ids:
        return []
    rows = db.session.execute(
        select(
            Invoice.id,
            Invoice.number,
            Invoice.period,
            Invoice.open_amount,
            Invoice.total,
            Invoice.second_total,
            Invoice.second_due_on,
            Invoice.due_on,
            Invoice.currency,
            InvoiceType.names,
            InvoiceType.payable_online,
            InvoiceType.code,
            Account.number.label("account"),
            Account.kind.label("account_kind"),
        )
        .join(Account, and_(Account.tenant_id == Invoice.tenant_id, Account.id == Invoice.account_id))
        .join(
            InvoiceType,
            and_(InvoiceType.tenant_id == Invoice.tenant_id, InvoiceType.code == Invoice.type_code),
        )
        .where(Invoice.id.in_(list(invoice_ids)), *asked_for())
        .order_by(Invoice.due_on, Invoice.number)
    ).all()
    tenant, found = serving(), []
    for row in rows:
        asks = due(
            open_amount=row.open_amount,
            total=row.total,
            due_on=row.due_on,
            second_due_on=row.second_due_on,
            second_total=row.second_total,
            today=today,
        )
        found.append(
            Owed(
                row.id,
                row.number,
                invoice_title(row.names, row.period, language(), locale()),
                row.account,
                asks.amount,
                row.currency,
                row.due_on,
                asks.until,
                row.second_due_on or row.due_on,
                row.payable_online and tenant.takes(row.code, row.account_kind),
            )
        )
    return found


def pay_token(rows: Sequence[Owed], customer_id: uuid.UUID | None) -> str:
    """The token of a payment link for the one invoice of a message, where the tenant wants links in its messages;
    else empty, and the button leads to the invoices behind the login."""
    if len(rows) != 1 or customer_id is None or not rows[0].payable:
        return ""
    if not serving().setting(PAYMENT_LINK):
        return ""
    try:
        link_id, _token = make_link(
            rows[0].id, days=USUAL, actor=SYSTEM, user_id=None, customer_id=customer_id, now=now()
        )
    except Refusal:  # there are links enough for it
        return ""
    return token_of(link_id) or ""
