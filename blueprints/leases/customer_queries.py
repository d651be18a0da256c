"""What a renter or an owner reads of the own leases. Which those are, `accounts.reach` decides."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Date, Row, Select, and_, case, cast, func, not_, or_, select, true

from blueprints.accounts.models import Account, AccountParty, Customer
from blueprints.accounts.reach import in_force, reachable
from blueprints.leases.models import Lease, LeaseCharge, LeaseDocument, LeaseRent, LeaseScenario
from saas.database import db
from saas.files import StoredFileRow
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound
from tenants.context import Reach
from tenants.loading import serving

PAGE = 25
RENTER, OWNER = "renter", "owner"
TAKEN_OVER = ("contract", "inventory")

Line = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A lease as somebody may see it: `side` is renter or owner; nothing before `sees_from` is theirs, nor anything
    after `until` (None: it goes on), as of which `row` speaks."""

    row: Line
    side: str
    sees_from: datetime.date | None
    until: datetime.date | None


def contracts(reach: Reach, cursor: str | None = None, size: int = PAGE) -> Page[Seen]:
    """The leases in reach, those in force before those that ended, by number."""
    query = _seen(reach)
    after = decode_cursor(cursor, (str, str, uuid.UUID))
    if after is not None:
        status, number, lease_id = after
        query = query.where(
            or_(
                Lease.status > status,
                and_(Lease.status == status, Lease.number > number),
                and_(Lease.status == status, Lease.number == number, Lease.id > lease_id),
            )
        )
    rows = db.session.execute(query.order_by(Lease.status, Lease.number, Lease.id).limit(size + 1)).all()
    kept = rows[:size]
    older = encode_cursor((kept[-1].place, kept[-1].number, kept[-1].id)) if len(rows) > size else None
    return Page([_as_seen(row) for row in kept], None, older)


def contract(reach: Reach, lease_id: uuid.UUID) -> Seen:
    """One lease in reach. Raises NotFound, also for a draft."""
    row = db.session.execute(_seen(reach).where(Lease.id == lease_id)).first()
    if row is None:
        raise NotFound()
    return _as_seen(row)


def _seen(reach: Reach) -> Select[*tuple[Any, ...]]:
    rented, owned = reachable(reach).alias("rented"), reachable(reach).alias("owned")
    # Who owns the place sees it as an owner, also where the rent can be looked at; but the present before the past.
    as_owner = and_(
        owned.c.account_id.is_not(None),
        or_(
            in_force(owned, reach.today),
            rented.c.account_id.is_(None),
            not_(in_force(rented, reach.today)),
        ),
    )
    until = case((as_owner, owned.c.sees_until), else_=rented.c.sees_until)
    over = until < reach.today
    return (
        select(
            Lease.id,
            Lease.number,
            case((over, "ended"), else_=Lease.status).label("status"),
            case((over, _rent_on(until, LeaseRent.rent)), else_=Lease.rent).label("rent"),
            Lease.currency,
            Lease.payment_day,
            Lease.starts_on,
            Lease.ends_on,
            case((over, func.least(Lease.term_until, until)), else_=Lease.term_until).label("term_until"),
            Lease.renews,
            Lease.renewal_months,
            case((over, until), else_=Lease.ended_on).label("ended_on"),
            Lease.end_reason,
            case((over, _rent_on(until, LeaseRent.valid_from)), else_=Lease.rent_since).label("rent_since"),
            case((over, until)).label("until"),
            Lease.commission,
            Lease.lease_account_id,
            Lease.mandate_account_id,
            Account.address,
            Account.city,
            LeaseScenario.purpose,
            LeaseScenario.rent_taxes,
            LeaseScenario.index_code,
            LeaseScenario.cap,
            Lease.status.label("place"),  # in the list
            as_owner.label("as_owner"),
            case((as_owner, owned.c.sees_from), else_=rented.c.sees_from).label("sees_from"),
        )
        .join(Account, and_(Account.tenant_id == Lease.tenant_id, Account.id == Lease.lease_account_id))
        .outerjoin(
            LeaseScenario,
            and_(LeaseScenario.tenant_id == Lease.tenant_id, LeaseScenario.code == Lease.scenario_code),
        )
        .outerjoin(rented, rented.c.account_id == Lease.lease_account_id)
        .outerjoin(owned, owned.c.account_id == Lease.mandate_account_id)
        .where(
            or_(rented.c.account_id.is_not(None), owned.c.account_id.is_not(None)), Lease.status != "draft"
        )
    )


def _rent_on(day: ColumnElement[Any], column: Any) -> ColumnElement[Any]:
    """Of the rent that held on a day."""
    return (
        select(column)
        .where(
            LeaseRent.tenant_id == Lease.tenant_id,
            LeaseRent.lease_id == Lease.id,
            LeaseRent.valid_from <= day,
        )
        .order_by(LeaseRent.valid_from.desc())
        .limit(1)
        .scalar_subquery()
    )


def _as_seen(row: Line) -> Seen:
    return Seen(row, OWNER if row.as_owner else RENTER, row.sees_from, row.until)


def rents(seen: Seen) -> Sequence[Line]:
    """The rents that held while the lease could be seen, newest first."""
    rows = db.session.execute(
        select(LeaseRent.valid_from, LeaseRent.rent, LeaseRent.reason, LeaseRent.facts)
        .where(
            LeaseRent.lease_id == seen.row.id,
            LeaseRent.valid_from <= seen.until if seen.until is not None else true(),
        )
        .order_by(LeaseRent.valid_from.desc())
        .limit(60)
    ).all()
    kept: list[Line] = []
    for row in rows:
        kept.append(row)
        if seen.sees_from is not None and row.valid_from <= seen.sees_from:
            break
    return kept


def people(seen: Seen, today: datetime.date) -> Sequence[Line]:
    """Those on the same side today, or on the last day that is the reader's, with share (millionths): a renter sees no
    owners, an owner no renters."""
    account = seen.row.mandate_account_id if seen.side == OWNER else seen.row.lease_account_id
    day = seen.until or today
    return db.session.execute(
        select(
            Customer.id, Customer.name, AccountParty.share, AccountParty.valid_from, AccountParty.valid_until
        )
        .join(
            AccountParty,
            and_(AccountParty.tenant_id == Customer.tenant_id, AccountParty.customer_id == Customer.id),
        )
        .where(
            AccountParty.account_id == account,
            AccountParty.role == seen.side,
            or_(AccountParty.valid_from.is_(None), AccountParty.valid_from <= day),
            or_(AccountParty.valid_until.is_(None), AccountParty.valid_until >= day),
        )
        .order_by(AccountParty.share.desc(), Customer.name)
        .limit(50)
    ).all()


def charges(seen: Seen, period: str) -> Sequence[Line]:
    """What is billed with the rent in a month or a later one; to who has left, what was billed in the last month."""
    last = f"{seen.until:%Y-%m}" if seen.until is not None else None
    period = min(period, last or period)
    return db.session.execute(
        select(
            LeaseCharge.kind,
            LeaseCharge.description,
            LeaseCharge.amount,
            LeaseCharge.from_period,
            LeaseCharge.until_period,
        )
        .where(
            LeaseCharge.lease_id == seen.row.id,
            or_(LeaseCharge.until_period.is_(None), LeaseCharge.until_period >= period),
            LeaseCharge.from_period <= last if last is not None else true(),
        )
        .order_by(LeaseCharge.from_period, LeaseCharge.id)
        .limit(50)
    ).all()


def documents(seen: Seen) -> Sequence[Line]:
    """The papers that count and are meant for this side."""
    return db.session.execute(
        _documents(seen).order_by(LeaseDocument.kind, LeaseDocument.title).limit(50)
    ).all()


def _documents(seen: Seen) -> Select[*tuple[Any, ...]]:
    """Who entered later takes the contract and its inventory over; other papers of before are not inherited. Who has
    left keeps what counts still of the own time."""
    meant = LeaseDocument.for_owner if seen.side == OWNER else LeaseDocument.for_renter
    added = cast(func.timezone(serving().time_zone, LeaseDocument.added_at), Date)
    late = seen.sees_from is not None and seen.sees_from > seen.row.starts_on
    theirs = [or_(LeaseDocument.kind.in_(TAKEN_OVER), added >= seen.sees_from)] if late else []
    theirs += [added <= seen.until] if seen.until is not None else []
    return (
        select(
            LeaseDocument.id,
            LeaseDocument.kind,
            LeaseDocument.title,
            LeaseDocument.file_id,
            LeaseDocument.version,
            LeaseDocument.expires_on,
            LeaseDocument.added_at,
            StoredFileRow.size,
        )
        .join(
            StoredFileRow,
            and_(
                StoredFileRow.tenant_id == LeaseDocument.tenant_id,
                StoredFileRow.id == LeaseDocument.file_id,
            ),
        )
        .where(LeaseDocument.lease_id == seen.row.id, LeaseDocument.current, meant, *theirs)
    )


def document(reach: Reach, document_id: uuid.UUID) -> Line:
    """A paper that counts, of a lease in reach, meant for this side. Raises NotFound."""
    lease_id = db.session.execute(
        select(LeaseDocument.lease_id).where(LeaseDocument.id == document_id)
    ).scalar_one_or_none()
    if lease_id is None:
        raise NotFound()
    row = db.session.execute(
        _documents(contract(reach, lease_id)).where(LeaseDocument.id == document_id)
    ).first()
    if row is None:
        raise NotFound()
    return row
