"""Verbs on one's own list of accounts: which one to work with, which is the main one, what each is called."""

from __future__ import annotations

import uuid

from sqlalchemy import select, update

from blueprints.accounts.models import Access
from blueprints.accounts.queries import account
from saas.database import db
from saas.languages import N_
from saas.refusals import NotFound, Refusal
from tenants.context import Reach
from tenants.people import UserSession

LONGEST_LABEL = 60


def work_with(reach: Reach, session_id: uuid.UUID, account_id: uuid.UUID | None) -> None:
    """Narrow the session's pages to one account, or (None) to all again. Raises NotFound."""
    if account_id is not None:
        account(reach, account_id)
    db.session.execute(
        update(UserSession)
        .where(UserSession.id == session_id)
        .values(account_id=account_id)
        .execution_options(synchronize_session=False)
    )


def make_main(reach: Reach, account_id: uuid.UUID) -> None:
    """Make an account the user's main one, instead of the one before. Raises NotFound."""
    account(reach, account_id)
    chosen = _own_row(reach, account_id)
    mine = update(Access).where(Access.user_id == reach.user_id)
    # Two statements, for the index allows one main account at any moment.
    db.session.execute(
        mine.where(Access.main).values(main=False).execution_options(synchronize_session=False)
    )
    db.session.execute(
        mine.where(Access.id == chosen).values(main=True).execution_options(synchronize_session=False)
    )


def name_account(reach: Reach, account_id: uuid.UUID, label: str) -> None:
    """Give an account the user's own name; an empty one takes it away. Raises NotFound, Refusal."""
    account(reach, account_id)
    text = " ".join(label.split())
    if len(text) > LONGEST_LABEL or any(not sign.isprintable() for sign in text):
        raise Refusal(N_("The name can have up to %(longest)s characters."), "label", longest=LONGEST_LABEL)
    db.session.execute(
        update(Access)
        .where(Access.user_id == reach.user_id, Access.account_id == account_id)
        .values(label=text or None)
        .execution_options(synchronize_session=False)
    )


def _own_row(reach: Reach, account_id: uuid.UUID) -> uuid.UUID:
    """One access row of the user to the account: there is one per role. Raises NotFound for who only looks on."""
    found = db.session.execute(
        select(Access.id)
        .where(Access.user_id == reach.user_id, Access.account_id == account_id, Access.can_see)
        .order_by(Access.id)
        .limit(1)
    ).scalar()
    if found is None:
        raise NotFound()
    return found
