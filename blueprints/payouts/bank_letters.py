"""Letters about a bank account: the link, the code, the warning to every other contact, and the day of its first use.

Until there are messages with preferences they are written here; they would be mandatory ones anyway.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select

from blueprints.accounts.models import Customer
from blueprints.payouts import rules
from blueprints.payouts.contacts import find_owner
from blueprints.payouts.models import OwnerBankAccount
from blueprints.payouts.tokens import ALARM, CODE, LINK, seal, token_again, unseal
from saas.database import db
from saas.dates import format_long
from saas.languages import N_
from saas.mail import Letter, deliver
from saas.outbox import enqueue, handler
from tenants.letters import address_of, compose_letter
from tenants.loading import serving

TOPIC = "payouts.bank-letter"
RECIPIENT = "bank-letter-to"


@dataclass(frozen=True, slots=True)
class Wording:
    """The msgids of one letter; `button` leads to the link."""

    subject: str
    paragraphs: tuple[str, ...]
    button: str = ""


WORDINGS = {
    "link": Wording(
        N_("Confirm your bank account for payouts"),
        (
            N_(
                "Somebody, we trust it was you, gave %(organisation)s this bank account for the rent of your property: "
                "%(bank)s, ending in %(last_four)s."
            ),
            N_("Open this page and type the code. Without it nothing changes."),
        ),
        N_("Confirm the bank account"),
    ),
    "staff-link": Wording(
        N_("Confirm your bank account for payouts"),
        (
            N_(
                "%(organisation)s noted this bank account for the rent of your property: %(bank)s, ending in "
                "%(last_four)s."
            ),
            N_(
                "Open this page and confirm that it is yours. We may also call you. Without it nothing changes."
            ),
        ),
        N_("Confirm the bank account"),
    ),
    "code": Wording(
        N_("Your code for the bank account"),
        (
            N_(
                "A bank account for payouts is being confirmed: %(bank)s, ending in %(last_four)s. Type this code on "
                "the page that the other message leads to."
            ),
        ),
    ),
    "warning": Wording(
        N_("Somebody wants to change where your rent is paid"),
        (
            N_(
                "%(organisation)s was given another bank account for your payouts: %(bank)s, ending in %(last_four)s. "
                "It is not used yet."
            ),
            N_("If you know of it, you need not do anything."),
        ),
    ),
    "usable": Wording(
        N_("Your new bank account is used from %(day)s"),
        (
            N_(
                "The bank account %(bank)s, ending in %(last_four)s, was confirmed. %(organisation)s pays you there "
                "from %(day)s at %(hour)s on. Until then the account of before goes on, where there was one."
            ),
        ),
    ),
}


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
    tenant = serving()
    wording = WORDINGS[
        "staff-link" if kind == "link" and row.entered_by_staff and not row.sealed_code else kind
    ]
    day, hour = _when(row.usable_from, tenant.time_zone, tenant.locale)
    facts = {
        "organisation": tenant.name,
        "bank": row.bank_name,
        "last_four": row.last_four,
        "day": day,
        "hour": hour,
    }
    return compose_letter(
        to,
        wording.subject,
        "payouts/mail/bank_account",
        language=find_owner(row.customer_id).language,
        kind="bank-account",
        customer_id=row.customer_id,
        about=f"bank-account:{account_id}",
        secrets=[secret for secret in (token, alarm, code) if secret],
        wording=wording,
        facts=facts,
        name=row.name,
        code=code,
        url=address_of("payouts.confirm_bank_account", bank_token=token) if token else "",
        alarm_url=address_of("payouts.not_me", alarm_token=alarm) if alarm else "",
        **facts,
    )


def _when(moment: datetime.datetime | None, zone: str, locale: str) -> tuple[str, str]:
    if moment is None:
        return "", ""
    there = moment.astimezone(ZoneInfo(zone))
    return format_long(there.date(), locale), there.strftime("%H:%M")
