"""The one place where an observation changes anything: attempt, books, payment, receipt, outbox."""

from __future__ import annotations

import datetime
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from blueprints.invoices.models import Invoice
from blueprints.ledger import rules as books
from blueprints.ledger.services import post
from blueprints.payments import rules
from blueprints.payments.attempts import AttemptRow, let_go, read_attempt
from blueprints.payments.interface import CAPTURED, Observation
from blueprints.payments.models import (
    Allocation,
    Attempt,
    AttemptItem,
    ObservationRow,
    Payment,
    PaymentLink,
)
from blueprints.payments.quarantine import set_aside
from blueprints.payments.receipts import issue_receipt
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from tenants.loading import serving
from tenants.people import User
from tenants.provider_account_services import OpenedAccount

log = logging.getLogger("ventanilla.payments")
DUPLICATE = "duplicate"
QUARANTINED = "quarantined"


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


def apply(observation: Observation, *, account: OpenedAccount, now: datetime.datetime) -> str:
    """Apply what a provider said, in the caller's transaction. Returns what became of it: an effect of
    `rules.TABLE`, "duplicate", or "quarantined:<why>".

    Whoever calls it has authenticated the observation. Applying it again changes nothing, and any order
    of the same observations ends in the same balances.
    """
    attempt_id = db.session.execute(
        select(Attempt.id).where(Attempt.reference == observation.reference)
    ).scalar()
    if attempt_id is None:
        return _put_aside(rules.UNKNOWN_REFERENCE, observation, account, None, now)
    # Invoices before the attempt, in the order of ids: starting a payment takes them the same way.
    items = _locked_items(attempt_id) if observation.kind == CAPTURED else []
    attempt = read_attempt(attempt_id, lock=True)
    effect = _verdict(attempt, observation, account)
    if not _note(observation, account, attempt_id, effect, now):
        return DUPLICATE
    if effect.startswith(QUARANTINED):
        return _put_aside(effect.partition(":")[2], observation, account, attempt_id, now)
    if effect == rules.MOVED:
        _move(attempt, observation, items, account, now)
    return effect


def _verdict(attempt: AttemptRow, observation: Observation, account: OpenedAccount) -> str:
    differs = rules.disagreement(
        rules.Terms(attempt.provider_account_id, attempt.mode, attempt.currency, attempt.amount),
        rules.Terms(account.id, observation.mode, observation.currency, observation.amount),
    )
    if differs is not None:
        return f"{QUARANTINED}:{differs}"
    move = rules.move(attempt.state, observation.kind)
    return move.effect if move is not None else f"{QUARANTINED}:{rules.UNEXPECTED_KIND}"


def _note(
    observation: Observation,
    account: OpenedAccount,
    attempt_id: uuid.UUID,
    effect: str,
    now: datetime.datetime,
) -> bool:
    """Write the observation down. False when it was here before."""
    noted = db.session.execute(
        upsert(ObservationRow)
        .values(
            id=new_id(),
            provider_account_id=account.id,
            dedupe_key=observation.dedupe_key,
            attempt_id=attempt_id,
            kind=observation.kind,
            amount=observation.amount,
            currency=observation.currency,
            provider_reference=observation.provider_reference,
            evidence=observation.evidence,
            raw_digest=observation.raw_digest,
            occurred_at=observation.occurred_at,
            recorded_at=now,
            effect=effect,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "provider_account_id", "dedupe_key"])
        .returning(ObservationRow.id)
    ).first()
    return noted is not None


def _put_aside(
    kind: str,
    observation: Observation,
    account: OpenedAccount,
    attempt_id: uuid.UUID | None,
    now: datetime.datetime,
) -> str:
    set_aside(
        kind,
        account_id=account.id,
        attempt_id=attempt_id,
        dedupe_key=f"{account.id}|{observation.dedupe_key}",
        data={
            "reference": observation.reference,
            "observed": observation.kind,
            "amount": observation.amount,
            "currency": observation.currency,
            "mode": observation.mode,
            "provider_reference": observation.provider_reference,
            "occurred_at": observation.occurred_at.isoformat(),
            "evidence": observation.evidence,
            "raw_digest": observation.raw_digest,
        },
        now=now,
    )
    return f"{QUARANTINED}:{kind}"


def _move(
    attempt: AttemptRow,
    observation: Observation,
    items: Sequence[Item],
    account: OpenedAccount,
    now: datetime.datetime,
) -> None:
    to = rules.TABLE[attempt.state, observation.kind].to
    ended = to not in rules.OPEN_STATES
    db.session.execute(
        update(Attempt)
        .where(Attempt.id == attempt.id)
        .values(
            state=to,
            provider_reference=observation.provider_reference,
            facts=Attempt.facts.op("||")(dict(observation.facts)),
            finished_at=now if ended else None,
            **({"poll_at": None} if to in (rules.CAPTURED, rules.FAILED) else {}),
        )
        .execution_options(synchronize_session=False)
    )
    if ended:
        let_go(attempt.id)
    actor = Actor("gateway", None, account.name)
    if to != rules.CAPTURED:
        data = {"from": attempt.state, "evidence": observation.evidence}
        audit.record(f"payment.{to}", actor=actor, subject=("attempt", attempt.id), data=data)
        return
    _capture(attempt, observation, items, account, actor, now)


def _capture(
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
        _book(attempt, item, shares[item.invoice_id], account, paid_on, now)
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


def _locked_items(attempt_id: uuid.UUID) -> list[Item]:
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
