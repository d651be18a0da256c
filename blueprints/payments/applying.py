"""The one place where an observation changes anything: attempt, books, payment, receipt, outbox."""

from __future__ import annotations

import datetime
import logging
import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from blueprints.payments import rules
from blueprints.payments.attempts import AttemptRow, let_go, read_attempt
from blueprints.payments.capturing import Item, capture, locked_items
from blueprints.payments.disputes import hear_of_dispute
from blueprints.payments.interface import CAPTURED, REFUND_FAILED, Ask, Observation
from blueprints.payments.models import Attempt, ObservationRow
from blueprints.payments.quarantine import set_aside, take_back
from blueprints.payments.refund_news import hear_of_refund
from blueprints.payments.refund_rules import AFTERWARDS, REFUND_KINDS
from blueprints.payments.returning import hold_attempt, payment_of
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.ids import new_id
from saas.outbox import enqueue
from tenants.provider_account_services import OpenedAccount

log = logging.getLogger("ventanilla.payments")
DUPLICATE = "duplicate"
QUARANTINED = "quarantined"


def apply(
    observation: Observation, *, account: OpenedAccount, now: datetime.datetime, again: bool = False
) -> str:
    """Apply what a provider said, in the caller's transaction. Returns what became of it: an effect of
    `rules.TABLE`, "waiting", "duplicate", or "quarantined:<why>".

    Whoever calls it has authenticated the observation. Applying it again changes nothing, and any order
    of the same observations ends in the same balances. With `again` one that was put aside is tried anew.
    """
    attempt_id = db.session.execute(
        select(Attempt.id).where(Attempt.reference == observation.reference)
    ).scalar()
    if attempt_id is None:
        return _put_aside(rules.UNKNOWN_REFERENCE, observation, account, None, now)
    # Invoices before the attempt, in the order of ids: starting a payment takes them the same way.
    items: Sequence[Item] = ()
    if observation.kind in AFTERWARDS:
        hold_attempt(attempt_id)
    elif observation.kind == CAPTURED:
        items = locked_items(attempt_id)
    attempt = read_attempt(attempt_id, lock=True)
    effect = _verdict(attempt, observation, account)
    if (
        effect == rules.ALREADY_CAPTURED
        and observation.kind == CAPTURED
        and _is_another(attempt_id, observation)
    ):
        effect = f"{QUARANTINED}:{rules.CAPTURED_AGAIN}"
    noted = _note(observation, account, attempt_id, effect, now, again)
    if noted is None:
        return DUPLICATE
    if effect.startswith(QUARANTINED):
        return _put_aside(effect.partition(":")[2], observation, account, attempt_id, now)
    if effect == rules.WAITING:
        # A refund says that there was money: the provider is asked, rather than waited for.
        enqueue("payments.ask", {"attempt_id": str(attempt_id)}, key=f"early:{noted}")
    elif observation.kind in AFTERWARDS:
        effect = _afterwards(noted, attempt, observation, account, now)
    elif effect == rules.MOVED:
        _move(attempt, observation, items, account, now)
    return effect


def hold_for(said: Iterable[Observation | Ask]) -> None:
    """Take the locks for several observations of one attempt before the first of them is applied: a refund locks
    accounts, which come before the invoices that a capture locks."""
    observations = [one for one in said if isinstance(one, Observation)]
    if len(observations) < 2 or all(one.kind not in AFTERWARDS for one in observations):
        return
    attempt_id = db.session.execute(
        select(Attempt.id).where(Attempt.reference == observations[0].reference)
    ).scalar()
    if attempt_id is not None:
        hold_attempt(attempt_id)


def _verdict(attempt: AttemptRow, observation: Observation, account: OpenedAccount) -> str:
    after = observation.kind in AFTERWARDS
    part = after and 0 < observation.amount <= attempt.amount
    differs = rules.disagreement(
        rules.Terms(attempt.provider_account_id, attempt.mode, attempt.currency, attempt.amount),
        rules.Terms(
            account.id,
            observation.mode,
            observation.currency,
            attempt.amount if part else observation.amount if not after else -1,
        ),
    )
    if differs is not None:
        return f"{QUARANTINED}:{differs}"
    if after:
        return rules.MOVED if attempt.state == rules.CAPTURED else rules.WAITING
    move = rules.move(attempt.state, observation.kind)
    return move.effect if move is not None else f"{QUARANTINED}:{rules.UNEXPECTED_KIND}"


def _is_another(attempt_id: uuid.UUID, observation: Observation) -> bool:
    """Whether this capture is a second one of the same attempt (paid twice at a counter, charged twice), and not
    the first told again: the provider gave them numbers of their own. Such money is never passed over."""
    if not observation.event:
        return False
    first = db.session.execute(
        select(ObservationRow.event).where(
            ObservationRow.attempt_id == attempt_id,
            ObservationRow.kind == CAPTURED,
            ObservationRow.effect == rules.MOVED,
            ObservationRow.event != "",
        )
    ).scalar()
    return first is not None and first != observation.event


def _note(
    observation: Observation,
    account: OpenedAccount,
    attempt_id: uuid.UUID,
    effect: str,
    now: datetime.datetime,
    again: bool,
) -> uuid.UUID | None:
    """Write the observation down. None when it was here before (and, `again`, was not put aside)."""
    statement = upsert(ObservationRow).values(
        id=new_id(),
        provider_account_id=account.id,
        dedupe_key=observation.dedupe_key,
        attempt_id=attempt_id,
        kind=observation.kind,
        amount=observation.amount,
        currency=observation.currency,
        provider_reference=observation.provider_reference,
        evidence=observation.evidence,
        raw_digest=observation.raw_digest,
        event=observation.event,
        refund=str(observation.refund_id or ""),
        facts=dict(observation.facts),
        occurred_at=observation.occurred_at,
        recorded_at=now,
        effect=effect,
    )
    key = ["tenant_id", "provider_account_id", "dedupe_key"]
    if again:
        statement = statement.on_conflict_do_update(
            index_elements=key,
            set_={"effect": effect, "recorded_at": now},
            where=ObservationRow.effect.startswith(QUARANTINED),
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    return db.session.execute(statement.returning(ObservationRow.id)).scalar()


def _put_aside(
    kind: str,
    observation: Observation,
    account: OpenedAccount,
    attempt_id: uuid.UUID | None,
    now: datetime.datetime,
) -> str:
    set_aside(
        kind,
        account_id=account.id,
        attempt_id=attempt_id,
        dedupe_key=f"{account.id}|{observation.dedupe_key}",
        data={
            "reference": observation.reference,
            "observed": observation.kind,
            "amount": observation.amount,
            "currency": observation.currency,
            "mode": observation.mode,
            "provider_reference": observation.provider_reference,
            "occurred_at": observation.occurred_at.isoformat(),
            "evidence": observation.evidence,
            "raw_digest": observation.raw_digest,
            "event": observation.event,
            "refund_id": str(observation.refund_id or ""),
            "facts": dict(observation.facts),
        },
        now=now,
    )
    return f"{QUARANTINED}:{kind}"


def _move(
    attempt: AttemptRow,
    observation: Observation,
    items: Sequence[Item],
    account: OpenedAccount,
    now: datetime.datetime,
) -> None:
    to = rules.TABLE[attempt.state, observation.kind].to
    ended = to not in rules.OPEN_STATES
    db.session.execute(
        update(Attempt)
        .where(Attempt.id == attempt.id)
        .values(
            state=to,
            provider_reference=observation.provider_reference,
            facts=Attempt.facts.op("||")(dict(observation.facts)),
            finished_at=now if ended else None,
            **({"poll_at": None} if to == rules.CAPTURED else {}),
        )
        .execution_options(synchronize_session=False)
    )
    if ended:
        let_go(attempt.id)
    actor = Actor("gateway", None, account.name)
    if to != rules.CAPTURED:
        data = {"from": attempt.state, "evidence": observation.evidence}
        audit.record(f"payment.{to}", actor=actor, subject=("attempt", attempt.id), data=data)
        return
    capture(attempt, observation, items, account, actor, now)
    _apply_what_waited(attempt, account, now)


def _afterwards(
    noted: uuid.UUID,
    attempt: AttemptRow,
    observation: Observation,
    account: OpenedAccount,
    now: datetime.datetime,
) -> str:
    """A refund or a dispute of money that is here. Returns the effect, which is written down."""
    hear = hear_of_refund if observation.kind in REFUND_KINDS else hear_of_dispute
    effect = hear(payment_of(attempt.id), observation, Actor("gateway", None, account.name), now)
    if effect.startswith(QUARANTINED):
        _put_aside(effect.partition(":")[2], observation, account, attempt.id, now)
    elif observation.facts:
        db.session.execute(
            update(Attempt)
            .where(Attempt.id == attempt.id)
            .values(facts=Attempt.facts.op("||")(dict(observation.facts)))
            .execution_options(synchronize_session=False)
        )
    db.session.execute(
        update(ObservationRow)
        .where(ObservationRow.id == noted)
        .values(effect=effect)
        .execution_options(synchronize_session=False)
    )
    if observation.kind == REFUND_FAILED and effect == rules.MOVED:
        # There is room again for a refund that was heard of too early.
        _apply_what_waited(attempt, account, now, f"{QUARANTINED}:{rules.REFUND_EXCEEDS}")
    return effect


def _apply_what_waited(
    attempt: AttemptRow, account: OpenedAccount, now: datetime.datetime, effect: str = rules.WAITING
) -> None:
    """Refunds and disputes that were heard of before the money, or before another refund had failed."""
    rows = db.session.execute(
        select(ObservationRow)
        .where(ObservationRow.attempt_id == attempt.id, ObservationRow.effect == effect)
        .order_by(ObservationRow.id)
    ).scalars()
    for row in list(rows):
        said = Observation(
            reference=attempt.reference,
            kind=row.kind,
            amount=row.amount,
            currency=row.currency,
            mode=attempt.mode,
            provider_reference=row.provider_reference,
            occurred_at=row.occurred_at,
            evidence=row.evidence,
            raw_digest=row.raw_digest,
            event=row.event,
            refund_id=uuid.UUID(row.refund) if row.refund else None,
            facts=row.facts,
        )
        if not _afterwards(row.id, attempt, said, account, now).startswith(QUARANTINED):
            take_back(f"{account.id}|{row.dedupe_key}", now)
