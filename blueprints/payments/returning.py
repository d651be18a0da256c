"""Money that goes back, in the books: it is taken off what it had paid before it leaves, and returns the same way.

What a payment has lost is worked out anew from all its refunds and disputes whenever one of them moves, and only
the difference is posted. So the order in which a provider tells of them does not matter.
"""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, insert, or_, select, update

from blueprints.invoices.models import Invoice
from blueprints.ledger import rules as books
from blueprints.ledger.services import post
from blueprints.payments import refund_rules as rules
from blueprints.payments.credit import add_credit, settle_again
from blueprints.payments.models import Allocation, Attempt, AttemptItem, Payment
from blueprints.payments.quarantine import set_aside
from blueprints.payments.refund_models import Credit, Dispute, Refund, RefundPart, Reversal
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from saas.locks import lock
from saas.refusals import NotFound
from tenants.loading import serving

BEYOND = "beyond-capture"
WORDS = {("refund", True): "refunded", ("refund", False): "refund-failed"} | {
    ("dispute", True): "disputed",
    ("dispute", False): "dispute-won",
}


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment, locked with the invoices that it paid."""

    id: uuid.UUID
    attempt_id: uuid.UUID | None
    customer_id: uuid.UUID | None
    amount: int
    returned: int
    currency: str
    paid_on: datetime.date


@dataclass(frozen=True, slots=True)
class Case:
    """A refund or a dispute of the payment."""

    kind: str
    id: uuid.UUID
    demand: int
    counts: bool


def hold_accounts(account_ids: Iterable[uuid.UUID]) -> None:
    """Wait for whoever moves credit or refunds of these accounts. Taken before any row is locked."""
    for account_id in sorted(set(account_ids)):
        lock(f"credit:{account_id}")


def hold_attempt(attempt_id: uuid.UUID) -> None:
    """Lock what an attempt paid or may pay: accounts, then invoices in the order of their ids."""
    paid = select(Payment.id).where(Payment.attempt_id == attempt_id)
    frozen = select(AttemptItem.invoice_id).where(AttemptItem.attempt_id == attempt_id)
    _hold(or_(Invoice.id.in_(frozen), Invoice.id.in_(_paid_by(paid))))


def hold_payment(payment_id: uuid.UUID) -> PaymentRow:
    """Lock a payment and all that it paid. Raises NotFound."""
    return hold_payments([payment_id])[0]


def hold_payments(payment_ids: Iterable[uuid.UUID]) -> list[PaymentRow]:
    """Lock payments, in the order of their ids: accounts, invoices, attempts, payments. Raises NotFound."""
    wanted = sorted(set(payment_ids))
    attempts = select(Payment.attempt_id).where(Payment.id.in_(wanted), Payment.attempt_id.is_not(None))
    frozen = select(AttemptItem.invoice_id).where(AttemptItem.attempt_id.in_(attempts))
    _hold(or_(Invoice.id.in_(frozen), Invoice.id.in_(_paid_by(wanted))))
    db.session.execute(
        select(Attempt.id).where(Attempt.id.in_(attempts)).order_by(Attempt.id).with_for_update()
    ).all()
    return [_payment(Payment.id == payment_id) for payment_id in wanted]


def payment_of(attempt_id: uuid.UUID) -> PaymentRow:
    """The payment of a captured attempt that is locked already. Raises NotFound."""
    return _payment(Payment.attempt_id == attempt_id)


def _payment(which: ColumnElement[bool]) -> PaymentRow:
    row = db.session.execute(
        select(
            Payment.id,
            Payment.attempt_id,
            Payment.customer_id,
            Payment.amount,
            Payment.returned,
            Payment.currency,
            Payment.paid_on,
        )
        .where(which)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    return PaymentRow(*row)


def _paid_by(payments: Select[uuid.UUID] | Sequence[uuid.UUID]) -> Select[uuid.UUID]:
    return select(Allocation.invoice_id).where(Allocation.payment_id.in_(payments))


def _hold(which: ColumnElement[bool]) -> None:
    hold_accounts(db.session.execute(select(Invoice.account_id).where(which).distinct()).scalars())
    # Read again: credit may have been put on an invoice while we waited.
    db.session.execute(select(Invoice.id).where(which).order_by(Invoice.id).with_for_update()).all()


def rebalance(payment: PaymentRow, now: datetime.datetime) -> int:
    """Post what its refunds and disputes make of a payment, which is locked. Returns what it has lost now.

    A case that wants more than there is takes the rest, and the difference is put aside for staff.
    """
    cases = {case.id: case for case in _cases(payment.id)}
    booked: dict[uuid.UUID, int] = defaultdict(int)
    for row in db.session.execute(
        select(
            func.coalesce(Reversal.refund_id, Reversal.dispute_id).label("case"),
            func.sum(Reversal.amount).label("amount"),
        )
        .where(Reversal.payment_id == payment.id)
        .group_by(Reversal.refund_id, Reversal.dispute_id)
    ):
        booked[row.case] = int(row.amount)
    moves = rules.to_book(
        payment.amount,
        [rules.Case(case.id, case.demand, booked[case.id], case.counts) for case in cases.values()],
    )
    for key, amount in moves:
        assert isinstance(key, uuid.UUID)
        if amount > 0:
            _take(payment, cases[key], amount, now)
        else:
            _give_back(payment, cases[key], now)
        booked[key] += amount
    returned = sum(booked.values())
    db.session.execute(
        update(Payment)
        .where(Payment.id == payment.id)
        .values(returned=returned)
        .execution_options(synchronize_session=False)
    )
    for case in cases.values():
        if case.counts and booked[case.id] < case.demand:
            _beyond(payment, case, case.demand - booked[case.id], now)
    return returned


def _cases(payment_id: uuid.UUID) -> list[Case]:
    """In the order in which they were heard of."""
    refunds = db.session.execute(
        select(Refund.id, Refund.amount, Refund.state, Refund.way).where(Refund.payment_id == payment_id)
    )
    disputes = db.session.execute(
        select(Dispute.id, Dispute.amount, Dispute.state).where(Dispute.payment_id == payment_id)
    )
    found = [
        Case("refund", row.id, row.amount, row.state == rules.DONE)
        for row in refunds
        if row.way != rules.CREDIT
    ]
    found += [Case("dispute", row.id, row.amount, rules.takes_from_payer(row.state)) for row in disputes]
    return sorted(found, key=lambda case: case.id)


@dataclass(frozen=True, slots=True)
class Place:
    """Where money of the payment lies: an allocation or a credit."""

    invoice_id: uuid.UUID | None
    credit_id: uuid.UUID | None
    account_id: uuid.UUID
    amount: int
    surcharge: int


def places(payment_id: uuid.UUID) -> dict[uuid.UUID, Place]:
    """What is left of a payment, by the id of the invoice or the credit: credit first, then the newest debt."""
    credits = db.session.execute(
        select(Credit.id, Credit.account_id, Credit.remaining)
        .where(Credit.payment_id == payment_id, Credit.remaining > 0)
        .order_by(Credit.id)
        .with_for_update()
    )
    found = {row.id: Place(None, row.id, row.account_id, row.remaining, 0) for row in credits}
    paid = db.session.execute(
        select(
            Allocation.invoice_id,
            Invoice.account_id,
            (Allocation.amount - Allocation.reversed).label("amount"),
            Allocation.surcharge,
        )
        .join(Invoice, and_(Invoice.tenant_id == Allocation.tenant_id, Invoice.id == Allocation.invoice_id))
        .where(Allocation.payment_id == payment_id, Allocation.amount > Allocation.reversed)
        .order_by(Invoice.due_on.desc(), Invoice.id.desc())
    )
    for row in paid:
        found[row.invoice_id] = Place(row.invoice_id, None, row.account_id, row.amount, row.surcharge)
    return found


def _take(payment: PaymentRow, case: Case, amount: int, now: datetime.datetime) -> None:
    found = places(payment.id)
    wanted = _wanted(case, found)
    taken = rules.take(
        amount,
        [rules.Source(key, place.amount, place.surcharge) for key, place in found.items()],
        wanted,
    )
    number, lines, items = _next_number(case), [], []
    for part in taken:
        assert isinstance(part.key, uuid.UUID)
        place = found[part.key]
        _write(payment, case, number, place, part.amount, part.surcharge, now)
        if place.invoice_id is None:
            lines += books.return_credit(account_id=place.account_id, amount=part.amount)
            take_credit(place.credit_id, part.amount)
            continue
        lines += books.unsettle(
            account_id=place.account_id,
            invoice_id=place.invoice_id,
            amount=part.amount,
            surcharge=part.surcharge,
        )
        shrink(payment.id, place.invoice_id, part.amount, part.surcharge)
        before = place.amount - place.surcharge
        items.append((place.invoice_id, before, before - part.amount + part.surcharge))
    _enter(payment, case, number, lines, items, away=True)
    settle_again([invoice_id for invoice_id, _before, _after in items])


def _give_back(payment: PaymentRow, case: Case, now: datetime.datetime) -> None:
    """Everything that the case took returns to where it was, or becomes credit where there is no room now."""
    rows = db.session.execute(
        select(
            Reversal.invoice_id,
            Reversal.credit_id,
            func.sum(Reversal.amount).label("amount"),
            func.sum(Reversal.surcharge).label("surcharge"),
        )
        .where(or_(Reversal.refund_id == case.id, Reversal.dispute_id == case.id))
        .group_by(Reversal.invoice_id, Reversal.credit_id)
        .having(func.sum(Reversal.amount) != 0)
        .order_by(Reversal.invoice_id, Reversal.credit_id)
    ).all()
    number, lines, items = _next_number(case), [], []
    for row in rows:
        amount, surcharge = int(row.amount), int(row.surcharge)
        if row.credit_id is not None:
            account_id = take_credit(row.credit_id, -amount)
            lines += books.credit(account_id=account_id, amount=amount)
            place = Place(None, row.credit_id, account_id, 0, 0)
            _write(payment, case, number, place, -amount, 0, now)
            continue
        line, item = _return_to(payment, row.invoice_id, amount, surcharge, now)
        lines += line
        items += item
        place = Place(row.invoice_id, None, payment.id, 0, 0)
        _write(payment, case, number, place, -amount, -surcharge, now)
    _enter(payment, case, number, lines, items, away=False)
    # Its credit is back too, and may be what an invoice waits for that was opened meanwhile.
    settle_again(_meant_for(payment.id))


def _return_to(
    payment: PaymentRow, invoice_id: uuid.UUID, amount: int, surcharge: int, now: datetime.datetime
) -> tuple[list[books.Line], list[tuple[uuid.UUID, int, int]]]:
    invoice = db.session.execute(
        select(Invoice.account_id, Invoice.open_amount, Invoice.void_at).where(Invoice.id == invoice_id)
    ).one()
    given = rules.give_back(
        amount=amount,
        surcharge=surcharge,
        open_amount=invoice.open_amount,
        void=invoice.void_at is not None,
    )
    lines, items = [], []
    if given.settled:
        lines += books.resettle(
            account_id=invoice.account_id,
            invoice_id=invoice_id,
            amount=given.settled,
            surcharge=given.surcharge,
        )
        before = shrink(payment.id, invoice_id, -given.settled, -given.surcharge)
        items.append((invoice_id, before, before + given.settled - given.surcharge))
    if given.surplus:
        lines += books.credit(account_id=invoice.account_id, amount=given.surplus)
        # What was taken off the allocation stays off: from now on it is credit.
        add_credit(
            payment.id,
            invoice.account_id,
            given.surplus,
            payment.currency,
            now,
            invoice_id=invoice_id,
            surcharge=surcharge - given.surcharge,
        )
    return lines, items


def shrink(payment_id: uuid.UUID, invoice_id: uuid.UUID, amount: int, surcharge: int) -> int:
    """Take off an allocation (negative: put back). Returns the principal that it held before."""
    row = db.session.execute(
        update(Allocation)
        .where(Allocation.payment_id == payment_id, Allocation.invoice_id == invoice_id)
        .values(reversed=Allocation.reversed + amount, surcharge=Allocation.surcharge - surcharge)
        .returning(Allocation.amount, Allocation.reversed, Allocation.surcharge)
        .execution_options(synchronize_session=False)
    ).one()
    after: int = row.amount - row.reversed - row.surcharge
    return after + amount - surcharge


def take_credit(credit_id: uuid.UUID | None, amount: int) -> uuid.UUID:
    """Take off a credit (negative: put back). Returns its account."""
    return db.session.execute(
        update(Credit)
        .where(Credit.id == credit_id)
        .values(remaining=Credit.remaining - amount)
        .returning(Credit.account_id)
        .execution_options(synchronize_session=False)
    ).scalar_one()


def _wanted(case: Case, found: Mapping[uuid.UUID, Place]) -> dict[object, int]:
    """From where a refund of ours is to be taken; what others did, they did not say from where."""
    if case.kind != "refund":
        return {}
    wanted: dict[object, int] = {}
    for part in db.session.execute(
        select(RefundPart.invoice_id, RefundPart.amount).where(RefundPart.refund_id == case.id)
    ):
        if part.invoice_id is not None:
            wanted[part.invoice_id] = part.amount
            continue
        left = part.amount
        for key, place in found.items():
            if place.credit_id is not None and left:
                wanted[key] = min(left, place.amount)
                left -= wanted[key]
    return wanted


def _write(
    payment: PaymentRow,
    case: Case,
    number: int,
    place: Place,
    amount: int,
    surcharge: int,
    now: datetime.datetime,
) -> None:
    db.session.execute(
        insert(Reversal).values(
            id=new_id(),
            payment_id=payment.id,
            refund_id=case.id if case.kind == "refund" else None,
            dispute_id=case.id if case.kind == "dispute" else None,
            number=number,
            invoice_id=place.invoice_id,
            credit_id=place.credit_id,
            amount=amount,
            surcharge=surcharge,
            created_at=now,
        )
    )


def _next_number(case: Case) -> int:
    last = db.session.execute(
        select(func.max(Reversal.number)).where(
            or_(Reversal.refund_id == case.id, Reversal.dispute_id == case.id)
        )
    ).scalar()
    return int(last or 0) + 1


def _enter(
    payment: PaymentRow,
    case: Case,
    number: int,
    lines: Sequence[books.Line],
    items: Sequence[tuple[uuid.UUID, int, int]],
    *,
    away: bool,
) -> None:
    """Post one move of a case and tell the rest of the house whose principal changed: (invoice, before, after)."""
    key, today = f"{case.kind}:{case.id}:{number}", serving().today()
    post(key, WORDS[case.kind, away], lines, currency=payment.currency, occurred_on=today)
    changed = [item for item in items if item[1] != item[2]]
    if changed:
        emit(
            "payment.reversed" if away else "payment.applied",
            payment_id=payment.id,
            source=key,
            items=changed,
            currency=payment.currency,
            paid_on=payment.paid_on,
            occurred_on=today,
        )


def _meant_for(payment_id: uuid.UUID) -> list[uuid.UUID]:
    rows = db.session.execute(
        select(Credit.invoice_id).where(
            Credit.payment_id == payment_id, Credit.invoice_id.is_not(None), Credit.remaining > 0
        )
    ).scalars()
    return [invoice_id for invoice_id in rows if invoice_id is not None]


def _beyond(payment: PaymentRow, case: Case, amount: int, now: datetime.datetime) -> None:
    """The provider took more than the payment had: no book of ours can say from where."""
    account_id = db.session.execute(
        select(Attempt.provider_account_id).where(Attempt.id == payment.attempt_id)
    ).scalar()
    set_aside(
        BEYOND,
        account_id=account_id,
        attempt_id=payment.attempt_id,
        dedupe_key=f"beyond|{case.id}",
        data={"observed": case.kind, "amount": amount, "currency": payment.currency},
        now=now,
    )
