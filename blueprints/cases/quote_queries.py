"""What pages read of quotes: an owner's list, one of them, what a case has, and the letter's facts."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, case, cast, func, literal, select

from blueprints.accounts.models import Account, Customer, Property
from blueprints.accounts.reach import reachable, theirs
from blueprints.cases import quote_rules
from blueprints.cases.models import Case
from blueprints.cases.quote_models import CaseQuote, CaseQuoteLink
from saas.database import db
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound
from tenants.context import Reach
from tenants.loading import serving

PAGE = 20


@dataclass(frozen=True, slots=True)
class QuoteView:
    """A quote as its owners see it: what, who, how much, where; nothing of who lives there. `amount` in minor units."""

    id: uuid.UUID
    case_id: uuid.UUID
    case_number: str
    mandate_account_id: uuid.UUID
    mandate_number: str
    address: str
    city: str
    amount: int
    currency: str
    vendor: str
    description: str
    file_id: uuid.UUID | None
    valid_until: datetime.date
    state: str
    created_at: datetime.datetime
    decided_at: datetime.datetime | None
    decided_through: str | None
    decider_name: str | None
    decision_words: str | None


def my_quotes(reach: Reach, *, cursor: str | None = None, size: int = PAGE) -> Page[QuoteView]:
    """Quotes for the mandates in reach, the newest first; one statement."""
    mine = reachable(reach)
    query = (
        _quotes()
        .join(mine, mine.c.account_id == CaseQuote.mandate_account_id)
        .where(Account.kind == "mandate", theirs(mine, _day(reach)))
        .order_by(CaseQuote.id.desc())
        .limit(size + 1)
    )
    start = decode_cursor(cursor, (uuid.UUID,))
    if start is not None:
        query = query.where(CaseQuote.id < start[0])
    rows = [_view(row) for row in db.session.execute(query)]
    older = encode_cursor((rows[size - 1].id,)) if len(rows) > size else None
    return Page(rows[:size], None, older)


def my_quote(reach: Reach, quote_id: uuid.UUID) -> QuoteView:
    """One quote for a mandate in reach. Raises NotFound."""
    mine = reachable(reach)
    row = db.session.execute(
        _quotes()
        .join(mine, mine.c.account_id == CaseQuote.mandate_account_id)
        .where(CaseQuote.id == quote_id, Account.kind == "mandate", theirs(mine, _day(reach)))
    ).first()
    if row is None:
        raise NotFound()
    return _view(row)


def _day(reach: Reach) -> ColumnElement[datetime.date]:
    """The day whose owners a quote concerns: today while it is open, else the one on which it was decided on."""
    moment = func.coalesce(CaseQuote.decided_at, CaseQuote.created_at)
    decided_on = cast(func.timezone(serving().time_zone, moment), Date)
    return case((CaseQuote.state == quote_rules.OPEN, literal(reach.today)), else_=decided_on)


def quotes_waiting(reach: Reach) -> int:
    """How many quotes in reach wait for an owner and are still valid."""
    mine = reachable(reach, now=True)
    return db.session.execute(
        select(func.count())
        .select_from(mine)
        .join(CaseQuote, CaseQuote.mandate_account_id == mine.c.account_id)
        .where(CaseQuote.state == quote_rules.OPEN, CaseQuote.valid_until >= reach.today)
    ).scalar_one()


def quote(quote_id: uuid.UUID) -> QuoteView:
    """A quote, for whoever was found to may see it. Raises NotFound."""
    row = db.session.execute(_quotes().where(CaseQuote.id == quote_id)).first()
    if row is None:
        raise NotFound()
    return _view(row)


def quotes_of(case_id: uuid.UUID) -> Sequence[QuoteView]:
    """The quotes of a case, the oldest first; for staff."""
    rows = db.session.execute(_quotes().where(CaseQuote.case_id == case_id).order_by(CaseQuote.id))
    return [_view(row) for row in rows]


def letter_facts(link_id: uuid.UUID) -> Any:
    """Whom a link is for and what it opens; None when it was taken back or there is nobody to write to."""
    return db.session.execute(
        select(
            CaseQuoteLink.quote_id,
            CaseQuoteLink.customer_id,
            CaseQuoteLink.expires_at,
            Customer.email,
            Customer.name,
        )
        .join(
            Customer,
            and_(Customer.tenant_id == CaseQuoteLink.tenant_id, Customer.id == CaseQuoteLink.customer_id),
        )
        .where(CaseQuoteLink.id == link_id, CaseQuoteLink.revoked_at.is_(None), Customer.email.is_not(None))
    ).first()


def _quotes() -> Select[*tuple[Any, ...]]:
    return (
        select(
            CaseQuote.id,
            CaseQuote.case_id,
            Case.number.label("case_number"),
            CaseQuote.mandate_account_id,
            Account.number.label("mandate_number"),
            func.coalesce(Property.address, Account.address).label("address"),
            func.coalesce(Property.city, Account.city).label("city"),
            CaseQuote.amount,
            CaseQuote.currency,
            CaseQuote.vendor,
            CaseQuote.description,
            CaseQuote.file_id,
            CaseQuote.valid_until,
            CaseQuote.state,
            CaseQuote.created_at,
            CaseQuote.decided_at,
            CaseQuote.decided_through,
            Customer.name.label("decider_name"),
            CaseQuote.decision_words,
        )
        .select_from(CaseQuote)
        .join(Case, and_(Case.tenant_id == CaseQuote.tenant_id, Case.id == CaseQuote.case_id))
        .join(
            Account,
            and_(Account.tenant_id == CaseQuote.tenant_id, Account.id == CaseQuote.mandate_account_id),
        )
        .outerjoin(
            Property, and_(Property.tenant_id == Account.tenant_id, Property.id == Account.property_id)
        )
        .outerjoin(
            Customer, and_(Customer.tenant_id == CaseQuote.tenant_id, Customer.id == CaseQuote.decider_id)
        )
    )


def _view(row: Any) -> QuoteView:
    return QuoteView(**row._mapping)
