"""Ask the provider about attempts whose end is not known, and end those that nobody finished."""

from __future__ import annotations

import datetime
import logging
import uuid

from sqlalchemy import select, update

from blueprints.payments import rules
from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.applying import apply, hold_for
from blueprints.payments.attempts import AttemptRow, adapter_view, close_attempt, read_attempt
from blueprints.payments.grace import held_until
from blueprints.payments.interface import Unknown, Unreachable, Wire
from blueprints.payments.models import Attempt
from saas import audit
from saas.audit import SYSTEM
from saas.database import db
from saas.outbox import enqueue
from tenants.provider_account_services import SecretsUnreadable, open_account

log = logging.getLogger("ventanilla.payments")


def poll(
    attempt_id: uuid.UUID, *, wire: Wire, now: datetime.datetime, jitter: float, told: bool = False
) -> list[str]:
    """Ask once, apply what is said, and write down when to ask again. Returns the effects.

    No answer is no news: whatever the provider's silence means, it is not a failure. Whoever was `told` that
    there is news asks also about an attempt that is finished (a refund, a dispute), and hears Unreachable, so
    that the question is repeated.
    """
    attempt = read_attempt(attempt_id)
    if not told and not rules.may_still_be_paid(attempt.state, expires_at=attempt.expires_at, now=now):
        _plan(attempt_id, attempt.polls, None)
        return []
    try:
        account = open_account(attempt.provider_account_id)
    except SecretsUnreadable as problem:
        return _not_now(attempt_id, attempt, problem, told=told, now=now, jitter=jitter)
    adapter, view = adapter_of(account), view_of(account)
    effects: list[str] = []
    try:
        news = adapter.observe(view, adapter_view(attempt, account), wire, now)
    except Unreachable as problem:
        if told:
            raise
        news = Unknown(str(problem))
    if isinstance(news, Unknown):
        log.info("no news: %s", news.why, extra={"attempt": str(attempt_id)})
    else:
        hold_for(news)
        effects = [apply(observation, account=account, now=now) for observation in news]
    polls, state = attempt.polls + 1, read_attempt(attempt_id).state
    due = None
    can = adapter.can(view)
    if not can.offline and rules.may_still_be_paid(state, expires_at=attempt.expires_at, now=now):
        due = rules.next_poll(
            now=now,
            polls=polls,
            expires_at=attempt.expires_at,
            first_polls=can.first_polls,
            jitter=jitter,
        )
    _plan(attempt_id, polls, due)
    return effects


def _not_now(
    attempt_id: uuid.UUID,
    attempt: AttemptRow,
    problem: SecretsUnreadable,
    *,
    told: bool,
    now: datetime.datetime,
    jitter: float,
) -> list[str]:
    """The account cannot be used for the time being: to ask later is all that can be done."""
    if told:
        raise problem
    log.error("not asked: %s", problem, extra={"event": "secrets_unreadable", "attempt": str(attempt_id)})
    polls = attempt.polls + 1
    due = rules.next_poll(now=now, polls=polls, expires_at=attempt.expires_at, jitter=jitter)
    _plan(attempt_id, polls, due)
    return []


def is_due(attempt_id: uuid.UUID, now: datetime.datetime) -> bool:
    """Whether the attempt's next question is due. Somebody may have asked out of turn and planned a later one:
    then that one is waited for, and the provider is not asked twice as often ever after."""
    poll_at = db.session.execute(select(Attempt.poll_at).where(Attempt.id == attempt_id)).scalar()
    if poll_at is not None and poll_at > now:
        key = f"{attempt_id}:at:{poll_at.isoformat()}"
        enqueue("payments.poll", {"attempt_id": str(attempt_id)}, due_at=poll_at, key=key)
    return poll_at is not None and poll_at <= now


def _plan(attempt_id: uuid.UUID, polls: int, due: datetime.datetime | None) -> None:
    db.session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id)
        .values(polls=polls, poll_at=due)
        .execution_options(synchronize_session=False)
    )
    if due is not None:
        enqueue("payments.poll", {"attempt_id": str(attempt_id)}, due_at=due, key=f"{attempt_id}:{polls}")


def expire(attempt_id: uuid.UUID, *, now: datetime.datetime) -> bool:
    """End an attempt whose time is over. True when it ended here.

    One that the payer never finished ends with its lifetime, a coupon when the file of its last day must be here;
    one that the provider called pending is
    asked about until the grace is over. Money that still comes is booked all the same.
    """
    attempt = read_attempt(attempt_id)
    if attempt.state == rules.PENDING and now < attempt.expires_at + rules.GRACE:
        enqueue(
            "payments.expire",
            {"attempt_id": str(attempt_id)},
            due_at=attempt.expires_at + rules.GRACE,
            key=f"{attempt_id}:grace",
        )
        return False
    until = held_until(attempt.expires_at, attempt.step)
    if attempt.state == rules.CREATED and attempt.expires_at <= now < until:
        enqueue("payments.expire", {"attempt_id": str(attempt_id)}, due_at=until, key=f"{attempt_id}:held")
        return False
    if now < attempt.expires_at or attempt.state not in rules.OPEN_STATES:
        return False
    ended = close_attempt(attempt_id, rules.EXPIRED, only_from=frozenset({attempt.state}), now=now)
    if ended:
        audit.record(
            "payment.expired", actor=SYSTEM, subject=("attempt", attempt_id), data={"from": attempt.state}
        )
    return ended
