"""Letters about a bank account: the link, the code, the warning to other contacts, and the day of its first use."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select

from blueprints.accounts.models import Customer
from blueprints.payouts import rules
from blueprints.payouts.contacts import find_owner
from blueprints.payouts.letter_texts import BANK
from blueprints.payouts.models import OwnerBankAccount
from blueprints.payouts.tokens import ALARM, CODE, LINK, seal, token_again, unseal
from saas.database import db
from saas.mail import Letter, deliver
from saas.outbox import enqueue, handler
from tenants.letters import address_of
from tenants.loading import serving
from tenants.worded_letters import Content, compose_worded

TOPIC = "payouts.bank-letter"
RECIPIENT = "bank-letter-to"


def send_letter(kind: str, account_id: uuid.UUID, to: str) -> None:
    """Put a letter into the outbox, in the caller's transaction."""
    enqueue(TOPIC, {"kind": kind, "account": str(account_id), "to": seal(to, account_id, RECIPIENT)})


@handler(TOPIC)
def _send(payload: dict[str, Any]) -> None:
    account_id = uuid.UUID(payload["account"])
    letter = bank_letter(payload["kind"], account_id, unseal(payload["to"], account_id, RECIPIENT))
    if letter is not None:
        deliver(letter)


def bank_letter(kind: str, account_id: uuid.UUID, to: str) -> Letter | None:
    """The letter with what is true when it leaves; None when the account has ended meanwhile, so that a link that
    would not work is not sent. A warning goes out whatever became of it."""
    row = db.session.execute(
        select(
            OwnerBankAccount.customer_id,
            OwnerBankAccount.state,
            OwnerBankAccount.bank_name,
            OwnerBankAccount.last_four,
            OwnerBankAccount.entered_by_staff,
            OwnerBankAccount.usable_from,
            OwnerBankAccount.link_digest,
            OwnerBankAccount.alarm_digest,
            OwnerBankAccount.sealed_code,
            Customer.name,
        )
        .join(
            Customer,
            and_(
                Customer.tenant_id == OwnerBankAccount.tenant_id, Customer.id == OwnerBankAccount.customer_id
            ),
        )
        .where(OwnerBankAccount.id == account_id)
    ).first()
    if row is None or (kind in ("link", "code") and row.state != rules.WAITING):
        return None
    token = token_again(LINK, account_id, row.link_digest) if kind == "link" and row.link_digest else None
    alarm = token_again(ALARM, account_id, row.alarm_digest)
    code = unseal(row.sealed_code, account_id, CODE) if kind == "code" and row.sealed_code else ""
    by_staff = kind == "link" and row.entered_by_staff and not row.sealed_code
    there = row.usable_from.astimezone(ZoneInfo(serving().time_zone)) if row.usable_from else None
    return compose_worded(
        BANK["staff-link" if by_staff else kind],
        to,
        {
            "customer": row.name,
            "bank": row.bank_name,
            "last_four": row.last_four,
            "date": there.date() if there else None,
            "hour": f"{there:%H:%M}" if there else "",
        },
        lambda: Content(
            url=address_of("payouts.confirm_bank_account", bank_token=token) if token else "",
            code=code,
            alarm_url=address_of("payouts.not_me", alarm_token=alarm) if alarm else "",
        ),
        language=find_owner(row.customer_id).language,
        kind="bank-account",
        customer_id=row.customer_id,
        about=f"bank-account:{account_id}",
        secrets=[secret for secret in (token, alarm, code) if secret],
    )
