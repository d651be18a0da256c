"""The one way into the books."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy import insert, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from blueprints.ledger.models import JournalEntry, LedgerAccount, Posting
from blueprints.ledger.rules import RECEIVABLE, Line, checked
from saas.clock import now
from saas.database import db
from saas.events import emit
from saas.ids import new_id


def post(
    business_key: str, kind: str, lines: Iterable[Line], *, currency: str, occurred_on: datetime.date
) -> bool:
    """Post an entry once. Returns False when the business key has been posted before: nothing changes then.

    Amounts are minor units of `currency`; `occurred_on` is the tenant's day. Raises Unbalanced.
    Whoever caches a receivable's balance moves it inside this call, so it cannot drift.
    """
    kept = checked(lines)
    if not kept:
        return False
    entry_id = db.session.execute(
        upsert(JournalEntry)
        .values(id=new_id(), business_key=business_key, kind=kind, occurred_on=occurred_on, posted_at=now())
        .on_conflict_do_nothing(index_elements=["tenant_id", "business_key"])
        .returning(JournalEntry.id)
    ).scalar()
    if entry_id is None:
        return False
    # One statement for all lines: the database checks the sum of each entry statement by statement.
    db.session.execute(
        insert(Posting).values(
            [
                {
                    "id": new_id(),
                    "entry_id": entry_id,
                    "ledger_account_id": ledger_account(
                        line.kind, line.account_id, line.customer_id, currency
                    ),
                    "invoice_id": line.invoice_id,
                    "amount": line.amount,
                    "currency": currency,
                }
                for line in kept
            ]
        )
    )
    _tell_receivables(kept, occurred_on)
    return True


MOST_AT_ONCE = 1000  # entries that one statement carries


def post_all(
    entries: Sequence[tuple[str, str, Iterable[Line]]], *, currency: str, occurred_on: datetime.date
) -> set[str]:
    """Post many entries, each (business key, kind, lines), in a few statements however many they are.

    For entries that touch no receivable: nobody is told of moved balances. Returns the keys that were posted now;
    the others had been before. Raises Unbalanced, or ValueError for a line on a receivable.
    """
    posted: set[str] = set()
    for first in range(0, len(entries), MOST_AT_ONCE):
        posted |= _post_some(entries[first : first + MOST_AT_ONCE], currency, occurred_on)
    return posted


def _post_some(
    entries: Sequence[tuple[str, str, Iterable[Line]]], currency: str, occurred_on: datetime.date
) -> set[str]:
    kept = {key: (kind, checked(lines)) for key, kind, lines in entries}
    if any(line.kind == RECEIVABLE for _kind, lines in kept.values() for line in lines):
        raise ValueError("whoever caches a receivable's balance would not be told")
    moment = now()
    made = db.session.execute(
        upsert(JournalEntry)
        .values(
            [
                {
                    "id": new_id(),
                    "business_key": key,
                    "kind": kind,
                    "occurred_on": occurred_on,
                    "posted_at": moment,
                }
                for key, (kind, lines) in kept.items()
                if lines
            ]
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "business_key"])
        .returning(JournalEntry.business_key, JournalEntry.id)
    ).all()
    if not made:
        return set()
    wanted = {
        (line.kind, line.account_id, line.customer_id) for row in made for line in kept[row.business_key][1]
    }
    accounts = _ledger_accounts(wanted, currency)
    db.session.execute(
        insert(Posting).values(
            [
                {
                    "id": new_id(),
                    "entry_id": row.id,
                    "ledger_account_id": accounts[line.kind, line.account_id, line.customer_id],
                    "invoice_id": line.invoice_id,
                    "amount": line.amount,
                    "currency": currency,
                }
                for row in made
                for line in kept[row.business_key][1]
            ]
        )
    )
    return {row.business_key for row in made}


Place = tuple[str, uuid.UUID | None, uuid.UUID | None]


def _ledger_accounts(wanted: set[Place], currency: str) -> dict[Place, uuid.UUID]:
    """The accounts that `ledger_account` finds or opens one by one, at once; those of nobody are few."""
    of_somebody = {place for place in wanted if place[1] is not None and place[2] is not None}
    found = _find(of_somebody, currency)
    if new := of_somebody - found.keys():
        db.session.execute(
            upsert(LedgerAccount)
            .values(
                [
                    {
                        "id": new_id(),
                        "kind": kind,
                        "account_id": account_id,
                        "customer_id": customer_id,
                        "currency": currency,
                    }
                    for kind, account_id, customer_id in new
                ]
            )
            .on_conflict_do_nothing()
        )
        found |= _find(new, currency)
    for place in wanted - of_somebody:
        found[place] = ledger_account(*place, currency)
    return found


def _find(places: set[Place], currency: str) -> dict[Place, uuid.UUID]:
    if not places:
        return {}
    rows = db.session.execute(
        select(
            LedgerAccount.kind, LedgerAccount.account_id, LedgerAccount.customer_id, LedgerAccount.id
        ).where(
            LedgerAccount.currency == currency,
            tuple_(LedgerAccount.kind, LedgerAccount.account_id, LedgerAccount.customer_id).in_(places),
        )
    )
    return {(row.kind, row.account_id, row.customer_id): row.id for row in rows}


def ledger_account(
    kind: str, account_id: uuid.UUID | None, customer_id: uuid.UUID | None, currency: str
) -> uuid.UUID:
    """Find or open an account of the books."""
    # Not IS NOT DISTINCT FROM: no index answers that, and it would read every account of the kind.
    wanted = (
        LedgerAccount.kind == kind,
        LedgerAccount.account_id.is_(None) if account_id is None else LedgerAccount.account_id == account_id,
        LedgerAccount.customer_id.is_(None)
        if customer_id is None
        else LedgerAccount.customer_id == customer_id,
        LedgerAccount.currency == currency,
    )
    found = db.session.execute(select(LedgerAccount.id).where(*wanted)).scalar()
    if found is not None:
        return found
    db.session.execute(
        upsert(LedgerAccount)
        .values(id=new_id(), kind=kind, account_id=account_id, customer_id=customer_id, currency=currency)
        .on_conflict_do_nothing()
    )
    return db.session.execute(select(LedgerAccount.id).where(*wanted)).scalar_one()


def _tell_receivables(lines: Iterable[Line], occurred_on: datetime.date) -> None:
    """Let whoever caches a balance move it now, in this transaction (the invoices do)."""
    moved: dict[uuid.UUID, int] = {}
    for line in lines:
        if line.kind == RECEIVABLE and line.invoice_id is not None:
            moved[line.invoice_id] = moved.get(line.invoice_id, 0) + line.amount
    if moved:
        emit("receivables.moved", moved=moved, occurred_on=occurred_on)
