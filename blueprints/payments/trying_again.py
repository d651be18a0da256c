"""What could not be applied is tried again, after whatever stood in its way was put right; or explained and closed."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.applying import QUARANTINED, apply
from blueprints.payments.attempts import attempt_named
from blueprints.payments.interface import Ask, Forged, Notice, Observation
from blueprints.payments.models import InboxRow, QuarantinedPayment
from blueprints.payments.rules import SURPLUS
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.languages import N_
from saas.outbox import enqueue
from saas.refusals import NotFound, Refusal
from tenants.provider_account_services import OpenedAccount, open_account

SHORTEST_NOTE, LONGEST_NOTE = 5, 300  # characters
ASKED = "asked"
APPLIED = N_("It was applied when it was tried again.")
ASKED_FOR = N_("The provider was asked about it.")


def can_be_tried(kind: str, data: Mapping[str, Any]) -> bool:
    """Whether there is something to apply, or to ask about."""
    return kind != SURPLUS and bool(data.get("reference") or data.get("provider_reference"))


def try_again(quarantined_id: uuid.UUID, *, actor: Actor, now: datetime.datetime) -> str:
    """Apply what was kept, from the bytes as they came where there are any. Returns the effect; when it fits now,
    the row leaves the quarantine. Raises NotFound, or Refusal when it is resolved or nothing was kept.
    """
    row = db.session.execute(
        select(
            QuarantinedPayment.kind,
            QuarantinedPayment.provider_account_id,
            QuarantinedPayment.data,
            QuarantinedPayment.resolved_at,
        )
        .where(QuarantinedPayment.id == quarantined_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    if row.resolved_at is not None:
        raise Refusal(N_("Somebody has resolved this already."))
    if row.provider_account_id is None or not can_be_tried(row.kind, row.data):
        raise Refusal(N_("There is nothing here that could be tried again."))
    account = open_account(row.provider_account_id)
    effect = _apply(account, row.data, now)
    if not effect.startswith(QUARANTINED):
        words = ASKED_FOR if effect == ASKED else APPLIED
        _resolve(quarantined_id, words, actor, now)
    audit.record(
        "quarantine.retried",
        actor=actor,
        subject=("quarantine", quarantined_id),
        data={"kind": row.kind, "effect": effect},
    )
    return effect


def _apply(account: OpenedAccount, data: Mapping[str, Any], now: datetime.datetime) -> str:
    said = _from_bytes(account, data) or [_from_data(data)]
    effect = ""
    for one in said:
        if isinstance(one, Observation):
            effect = apply(one, account=account, now=now, again=True)
            continue
        attempt_id = attempt_named(account.id, one.reference, one.provider_reference)
        if attempt_id is None:
            return f"{QUARANTINED}:unknown-reference"
        enqueue("payments.ask", {"attempt_id": str(attempt_id)}, key=f"again:{attempt_id}:{now.isoformat()}")
        effect = ASKED
    return effect


def _from_bytes(account: OpenedAccount, data: Mapping[str, Any]) -> Sequence[Observation | Ask]:
    """The notice as the adapter reads it today: settings may have been put right since. Nothing when no bytes were kept
    or they prove nothing any more."""
    digest = data.get("raw_digest")
    if not digest:
        return ()
    row = db.session.execute(
        select(InboxRow.body, InboxRow.headers, InboxRow.received_at).where(
            InboxRow.provider_account_id == account.id, InboxRow.digest == digest
        )
    ).first()
    if row is None:
        return ()
    headers = {name: str(value) for name, value in row.headers.items()}
    try:
        found = adapter_of(account).receive(view_of(account), Notice(row.body, headers, row.received_at))
    except Forged:
        return ()
    return [one for one in found if isinstance(one, Ask) or one.kind == data.get("observed")]


def _from_data(data: Mapping[str, Any]) -> Observation | Ask:
    """What was written down of it."""
    if not data.get("observed"):
        return Ask(str(data.get("reference") or ""), str(data.get("provider_reference") or ""))
    refund = str(data.get("refund_id") or "")
    return Observation(
        reference=str(data["reference"]),
        kind=str(data["observed"]),
        amount=int(data["amount"]),
        currency=str(data["currency"]),
        mode=str(data["mode"]),
        provider_reference=str(data["provider_reference"]),
        occurred_at=datetime.datetime.fromisoformat(data["occurred_at"]),
        evidence=str(data["evidence"]),
        raw_digest=str(data["raw_digest"]),
        event=str(data.get("event") or ""),
        refund_id=uuid.UUID(refund) if refund else None,
        facts=data.get("facts") or {},
    )


def resolve(quarantined_id: uuid.UUID, *, note: str, actor: Actor, now: datetime.datetime) -> None:
    """Say what became of it. Once. Raises NotFound or Refusal."""
    words = " ".join(note.split())
    if len(words) < SHORTEST_NOTE:
        raise Refusal(N_("Say what was done."), field="note")
    if len(words) > LONGEST_NOTE:
        raise Refusal(N_("The text is too long"), field="note")
    kind = db.session.execute(
        select(QuarantinedPayment.kind).where(QuarantinedPayment.id == quarantined_id)
    ).scalar()
    if kind is None:
        raise NotFound()
    if not _resolve(quarantined_id, words, actor, now):
        raise Refusal(N_("Somebody has resolved this already."))
    audit.record(
        "quarantine.resolved",
        actor=actor,
        subject=("quarantine", quarantined_id),
        data={"kind": kind, "note": words},
    )


def _resolve(quarantined_id: uuid.UUID, words: str, actor: Actor, now: datetime.datetime) -> bool:
    changed = db.session.execute(
        update(QuarantinedPayment)
        .where(QuarantinedPayment.id == quarantined_id, QuarantinedPayment.resolved_at.is_(None))
        .values(resolved_at=now, resolved_by=actor.user_id, resolution=words)
        .returning(QuarantinedPayment.id)
        .execution_options(synchronize_session=False)
    ).first()
    return changed is not None
