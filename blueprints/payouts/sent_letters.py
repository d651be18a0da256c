"""The letter that tells an owner of a payout. It goes when the bank says that it is paid, not before."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import and_, select

from blueprints.accounts.models import Account
from blueprints.leases.models import Payout
from blueprints.payouts.booking import LETTER
from blueprints.payouts.contacts import find_owner
from blueprints.payouts.letter_texts import SENT
from saas.database import db
from saas.mail import Letter, deliver
from saas.money import Money
from saas.outbox import handler
from saas.refusals import NotFound
from tenants.worded_letters import compose_worded


@handler(LETTER)
def _send(payload: dict[str, Any]) -> None:
    letter = sent_letter(uuid.UUID(payload["payout_id"]))
    if letter is not None:
        deliver(letter)


def sent_letter(payout_id: uuid.UUID) -> Letter | None:
    """The letter; None when the payout came back meanwhile, or nobody is known to write to."""
    row = db.session.execute(
        select(
            Payout.number,
            Payout.customer_id,
            Payout.amount,
            Payout.currency,
            Payout.paid_on,
            Payout.method,
            Payout.reference,
            Account.address,
        )
        .join(Account, and_(Account.tenant_id == Payout.tenant_id, Account.id == Payout.mandate_account_id))
        .where(Payout.id == payout_id, Payout.state == "paid", Payout.void_at.is_(None))
    ).first()
    if row is None:
        return None
    try:
        owner = find_owner(row.customer_id)
    except NotFound:
        return None
    if not owner.present:
        return None
    return compose_worded(
        SENT,
        owner.present[0],
        {
            "customer": owner.name,
            "amount": Money(row.amount, row.currency),
            "property": row.address,
            "paid_on": row.paid_on,
            "bank_account": row.method,
            "reference": row.reference,
            "payout": row.number,
        },
        language=owner.language,
        kind="payout",
        customer_id=row.customer_id,
        about=f"payout:{payout_id}",
    )
