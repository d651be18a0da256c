"""What a payer may pay now: chosen invoices with today's amounts, worked out here and nowhere else."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, select

from blueprints.accounts.models import Account
from blueprints.accounts.reach import reachable, theirs
from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.invoices.rules import due
from blueprints.payments.models import Attempt, AttemptItem
from saas.database import db
from saas.languages import N_
from saas.refusals import NotFound, Refusal
from tenants.context import Reach

MOST = 40  # invoices in one attempt


class InProcess(Refusal):
    """An attempt holds one of the invoices. `attempt_id` only when the same user started it."""

    attempt_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class ChosenInvoice:
    """An invoice as it is paid today. `amount` includes `surcharge`; `until` is the last day it holds, and
    `rises_after` the same where it costs more from the next day on."""

    id: uuid.UUID
    number: str
    type_code: str
    type_names: Mapping[str, Any]
    period: str
    account_id: uuid.UUID
    account_kind: str
    account_number: str
    address: str
    amount: int
    surcharge: int
    due_on: datetime.date
    until: datetime.date
    rises_after: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    items: Sequence[ChosenInvoice]
    currency: str

    @property
    def amount(self) -> int:
        return sum(item.amount for item in self.items)


@dataclass(frozen=True, slots=True)
class Holder:
    """An open attempt that holds at least one of the invoices."""

    id: uuid.UUID
    provider_account_id: uuid.UUID
    user_id: uuid.UUID | None
    link_id: uuid.UUID | None
    state: str
    items_key: str
    expires_at: datetime.datetime
    step: Mapping[str, Any] | None


def choose(
    reach: Reach, invoice_ids: Iterable[uuid.UUID], *, today: datetime.date, lock: bool = False
) -> Choice:
    """The invoices in `reach` with what must be paid `today`, in order of their due date.

    With `lock` their rows are locked until the transaction ends. Raises NotFound when any of them is
    out of reach (the whole choice is refused: a stranger's invoice must not even be confirmed to exist),
    Refusal when one cannot be paid.
    """
    wanted = sorted(set(invoice_ids))
    if not wanted:
        raise Refusal(N_("Choose at least one invoice to pay."))
    if len(wanted) > MOST:
        raise Refusal(N_("Choose at most %(most)s invoices for one payment."), most=MOST)
    rows = _read(reach, wanted, lock)
    if len(rows) != len(wanted):
        raise NotFound()
    for row in rows:
        _check(row)
    if len({row.currency for row in rows}) > 1:
        raise Refusal(N_("Invoices in different currencies are paid one currency at a time."))
    items = sorted((_item(row, today) for row in rows), key=lambda item: (item.due_on, item.number))
    return Choice(items, rows[0].currency)


def choose_linked(invoice_id: uuid.UUID, *, today: datetime.date, lock: bool = False) -> Choice:
    """The one invoice of a payment link, whoever opened it. Raises NotFound, Refusal when it cannot be paid."""
    query = _invoices(Invoice.account_id.label("may_pay")).where(Invoice.id == invoice_id)
    row = db.session.execute(query.with_for_update(of=Invoice) if lock else query).first()
    if row is None:
        raise NotFound()
    _check(row)
    return Choice([_item(row, today)], row.currency)


def may_pay(reach: Reach, invoice_id: uuid.UUID) -> bool:
    """Whether the invoice is in reach with the right to pay it, paid or not."""
    payable = reachable(reach, "pay")
    query = (
        select(Invoice.id)
        .join(payable, payable.c.account_id == Invoice.account_id)
        .where(Invoice.id == invoice_id, theirs(payable, Invoice.issued_on))
    )
    return db.session.execute(query).first() is not None


def _read(reach: Reach, wanted: Sequence[uuid.UUID], lock: bool) -> Sequence[Any]:
    seen, payable = reachable(reach, "see"), reachable(reach, "pay").alias("payable")
    query = (
        _invoices(payable.c.account_id.label("may_pay"))
        .join(seen, seen.c.account_id == Invoice.account_id)
        .outerjoin(
            payable, and_(payable.c.account_id == Invoice.account_id, theirs(payable, Invoice.issued_on))
        )
        .where(Invoice.id.in_(wanted), theirs(seen, Invoice.issued_on))
        # Always in the order of ids: whoever takes several takes them in the same order.
        .order_by(Invoice.id)
    )
    return db.session.execute(query.with_for_update(of=Invoice) if lock else query).all()


def _invoices(may_pay: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """What a choice reads of an invoice; `may_pay` is null where paying is not allowed."""
    return (
        select(
            Invoice.id,
            Invoice.number,
            Invoice.period,
            Invoice.account_id,
            Invoice.currency,
            Invoice.total,
            Invoice.second_total,
            Invoice.due_on,
            Invoice.second_due_on,
            Invoice.open_amount,
            Invoice.void_at,
            Invoice.type_code,
            InvoiceType.names,
            InvoiceType.payable_online,
            Account.kind.label("account_kind"),
            Account.number.label("account_number"),
            Account.address,
            may_pay,
        )
        .join(Account, (Account.tenant_id == Invoice.tenant_id) & (Account.id == Invoice.account_id))
        .join(
            InvoiceType,
            (InvoiceType.tenant_id == Invoice.tenant_id) & (InvoiceType.code == Invoice.type_code),
        )
    )


def _check(row: Row[Any]) -> None:
    if row.may_pay is None:
        raise Refusal(N_("You may see invoice %(number)s but not pay it."), number=row.number)
    if row.void_at is not None:
        raise Refusal(
            N_("Invoice %(number)s was cancelled: there is nothing to pay on it."), number=row.number
        )
    if row.open_amount <= 0:
        raise Refusal(N_("Invoice %(number)s is already paid."), number=row.number)
    if not row.payable_online:
        raise Refusal(N_("Invoice %(number)s cannot be paid here."), number=row.number)


def _item(row: Row[Any], today: datetime.date) -> ChosenInvoice:
    owed = due(
        open_amount=row.open_amount,
        total=row.total,
        due_on=row.due_on,
        second_due_on=row.second_due_on,
        second_total=row.second_total,
        today=today,
    )
    return ChosenInvoice(
        id=row.id,
        number=row.number,
        type_code=row.type_code,
        type_names=row.names,
        period=row.period,
        account_id=row.account_id,
        account_kind=row.account_kind,
        account_number=row.account_number,
        address=row.address,
        amount=owed.amount,
        surcharge=owed.surcharge,
        due_on=row.due_on,
        until=owed.until,
        rises_after=row.due_on if today <= row.due_on and (row.second_total or 0) > row.total else None,
    )


def holders(invoice_ids: Iterable[uuid.UUID]) -> list[Holder]:
    """The open attempts that hold any of these invoices."""
    rows = db.session.execute(
        select(
            Attempt.id,
            Attempt.provider_account_id,
            Attempt.user_id,
            Attempt.link_id,
            Attempt.state,
            Attempt.items_key,
            Attempt.expires_at,
            Attempt.step,
        )
        .join(
            AttemptItem, (AttemptItem.tenant_id == Attempt.tenant_id) & (AttemptItem.attempt_id == Attempt.id)
        )
        .where(AttemptItem.open, AttemptItem.invoice_id.in_(list(invoice_ids)))
        .order_by(Attempt.id)
        .distinct()
    )
    return [Holder(*row) for row in rows]
