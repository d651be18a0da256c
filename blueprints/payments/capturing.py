"""Money that arrived: books, payment, allocations, credit, receipt; and the rest of the house is told."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from blueprints.invoices.models import Invoice
from blueprints.ledger import rules as books
from blueprints.ledger.services import post
from blueprints.payments import rules
from blueprints.payments.attempts import AttemptRow
from blueprints.payments.credit import add_credit
from blueprints.payments.interface import Observation
from blueprints.payments.models import Allocation, AttemptItem, Payment, PaymentLink
from blueprints.payments.quarantine import set_aside
from blueprints.payments.receipts import issue_receipt
from blueprints.payments.settling import plan_comparison
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from saas.outbox import enqueue
from tenants.loading import serving
from tenants.people import User
from tenants.provider_account_services import OpenedAccount


@dataclass(frozen=True, slots=True)
class Item:
    """A frozen item with its invoice as it is now, locked."""

    invoice_id: uuid.UUID
    account_id: uuid.UUID
    amount: int
    surcharge: int
    open_amount: int
    total: int
    void: bool


def capture(
    attempt: AttemptRow,
    observation: Observation,
    items: Sequence[Item],
    account: OpenedAccount,
    actor: Actor,
    now: datetime.datetime,
) -> None:
    """The money is here: books, payment, allocations, receipt; the rest of the house is told."""
    paid_at = rules.paid_at(observation.occurred_at, not_before=attempt.created_at, now=now)
    paid_on = paid_at.astimezone(ZoneInfo(serving().time_zone)).date()
    payer = _customer_of(attempt)
    payment_id = new_id()
    db.session.execute(
        insert(Payment).values(
            id=payment_id,
            attempt_id=attempt.id,
            customer_id=payer,
            paid_on=paid_on,
            paid_at=paid_at,
            amount=attempt.amount,
            currency=attempt.currency,
            method=account.provider,
            reference=attempt.reference,
            created_at=now,
        )
    )
    shares = {item.invoice_id: _share(item) for item in items}
    for item in items:
        _book(attempt, payment_id, item, shares[item.invoice_id], account, paid_on, now)
    settled = [(invoice_id, share) for invoice_id, share in shares.items() if share.settled]
    if settled:
        db.session.execute(
            insert(Allocation).values(
                [
                    {
                        "id": new_id(),
                        "payment_id": payment_id,
                        "invoice_id": invoice_id,
                        "amount": share.settled,
                        "surcharge": share.surcharge,
                    }
                    for invoice_id, share in settled
                ]
            )
        )
    # What later capabilities book of it: the invoices' own money, without what lateness added.
    emit(
        "payment.captured",
        payment_id=payment_id,
        items=[(invoice_id, share.principal) for invoice_id, share in settled if share.principal],
        currency=attempt.currency,
        paid_on=paid_on,
    )
    issue_receipt(payment_id, now)
    plan_comparison(account, paid_at)
    audit.record(
        "payment.captured",
        actor=actor,
        subject=("payment", payment_id),
        customer_id=payer,
        data=_evidence(attempt, observation, shares),
    )


def _share(item: Item) -> rules.Share:
    return rules.allocate(
        amount=item.amount,
        surcharge=item.surcharge,
        open_amount=item.open_amount,
        total=item.total,
        void=item.void,
    )


def _book(
    attempt: AttemptRow,
    payment_id: uuid.UUID,
    item: Item,
    share: rules.Share,
    account: OpenedAccount,
    paid_on: datetime.date,
    now: datetime.datetime,
) -> None:
    """Post one item: the surcharge that lateness added, what settles the invoice, what is left over."""
    key = f"attempt:{attempt.id}:{item.invoice_id}"
    account_id, invoice_id = item.account_id, item.invoice_id

    def enter(what: str, kind: str, lines: list[books.Line]) -> None:
        post(f"{key}:{what}", kind, lines, currency=attempt.currency, occurred_on=paid_on)

    if share.surcharge:
        lines = books.surcharge(account_id=account_id, invoice_id=invoice_id, amount=share.surcharge)
        enter("surcharge", "surcharge", lines)
    if share.settled:
        lines = books.settle(
            source=books.CLEARING, account_id=account_id, invoice_id=invoice_id, amount=share.settled
        )
        enter("settle", "payment", lines)
    if share.surplus:
        enter("credit", "credit", books.credit(account_id=account_id, amount=share.surplus))
        add_credit(
            payment_id,
            account_id,
            share.surplus,
            attempt.currency,
            now,
            invoice_id=invoice_id,
            surcharge=item.surcharge - share.surcharge,
        )
        enqueue("payments.credit-letter", {"payment_id": str(payment_id)}, key=str(payment_id))
        set_aside(
            rules.SURPLUS,
            account_id=account.id,
            attempt_id=attempt.id,
            dedupe_key=f"surplus|{attempt.id}|{item.invoice_id}",
            data={
                "invoice_id": str(item.invoice_id),
                "amount": share.surplus,
                "currency": attempt.currency,
                "void": item.void,
            },
            now=now,
        )


def locked_items(attempt_id: uuid.UUID) -> list[Item]:
    rows = db.session.execute(
        select(
            AttemptItem.invoice_id,
            Invoice.account_id,
            AttemptItem.amount,
            AttemptItem.surcharge,
            Invoice.open_amount,
            Invoice.total,
            Invoice.void_at,
        )
        .join(Invoice, (Invoice.tenant_id == AttemptItem.tenant_id) & (Invoice.id == AttemptItem.invoice_id))
        .where(AttemptItem.attempt_id == attempt_id)
        .order_by(Invoice.id)
        .with_for_update(of=Invoice)
    ).all()
    return [
        Item(
            row.invoice_id,
            row.account_id,
            row.amount,
            row.surcharge,
            row.open_amount,
            row.total,
            row.void_at is not None,
        )
        for row in rows
    ]


def _customer_of(attempt: AttemptRow) -> uuid.UUID | None:
    """The person in the books who paid: the user's, or the one a payment link was made for."""
    if attempt.user_id is not None:
        return db.session.execute(select(User.customer_id).where(User.id == attempt.user_id)).scalar()
    return db.session.execute(
        select(PaymentLink.customer_id).where(PaymentLink.id == attempt.link_id)
    ).scalar()


def _evidence(
    attempt: AttemptRow, observation: Observation, shares: Mapping[uuid.UUID, rules.Share]
) -> dict[str, Any]:
    return {
        "attempt": str(attempt.id),
        "from": attempt.state,
        "amount": attempt.amount,
        "currency": attempt.currency,
        "evidence": observation.evidence,
        "provider_reference": observation.provider_reference,
        "raw_digest": observation.raw_digest,
        "settled": {str(invoice_id): share.settled for invoice_id, share in shares.items()},
        "surplus": sum(share.surplus for share in shares.values()),
    }
