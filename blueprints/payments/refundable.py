"""What can be given back of a payment, how, and who must agree."""

from __future__ import annotations

import uuid
from collections import defaultdict

from sqlalchemy import and_, func, select

from blueprints.payments import refund_rules as rules
from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.attempts import read_attempt
from blueprints.payments.disputes import is_disputed
from blueprints.payments.interface import Capabilities
from blueprints.payments.refund_models import Refund, RefundPart
from blueprints.payments.registry import NoSuchProvider
from blueprints.payments.returning import PaymentRow, places
from saas.database import db
from saas.languages import N_
from saas.money import EXPONENTS
from saas.refusals import NotFound, Refusal
from tenants.loading import serving
from tenants.provider_account_services import SecretsUnreadable, open_account

THRESHOLD = "refunds.second-person-above"
LONGEST = 300  # characters of a reason or reference
NONE = "none"


def ways_back(attempt_id: uuid.UUID | None) -> tuple[str, ...]:
    """How money of a payment can be given back; the provider first, when it can. Payments made outside have none."""
    can = _provider(attempt_id)
    by_provider = can is not None and can.refunds != NONE
    return tuple(way for way in rules.WAYS if way != rules.PROVIDER or by_provider)


def _provider(attempt_id: uuid.UUID | None) -> Capabilities | None:
    """What the provider of a payment can do; None when it is none, or cannot be reached with what we have."""
    if attempt_id is None:
        return None
    try:
        account = open_account(read_attempt(attempt_id).provider_account_id)
        return adapter_of(account).can(view_of(account))
    except (NoSuchProvider, NotFound, SecretsUnreadable):
        return None


def refundable(payment_id: uuid.UUID) -> dict[uuid.UUID | None, int]:
    """What can still be given back of a payment: per invoice, and its credit under None. Without what refunds that
    are not finished take already."""
    free: dict[uuid.UUID | None, int] = defaultdict(int)
    for place in places(payment_id).values():
        free[place.invoice_id] += place.amount
    for invoice_id, amount in db.session.execute(
        select(RefundPart.invoice_id, func.sum(RefundPart.amount).label("amount"))
        .join(Refund, and_(Refund.tenant_id == RefundPart.tenant_id, Refund.id == RefundPart.refund_id))
        .where(Refund.payment_id == payment_id, Refund.state.in_(rules.HOLDING))
        .group_by(RefundPart.invoice_id)
    ):
        free[invoice_id] -= int(amount)
    return {key: amount for key, amount in free.items() if amount > 0}


def check_refund(payment: PaymentRow, way: str, amount: int, reason: str, reference: str) -> None:
    """Whether a refund may be requested at all. Raises Refusal."""
    if way not in rules.WAYS:
        raise Refusal(N_("Choose how the money is given back."), field="way")
    if not reason.strip():
        raise Refusal(N_("Say why."), field="reason")
    if way == rules.OUTSIDE and not reference.strip():
        raise Refusal(N_("Say how it was paid: the number of a transfer, for example."), field="reference")
    if max(len(reason), len(reference)) > LONGEST:
        raise Refusal(N_("The text is too long"), field="reason")
    if is_disputed(payment.id):
        raise Refusal(N_("This payment is disputed at the bank: it cannot be given back as well."))
    if way == rules.PROVIDER:
        _check_provider(payment, amount)


def _check_provider(payment: PaymentRow, amount: int) -> None:
    can = _provider(payment.attempt_id)
    if can is None or can.refunds == NONE:
        raise Refusal(N_("The provider cannot give this payment back. Do it another way."), field="way")
    if can.refunds == "full" and (amount != payment.amount or payment.returned):
        raise Refusal(N_("This provider gives back a payment only whole."), field="way")
    spare = EXPONENTS[payment.currency] - can.exponents.get(payment.currency, 0)
    if amount % 10 ** max(spare, 0):
        raise Refusal(N_("The provider cannot give back an amount with these decimals."), field="amount")


def needs_second(payment: PaymentRow, refund_id: uuid.UUID, amount: int, way: str) -> bool:
    """Whether somebody else must agree, after what refunds of the payment come to together."""
    others = db.session.execute(
        select(func.coalesce(func.sum(Refund.amount), 0)).where(
            Refund.payment_id == payment.id,
            Refund.id != refund_id,
            Refund.requested_by.is_not(None),
            Refund.way != rules.CREDIT,
            Refund.state.not_in((rules.FAILED, rules.REJECTED)),
        )
    ).scalar_one()
    threshold = int(serving().setting(THRESHOLD))
    return rules.needs_second_person(amount=amount, of_the_payment=int(others), threshold=threshold, way=way)
