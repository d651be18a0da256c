"""Start paying: freeze what is paid, then fetch the step that sends the payer to the provider.

Two transactions with the provider's answer between them: the attempt is committed before anybody outside
hears of it, and no connection waits while a provider thinks.
"""

from __future__ import annotations

import datetime
import logging
import uuid
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import insert, or_, update

from blueprints.payments import rules
from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.attempts import adapter_view, close_attempt, read_attempt
from blueprints.payments.choosing import Choice, Holder, InProcess, holders
from blueprints.payments.grace import held_until
from blueprints.payments.interface import (
    Adapter,
    AttemptView,
    Capabilities,
    Instructions,
    ProviderAccountView,
    Redirect,
    Step,
    Unreachable,
    Wire,
    step_as_data,
    step_from_data,
)
from blueprints.payments.models import Attempt, AttemptItem
from blueprints.payments.numbers import next_number
from blueprints.payments.payers import Payer, payer_as_data
from blueprints.payments.settling import plan_comparison
from blueprints.payments.ways import ways_for
from saas import audit
from saas.audit import SYSTEM
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.outbox import enqueue
from saas.refusals import Refusal
from saas.tokens import new_code
from tenants.loading import serving
from tenants.provider_account_services import OpenedAccount, enabled_accounts, open_account

log = logging.getLogger("ventanilla.payments")
ASKING = datetime.timedelta(seconds=30)  # longer than a provider is waited for; then another click may ask


@dataclass(frozen=True, slots=True)
class Errand:
    """What it takes to fetch an attempt's step, read while the transaction was open."""

    adapter: Adapter
    account: ProviderAccountView
    attempt: AttemptView

    def run(self, wire: Wire) -> Step | None:
        """Ask the adapter; no transaction is open. None when the provider did not answer: that is unknown,
        not failed; the attempt stays, is polled, and the next try uses the same reference. Raises Refusal."""
        try:
            return self.adapter.start(self.account, self.attempt, wire)
        except Unreachable as problem:
            log.warning("no step yet: %s", problem, extra={"facts": {"attempt": str(self.attempt.id)}})
            return None


@dataclass(frozen=True, slots=True)
class Started:
    """An attempt that is under way. Without a `step` there is an `errand` to fetch it, unless somebody
    else is fetching it at this moment."""

    attempt_id: uuid.UUID
    state: str
    step: Step | None
    fresh: bool
    errand: Errand | None = None


def start(
    payer: Payer,
    choice: Choice,
    now: datetime.datetime,
    *,
    way: uuid.UUID | None = None,
    origin: str | None = None,
) -> Started:
    """Freeze these invoices, or return what the same payer has already started for them.

    `choice` was read with its rows locked: amounts are today's, from our own books. `way` is the provider
    account that the payer chose; None: the preferred one. Whoever chooses another way, or whose way is no
    longer offered, leaves what was not finished. Raises Refusal, and InProcess when another attempt holds
    an invoice.
    """
    key = rules.items_key((item.id, item.amount) for item in choice.items)
    ways = [account for account in ways_for(choice) if way is None or account.id == way]
    closed: dict[uuid.UUID, str] = {}
    same = _make_room(payer, choice, key, now, {account.id for account in ways}, closed)
    if same is not None:
        return _again(same, now, origin)
    if not ways:
        raise _no_way(way)
    account = ways[0]
    attempt_id = _freeze(payer, choice, key, account, now)
    plan_comparison(account, now)
    for closed_id, to in closed.items():
        audit.record(
            f"payment.{to}", actor=payer.actor, subject=("attempt", closed_id), data={"from": rules.CREATED}
        )
    audit.record(
        "payment.started",
        actor=payer.actor,
        subject=("attempt", attempt_id),
        customer_id=payer.customer_id,
        data={
            "amount": choice.amount,
            "currency": choice.currency,
            "invoices": [str(item.id) for item in choice.items],
        },
    )
    errand = _errand(attempt_id, account, origin)
    return Started(attempt_id, rules.CREATED, None, fresh=True, errand=errand)


def keep_step(attempt_id: uuid.UUID, step: Step | None) -> None:
    """Write down what the errand brought, so that the next click repeats it; None lets the next click ask."""
    values: dict[str, object] = {"asked_at": None}
    if step is not None:
        values["step"] = step_as_data(step)
    if isinstance(step, Redirect) and step.provider_reference:
        values["provider_reference"] = step.provider_reference
    if isinstance(step, Redirect) and step.facts:
        values["facts"] = Attempt.facts.op("||")(dict(step.facts))
    db.session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    if isinstance(step, Instructions):
        enqueue("payments.coupon", {"attempt_id": str(attempt_id)}, key=str(attempt_id))


def refuse_attempt(attempt_id: uuid.UUID, refusal: Refusal, now: datetime.datetime) -> None:
    """The provider cannot take this attempt: nobody was sent away, so it ends and lets go of its invoices."""
    if close_attempt(attempt_id, rules.CANCELED, only_from=frozenset({rules.CREATED}), now=now):
        data = {"from": rules.CREATED, "why": refusal.msgid}
        audit.record("payment.canceled", actor=SYSTEM, subject=("attempt", attempt_id), data=data)


def _make_room(
    payer: Payer,
    choice: Choice,
    key: str,
    now: datetime.datetime,
    ways: AbstractSet[uuid.UUID],
    closed: dict[uuid.UUID, str],
) -> Holder | None:
    """The payer's own attempt for the very same in one of these `ways`; else see to it that no open attempt
    holds an invoice. What had to be ended for it goes into `closed`."""
    for holder in holders(item.id for item in choice.items):
        own = (holder.user_id, holder.link_id) == (payer.user_id, payer.link_id)
        over = holder.expires_at <= now
        goes_on = holder.state != rules.CREATED or (not over and holder.provider_account_id in ways)
        if own and holder.items_key == key and goes_on:
            return holder
        waits = over and now < held_until(holder.expires_at, holder.step)
        # Nobody has heard of money yet: the payer chose anew, or has let the time pass.
        if holder.state == rules.CREATED and (own or over) and not waits:
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


def _again(holder: Holder, now: datetime.datetime, origin: str | None) -> Started:
    """The step that is known already; else the errand for it, to one asker at a time."""
    if holder.step is not None:
        return Started(holder.id, holder.state, step_from_data(holder.step), fresh=False)
    claimed = db.session.execute(
        update(Attempt)
        .where(
            Attempt.id == holder.id,
            Attempt.step.is_(None),
            or_(Attempt.asked_at.is_(None), Attempt.asked_at < now - ASKING),
        )
        .values(asked_at=now)
        .returning(Attempt.provider_account_id)
        .execution_options(synchronize_session=False)
    ).scalar()
    errand = _errand(holder.id, open_account(claimed), origin) if claimed is not None else None
    return Started(holder.id, holder.state, None, fresh=False, errand=errand)


def _errand(attempt_id: uuid.UUID, account: OpenedAccount, origin: str | None) -> Errand:
    attempt = adapter_view(read_attempt(attempt_id), account, origin=origin)
    return Errand(adapter_of(account), view_of(account), attempt)


def _no_way(chosen: uuid.UUID | None) -> Refusal:
    """Why there is no way to pay."""
    if not enabled_accounts():
        return Refusal(N_("Online payment is not available at the moment."))
    if chosen is not None:
        return Refusal(N_("That way to pay is not available now. Choose again."), field="way")
    return Refusal(
        N_("This cannot be paid online in one payment. Choose fewer invoices, or pay another way.")
    )


def _freeze(
    payer: Payer, choice: Choice, key: str, account: OpenedAccount, now: datetime.datetime
) -> uuid.UUID:
    can = adapter_of(account).can(view_of(account))
    attempt_id, expires_at = new_id(), _end(choice, can, now)
    poll_at = None
    if not can.offline:
        poll_at = rules.next_poll(now=now, polls=0, expires_at=expires_at, first_polls=can.first_polls)
    db.session.execute(
        insert(Attempt).values(
            id=attempt_id,
            reference=new_code(groups=3),
            user_id=payer.user_id,
            link_id=payer.link_id,
            payer=payer_as_data(payer.view),
            language=payer.language,
            provider_account_id=account.id,
            secrets_version=account.version,
            provider_reference=next_number() if can.offline else None,
            facts={},
            asked_at=now,
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
    if not can.offline:
        enqueue("payments.poll", facts, due_at=poll_at, key=f"{attempt_id}:0")
    enqueue("payments.expire", facts, due_at=expires_at, key=f"{attempt_id}:lifetime")
    return attempt_id


def _end(choice: Choice, can: Capabilities, now: datetime.datetime) -> datetime.datetime:
    """When the attempt's time is over."""
    if not can.offline:
        return now + can.lifetime
    zone = ZoneInfo(serving().time_zone)
    return rules.last_moment(
        now + can.lifetime,
        zone=zone,
        not_after=[item.rises_after for item in choice.items if item.rises_after],
    )
