"""What became of payouts, in the books: the one place where a line that is under way ends."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Date,
    Integer,
    Row,
    Text,
    Uuid,
    and_,
    case,
    column,
    exists,
    func,
    select,
    update,
    values,
)

from blueprints.leases.models import Payout
from blueprints.ledger import rules as books
from blueprints.ledger.models import JournalEntry
from blueprints.ledger.services import post_all
from blueprints.payouts import rules
from blueprints.payouts.models import PayoutLine, PayoutRun
from blueprints.payouts.runs import change_run
from saas.database import db
from saas.events import emit
from saas.outbox import enqueue
from tenants.loading import serving

CHUNK = 1000
LETTER = "payouts.sent-letter"


@dataclass(frozen=True, slots=True)
class Ending:
    """What is now known of a line. `outcome` is paid or returned, `on` the tenant's day."""

    line: Row[Any]
    outcome: str
    on: datetime.date
    reference: str = ""
    words: str = ""
    reason: str | None = None
    note: str | None = None


def held_lines(condition: Any) -> list[Row[Any]]:
    """Lines that became payouts, locked in the order of ids."""
    rows: Any = db.session.execute(
        select(
            PayoutLine.id,
            PayoutLine.run_id,
            PayoutLine.state,
            PayoutLine.key,
            PayoutLine.amount,
            PayoutLine.currency,
            PayoutLine.turns,
            PayoutLine.payout_id,
            PayoutLine.mandate_account_id,
            PayoutLine.customer_id,
            PayoutLine.bank_account_id,
            PayoutLine.ended_on,
            _ordered_on().label("ordered_on"),
        )
        .where(condition, PayoutLine.payout_id.is_not(None))
        .order_by(PayoutLine.id)
        .with_for_update()
    ).all()
    return list(rows)


def _ordered_on() -> Any:
    """The day on which a payout left what is held for its owner, in the books."""
    return (
        select(JournalEntry.occurred_on)
        .where(
            JournalEntry.tenant_id == PayoutLine.tenant_id,
            JournalEntry.business_key == func.concat("payout:", PayoutLine.payout_id),
        )
        .scalar_subquery()
    )


def end_lines(endings: Sequence[Ending], *, by: uuid.UUID | None, now: datetime.datetime) -> None:
    """Book what became of lines, each of which stands in `endings` once and really moves.

    Paid: it left the bank. Returned: it is held for the owner again, whether it was under way or had been paid.
    """
    for first in range(0, len(endings), CHUNK):
        _end_some(endings[first : first + CHUNK], by, now)
    _finish_runs({ending.line.run_id for ending in endings}, now)


def _end_some(endings: Sequence[Ending], by: uuid.UUID | None, now: datetime.datetime) -> None:
    groups: dict[tuple[str, datetime.date], list[Ending]] = {}
    for ending in endings:
        groups.setdefault((ending.line.currency, ending.on), []).append(ending)
    for (currency, on), group in sorted(groups.items()):
        post_all([_entry(ending) for ending in group], currency=currency, occurred_on=on)
    told = values(
        column("line_id", Uuid),
        column("payout_id", Uuid),
        column("outcome", Text),
        column("on_day", Date),
        column("reference", Text),
        column("words", Text),
        column("reason", Text),
        column("note", Text),
        column("turns", Integer),
        name="told",
    ).data(
        [
            (
                ending.line.id,
                ending.line.payout_id,
                ending.outcome,
                ending.on,
                ending.reference,
                ending.words,
                ending.reason,
                ending.note,
                ending.line.turns + 1,
            )
            for ending in endings
        ]
    )
    db.session.execute(
        update(PayoutLine)
        .where(PayoutLine.id == told.c.line_id)
        .values(
            state=told.c.outcome,
            ended_on=told.c.on_day,
            reference=func.nullif(told.c.reference, ""),
            bank_words=func.nullif(told.c.words, ""),
            reason=told.c.reason,
            note=told.c.note,
            turns=told.c.turns,
            ended_at=now,
            ended_by=by,
        )
        .execution_options(synchronize_session=False)
    )
    paid = told.c.outcome == rules.PAID
    db.session.execute(
        update(Payout)
        .where(Payout.id == told.c.payout_id)
        .values(
            state=told.c.outcome,
            paid_on=case((paid, told.c.on_day), else_=Payout.paid_on),
            reference=func.coalesce(func.nullif(told.c.reference, ""), Payout.reference),
            void_at=case((paid, None), else_=now),
        )
        .execution_options(synchronize_session=False)
    )
    for ending in endings:
        _tell(ending)


def _entry(ending: Ending) -> tuple[str, str, Iterable[books.Line]]:
    line = ending.line
    place = {
        "mandate_account_id": line.mandate_account_id,
        "owner_id": line.customer_id,
        "amount": line.amount,
    }
    key = f"payout:{line.payout_id}:{ending.outcome}:{line.turns}"
    if ending.outcome == rules.PAID:
        return key, "payout-paid", books.complete_payout(**place)
    if line.state == rules.UNDER_WAY:
        return key, "payout-returned", books.reversal(books.order_payout(**place))
    return key, "payout-returned", books.reversal(books.pay_out(**place))


def _tell(ending: Ending) -> None:
    line = ending.line
    emit(
        "payout.sent" if ending.outcome == rules.PAID else "payout.returned",
        payout_id=line.payout_id,
        customer_id=line.customer_id,
        account_id=line.mandate_account_id,
        amount=line.amount,
        currency=line.currency,
        on=ending.on,
    )
    if ending.outcome == rules.PAID:
        enqueue(LETTER, {"payout_id": str(line.payout_id)}, key=f"{line.payout_id}:{line.turns}")


def _finish_runs(run_ids: set[uuid.UUID], now: datetime.datetime) -> None:
    """A run is done when the bank has answered for all of it; what comes back later does not open it again."""
    open_runs = db.session.execute(
        select(
            PayoutRun.id,
            exists(
                select(PayoutLine.id).where(
                    and_(PayoutLine.tenant_id == PayoutRun.tenant_id, PayoutLine.run_id == PayoutRun.id),
                    PayoutLine.state == rules.UNDER_WAY,
                )
            ).label("waits"),
        ).where(PayoutRun.id.in_(run_ids), PayoutRun.state == rules.APPROVED)
    ).all()
    for run in open_runs:
        if not run.waits:
            change_run(run.id, state=rules.DONE, ended_at=now)


def earliest(line: Row[Any]) -> datetime.date:
    """The first day on which something can have become of a line: what is not ordered is not paid, what is not paid
    does not come back."""
    day: datetime.date | None = line.ended_on or line.ordered_on
    return day or datetime.date.min


def fitting(day: datetime.date, line: Row[Any] | None) -> datetime.date:
    """A day that the bank wrote, no later than today: what is to come is not done yet. And no earlier than can be: a
    date of last year in a file would change statements that owners have read long ago."""
    found = min(day, serving().today())
    return max(found, earliest(line)) if line is not None else found
