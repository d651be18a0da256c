"""Who rents and who owns, from a day on: the one verb that changes it while a lease runs.

Nothing that is past changes. Money belongs to the owners of the day on which it came in (`services.owners_of`), so
owners cannot change from a day on which something was booked for those of then.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, func, select, update

from blueprints.accounts.models import AccountParty, Customer
from blueprints.leases import rules
from blueprints.leases.contracts import OVER, locked
from blueprints.leases.models import Lease
from blueprints.leases.people import Found, add
from blueprints.leases.rules import Party
from blueprints.leases.services import WHOLE
from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import OWNER_PAYABLE
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import Refusal

RENTER, OWNER = "renter", "owner"
BY_THE_DAY = ("rent-collected", "commission-withheld", "owner-charged")
"""What is booked for the owners of its own day. What goes back or is given back follows what it undoes."""


@dataclass(frozen=True, slots=True)
class NewPeople:
    """The whole set of renters or owners from a day on; of owners with shares (of renters each has all of it)."""

    role: str
    people: Sequence[Found]
    first_day: datetime.date
    reason: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would make: (name, share) on the eve and from the first day on."""

    before: Sequence[tuple[str, int]]
    after: Sequence[tuple[str, int]]
    first_day: datetime.date


def preview(lease_id: uuid.UUID, new: NewPeople) -> Preview:
    """What would change; nothing is written. Raises NotFound, and Refusal with the field at fault."""
    lease = locked(lease_id)
    rows = _rows(_account(lease, new.role), new.role)
    _check(lease, rows, new)
    if _same(rows, new):
        raise Refusal(N_("These are the people of that day already: nothing would change."))
    names = _names(row.customer_id for row in rows)
    eve = rules.on(rows, new.first_day - rules.ONE_DAY)
    return Preview(
        before=[(names[customer_id], share) for customer_id, share in _largest_first(eve)],
        after=[(one.name, _share(one, new.role)) for one in new.people],
        first_day=new.first_day,
    )


def change_people(lease_id: uuid.UUID, new: NewPeople, *, actor: Actor) -> bool:
    """Make them the renters or owners from that day on. False when they are already: done twice it is done once.

    Raises NotFound, and Refusal with the field at fault: shares that make no whole, a day before a change that is in
    the books, a lease that is over, or a day on which money was booked for the owners of then.
    """
    lease = locked(lease_id)
    account_id = _account(lease, new.role)
    rows = _rows(account_id, new.role)
    _check(lease, rows, new, ignore_day=(same := _same(rows, new)))
    if same:
        return False
    ids = add(new.people)
    wanted = [(found, _share(one, new.role)) for found, one in zip(ids, new.people, strict=True)]
    result = rules.changed(rows, wanted, new.first_day)
    _write(account_id, new.role, rows, result)
    before = rules.on(rows, new.first_day - rules.ONE_DAY)
    names = _names({*before, *ids})
    audit.record(
        f"lease.{new.role}s-changed",
        actor=actor,
        subject=("lease", lease.id),
        data={
            "number": lease.number,
            "from": new.first_day.isoformat(),
            "reason": new.reason,
            "before": [[names[one], share] for one, share in _largest_first(before)],
            "after": [[names[one], share] for one, share in wanted],
        },
    )
    emit("customer.parties-changed", customer_ids=sorted({*ids, *(row.customer_id for row in rows)}))
    return True


def _account(lease: Lease, role: str) -> uuid.UUID:
    return lease.mandate_account_id if role == OWNER else lease.lease_account_id


def _share(one: Found, role: str) -> int:
    return one.share if role == OWNER else WHOLE


def _rows(account_id: uuid.UUID, role: str) -> list[Party]:
    found = db.session.execute(
        select(
            AccountParty.customer_id, AccountParty.share, AccountParty.valid_from, AccountParty.valid_until
        )
        .where(AccountParty.account_id == account_id, AccountParty.role == role)
        .order_by(AccountParty.valid_from.nulls_first(), AccountParty.share.desc(), AccountParty.customer_id)
    )
    return [Party(*row) for row in found]


def _same(rows: Sequence[Party], new: NewPeople) -> bool:
    """Whether they are the people of that day already, and nothing is to change later."""
    if any(row.valid_from is not None and row.valid_from > new.first_day for row in rows):
        return False
    present = rules.on(rows, new.first_day)
    return present == {one.customer_id: _share(one, new.role) for one in new.people}


def _check(lease: Lease, rows: Sequence[Party], new: NewPeople, *, ignore_day: bool = False) -> None:
    if lease.status == "ended":
        raise Refusal(OVER)
    if not new.people:
        renter = new.role == RENTER
        raise Refusal(
            N_("A lease needs a renter.") if renter else N_("A lease needs an owner."),
            field=f"{new.role}_1_document",
        )
    shares = [_share(one, new.role) for one in new.people]
    if new.role == OWNER and (sum(shares) != WHOLE or any(share <= 0 for share in shares)):
        raise Refusal(N_("The owners' shares must add up to 100 %."), field="owner_1_share")
    if not new.reason:
        raise Refusal(N_("Say why."), field="reason")
    if new.first_day < lease.starts_on:
        raise Refusal(N_("The lease starts on a later day."), field="first_day")
    if lease.ended_on is not None and new.first_day > lease.ended_on:
        raise Refusal(N_("The lease ends before that day."), field="first_day")
    if ignore_day:
        return
    newest = rules.newest_day(rows)
    if newest is not None and new.first_day < newest:
        raise Refusal(
            N_("Who it is changes on %(day)s already: choose that day or a later one."),
            field="first_day",
            day=f"{newest:%d/%m/%Y}",
        )
    booked = last_booked_day(lease.mandate_account_id) if new.role == OWNER else None
    if booked is not None and booked >= new.first_day:
        raise Refusal(
            N_(
                "On %(day)s something was booked for the owners of then, and what is booked stays: choose a later day."
                " What came in between the new owners settle with the old ones."
            ),
            field="first_day",
            day=f"{booked:%d/%m/%Y}",
        )


def last_booked_day(mandate_account_id: uuid.UUID) -> datetime.date | None:
    """The last day for whose owners rent, a commission or a charge is in the books."""
    return db.session.execute(
        select(func.max(JournalEntry.occurred_on))
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
            LedgerAccount.account_id == mandate_account_id,
            JournalEntry.kind.in_(BY_THE_DAY),
        )
    ).scalar_one()


def _write(account_id: uuid.UUID, role: str, rows: Sequence[Party], result: Sequence[Party]) -> None:
    """From the rows that are to those that shall be; a row is known by person and first day."""
    kept = {(row.customer_id, row.valid_from): row for row in result}
    known = {(row.customer_id, row.valid_from): row for row in rows}
    for (customer_id, since), row in known.items():
        which: Any = (
            AccountParty.account_id == account_id,
            AccountParty.role == role,
            AccountParty.customer_id == customer_id,
            AccountParty.valid_from == since if since is not None else AccountParty.valid_from.is_(None),
        )
        now = kept.get((customer_id, since))
        if now is None:
            statement: Any = delete(AccountParty).where(*which)
        elif now != row:
            statement = (
                update(AccountParty).where(*which).values(share=now.share, valid_until=now.valid_until)
            )
        else:
            continue
        db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.add_all(
        AccountParty(id=new_id(), account_id=account_id, role=role, **row._asdict())
        for key, row in kept.items()
        if key not in known
    )
    db.session.flush()


def _largest_first(shares: dict[uuid.UUID, int]) -> list[tuple[uuid.UUID, int]]:
    return sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))


def _names(customer_ids: Any) -> dict[uuid.UUID, str]:
    rows = db.session.execute(select(Customer.id, Customer.name).where(Customer.id.in_(list(customer_ids))))
    return {row.id: row.name for row in rows}
