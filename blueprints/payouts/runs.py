"""A payout run: proposed, looked at, approved by two people, or dropped.

Nothing is booked before the approval; then the money leaves what is held for the owners, once, and is under way until
the bank answers. All who change runs wait for one another, so the same money is never in two of them.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Uuid, column, func, insert, select, update, values

from blueprints.leases.models import Payout
from blueprints.ledger import rules as books
from blueprints.ledger.services import post_all
from blueprints.owners.commissions import follow_all
from blueprints.payouts import rules
from blueprints.payouts.models import OwnerBankAccount, PayoutLine, PayoutRun
from blueprints.payouts.proposing import Line, Scope, propose
from saas import audit
from saas.audit import Actor
from saas.counters import take_numbers
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.refusals import NotFound, Refusal
from tenants.loading import serving

THRESHOLD, PREFIX = "payouts.second-person-above", "payouts.prefix"
LOCK = "payouts"
CHUNK = 1000
LONGEST = 200
KEY_DIGITS = 10
DECIDED = N_("Somebody has decided this already.")


def prepare_run(
    cut_on: datetime.date,
    pay_on: datetime.date,
    scope: Scope,
    *,
    actor: Actor,
    now: datetime.datetime,
) -> uuid.UUID:
    """Propose what is paid: what came in until `cut_on` (tenant's days), paid on `pay_on`. Returns the run's id.

    Raises Refusal for days that cannot be, or when nobody can be paid and nothing says why.
    """
    tenant = serving()
    today = tenant.today()
    if cut_on > today:
        raise Refusal(N_("The cut cannot be in the future."), field="cut_on")
    if pay_on < today or pay_on > today + datetime.timedelta(days=60):
        raise Refusal(N_("The payment day must be today or in the next 60 days."), field="pay_on")
    follow_all()  # nobody is paid what commission still takes
    lock(LOCK)
    lines = propose(cut_on, tenant.currency, scope, now)
    if not lines:
        raise Refusal(N_("Nothing was collected for these owners yet."))
    paid = [line for line in lines if line.proposal.reason is None]
    run_id = new_id()
    number = f"{take_numbers('payout-run')[0]:05d}"
    db.session.execute(
        insert(PayoutRun).values(
            id=run_id,
            number=number,
            state=rules.PREPARED,
            cut_on=cut_on,
            pay_on=pay_on,
            currency=tenant.currency,
            scope={
                "mandates": sorted(map(str, scope.mandates)),
                "owners": sorted(map(str, scope.owners)),
            },
            lines=len(paid),
            total=sum(line.proposal.amount for line in paid),
            prepared_by=actor.user_id,
            prepared_at=now,
        )
    )
    for first in range(0, len(lines), CHUNK):
        db.session.execute(
            insert(PayoutLine),
            [_row(run_id, line, tenant.currency) for line in lines[first : first + CHUNK]],
        )
    audit.record(
        "payout-run.prepared",
        actor=actor,
        subject=("payout-run", run_id),
        data={"number": number, "cut_on": cut_on.isoformat(), "lines": len(paid), **_sum(run_id)},
    )
    return run_id


def _row(run_id: uuid.UUID, line: Line, currency: str) -> dict[str, Any]:
    reason = line.proposal.reason
    return {
        "id": new_id(),
        "run_id": run_id,
        "mandate_account_id": line.mandate_account_id,
        "customer_id": line.customer_id,
        "state": rules.LEFT_OUT if reason else rules.PROPOSED,
        "reason": reason,
        "held": line.held,
        "kept": line.proposal.kept,
        "amount": line.proposal.amount,
        "currency": currency,
        "facts": dict(line.proposal.facts),
        "bank_account_id": None if reason else line.account_id,
        "in_file": False,
        "turns": 0,
    }


def take_out(line_id: uuid.UUID, note: str, *, actor: Actor, now: datetime.datetime) -> None:
    """Leave one owner out, with a reason. Raises NotFound or Refusal."""
    lock(LOCK)
    run_id = db.session.execute(select(PayoutLine.run_id).where(PayoutLine.id == line_id)).scalar()
    if run_id is None:
        raise NotFound()
    run = held_run(run_id)
    words = " ".join(note.split())[:LONGEST]
    if not words:
        raise Refusal(N_("Say why."), field="note")
    if run.state != rules.PREPARED:
        raise Refusal(DECIDED)
    taken = db.session.execute(
        update(PayoutLine)
        .where(PayoutLine.id == line_id, PayoutLine.state == rules.PROPOSED)
        .values(state=rules.LEFT_OUT, reason=rules.TAKEN_OUT, note=words, kept=PayoutLine.held, amount=0)
        .returning(PayoutLine.customer_id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise Refusal(DECIDED)
    total = _recount(run_id)
    audit.record(
        "payout-run.line-taken-out",
        actor=actor,
        subject=("payout-run", run_id),
        data={"number": run.number, "line": str(line_id), "note": words, **total},
    )


def drop_run(run_id: uuid.UUID, note: str, *, actor: Actor, now: datetime.datetime) -> None:
    """Nothing of it is paid. Raises NotFound, or Refusal when it was approved already."""
    lock(LOCK)
    run = held_run(run_id)
    if run.state != rules.PREPARED:
        raise Refusal(DECIDED)
    words = " ".join(note.split())[:LONGEST]
    if not words:
        raise Refusal(N_("Say why."), field="note")
    change_run(run_id, state=rules.DROPPED, ended_at=now, end_reason=words)
    audit.record(
        "payout-run.dropped",
        actor=actor,
        subject=("payout-run", run_id),
        data={"number": run.number, "note": words},
    )


def second_person(run: Row[Any], day: datetime.date) -> bool:
    """Whether two people are needed for a run, after what one person alone approved on this day of the tenant."""
    alone = db.session.execute(
        select(func.coalesce(func.sum(PayoutRun.total), 0)).where(
            PayoutRun.second_person.is_(False),
            PayoutRun.state.in_((rules.APPROVED, rules.DONE)),
            PayoutRun.currency == run.currency,
            PayoutRun.approved_at >= _midnight(day),
        )
    ).scalar_one()
    threshold = int(serving().setting(THRESHOLD))
    return rules.needs_second(run.total, alone_today=int(alone), threshold=threshold)


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time.min, ZoneInfo(serving().time_zone))


def approve_run(run_id: uuid.UUID, *, may_approve: bool, actor: Actor, now: datetime.datetime) -> int:
    """Say go: what is proposed is under way. Returns how many lines fell out because less is held now or the bank
    account is another one.

    `may_approve`: whether the person holds the right to be the second one. Raises NotFound, or Refusal for a run
    that is decided, for the first person where two are needed, or when nothing is left to pay.
    """
    follow_all()
    lock(LOCK)
    run = held_run(run_id)
    if run.state != rules.PREPARED:
        raise Refusal(DECIDED)
    today = serving().today()
    second = second_person(run, today)
    if second and (not may_approve or actor.user_id is None or actor.user_id == run.prepared_by):
        raise Refusal(
            N_("Somebody else must approve this run: with the right to, and not the person who prepared it.")
        )
    lines = _proposed(run_id)
    good, fallen = _still_right(run, lines, now)
    if not good:
        raise Refusal(N_("Nothing is left to pay in this run: drop it and prepare another one."))
    _leave_out(fallen)
    _order(run, good, today)
    total = sum(line.amount for line in good)
    change_run(
        run_id,
        state=rules.APPROVED,
        second_person=second,
        approved_by=actor.user_id,
        approved_at=now,
        lines=len(good),
        total=total,
    )
    audit.record(
        "payout-run.approved",
        actor=actor,
        subject=("payout-run", run_id),
        data={
            "number": run.number,
            "lines": len(good),
            "total": total,
            "currency": run.currency,
            "two_people": second,
            "fell_out": len(fallen),
        },
    )
    emit("payout-run.approved", run_id=run_id, lines=len(good), total=total, currency=run.currency)
    return len(fallen)


def _proposed(run_id: uuid.UUID) -> list[Row[Any]]:
    rows: Any = db.session.execute(
        select(
            PayoutLine.id,
            PayoutLine.mandate_account_id,
            PayoutLine.customer_id,
            PayoutLine.amount,
            PayoutLine.bank_account_id,
        )
        .where(PayoutLine.run_id == run_id, PayoutLine.state == rules.PROPOSED)
        .order_by(PayoutLine.id)
        .with_for_update()
    ).all()
    return list(rows)


def _still_right(
    run: Row[Any], lines: Sequence[Row[Any]], now: datetime.datetime
) -> tuple[list[Row[Any]], dict[uuid.UUID, str]]:
    """The books and the bank accounts are asked again: days may have passed since the run was prepared."""
    scope = Scope(
        frozenset(map(uuid.UUID, run.scope.get("mandates", ()))),
        frozenset(map(uuid.UUID, run.scope.get("owners", ()))),
    )
    fresh = {
        (line.mandate_account_id, line.customer_id): line
        for line in propose(run.cut_on, run.currency, scope, now)
    }
    good: list[Row[Any]] = []
    fallen: dict[uuid.UUID, str] = {}
    for line in lines:
        why = _fell(line, fresh.get((line.mandate_account_id, line.customer_id)))
        if why is None:
            good.append(line)
        else:
            fallen[line.id] = why
    return good, fallen


def _fell(line: Row[Any], again: Line | None) -> str | None:
    """Why a line that was proposed cannot be paid now; None when it can."""
    if again is None or again.proposal.reason in rules.AMOUNT_REASONS:
        return rules.LESS_NOW
    if again.proposal.reason:
        return again.proposal.reason
    if again.proposal.amount < line.amount:
        return rules.LESS_NOW
    return None if again.account_id == line.bank_account_id else rules.ACCOUNT_CHANGED


def _leave_out(fallen: dict[uuid.UUID, str]) -> None:
    for reason in sorted(set(fallen.values())):
        ids = [line_id for line_id, why in fallen.items() if why == reason]
        for first in range(0, len(ids), CHUNK):
            db.session.execute(
                update(PayoutLine)
                .where(PayoutLine.id.in_(ids[first : first + CHUNK]))
                .values(state=rules.LEFT_OUT, reason=reason, kept=PayoutLine.held, amount=0)
                .execution_options(synchronize_session=False)
            )


def _order(run: Row[Any], lines: Sequence[Row[Any]], today: datetime.date) -> None:
    """Each line becomes a payout that is under way, in the books too."""
    methods = _methods({line.bank_account_id for line in lines})
    numbers = _numbers(len(lines))
    keys = take_numbers("payout-line", len(lines))
    made = []
    for line, number, key in zip(lines, numbers, keys, strict=True):
        made.append((line, new_id(), number, f"{key:0{KEY_DIGITS}d}"))
    for first in range(0, len(made), CHUNK):
        chunk = made[first : first + CHUNK]
        db.session.execute(
            insert(Payout),
            [
                {
                    "id": payout_id,
                    "number": number,
                    "mandate_account_id": line.mandate_account_id,
                    "customer_id": line.customer_id,
                    "period": run.cut_on.strftime("%Y-%m"),
                    "amount": line.amount,
                    "currency": run.currency,
                    "paid_on": run.pay_on,
                    "method": methods[line.bank_account_id],
                    "reference": key,
                    "state": rules.UNDER_WAY,
                }
                for line, payout_id, number, key in chunk
            ],
        )
        rows = values(
            column("id", Uuid), column("payout_id", Uuid), column("key", PayoutLine.key.type), name="made"
        ).data([(line.id, payout_id, key) for line, payout_id, _number, key in chunk])
        db.session.execute(
            update(PayoutLine)
            .where(PayoutLine.id == rows.c.id)
            .values(state=rules.UNDER_WAY, payout_id=rows.c.payout_id, key=rows.c.key)
            .execution_options(synchronize_session=False)
        )
        post_all(
            [
                (
                    f"payout:{payout_id}",
                    "payout-ordered",
                    books.order_payout(
                        mandate_account_id=line.mandate_account_id,
                        owner_id=line.customer_id,
                        amount=line.amount,
                    ),
                )
                for line, payout_id, _number, _key in chunk
            ],
            currency=run.currency,
            occurred_on=today,
        )


def _methods(account_ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    """How each was paid, in words that need no translation: the bank and the end of the number."""
    found: dict[uuid.UUID, str] = {}
    ids = sorted(account_ids)
    for first in range(0, len(ids), CHUNK):
        rows = db.session.execute(
            select(OwnerBankAccount.id, OwnerBankAccount.bank_name, OwnerBankAccount.last_four).where(
                OwnerBankAccount.id.in_(ids[first : first + CHUNK])
            )
        )
        found |= {row.id: f"{row.bank_name} ····{row.last_four}" for row in rows}
    return found


def _numbers(count: int) -> list[str]:
    """Numbers of payouts that nobody has: some of the books may have come from elsewhere with theirs."""
    prefix = str(serving().setting(PREFIX))
    found: list[str] = []
    while len(found) < count:
        wanted = [f"{prefix}{number:05d}" for number in take_numbers("payout", count - len(found))]
        taken: set[str] = set()
        for first in range(0, len(wanted), CHUNK):
            some = wanted[first : first + CHUNK]
            taken |= set(db.session.execute(select(Payout.number).where(Payout.number.in_(some))).scalars())
        found += [number for number in wanted if number not in taken]
    return found


def held_run(run_id: uuid.UUID) -> Row[Any]:
    """The run, locked. Raises NotFound."""
    row: Row[Any] | None = db.session.execute(
        select(
            PayoutRun.id,
            PayoutRun.number,
            PayoutRun.state,
            PayoutRun.cut_on,
            PayoutRun.pay_on,
            PayoutRun.currency,
            PayoutRun.scope,
            PayoutRun.lines,
            PayoutRun.total,
            PayoutRun.prepared_by,
            PayoutRun.layout,
            PayoutRun.file_id,
            PayoutRun.file_sha256,
            PayoutRun.file_name,
        )
        .where(PayoutRun.id == run_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    return row


def change_run(run_id: uuid.UUID, **changed: Any) -> None:
    db.session.execute(
        update(PayoutRun)
        .where(PayoutRun.id == run_id)
        .values(**changed)
        .execution_options(synchronize_session=False)
    )


def _recount(run_id: uuid.UUID) -> dict[str, int]:
    found = _sum(run_id)
    change_run(run_id, **found)
    return found


def _sum(run_id: uuid.UUID) -> dict[str, int]:
    row = db.session.execute(
        select(func.count().label("lines"), func.coalesce(func.sum(PayoutLine.amount), 0).label("total"))
        .select_from(PayoutLine)
        .where(PayoutLine.run_id == run_id, PayoutLine.state == rules.PROPOSED)
    ).one()
    return {"lines": int(row.lines), "total": int(row.total)}
