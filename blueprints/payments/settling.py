"""The daily comparison: what we booked as captured against what each provider has in its own books."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.interface import CaptureView, Settled, Wire
from blueprints.payments.models import Attempt, Payment
from blueprints.payments.rules import CAPTURED
from blueprints.payments.settlement_models import SettlementDifference, SettlementRun
from blueprints.payments.settlement_rules import EXTRA, MARGIN, Difference, differences
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.ids import new_id
from saas.outbox import enqueue
from saas.refusals import NotFound
from tenants.loading import serving
from tenants.provider_account_services import OpenedAccount, open_account

HOUR = 6  # of the tenant's morning: by then providers have closed their day
CAPTURES_AT_A_TIME = 5000


def plan_comparison(account: OpenedAccount, now: datetime.datetime) -> None:
    """See to it that the day of `now` is compared with this account's provider on the next morning."""
    if adapter_of(account).can(view_of(account)).settlement == "none":
        return
    zone = ZoneInfo(serving().time_zone)
    day = now.astimezone(zone).date()
    due = datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(HOUR), tzinfo=zone)
    payload = {"provider_account_id": str(account.id), "day": day.isoformat()}
    enqueue("payments.compare", payload, due_at=due, key=f"{account.id}:{day}")


def compare_again(run_id: uuid.UUID, now: datetime.datetime) -> None:
    """Ask for another comparison of the same day, after this transaction. Raises NotFound."""
    row = db.session.execute(
        select(SettlementRun.provider_account_id, SettlementRun.day, SettlementRun.runs).where(
            SettlementRun.id == run_id
        )
    ).first()
    if row is None:
        raise NotFound()
    payload = {"provider_account_id": str(row.provider_account_id), "day": row.day.isoformat()}
    enqueue("payments.compare", payload, key=f"{row.provider_account_id}:{row.day}:{row.runs}")


def compare(
    provider_account_id: uuid.UUID, day: datetime.date, *, wire: Wire, now: datetime.datetime
) -> list[Difference]:
    """Compare one day of the tenant. Returns what differs; open differences that are gone are resolved.

    A capture that only the provider has is asked about at once, so that money which we never heard of is booked.
    Nothing is booked or taken back by the comparison itself. Raises Unreachable (the outbox comes again).
    """
    account = open_account(provider_account_id)
    adapter, view = adapter_of(account), view_of(account)
    zone = ZoneInfo(serving().time_zone)
    since = datetime.datetime.combine(day, datetime.time(), tzinfo=zone)
    until = datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(), tzinfo=zone)
    ours = _captures(provider_account_id, since, until)
    theirs = adapter.settled(view, since - MARGIN, until + MARGIN, ours, wire)
    found = differences(
        ours,
        theirs,
        since=since,
        until=until,
        booked=_booked(theirs),
        lists=adapter.can(view).settlement == "list",
    )
    inside = [one for one in theirs if one.occurred_at is None or since <= one.occurred_at < until]
    run_id = _keep_run(provider_account_id, day, len(ours), len(inside), now)
    _keep_differences(run_id, found, now)
    for extra in found:
        if extra.kind == EXTRA:
            _ask_about(extra.reference, run_id)
    return found


def resolve_difference(
    difference_id: uuid.UUID, note: str, *, actor: Actor, user_id: uuid.UUID, now: datetime.datetime
) -> uuid.UUID:
    """A person says what it was. Returns the run's id. Raises NotFound, also for one that is resolved."""
    row = db.session.execute(
        update(SettlementDifference)
        .where(SettlementDifference.id == difference_id, SettlementDifference.resolved_at.is_(None))
        .values(resolved_at=now, resolved_by=user_id, resolution=note)
        .returning(SettlementDifference.run_id, SettlementDifference.reference)
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        raise NotFound()
    audit.record(
        "settlement.resolved",
        actor=actor,
        subject=("settlement-difference", difference_id),
        data={"reference": row.reference, "note": note},
    )
    run_id: uuid.UUID = row.run_id
    return run_id


def _captures(
    provider_account_id: uuid.UUID, since: datetime.datetime, until: datetime.datetime
) -> Sequence[CaptureView]:
    rows = db.session.execute(
        select(
            Attempt.id,
            Attempt.reference,
            Payment.amount,
            Payment.currency,
            Attempt.provider_reference,
            Payment.paid_at,
            Attempt.facts,
        )
        .join(Payment, and_(Payment.tenant_id == Attempt.tenant_id, Payment.attempt_id == Attempt.id))
        .where(
            Attempt.provider_account_id == provider_account_id,
            Payment.paid_at >= since,
            Payment.paid_at < until,
        )
        .order_by(Attempt.id)
    )
    return [
        CaptureView(
            row.id,
            row.reference,
            row.amount,
            row.currency,
            row.provider_reference or "",
            row.paid_at,
            row.facts,
        )
        for row in rows
    ]


def _booked(theirs: Iterable[Settled]) -> frozenset[str]:
    """Which of these references we have captured, on whatever day."""
    references = sorted({settled.reference for settled in theirs})
    booked: set[str] = set()
    for start in range(0, len(references), CAPTURES_AT_A_TIME):
        some = references[start : start + CAPTURES_AT_A_TIME]
        rows = db.session.execute(
            select(Attempt.reference).where(Attempt.reference.in_(some), Attempt.state == CAPTURED)
        )
        booked.update(row.reference for row in rows)
    return frozenset(booked)


def _keep_run(
    provider_account_id: uuid.UUID, day: datetime.date, ours: int, theirs: int, now: datetime.datetime
) -> uuid.UUID:
    found = {"ours": ours, "theirs": theirs, "checked_at": now}
    return db.session.execute(
        insert(SettlementRun)
        .values(id=new_id(), provider_account_id=provider_account_id, day=day, runs=1, **found)
        .on_conflict_do_update(
            index_elements=["tenant_id", "provider_account_id", "day"],
            set_={**found, "runs": SettlementRun.runs + 1},
        )
        .returning(SettlementRun.id)
    ).scalar_one()


def _keep_differences(run_id: uuid.UUID, found: Sequence[Difference], now: datetime.datetime) -> None:
    if found:
        db.session.execute(
            insert(SettlementDifference)
            .values(
                [
                    {
                        "id": new_id(),
                        "run_id": run_id,
                        "kind": one.kind,
                        "reference": one.reference,
                        "provider_reference": one.provider_reference,
                        "attempt_id": one.attempt_id,
                        "our_amount": one.our_amount,
                        "their_amount": one.their_amount,
                        "currency": one.currency,
                        "found_at": now,
                    }
                    for one in found
                ]
            )
            .on_conflict_do_update(
                index_elements=["tenant_id", "run_id", "kind", "reference", "provider_reference"],
                set_={"resolved_at": None, "resolution": None},
                # What a person has explained stays explained; what had gone by itself and is back is open again.
                where=SettlementDifference.resolution == "",
            )
        )
    still = [(one.kind, one.reference, one.provider_reference) for one in found]
    columns = (
        SettlementDifference.kind,
        SettlementDifference.reference,
        SettlementDifference.provider_reference,
    )
    gone = update(SettlementDifference).where(
        SettlementDifference.run_id == run_id, SettlementDifference.resolved_at.is_(None)
    )
    if still:
        gone = gone.where(tuple_(*columns).not_in(still))
    db.session.execute(
        gone.values(resolved_at=now, resolution="").execution_options(synchronize_session=False)
    )


def _ask_about(reference: str, run_id: uuid.UUID) -> None:
    attempt = db.session.execute(select(Attempt.id).where(Attempt.reference == reference)).scalar()
    runs = select(func.coalesce(SettlementRun.runs, 0)).where(SettlementRun.id == run_id)
    if attempt is not None:
        turn = db.session.execute(runs).scalar_one()
        enqueue("payments.ask", {"attempt_id": str(attempt)}, key=f"compared:{run_id}:{turn}:{attempt}")
