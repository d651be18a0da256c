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

from sqlalchemy import and_, func, select

from blueprints.accounts.models import Account, AccountParty, Customer
from blueprints.accounts.reach import reachable
from blueprints.leases.rules import Party
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
    """One owner's parts of a mandate in the days asked for: shares in millionths, each with its days."""

    customer_id: uuid.UUID
    name: str
    parts: Sequence[Party]

    @property
    def share(self) -> int | None:
        """The part; None when it changed in these days."""
        return self.parts[0].share if len(self.parts) == 1 else None


@dataclass(frozen=True, slots=True)
class Statement:
    """One owner's statement of one property and month.

    `sheet` has everybody's figures: only the owner's own are for showing. `whole` is what the owner may read of all
    (see `statement_rules.seen_by`), `shares` are those who owned beside him or her in these days; who did before may
    have figures still, and no parts. `whole_balances`: the same people owned all through, so the balances around the
    days are of the whole too.
    """

    mandate: Mandate
    owner_id: uuid.UUID
    month: str
    first: datetime.date
    last: datetime.date
    currency: str
    sheet: Sheet
    whole: Sheet
    origins: Mapping[uuid.UUID, Origin]
    shares: Sequence[Share]
    whole_balances: bool

    @property
    def alone(self) -> bool:
        """The whole is the owner's own."""
        return all(share.customer_id == self.owner_id for share in self.shares)

    @property
    def sees_whole(self) -> bool:
        """Who did not own in these days sees nothing but his or her own figures."""
        return any(share.customer_id == self.owner_id and share.parts for share in self.shares)

    @property
    def share(self) -> int | None:
        """The owner's part; None when it changed in these days or is none."""
        return next((one.share for one in self.shares if one.customer_id == self.owner_id), None)


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
    books = _books([mandate_id], first, last, currency)
    sheet, moved = books.sheet(mandate_id), books.moved.get(mandate_id, [])
    names, parties = _owners(mandate_id)
    owning = [one for one in parties if one.meets(Party(owner_id, 0, first, last))]
    own = [one for one in owning if one.customer_id == owner_id]
    seen = rules.seen_by(owner_id, moved, parties) if own else [one for one in moved if one.owner == owner_id]
    if owner_id not in sheet.owners and not seen:
        raise NotFound()
    beside = [one for one in owning if any(one.meets(mine) for mine in own)]
    whole = sheet if len(seen) == len(moved) else books.sheet(mandate_id, seen)
    shown = dict.fromkeys(one.customer_id for one in beside) | dict.fromkeys(
        customer_id for line in whole.lines for customer_id in line.parts
    )
    steady = all(one.holds(first) and one.holds(last) for one in owning)
    return Statement(
        mandate=mandate,
        owner_id=owner_id,
        month=month,
        first=first,
        last=last,
        currency=currency,
        sheet=sheet,
        whole=whole,
        origins=books.origins,
        shares=[
            Share(customer_id, names[customer_id], [one for one in beside if one.customer_id == customer_id])
            for customer_id in shown
            if customer_id in names
        ],
        whole_balances=steady and set(sheet.owners) <= {one.customer_id for one in owning},
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


def _owners(mandate_id: uuid.UUID) -> tuple[dict[uuid.UUID, str], list[Party]]:
    """Everybody who ever owned: names, and parts with their days, the largest first."""
    rows = db.session.execute(
        select(
            AccountParty.customer_id,
            AccountParty.share,
            AccountParty.valid_from,
            AccountParty.valid_until,
            Customer.name,
        )
        .join(
            Customer,
            and_(Customer.tenant_id == AccountParty.tenant_id, Customer.id == AccountParty.customer_id),
        )
        .where(AccountParty.account_id == mandate_id, AccountParty.role == "owner")
        .order_by(AccountParty.share.desc(), AccountParty.customer_id, AccountParty.valid_from)
    ).all()
    return {row.customer_id: row.name for row in rows}, [Party(*row[:4]) for row in rows]


def sheets(
    mandate_ids: Collection[uuid.UUID], first: datetime.date, last: datetime.date, *, currency: str
) -> dict[uuid.UUID, Sheet]:
    """The sheets of mandates for some days, both included."""
    books = _books(mandate_ids, first, last, currency)
    return {mandate_id: books.sheet(mandate_id) for mandate_id in mandate_ids}


@dataclass(frozen=True, slots=True)
class _Books:
    """What the books say of mandates in some days, and the documents behind it."""

    moved: Mapping[uuid.UUID, list[Movement]]
    opening: Mapping[uuid.UUID, Mapping[uuid.UUID, int]]
    before: Mapping[uuid.UUID, Mapping[uuid.UUID, int]]
    origins: Mapping[uuid.UUID, Origin]

    def sheet(self, mandate_id: uuid.UUID, movements: Sequence[Movement] | None = None) -> Sheet:
        """The sheet of a mandate: of all that moved, or of these movements and their people alone."""
        before, opening = self.before, self.opening.get(mandate_id, {})
        if movements is not None:
            people = {one.owner for one in movements}
            before = {
                source: {owner: amount for owner, amount in given.items() if owner in people}
                for source, given in before.items()
            }
            opening = {}
        return rules.sheet(
            self.moved.get(mandate_id, ()) if movements is None else movements,
            opening=opening,
            papers={key: origin.paper for key, origin in self.origins.items() if origin.paper is not None},
            collected_before=before,
        )


def _books(
    mandate_ids: Collection[uuid.UUID], first: datetime.date, last: datetime.date, currency: str
) -> _Books:
    """At most seven statements."""
    moved = _movements(mandate_ids, first, last, currency)
    opening: dict[uuid.UUID, dict[uuid.UUID, int]] = defaultdict(dict)
    for row in _balances(mandate_ids, first, currency):
        opening[row.account_id][row.customer_id] = int(row.amount)
    every = [one for rows in moved.values() for one in rows]
    rents = {one.source for one in every if one.section == rules.RENT and one.source}
    return _Books(moved, opening, _collected_before(rents, first), origins_of(every))


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
