"""The yearly certificate of income and withholdings: what the statements of twelve months come to, issued on paper that
anybody may check."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select

from blueprints.accounts.models import Account, Customer
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import OWNER_PAYABLE
from blueprints.owners import statement_rules as rules
from blueprints.owners.statement_rules import Part, Sheet
from blueprints.owners.statements import Mandate, sheets
from saas import audit
from saas.audit import Actor
from saas.counters import take_numbers
from saas.database import db
from saas.languages import N_
from saas.refusals import NotFound, Refusal
from tenants import issued_documents
from tenants.issued_documents import GENUINE, Fact, Issued
from tenants.loading import serving

KIND = "owner-certificate"
NOTHING = Part()


@dataclass(frozen=True, slots=True)
class Figures:
    """What some days came to for one owner. Minor units; `rent`, `commission` and `charges` are signed as the owner
    feels them. opening + rent + commission + charges + other + paid = closing."""

    opening: int = 0
    rent: Part = NOTHING
    commission: Part = NOTHING
    charges: Part = NOTHING
    other: int = 0
    paid: int = 0
    closing: int = 0

    def plus(self, later: Figures) -> Figures:
        """Two stretches of days, one after the other: the balance between them is in neither sum."""
        return Figures(
            self.opening,
            self.rent.plus(later.rent),
            self.commission.plus(later.commission),
            self.charges.plus(later.charges),
            self.other + later.other,
            self.paid + later.paid,
            later.closing,
        )

    def beside(self, another: Figures) -> Figures:
        """Two properties in the same days."""
        return Figures(
            self.opening + another.opening,
            self.rent.plus(another.rent),
            self.commission.plus(another.commission),
            self.charges.plus(another.charges),
            self.other + another.other,
            self.paid + another.paid,
            self.closing + another.closing,
        )

    @property
    def moved(self) -> bool:
        return any(
            (self.rent != NOTHING, self.commission != NOTHING, self.charges != NOTHING, self.other, self.paid)
        )


@dataclass(frozen=True, slots=True)
class Year:
    """One owner's year, property by property. `over`: it has ended, so a certificate may be issued."""

    owner_id: uuid.UUID
    year: int
    currency: str
    over: bool
    properties: Sequence[tuple[Mandate, Figures]]

    @property
    def total(self) -> Figures:
        found = Figures()
        for _mandate, figures in self.properties:
            found = found.beside(figures)
        return found


def figures_of(sheet: Sheet, owner_id: uuid.UUID) -> Figures:
    """One owner's figures of a sheet."""
    return Figures(
        opening=sheet.opens(owner_id),
        rent=sheet.section(rules.RENT, owner_id),
        commission=sheet.section(rules.COMMISSION, owner_id),
        charges=sheet.section(rules.CHARGE, owner_id),
        other=sheet.section(rules.OTHER, owner_id).total,
        paid=sheet.section(rules.PAYOUT, owner_id).total,
        closing=sheet.closes(owner_id),
    )


def year_of(owner_id: uuid.UUID, year: int, *, currency: str, today: datetime.date) -> Year:
    """What the books say of one owner's year. Raises NotFound for a year in which nothing moved."""
    if not datetime.MINYEAR <= year <= today.year:
        raise NotFound()
    first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    mandates = {mandate.id: mandate for mandate in _mandates(owner_id, currency)}
    made = sheets(list(mandates), first, last, currency=currency) if mandates else {}
    found = [(mandates[key], figures_of(sheet, owner_id)) for key, sheet in made.items()]
    moved = [(mandate, figures) for mandate, figures in found if figures.moved]
    if not moved:
        raise NotFound()
    moved.sort(key=lambda pair: pair[0].number)
    return Year(owner_id, year, currency, year < today.year, moved)


def years_of(owner_id: uuid.UUID, *, currency: str) -> list[int]:
    """The years in which anything moved for an owner, the newest first."""
    year = func.extract("year", JournalEntry.occurred_on)
    rows = db.session.execute(
        select(year.label("year"))
        .select_from(Posting)
        .join(
            LedgerAccount,
            and_(LedgerAccount.tenant_id == Posting.tenant_id, LedgerAccount.id == Posting.ledger_account_id),
        )
        .join(
            JournalEntry,
            and_(JournalEntry.tenant_id == Posting.tenant_id, JournalEntry.id == Posting.entry_id),
        )
        .where(
            LedgerAccount.kind == OWNER_PAYABLE,
            LedgerAccount.customer_id == owner_id,
            LedgerAccount.currency == currency,
        )
        .group_by(year)
        .order_by(year.desc())
    )
    return [int(row.year) for row in rows]


def _mandates(owner_id: uuid.UUID, currency: str) -> list[Mandate]:
    rows = db.session.execute(
        select(Account.id, Account.number, Account.address, Account.city)
        .join(
            LedgerAccount,
            and_(LedgerAccount.tenant_id == Account.tenant_id, LedgerAccount.account_id == Account.id),
        )
        .where(
            LedgerAccount.kind == OWNER_PAYABLE,
            LedgerAccount.customer_id == owner_id,
            LedgerAccount.currency == currency,
        )
    )
    return [Mandate(row.id, row.number, row.address or "", row.city or "") for row in rows]


def certificate_of(owner_id: uuid.UUID, year: int) -> Issued | None:
    """The certificate of a year that holds, if one was issued."""
    found = issued_documents.issued_for(KIND, ("customer", owner_id))
    return next((one for one in found if one.state == GENUINE and _year(one) == year), None)


def certificates_of(owner_id: uuid.UUID) -> dict[int, Issued]:
    """The certificates that hold, by year."""
    found = issued_documents.issued_for(KIND, ("customer", owner_id))
    return {_year(one): one for one in reversed(found) if one.state == GENUINE}


def still_says(document: Issued, year: Year) -> bool:
    """Whether the books say today what the certificate says."""
    return document.key.rpartition(":")[2] == _fingerprint(year)


def issue_certificate(year: Year, *, now: datetime.datetime, actor: Actor) -> Issued:
    """Issue the certificate of a year that is over: once, until the books say something else; then a new one takes its
    place. Raises Refusal for a year that is not over."""
    if not year.over:
        raise Refusal(N_("The year is not over yet."))
    before = certificate_of(year.owner_id, year.year)
    if before is not None and still_says(before, year):
        return before
    total = year.total
    number = f"{serving().setting('owners.certificate-prefix')}{take_numbers('owner-certificates')[0]:06d}"
    document = issued_documents.issue(
        KIND,
        key=f"{year.owner_id}:{year.year}:{number}:{_fingerprint(year)}",
        subject=("customer", year.owner_id),
        number=number,
        facts=(
            Fact(N_("Issued to"), text=_masked(year.owner_id)),
            Fact(N_("Year"), text=str(year.year)),
            Fact(N_("Rent received"), amount=total.rent.net, currency=year.currency),
            Fact(N_("Withheld by renters"), amount=total.rent.withholding, currency=year.currency),
        ),
        now=now,
        replaces=before.id if before else None,
    )
    audit.record(
        "owner-certificate.issued",
        actor=actor,
        subject=("issued-document", document.id),
        customer_id=year.owner_id,
        data={"number": number, "year": year.year, "replaces": before.number if before else None},
    )
    return document


def _year(document: Issued) -> int:
    return int(document.key.split(":")[1])


def _fingerprint(year: Year) -> str:
    """A digest of the figures: equal when the certificate would say the same."""
    rows = [
        (str(mandate.id), *figures.rent, *figures.commission, *figures.charges, figures.other)
        for mandate, figures in year.properties
    ]
    return hashlib.sha256(repr(sorted(rows)).encode()).hexdigest()[:32]


def _masked(owner_id: uuid.UUID) -> str:
    """Enough to compare with the paper, too little to learn who it is."""
    row = db.session.execute(
        select(Customer.document_kind, Customer.document_number).where(Customer.id == owner_id)
    ).one()
    return f"{row.document_kind} ***{str(row.document_number)[-3:]}"
