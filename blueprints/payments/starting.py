"""Start paying: freeze what is paid, and find the step that sends the payer to the provider."""

from __future__ import annotations

import datetime
import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, update

from blueprints.payments import rules
from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.attempts import adapter_view, close_attempt, read_attempt
from blueprints.payments.choosing import Choice, Holder, InProcess, choose, holders
from blueprints.payments.interface import Step, Unreachable, Wire, step_as_data, step_from_data
from blueprints.payments.models import Attempt, AttemptItem
from saas import audit
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.outbox import enqueue
from saas.refusals import Refusal
from saas.tokens import new_code
from tenants.context import Reach, Viewer
from tenants.loading import serving
from tenants.provider_account_services import OpenedAccount, enabled_accounts, open_account

log = logging.getLogger("ventanilla.payments")


@dataclass(frozen=True, slots=True)
class Started:
    """An attempt that is under way. `step` is None while the provider has not told where to go."""

    attempt_id: uuid.UUID
    state: str
    step: Step | None
    fresh: bool


def start(
    viewer: Viewer,
    reach: Reach,
    invoice_ids: Iterable[uuid.UUID],
    now: datetime.datetime,
    *,
    wire: Wire,
    origin: str | None = None,
) -> Started:
    """Start to pay these invoices, or return what the same user has already started for them.

    Amounts are today's, from our own books. Raises NotFound (nothing is created), Refusal, and InProcess
    when another attempt holds one of the invoices.
    """
    choice = choose(reach, invoice_ids, today=serving().today(), lock=True)
    key = rules.items_key((item.id, item.amount) for item in choice.items)
    closed: dict[uuid.UUID, str] = {}
    same = _make_room(viewer, choice, key, now, closed)
    if same is not None:
        return _again(same, wire, origin)
    account = _account()
    attempt_id = _freeze(viewer, choice, key, account, now)
    step = _step(attempt_id, account, choice, wire, origin)
    # After the provider has answered: everybody's evidence waits for ours.
    for closed_id, to in closed.items():
        audit.record(
            f"payment.{to}",
            actor=viewer.actor(),
            subject=("attempt", closed_id),
            data={"from": rules.CREATED},
        )
    audit.record(
        "payment.started",
        actor=viewer.actor(),
        subject=("attempt", attempt_id),
        customer_id=viewer.customer_id,
        data={
            "amount": choice.amount,
            "currency": choice.currency,
            "invoices": [str(item.id) for item in choice.items],
        },
    )
    return Started(attempt_id, rules.CREATED, step, fresh=True)


def _make_room(
    viewer: Viewer, choice: Choice, key: str, now: datetime.datetime, closed: dict[uuid.UUID, str]
) -> Holder | None:
    """The user's own attempt for the very same; else see to it that no open attempt holds an invoice.
    What had to be ended for it goes into `closed`."""
    for holder in holders(item.id for item in choice.items):
        own, over = holder.user_id == viewer.user_id, holder.expires_at <= now
        if own and holder.items_key == key and not (over and holder.state == rules.CREATED):
            return holder
        # Nobody has heard of money yet: the payer chose anew, or has let the time pass.
        if holder.state == rules.CREATED and (own or over):
            to = rules.EXPIRED if over else rules.CANCELED
            if close_attempt(holder.id, to, only_from=frozenset({rules.CREATED}), now=now):
                closed[holder.id] = to
                continue
        refusal = InProcess(
            N_("A payment that includes one of these invoices is being processed. Do not pay it again.")
        )
        refusal.attempt_id = holder.id if own else None
        raise refusal
    return None


def _again(holder: Holder, wire: Wire, origin: str | None) -> Started:
    if holder.step is not None:
        return Started(holder.id, holder.state, step_from_data(holder.step), fresh=False)
    attempt = read_attempt(holder.id)
    step = _step(holder.id, open_account(attempt.provider_account_id), None, wire, origin)
    return Started(holder.id, holder.state, step, fresh=False)


def _account() -> OpenedAccount:
    accounts: Sequence[OpenedAccount] = enabled_accounts()
    if not accounts:
        raise Refusal(N_("Online payment is not available at the moment."))
    return accounts[0]


def _freeze(
    viewer: Viewer, choice: Choice, key: str, account: OpenedAccount, now: datetime.datetime
) -> uuid.UUID:
    can = adapter_of(account).can(view_of(account))
    attempt_id, expires_at = new_id(), now + can.lifetime
    poll_at = rules.next_poll(now=now, polls=0, expires_at=expires_at, first_polls=can.first_polls)
    db.session.execute(
        insert(Attempt).values(
            id=attempt_id,
            reference=new_code(groups=3),
            user_id=viewer.user_id,
            provider_account_id=account.id,
            mode=account.mode,
            state=rules.CREATED,
            amount=choice.amount,
            currency=choice.currency,
            items_key=key,
            created_at=now,
            expires_at=expires_at,
            poll_at=poll_at,
            polls=0,
        )
    )
    db.session.execute(
        insert(AttemptItem).values(
            [
                {
                    "id": new_id(),
                    "attempt_id": attempt_id,
                    "invoice_id": item.id,
                    "amount": item.amount,
                    "surcharge": item.surcharge,
                    "open": True,
                }
                for item in choice.items
            ]
        )
    )
    facts = {"attempt_id": str(attempt_id)}
    enqueue("payments.poll", facts, due_at=poll_at, key=f"{attempt_id}:0")
    enqueue("payments.expire", facts, due_at=expires_at, key=f"{attempt_id}:lifetime")
    return attempt_id


def _step(
    attempt_id: uuid.UUID, account: OpenedAccount, choice: Choice | None, wire: Wire, origin: str | None
) -> Step | None:
    """Ask the adapter for the step and keep it. None when the provider did not answer: that is unknown,
    not failed; the attempt stays, is polled, and the next try uses the same reference."""
    numbers = ", ".join(item.number for item in choice.items) if choice else ""
    view = adapter_view(read_attempt(attempt_id), account, description=numbers, origin=origin)
    try:
        step = adapter_of(account).start(view_of(account), view, wire)
    except Unreachable as problem:
        log.warning("no step yet: %s", problem, extra={"attempt": str(attempt_id)})
        return None
    db.session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id)
        .values(step=step_as_data(step))
        .execution_options(synchronize_session=False)
    )
    return step
