"""One line of a collector's file: whose money it is, and what it does."""

from __future__ import annotations

import datetime
import uuid
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from blueprints.invoices.models import Invoice
from blueprints.invoices.rules import due
from blueprints.payments import collected_rules as rules
from blueprints.payments.applying import apply
from blueprints.payments.collected_models import CollectedFile, CollectedLineRow
from blueprints.payments.interface import CAPTURED, FILE, Observation
from blueprints.payments.models import Attempt
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from blueprints.payments.quarantine import set_aside
from blueprints.payments.rules import AMOUNT_DIFFERS, CURRENCY_DIFFERS, MOVED
from saas.audit import Actor
from saas.database import db
from saas.locks import lock
from saas.refusals import Refusal
from tenants.loading import serving
from tenants.provider_account_services import OpenedAccount
from tenants.provider_accounts import ProviderAccount

PROVIDER: Final = "collector"


def apply_line(line_id: uuid.UUID, account: OpenedAccount, now: datetime.datetime) -> str | None:
    """Apply one line in the caller's transaction, unless it was applied before (None). Returns its effect."""
    # One line of a collector at a time: two files that hold the same payment cannot both take it for new.
    lock(f"collected:{account.id}")
    line = db.session.execute(
        select(
            CollectedLineRow.id,
            CollectedLineRow.number,
            CollectedLineRow.key,
            CollectedLineRow.reference,
            CollectedLineRow.amount,
            CollectedLineRow.currency,
            CollectedLineRow.paid_on,
            CollectedLineRow.effect,
            CollectedFile.sha256,
        )
        .join(
            CollectedFile,
            (CollectedFile.tenant_id == CollectedLineRow.tenant_id)
            & (CollectedFile.id == CollectedLineRow.collected_file_id),
        )
        .where(CollectedLineRow.id == line_id)
    ).first()
    if line is None or line.effect is not None:
        return None
    attempt: Any | None = None
    invoices: list[uuid.UUID] = []
    earlier = _same_key(line, account)
    if earlier is None:
        attempt, invoices = _whose(line.reference)
        effect = _effect(line, attempt, invoices, account, now)
    elif (earlier.reference, earlier.amount, earlier.currency) == (
        line.reference,
        line.amount,
        line.currency,
    ):
        effect = rules.REPEATED
    else:
        effect = _aside(rules.KEY_REUSED, line, account, None, now)
    db.session.execute(
        update(CollectedLineRow)
        .where(CollectedLineRow.id == line_id)
        .values(
            effect=effect,
            applied_at=now,
            counts=earlier is None,
            attempt_id=attempt.id if attempt is not None else None,
            invoice_id=invoices[0] if len(invoices) == 1 else None,
        )
        .execution_options(synchronize_session=False)
    )
    return effect


def _same_key(line: Any, account: OpenedAccount) -> Any | None:
    return db.session.execute(
        select(CollectedLineRow.reference, CollectedLineRow.amount, CollectedLineRow.currency).where(
            CollectedLineRow.provider_account_id == account.id,
            CollectedLineRow.key == line.key,
            CollectedLineRow.counts,
        )
    ).first()


def _whose(reference: str) -> tuple[Any | None, list[uuid.UUID]]:
    """The attempt that has this number, and the invoices that have this payment code (at most two are read)."""
    number = rules.bare(reference)
    if not number:
        return None, []
    attempt = db.session.execute(
        select(Attempt.id, Attempt.reference)
        .where(
            # Of any collector of the tenant: a coupon that was paid at another one is known, and put aside.
            Attempt.provider_account_id.in_(
                select(ProviderAccount.id).where(ProviderAccount.provider == PROVIDER)
            ),
            Attempt.provider_reference == number,
        )
        .limit(1)
    ).first()
    invoices = db.session.execute(
        select(Invoice.id)
        .where(
            Invoice.bare_payment_code.is_not(None),
            Invoice.bare_payment_code == number,
            Invoice.void_at.is_(None),
        )
        .order_by(Invoice.open_amount.desc())
        .limit(2)
    ).scalars()
    return attempt, list(invoices)


def _effect(
    line: Any, attempt: Any | None, invoices: list[uuid.UUID], account: OpenedAccount, now: datetime.datetime
) -> str:
    if len(invoices) + (attempt is not None) > 1:
        return _aside(rules.AMBIGUOUS, line, account, None, now)
    if invoices:
        return _pay_invoice(invoices[0], line, account, now)
    said = _observation(line, account, attempt.reference if attempt is not None else line.reference)
    effect = apply(said, account=account, now=now)
    return rules.PAID if effect == MOVED else effect


def _observation(line: Any, account: OpenedAccount, reference: str) -> Observation:
    return Observation(
        reference=reference,
        kind=CAPTURED,
        amount=line.amount,
        currency=line.currency,
        mode=account.mode,
        provider_reference=rules.bare(line.reference),
        occurred_at=_noon(line.paid_on),
        evidence=FILE,
        raw_digest=line.sha256,
        event=line.key,
    )


def _noon(day: datetime.date) -> datetime.datetime:
    """Files tell days, not moments: the middle of it, where the tenant is."""
    return datetime.datetime.combine(day, datetime.time(12), ZoneInfo(serving().time_zone))


def _pay_invoice(invoice_id: uuid.UUID, line: Any, account: OpenedAccount, now: datetime.datetime) -> str:
    """Book a line on the invoice whose code it bears, when it is just what was owed on the day it was paid."""
    row = db.session.execute(
        select(
            Invoice.open_amount,
            Invoice.total,
            Invoice.due_on,
            Invoice.second_due_on,
            Invoice.second_total,
            Invoice.currency,
        )
        .where(Invoice.id == invoice_id)
        .with_for_update()
    ).one()
    if row.open_amount <= 0:
        return _aside(rules.NOTHING_OWED, line, account, None, now)
    if row.currency != line.currency:
        return _aside(CURRENCY_DIFFERS, line, account, None, now)
    owed = due(
        open_amount=row.open_amount,
        total=row.total,
        due_on=row.due_on,
        second_due_on=row.second_due_on,
        second_total=row.second_total,
        today=line.paid_on,
    )
    if owed.amount != line.amount:
        return _aside(AMOUNT_DIFFERS, line, account, None, now)
    try:
        with db.session.begin_nested():
            record_outside_payment(
                OutsidePayment(
                    items=[(invoice_id, line.amount)],
                    paid_on=line.paid_on,
                    currency=line.currency,
                    method=account.name,
                    reference=line.reference,
                ),
                actor=Actor("gateway", None, account.name),
            )
    except Refusal:
        return _aside(AMOUNT_DIFFERS, line, account, None, now)
    return rules.INVOICE_PAID


def _aside(
    why: str, line: Any, account: OpenedAccount, attempt_id: uuid.UUID | None, now: datetime.datetime
) -> str:
    """Money that a person must look at. What is written down has the shape of every other such payment."""
    said = _observation(line, account, line.reference)
    set_aside(
        why,
        account_id=account.id,
        attempt_id=attempt_id,
        dedupe_key=f"{why}|{line.id}",
        data={
            "reference": said.reference,
            "observed": said.kind,
            "amount": said.amount,
            "currency": said.currency,
            "mode": said.mode,
            "provider_reference": said.provider_reference,
            "occurred_at": said.occurred_at.isoformat(),
            "evidence": said.evidence,
            "raw_digest": said.raw_digest,
            "line": line.number,
        },
        now=now,
    )
    return f"{rules.ASIDE}:{why}"
