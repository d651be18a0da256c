"""Verbs on quotes of repairs: make one, approve or refuse it, take it back. Each locks its case first."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, or_, select, update

from blueprints.accounts.models import Account, AccountParty
from blueprints.cases import quote_rules, rules
from blueprints.cases.casebook import Upload, do, held
from blueprints.cases.quote_links import make_links, revoke_links
from blueprints.cases.quote_models import CaseQuote
from saas.audit import SYSTEM, Actor
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import NotFound, Refusal
from tenants.loading import serving

LONGEST_VENDOR = 120
LONGEST_DESCRIPTION = 1000


@dataclass(frozen=True, slots=True)
class NewQuote:
    """What somebody asks for a repair, in minor units, all taxes in it. `mandate_account_id` may be left out where the
    property of the case has exactly one mandate in force."""

    amount: int
    currency: str
    vendor: str
    description: str
    valid_until: datetime.date
    mandate_account_id: uuid.UUID | None = None
    file: Upload | None = None


def add_quote(case_id: uuid.UUID, new: NewQuote, *, actor: Actor, now: datetime.datetime) -> uuid.UUID:
    """Put a quote to the owners. Those who decide get a link by mail; one that is small enough is approved by the rule.

    Raises NotFound, Refusal (fields amount, vendor, description, valid_until, mandate_account_id).
    """
    found, tenant = held(case_id), serving()
    vendor = " ".join(rules.clean(new.vendor, "vendor", longest=LONGEST_VENDOR).split())
    description = rules.clean(new.description, "description", longest=LONGEST_DESCRIPTION)
    today = tenant.today()
    if new.amount <= 0:
        raise Refusal(N_("The amount must be more than zero."), field="amount")
    if not vendor:
        raise Refusal(N_("Say who would do it."), field="vendor")
    if not description:
        raise Refusal(N_("Say what would be done."), field="description")
    if new.valid_until < today:
        raise Refusal(N_("The day is over already."), field="valid_until")
    mandate = _mandate(new.mandate_account_id, found.property_id)
    owners = owners_who_decide(mandate, today)
    if not owners:
        raise Refusal(N_("This contract has no owner who could decide."), field="mandate_account_id")
    quote_id = new_id()
    db.session.execute(
        insert(CaseQuote).values(
            id=quote_id,
            case_id=case_id,
            mandate_account_id=mandate,
            amount=new.amount,
            currency=new.currency,
            vendor=vendor,
            description=description,
            file_id=new.file.file_id if new.file else None,
            valid_until=new.valid_until,
            state=quote_rules.OPEN,
            created_by=actor.user_id,
            created_at=now,
        )
    )
    do(case_id, rules.QUOTED, actor, now, data={"quote": str(quote_id)})
    if quote_rules.needs_nobody(new.amount, tenant.setting("cases.quote-free-up-to")):
        decide(quote_id, approve=True, decider_id=None, through=quote_rules.RULE, actor=SYSTEM, now=now)
    else:
        days = tenant.setting("cases.quote-days")
        make_links(quote_id, owners, days=days, valid_until=new.valid_until, now=now)
    return quote_id


def decide(
    quote_id: uuid.UUID,
    *,
    approve: bool,
    decider_id: uuid.UUID | None,
    through: str,
    actor: Actor,
    now: datetime.datetime,
    words: str = "",
) -> bool:
    """Approve or refuse a quote. `decider_id` is the owner (a customer) who decides; the rule needs none.

    False when that is what was decided before: pressed twice it counts once. Raises NotFound, also for somebody who
    does not decide, and Refusal for a quote that is decided otherwise, taken back or too old.
    """
    quote = _held_quote(quote_id)
    state = quote_rules.APPROVED if approve else quote_rules.REFUSED
    today = serving().today()
    if through != quote_rules.RULE and decider_id not in owners_who_decide(quote.mandate_account_id, today):
        raise NotFound()
    if quote.state == state:
        return False
    quote_rules.check_open(quote.state, quote.valid_until, today)
    kept = rules.clean(words, "words", longest=LONGEST_DESCRIPTION)
    _change(
        quote_id,
        state=state,
        decider_id=decider_id,
        decided_through=through,
        decided_at=now,
        decision_words=kept or None,
    )
    revoke_links(quote_id, now=now)
    kind = rules.QUOTE_APPROVED if approve else rules.QUOTE_REFUSED
    do(quote.case_id, kind, actor, now, data={"quote": str(quote_id), "through": through})
    facts = {
        "quote_id": quote_id,
        "case_id": quote.case_id,
        "mandate_account_id": quote.mandate_account_id,
        "amount": quote.amount,
        "currency": quote.currency,
        "description": quote.description,
        "vendor": quote.vendor,
        "file_id": quote.file_id,
        "decider_id": decider_id,
        "through": through,
        "at": now,
    }
    emit("quote.approved" if approve else "quote.refused", **facts)
    return True


def take_back(quote_id: uuid.UUID, *, actor: Actor, now: datetime.datetime) -> None:
    """Staff take a quote back that nobody has decided on; its links open nothing any more."""
    quote = _held_quote(quote_id)
    if quote.state != quote_rules.OPEN:
        raise Refusal(N_("This quote was decided on already."))
    _change(quote_id, state=quote_rules.TAKEN_BACK, decided_at=now)
    revoke_links(quote_id, now=now)
    do(quote.case_id, rules.QUOTE_TAKEN_BACK, actor, now, data={"quote": str(quote_id)})


def owners_who_decide(mandate_account_id: uuid.UUID, today: datetime.date) -> frozenset[uuid.UUID]:
    """The owners of a mandate who may decide alone, by the settings, on a day of the tenant's."""
    settings = serving().setting
    return quote_rules.who_decides(
        owners_of(mandate_account_id, today),
        settings("cases.quote-decides"),
        settings("cases.quote-share"),
    )


def owners_of(mandate_account_id: uuid.UUID, today: datetime.date) -> Mapping[uuid.UUID, int]:
    """The owners of a mandate in force on a day, with their shares in millionths."""
    rows = db.session.execute(
        select(AccountParty.customer_id, AccountParty.share).where(
            AccountParty.account_id == mandate_account_id,
            AccountParty.role == "owner",
            or_(AccountParty.valid_from.is_(None), AccountParty.valid_from <= today),
            or_(AccountParty.valid_until.is_(None), AccountParty.valid_until >= today),
        )
    )
    return {row.customer_id: row.share for row in rows}


def mandates_of(property_id: uuid.UUID | None) -> list[tuple[uuid.UUID, str]]:
    """The mandates in force of a property: (account, number)."""
    if property_id is None:
        return []
    rows = db.session.execute(
        select(Account.id, Account.number)
        .where(Account.property_id == property_id, Account.kind == "mandate", Account.status == "active")
        .order_by(Account.number)
    )
    return [(row.id, row.number) for row in rows]


def _mandate(wanted: uuid.UUID | None, property_id: uuid.UUID | None) -> uuid.UUID:
    known = [account_id for account_id, _number in mandates_of(property_id)]
    if wanted is not None and wanted in known:
        return wanted
    if wanted is None and len(known) == 1:
        return known[0]
    raise Refusal(
        N_("Choose the contract whose owners decide: the case must be about their property."),
        field="mandate_account_id",
    )


def _held_quote(quote_id: uuid.UUID) -> Any:
    """The quote, with its case locked first, as every verb on a case does."""
    case_id = db.session.execute(select(CaseQuote.case_id).where(CaseQuote.id == quote_id)).scalar()
    if case_id is None:
        raise NotFound()
    held(case_id)
    return db.session.execute(
        select(
            CaseQuote.case_id,
            CaseQuote.mandate_account_id,
            CaseQuote.amount,
            CaseQuote.currency,
            CaseQuote.vendor,
            CaseQuote.description,
            CaseQuote.file_id,
            CaseQuote.valid_until,
            CaseQuote.state,
        )
        .where(CaseQuote.id == quote_id)
        .with_for_update()
    ).one()


def _change(quote_id: uuid.UUID, **values: Any) -> None:
    db.session.execute(
        update(CaseQuote)
        .where(CaseQuote.id == quote_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
