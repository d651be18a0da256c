"""Credit: money that arrived and lies on an account and on no invoice. Each cent knows the payment it came with.

So it can go back the way it came, and when a payment is taken back, what its credit had paid is open again.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from blueprints.invoices.models import Invoice
from blueprints.invoices.rules import due
from blueprints.ledger import rules as books
from blueprints.ledger.services import post
from blueprints.payments import rules
from blueprints.payments.choosing import InProcess, holders
from blueprints.payments.models import Allocation, Payment
from blueprints.payments.parts import without_lone_surcharge
from blueprints.payments.refund_models import Credit, CreditUse, Refund, RefundPart
from blueprints.payments.refund_rules import HOLDING
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.refusals import NotFound, Refusal
from tenants.loading import serving


@dataclass(frozen=True, slots=True)
class Usable:
    """What can be done with an account's credit: minor units. `held` is asked back and not decided yet."""

    account_id: uuid.UUID
    currency: str
    amount: int
    held: int

    @property
    def free(self) -> int:
        return self.amount - self.held


def credit_of(account_ids: Iterable[uuid.UUID], *, since: datetime.date | None = None) -> list[Usable]:
    """The credit of accounts that have any, by account and currency; `since` leaves out what came with payments
    before that day (it is a former holder's)."""
    wanted = list(account_ids)
    rows = db.session.execute(
        select(Credit.account_id, Credit.currency, func.sum(Credit.remaining).label("amount"))
        .where(Credit.account_id.in_(wanted), Credit.remaining > 0, *_since(since))
        .group_by(Credit.account_id, Credit.currency)
        .order_by(Credit.account_id)
    ).all()
    if not rows:
        return []
    held = _held(wanted)
    found = []
    for row in rows:
        amount = int(row.amount)
        of_them = held.get((row.account_id, row.currency), 0)
        found.append(Usable(row.account_id, row.currency, amount, min(of_them, amount)))
    return found


def _since(day: datetime.date | None) -> list[ColumnElement[bool]]:
    if day is None:
        return []
    return [Credit.payment_id.in_(select(Payment.id).where(Payment.paid_on >= day))]


def _held(account_ids: Sequence[uuid.UUID]) -> Mapping[tuple[uuid.UUID, str], int]:
    """What refunds that are not finished take of credits, by account and currency."""
    of_payment = (
        select(Credit.payment_id, Credit.account_id)
        .where(Credit.account_id.in_(account_ids), Credit.remaining > 0)
        .distinct()
        .subquery()
    )
    rows = db.session.execute(
        select(of_payment.c.account_id, Refund.currency, func.sum(RefundPart.amount).label("amount"))
        .join(Refund, and_(Refund.tenant_id == RefundPart.tenant_id, Refund.id == RefundPart.refund_id))
        .join(of_payment, of_payment.c.payment_id == Refund.payment_id)
        .where(RefundPart.invoice_id.is_(None), Refund.state.in_(HOLDING))
        .group_by(of_payment.c.account_id, Refund.currency)
    )
    return {(row.account_id, row.currency): int(row.amount) for row in rows}


def held_of_payment(payment_id: uuid.UUID) -> int:
    """What refunds that are not finished take of one payment's credit."""
    return int(
        db.session.execute(
            select(func.coalesce(func.sum(RefundPart.amount), 0))
            .join(Refund, and_(Refund.tenant_id == RefundPart.tenant_id, Refund.id == RefundPart.refund_id))
            .where(
                Refund.payment_id == payment_id,
                RefundPart.invoice_id.is_(None),
                Refund.state.in_(HOLDING),
            )
        ).scalar_one()
    )


def add_credit(
    payment_id: uuid.UUID,
    account_id: uuid.UUID,
    amount: int,
    currency: str,
    now: datetime.datetime,
    *,
    invoice_id: uuid.UUID | None = None,
    surcharge: int = 0,
) -> None:
    """Money of a payment lies on the account now; the books are the caller's. With `invoice_id` it was meant
    for that invoice and settles it when it is open again."""
    statement = upsert(Credit).values(
        id=new_id(),
        payment_id=payment_id,
        account_id=account_id,
        invoice_id=invoice_id,
        surcharge=surcharge,
        amount=amount,
        remaining=amount,
        currency=currency,
        created_at=now,
    )
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "payment_id", "account_id", "invoice_id"],
            set_={
                "amount": Credit.amount + amount,
                "remaining": Credit.remaining + amount,
                "surcharge": func.greatest(Credit.surcharge, surcharge),
            },
        )
    )


def settle_again(invoice_ids: Iterable[uuid.UUID]) -> None:
    """Open invoices take the credit that was meant for them: who paid twice and gets one payment back has
    still paid once. The invoices are locked."""
    wanted = sorted(set(invoice_ids))
    if not wanted:
        return
    rows = db.session.execute(
        select(
            Credit.id,
            Credit.payment_id,
            Credit.invoice_id,
            Credit.remaining,
            Credit.surcharge,
            Credit.currency,
        )
        .where(Credit.invoice_id.in_(wanted), Credit.remaining > 0)
        .order_by(Credit.id)
        .with_for_update()
    ).all()
    for row in rows:
        invoice = _invoice(row.invoice_id)
        free = row.remaining - min(held_of_payment(row.payment_id), row.remaining)
        share = rules.allocate(
            amount=free,
            surcharge=min(row.surcharge, max(free - 1, 0)),
            open_amount=invoice.open_amount,
            total=invoice.total,
            void=invoice.void_at is not None,
        )
        if share.settled:
            _move(row, invoice, share, f"credit:{row.id}:{new_id()}")


def use_credit(
    use_id: uuid.UUID,
    invoice_id: uuid.UUID,
    amount: int,
    *,
    actor: Actor,
    now: datetime.datetime,
    since: datetime.date | None = None,
) -> int:
    """Put credit of an invoice's account on that invoice, the oldest first; `use_id` is used once. `since` leaves out
    what came with payments before that day.

    The caller has checked that the invoice is in reach and may be paid. Returns what was used (0: this use has
    been made before). Raises NotFound, InProcess, Refusal when the invoice or the credit does not take so much.
    """
    account_id = db.session.execute(select(Invoice.account_id).where(Invoice.id == invoice_id)).scalar()
    if account_id is None:
        raise NotFound()
    lock(f"credit:{account_id}")
    invoice = _invoice(invoice_id, locked=True)
    if _used_before(use_id, invoice_id, account_id, amount, invoice.currency, actor, now):
        return 0
    today = serving().today()
    if invoice.void_at is not None or invoice.open_amount <= 0:
        raise Refusal(N_("There is nothing to pay on this invoice any more."))
    if holders([invoice_id]):
        raise InProcess(
            N_("A payment that includes one of these invoices is being processed. Do not pay it again.")
        )
    owed = due(
        open_amount=invoice.open_amount,
        total=invoice.total,
        due_on=invoice.due_on,
        second_due_on=invoice.second_due_on,
        second_total=invoice.second_total,
        today=today,
    )
    usable = [one for one in credit_of([account_id], since=since) if one.currency == invoice.currency]
    free = usable[0].free if usable else 0
    if amount > free:
        raise Refusal(N_("The credit does not hold so much."), field="amount")
    if amount > owed.amount:
        raise Refusal(N_("The invoice does not owe so much."), field="amount")
    if without_lone_surcharge(amount, owed.amount, owed.surcharge) != amount:
        raise Refusal(
            N_(
                "The amount of the second due date is not left alone: use all of it, or less than the first amount."
            ),
            field="amount",
        )
    _spend(use_id, invoice, amount, since)
    audit.record(
        "credit.used",
        actor=actor,
        subject=("invoice", invoice_id),
        data={"amount": amount, "currency": invoice.currency, "account": str(account_id)},
    )
    return amount


def paid_by_use(use_id: uuid.UUID, user_id: uuid.UUID) -> uuid.UUID | None:
    """The invoice that a user's use of credit has paid; None when there was no such use."""
    return db.session.execute(
        select(CreditUse.invoice_id).where(CreditUse.id == use_id, CreditUse.used_by == user_id)
    ).scalar()


def _used_before(
    use_id: uuid.UUID,
    invoice_id: uuid.UUID,
    account_id: uuid.UUID,
    amount: int,
    currency: str,
    actor: Actor,
    now: datetime.datetime,
) -> bool:
    written = db.session.execute(
        upsert(CreditUse)
        .values(
            id=use_id,
            account_id=account_id,
            invoice_id=invoice_id,
            amount=amount,
            currency=currency,
            used_by=actor.user_id,
            used_at=now,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "id"])
        .returning(CreditUse.id)
    ).first()
    return written is None


def _spend(use_id: uuid.UUID, invoice: _Invoice, amount: int, since: datetime.date | None) -> None:
    """The oldest credit first, and of each what no refund holds; first the debt, last what lateness added."""
    rows = db.session.execute(
        select(Credit.id, Credit.payment_id, Credit.remaining, Credit.currency)
        .where(
            Credit.account_id == invoice.account_id,
            Credit.remaining > 0,
            Credit.currency == invoice.currency,
            *_since(since),
        )
        .order_by(Credit.id)
        .with_for_update()
    ).all()
    left, principal = amount, min(amount, invoice.open_amount)
    held: dict[uuid.UUID, int] = {}
    for row in rows:
        if row.payment_id not in held:
            held[row.payment_id] = held_of_payment(row.payment_id)
        kept = min(held[row.payment_id], row.remaining)
        held[row.payment_id] -= kept
        part = min(left, row.remaining - kept)
        if part > 0:
            added = part - min(part, principal)
            _move(row, invoice, rules.Share(part, added, 0), f"credit-use:{use_id}:{row.id}")
            left, principal = left - part, principal - part + added
    if left:
        raise Refusal(N_("The credit does not hold so much."), field="amount")


def _move(credit: Row[*tuple[Any, ...]], invoice: _Invoice, share: rules.Share, key: str) -> None:
    """From a credit to an invoice: books and allocation; the owners of a rent hear of it."""
    db.session.execute(
        update(Credit)
        .where(Credit.id == credit.id)
        .values(remaining=Credit.remaining - share.settled)
        .execution_options(synchronize_session=False)
    )
    before = add_allocation(credit.payment_id, invoice.id, share.settled, share.surcharge)
    today = serving().today()
    lines = books.use_credit(
        account_id=invoice.account_id,
        invoice_id=invoice.id,
        amount=share.settled,
        surcharge=share.surcharge,
    )
    post(key, "credit-used", lines, currency=credit.currency, occurred_on=today)
    if share.principal:
        paid_on = db.session.execute(
            select(Payment.paid_on).where(Payment.id == credit.payment_id)
        ).scalar_one()
        emit(
            "payment.applied",
            payment_id=credit.payment_id,
            source=key,
            items=[(invoice.id, before, before + share.principal)],
            currency=credit.currency,
            paid_on=paid_on,
            occurred_on=today,
        )


def add_allocation(payment_id: uuid.UUID, invoice_id: uuid.UUID, amount: int, surcharge: int) -> int:
    """More of a payment lies on an invoice. Returns the principal that lay there before."""
    statement = upsert(Allocation).values(
        id=new_id(),
        payment_id=payment_id,
        invoice_id=invoice_id,
        amount=amount,
        reversed=0,
        surcharge=surcharge,
    )
    row = db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "payment_id", "invoice_id"],
            set_={"amount": Allocation.amount + amount, "surcharge": Allocation.surcharge + surcharge},
        ).returning(Allocation.amount, Allocation.reversed, Allocation.surcharge)
    ).one()
    return int(row.amount - row.reversed - row.surcharge - (amount - surcharge))


@dataclass(frozen=True, slots=True)
class _Invoice:
    """What an invoice owes, as the books have it."""

    id: uuid.UUID
    account_id: uuid.UUID
    open_amount: int
    total: int
    second_total: int | None
    due_on: datetime.date
    second_due_on: datetime.date | None
    void_at: datetime.datetime | None
    currency: str


def _invoice(invoice_id: uuid.UUID, *, locked: bool = False) -> _Invoice:
    query = select(
        Invoice.id,
        Invoice.account_id,
        Invoice.open_amount,
        Invoice.total,
        Invoice.second_total,
        Invoice.due_on,
        Invoice.second_due_on,
        Invoice.void_at,
        Invoice.currency,
    ).where(Invoice.id == invoice_id)
    return _Invoice(*db.session.execute(query.with_for_update() if locked else query).one())
