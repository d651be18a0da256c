"""Statements of owners: read from the books, every figure with where it comes from. No statement more for a longer
history; nothing here is kept, so it cannot differ from the books."""

from __future__ import annotations

import calendar
import datetime
import re
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select

from blueprints.accounts.models import Account, AccountParty, Customer
from blueprints.accounts.reach import reachable
from blueprints.leases.services import RENT_COLLECTED, RENT_REVERSED
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import OWNER_PAYABLE
from blueprints.owners import statement_rules as rules
from blueprints.owners.agreed import REVERSED
from blueprints.owners.papers import Origin, origins_of
from blueprints.owners.statement_rules import Movement, Sheet
from saas.database import db
from saas.refusals import NotFound
from tenants.context import Reach

RENT_KINDS = (RENT_COLLECTED, RENT_REVERSED)
CHARGED, UNCHARGED = "owner-charged", "owner-charge-reversed"
WITHHELD = "commission-withheld"
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Mandate:
    """A property that owners let through the agency."""

    id: uuid.UUID
    number: str
    address: str
    city: str


@dataclass(frozen=True, slots=True)
class Share:
    """One owner's part of a mandate in the days asked for, in millionths."""

    customer_id: uuid.UUID
    name: str
    share: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One owner's statement of one property and month. `shares` are all who owned in it; with `alone` the whole is the
    owner's own. `sees_whole`: who did not own in these days sees nothing but his or her own figures."""

    mandate: Mandate
    owner_id: uuid.UUID
    month: str
    first: datetime.date
    last: datetime.date
    currency: str
    sheet: Sheet
    origins: Mapping[uuid.UUID, Origin]
    shares: Sequence[Share]

    @property
    def alone(self) -> bool:
        return [share.customer_id for share in self.shares] == [self.owner_id] and set(self.sheet.owners) <= {
            self.owner_id
        }

    @property
    def sees_whole(self) -> bool:
        return any(share.customer_id == self.owner_id for share in self.shares)

    @property
    def share(self) -> int | None:
        """The owner's part at the end of the month; None when it changed in it or is none."""
        found = [share.share for share in self.shares if share.customer_id == self.owner_id]
        return found[0] if len(found) == 1 else None


def days_of(month: str) -> tuple[datetime.date, datetime.date]:
    """The first and last day of "2026-03". Raises NotFound for what is no month."""
    if not _MONTH.fullmatch(month):
        raise NotFound()
    year, number = int(month[:4]), int(month[5:])
    if year < 1:
        raise NotFound()
    return datetime.date(year, number, 1), datetime.date(year, number, calendar.monthrange(year, number)[1])


def statement(
    reach: Reach, owner_id: uuid.UUID, mandate_id: uuid.UUID, month: str, *, currency: str
) -> Statement:
    """The statement of one property, month and owner. Raises NotFound for what is out of reach, and for months in
    which the owner had nothing there: no movement and no balance."""
    first, last = days_of(month)
    mandate = mandate_in_reach(reach, mandate_id)
    found, origins = read([mandate_id], first, last, currency=currency)
    sheet = found[mandate_id]
    shares = _shares(mandate_id, first, last)
    owns = any(share.customer_id == owner_id for share in shares)
    if owner_id not in sheet.owners and not (owns and sheet.lines):
        raise NotFound()
    return Statement(
        mandate=mandate,
        owner_id=owner_id,
        month=month,
        first=first,
        last=last,
        currency=currency,
        sheet=sheet,
        origins=origins,
        shares=shares,
    )


def mandate_in_reach(reach: Reach, mandate_id: uuid.UUID) -> Mandate:
    """Raises NotFound."""
    mine = reachable(reach)
    row = db.session.execute(
        select(Account.id, Account.number, Account.address, Account.city)
        .join(mine, mine.c.account_id == Account.id)
        .where(Account.id == mandate_id, Account.kind == "mandate")
    ).first()
    if row is None:
        raise NotFound()
    return Mandate(row.id, row.number, row.address or "", row.city or "")


def _shares(mandate_id: uuid.UUID, first: datetime.date, last: datetime.date) -> list[Share]:
    rows = db.session.execute(
        select(AccountParty.customer_id, Customer.name, AccountParty.share)
        .join(
            Customer,
            and_(Customer.tenant_id == AccountParty.tenant_id, Customer.id == AccountParty.customer_id),
        )
        .where(
            AccountParty.account_id == mandate_id,
            AccountParty.role == "owner",
            or_(AccountParty.valid_from.is_(None), AccountParty.valid_from <= last),
            or_(AccountParty.valid_until.is_(None), AccountParty.valid_until >= first),
        )
        .order_by(AccountParty.share.desc(), AccountParty.customer_id, AccountParty.id)
    )
    return [Share(row.customer_id, row.name, row.share) for row in rows]


def sheets(
    mandate_ids: Collection[uuid.UUID], first: datetime.date, last: datetime.date, *, currency: str
) -> dict[uuid.UUID, Sheet]:
    """The sheets of mandates for some days, both included."""
    return read(mandate_ids, first, last, currency=currency)[0]


def read(
    mandate_ids: Collection[uuid.UUID], first: datetime.date, last: datetime.date, *, currency: str
) -> tuple[dict[uuid.UUID, Sheet], Mapping[uuid.UUID, Origin]]:
    """The same, and the documents behind them. At most seven statements."""
    moved = _movements(mandate_ids, first, last, currency)
    opening: dict[uuid.UUID, dict[uuid.UUID, int]] = defaultdict(dict)
    for row in _balances(mandate_ids, first, currency):
        opening[row.account_id][row.customer_id] = int(row.amount)
    every = [one for rows in moved.values() for one in rows]
    before = _collected_before(
        {one.source for one in every if one.section == rules.RENT and one.source}, first
    )
    origins = origins_of(every)
    papers = {source: origin.paper for source, origin in origins.items() if origin.paper is not None}
    made = {
        mandate_id: rules.sheet(
            moved.get(mandate_id, ()),
            opening=opening.get(mandate_id, {}),
            papers=papers,
            collected_before=before,
        )
        for mandate_id in mandate_ids
    }
    return made, origins


def balances(
    mandate_ids: Collection[uuid.UUID], until: datetime.date, *, currency: str
) -> dict[uuid.UUID, int]:
    """What is held for the owners of mandates at the end of a day, by owner."""
    held: dict[uuid.UUID, int] = defaultdict(int)
    for row in _balances(mandate_ids, until + datetime.timedelta(days=1), currency):
        held[row.customer_id] += int(row.amount)
    return held


def _owed(currency: str) -> Any:
    """Postings on what is owed to owners, with entry and account."""
    return (
        Posting.tenant_id == LedgerAccount.tenant_id,
        Posting.ledger_account_id == LedgerAccount.id,
        LedgerAccount.kind == OWNER_PAYABLE,
        LedgerAccount.currency == currency,
        JournalEntry.tenant_id == Posting.tenant_id,
        JournalEntry.id == Posting.entry_id,
    )


def _balances(mandate_ids: Collection[uuid.UUID], before: datetime.date, currency: str) -> Sequence[Any]:
    return db.session.execute(
        select(LedgerAccount.account_id, LedgerAccount.customer_id, func.sum(-Posting.amount).label("amount"))
        .where(
            *_owed(currency),
            LedgerAccount.account_id.in_(list(mandate_ids)),
            JournalEntry.occurred_on < before,
        )
        .group_by(LedgerAccount.account_id, LedgerAccount.customer_id)
    ).all()


def _movements(
    mandate_ids: Collection[uuid.UUID], first: datetime.date, last: datetime.date, currency: str
) -> dict[uuid.UUID, list[Movement]]:
    rows = db.session.execute(
        select(
            LedgerAccount.account_id,
            LedgerAccount.customer_id,
            JournalEntry.id.label("entry_id"),
            JournalEntry.kind,
            JournalEntry.business_key,
            JournalEntry.occurred_on,
            Posting.invoice_id,
            Posting.amount,
        )
        .where(
            *_owed(currency),
            LedgerAccount.account_id.in_(list(mandate_ids)),
            JournalEntry.occurred_on.between(first, last),
        )
        .order_by(JournalEntry.occurred_on, JournalEntry.id, Posting.id)
    )
    found: dict[uuid.UUID, list[Movement]] = defaultdict(list)
    for row in rows:
        section, source = classified(row.kind, row.business_key, row.invoice_id)
        found[row.account_id].append(
            Movement(section, row.customer_id, row.entry_id, source, row.occurred_on, -row.amount)
        )
    return found


def classified(kind: str, key: str, invoice_id: uuid.UUID | None) -> tuple[str, uuid.UUID | None]:
    """The section of an entry on what is owed to owners, and the row that it comes from."""
    if kind in RENT_KINDS:
        return rules.RENT, invoice_id
    if kind == WITHHELD:
        return rules.COMMISSION, invoice_id
    named = next((found for part in key.split(":")[1:] if (found := _uuid(part))), None)
    if kind == REVERSED:
        return rules.COMMISSION, named
    if kind in (CHARGED, UNCHARGED):
        return rules.CHARGE, named
    if key.startswith("payout"):
        return rules.PAYOUT, named
    return rules.OTHER, None


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _collected_before(
    invoice_ids: Collection[uuid.UUID | None], first: datetime.date
) -> dict[uuid.UUID, dict[uuid.UUID, int]]:
    """What each owner had been given of rent invoices before a day."""
    found: dict[uuid.UUID, dict[uuid.UUID, int]] = defaultdict(dict)
    if not invoice_ids:
        return found
    rows = db.session.execute(
        select(Posting.invoice_id, LedgerAccount.customer_id, func.sum(-Posting.amount).label("amount"))
        .join(
            LedgerAccount,
            and_(LedgerAccount.tenant_id == Posting.tenant_id, LedgerAccount.id == Posting.ledger_account_id),
        )
        .join(
            JournalEntry,
            and_(JournalEntry.tenant_id == Posting.tenant_id, JournalEntry.id == Posting.entry_id),
        )
        .where(
            Posting.invoice_id.in_(invoice_ids),
            LedgerAccount.kind == OWNER_PAYABLE,
            JournalEntry.kind.in_(RENT_KINDS),
            JournalEntry.occurred_on < first,
        )
        .group_by(Posting.invoice_id, LedgerAccount.customer_id)
    )
    for row in rows:
        found[row.invoice_id][row.customer_id] = int(row.amount)
    return found
