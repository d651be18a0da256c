"""Take a collector's file in: check it whole, keep it, then go through it line by line.

Each line is applied in a transaction of its own, once: whatever ends the work in between, it goes on where it
stopped. What fits nothing goes to the quarantine; no line is ever lost.
"""

from __future__ import annotations

import datetime
import hashlib
import logging
import time
import uuid
from collections.abc import Sequence
from typing import Any, Final, cast

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from blueprints.payments import collected_rules as rules
from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.collected_lines import apply_line
from blueprints.payments.collected_models import CollectedFile, CollectedLineRow
from blueprints.payments.interface import CollectedLine, ReadsFiles
from saas import audit, files
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.outbox import enqueue
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tenants.loading import serving
from tenants.provider_account_services import OpenedAccount, open_account

MOST_LINES: Final = 200_000
CHUNK: Final = 1000  # lines that one statement inserts
STRETCH: Final = 500  # lines of one outbox row: it must be done well before its lease ends
SECONDS: Final = 60.0

log = logging.getLogger("ventanilla.payments")


class AlreadyTaken(Refusal):
    """The very same file is here already."""

    def __init__(self, collected_file_id: uuid.UUID, day: datetime.datetime) -> None:
        super().__init__(
            N_("This file was already taken on %(day)s."), field="file", day=day.date().isoformat()
        )
        self.collected_file_id = collected_file_id
        self.taken_at = day


def reads_files(account: OpenedAccount) -> bool:
    """Whether this account's provider tells by file."""
    return hasattr(adapter_of(account), "read_file")


def take_in(account_id: uuid.UUID, content: bytes, name: str, *, actor: Actor) -> uuid.UUID:
    """Check a file whole and keep it with its lines; nothing is booked yet. Returns its id.

    Raises Refusal with the line and the reason, AlreadyTaken for the same bytes on the same account, NotFound.
    """
    account = open_account(account_id)
    if not reads_files(account):
        raise Refusal(N_("This provider does not tell by file."), field="account")
    sha256 = hashlib.sha256(content).hexdigest()
    _not_taken_yet(account_id, sha256)
    adapter = cast(ReadsFiles, adapter_of(account))
    lines = adapter.read_file(view_of(account), content)
    if len(lines) > MOST_LINES:
        raise Refusal(N_("The file has more than %(most)s payments."), field="file", most=MOST_LINES)
    rules.check_days(lines, serving().today())
    file_id = files.store(content, media_type="text/plain", name=name, purpose="collected-file")
    taken = rules.span(lines)
    collected_file_id = db.session.execute(
        upsert(CollectedFile)
        .values(
            id=new_id(),
            provider_account_id=account_id,
            file_id=file_id,
            file_name=name,
            sha256=sha256,
            layout=str(account.settings.get("file", account.provider)),
            state="checked",
            lines=taken.lines,
            total=taken.total,
            currency=taken.currency,
            first_day=taken.first_day,
            last_day=taken.last_day,
            outcome={},
            created_by=actor.user_id,
            created_at=now(),
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "provider_account_id", "sha256"])
        .returning(CollectedFile.id)
    ).scalar()
    if collected_file_id is None:  # somebody else was faster by a moment
        _not_taken_yet(account_id, sha256)
        raise NotFound()
    _write_lines(collected_file_id, account_id, lines)
    audit.record(
        "collected-file.taken-in",
        actor=actor,
        subject=("collected-file", collected_file_id),
        data={"file": name, "sha256": sha256, "lines": taken.lines, "total": taken.total},
    )
    return collected_file_id


def _not_taken_yet(account_id: uuid.UUID, sha256: str) -> None:
    row = db.session.execute(
        select(CollectedFile.id, CollectedFile.created_at).where(
            CollectedFile.provider_account_id == account_id, CollectedFile.sha256 == sha256
        )
    ).first()
    if row is not None:
        raise AlreadyTaken(row.id, row.created_at)


def _write_lines(collected_file_id: uuid.UUID, account_id: uuid.UUID, lines: Sequence[CollectedLine]) -> None:
    for first in range(0, len(lines), CHUNK):
        db.session.execute(
            insert(CollectedLineRow),
            [
                {
                    "id": new_id(),
                    "collected_file_id": collected_file_id,
                    "provider_account_id": account_id,
                    "number": line.number,
                    "key": line.key,
                    "reference": line.reference,
                    "amount": line.amount,
                    "fee": line.fee,
                    "currency": line.currency,
                    "paid_on": line.paid_on,
                    "counts": False,
                }
                for line in lines[first : first + CHUNK]
            ],
        )


def order(collected_file_id: uuid.UUID, *, actor: Actor) -> None:
    """Say go: the lines are applied afterwards, outside the request. Ordered twice it runs once. Raises NotFound."""
    row = db.session.execute(
        select(CollectedFile.state, CollectedFile.file_name, CollectedFile.lines, CollectedFile.total)
        .where(CollectedFile.id == collected_file_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    if row.state != "checked":
        return
    _change(collected_file_id, state="waiting")
    enqueue(
        "payments.collected",
        {"collected_file_id": str(collected_file_id), "turn": 0},
        key=f"{collected_file_id}:0",
    )
    audit.record(
        "collected-file.applied",
        actor=actor,
        subject=("collected-file", collected_file_id),
        data={"file": row.file_name, "lines": row.lines, "total": row.total},
    )


def go_on(tenant_id: uuid.UUID, collected_file_id: uuid.UUID, *, most: int = STRETCH) -> bool:
    """Apply the next lines, at most so many. True when lines are left. Raises RuntimeError when lines cannot be
    applied: they stay as they are, for the next try."""
    with unit_of_work(tenant_id):
        found = _begin(collected_file_id)
        if found is None:
            return False
        account = open_account(found)
        waiting = _waiting(collected_file_id, most)
    deadline, failed = time.monotonic() + SECONDS, 0
    for line_id in waiting:
        try:
            with unit_of_work(tenant_id):
                apply_line(line_id, account, now())
        except Exception:
            failed += 1
            log.exception("a collected line was not applied", extra={"facts": {"line": str(line_id)}})
        if time.monotonic() > deadline:
            return True
    if failed:
        raise RuntimeError(f"{failed} lines of {collected_file_id} could not be applied")
    if len(waiting) == most:
        return True
    with unit_of_work(tenant_id):
        _finish(collected_file_id)
    return False


def _begin(collected_file_id: uuid.UUID) -> uuid.UUID | None:
    """The account of a file that was ordered; None when it is done, or nobody has said go."""
    row = db.session.execute(
        select(CollectedFile.state, CollectedFile.provider_account_id)
        .where(CollectedFile.id == collected_file_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    if row.state == "waiting":
        _change(collected_file_id, state="running", started_at=now())
    return row.provider_account_id if row.state in ("waiting", "running") else None


def _waiting(collected_file_id: uuid.UUID, most: int) -> Sequence[uuid.UUID]:
    return (
        db.session.execute(
            select(CollectedLineRow.id)
            .where(CollectedLineRow.collected_file_id == collected_file_id, CollectedLineRow.effect.is_(None))
            .order_by(CollectedLineRow.number)
            .limit(most)
        )
        .scalars()
        .all()
    )


def _finish(collected_file_id: uuid.UUID) -> None:
    rows = db.session.execute(
        select(CollectedLineRow.effect, func.count())
        .where(CollectedLineRow.collected_file_id == collected_file_id)
        .group_by(CollectedLineRow.effect)
    ).all()
    if any(effect is None for effect, _count in rows):
        return
    _change(
        collected_file_id,
        state="done",
        finished_at=now(),
        outcome={str(effect): int(count) for effect, count in rows},
    )


def _change(collected_file_id: uuid.UUID, **values: Any) -> None:
    db.session.execute(
        update(CollectedFile)
        .where(CollectedFile.id == collected_file_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
