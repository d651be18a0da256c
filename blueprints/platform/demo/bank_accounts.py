"""Where the demo's owners are paid: entered and confirmed long ago, so that a payout run may pay them."""

from __future__ import annotations

import datetime
import uuid

from sqlalchemy import select

from blueprints.accounts.models import Customer
from blueprints.payouts.bank_accounts import NewAccount, confirm_by_link, enter_account
from blueprints.payouts.models import OwnerBankAccount
from blueprints.payouts.tokens import CODE, LINK, make_token, unseal
from saas.audit import Actor
from saas.clock import now
from saas.database import db

LONG_AGO = datetime.timedelta(days=20)  # no hold any more, and its letters' links are over
BANK = "1007"


def add_bank_account(customer_id: uuid.UUID, user_id: uuid.UUID, number: str) -> None:
    """A savings account of an owner with a login, in the owner's own name."""
    owner = db.session.execute(
        select(Customer.name, Customer.document_kind, Customer.document_number).where(
            Customer.id == customer_id
        )
    ).one()
    new = NewAccount(
        bank=BANK,
        kind="savings",
        number=number,
        holder_name=owner.name,
        holder_document_kind=owner.document_kind,
        holder_document_number=owner.document_number,
    )
    actor, at = Actor("customer", user_id, owner.name), now() - LONG_AGO
    account_id = enter_account(customer_id, new, actor=actor, by_staff=False, now=at)
    sealed = db.session.execute(
        select(OwnerBankAccount.sealed_code).where(OwnerBankAccount.id == account_id)
    ).scalar_one()
    assert sealed is not None
    confirm_by_link(make_token(LINK, account_id), unseal(sealed, account_id, CODE), now=at)
