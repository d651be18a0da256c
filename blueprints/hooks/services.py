"""Take a notice in: first keep its bytes, then find out what they mean."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.applying import DUPLICATE, QUARANTINED, apply, hold_for
from blueprints.payments.attempts import attempt_named
from blueprints.payments.interface import Ask, Forged, Notice, Observation
from blueprints.payments.models import InboxRow
from blueprints.payments.quarantine import set_aside
from blueprints.payments.rules import UNKNOWN_REFERENCE
from saas.database import db
from saas.ids import new_id
from saas.outbox import enqueue
from tenants.provider_account_services import OpenedAccount

RECEIVED = "received"
APPLIED = "applied"
FORGED = "forged"
PUT_ASIDE = "quarantined"
ASKED = "asked"
LONGEST_HEADER = 300
KEPT_HEADERS = 40


@dataclass(frozen=True, slots=True)
class Kept:
    """A notice that is written down, and what became of it before, if it was here before."""

    id: uuid.UUID
    state: str


def keep(account: OpenedAccount, notice: Notice) -> Kept:
    """Write the notice down as it came, once per body; a repeat is counted."""
    statement = insert(InboxRow).values(
        id=new_id(),
        provider_account_id=account.id,
        digest=hashlib.sha256(notice.body).hexdigest(),
        headers=_headers(notice.headers),
        body=notice.body,
        received_at=notice.received_at,
        state=RECEIVED,
        times=1,
    )
    row = db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "provider_account_id", "digest"],
            set_={"times": InboxRow.times + 1},
        ).returning(InboxRow.id, InboxRow.state)
    ).one()
    return Kept(*row)


def work(account: OpenedAccount, notice: Notice, kept: Kept) -> list[str]:
    """Authenticate a kept notice and apply what it says. Returns the effects. Raises Forged.

    Every notice is authenticated, also a repeat; one that was applied before is not applied again, and costs no
    second transaction.
    """
    observations = adapter_of(account).receive(view_of(account), notice)
    if kept.state == APPLIED:
        return []
    hold_for(observations)
    effects = [_take(said, account, notice, kept.id) for said in observations]
    aside = any(effect.startswith(QUARANTINED) for effect in effects)
    # Said again, perhaps at the same moment: what was put aside stays aside.
    only_from = (RECEIVED, FORGED) if set(effects) == {DUPLICATE} else ()
    mark(kept.id, PUT_ASIDE if aside else APPLIED, ", ".join(effects), only_from=only_from)
    return effects


def _take(said: Observation | Ask, account: OpenedAccount, notice: Notice, row_id: uuid.UUID) -> str:
    """Apply what is said; what only says "ask me" is asked after the answer is sent."""
    if isinstance(said, Observation):
        return apply(said, account=account, now=notice.received_at)
    attempt_id = attempt_named(account.id, said.reference, said.provider_reference)
    if attempt_id is None:
        set_aside(
            UNKNOWN_REFERENCE,
            account_id=account.id,
            dedupe_key=f"{account.id}|asked|{said.reference}|{said.provider_reference}",
            data={"reference": said.reference, "provider_reference": said.provider_reference},
            now=notice.received_at,
        )
        return f"{QUARANTINED}:{UNKNOWN_REFERENCE}"
    enqueue("payments.ask", {"attempt_id": str(attempt_id)}, key=f"notice:{row_id}:{attempt_id}")
    return ASKED


def mark_forged(row_id: uuid.UUID, problem: Forged) -> None:
    """Say that nobody proved these bytes; a notice that was proved before stays proved."""
    db.session.execute(
        update(InboxRow)
        .where(InboxRow.id == row_id, InboxRow.state == RECEIVED)
        .values(state=FORGED, error=str(problem)[:LONGEST_HEADER])
        .execution_options(synchronize_session=False)
    )


def mark(row_id: uuid.UUID, state: str, note: str, *, only_from: Sequence[str] = ()) -> None:
    """Say what became of a notice; with `only_from` only where it still stands in one of these states."""
    found = update(InboxRow).where(InboxRow.id == row_id)
    db.session.execute(
        (found.where(InboxRow.state.in_(only_from)) if only_from else found)
        .values(state=state, error=note[:LONGEST_HEADER] or None)
        .execution_options(synchronize_session=False)
    )


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    """What came along, bounded, without what might be somebody's login."""
    kept = [(name, value) for name, value in headers.items() if name not in ("cookie", "authorization")]
    return {
        name[:LONGEST_HEADER].replace("\x00", ""): value[:LONGEST_HEADER].replace("\x00", "")
        for name, value in kept[:KEPT_HEADERS]
    }
