"""Running imports: one at a time for a tenant, each in one transaction, with its progress seen from outside."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from blueprints.imports.batches import (
    ALL_OR_NOTHING,
    change_batch,
    create_batch,
    find_batch,
    finish_batch,
    told,
    written,
)
from blueprints.imports.loading import Report, bind, home, load_table
from blueprints.imports.profile import Profile
from blueprints.imports.recognise import Pack, files_of, shipped_profiles
from blueprints.imports.staging import undo
from saas import audit
from saas.audit import SYSTEM, Actor
from saas.clock import now, today
from saas.events import emit
from saas.languages import N_
from saas.locks import lock
from saas.refusals import Refusal
from saas.scope import unit_of_work

LOCK: Final = "imports"
SECONDS_BETWEEN_TICKS: Final = 1
FAILED: Final = N_("Something went wrong on our side; nothing of the file was kept.")
NOT_DONE: Final = N_("Only an import that is done can be undone.")


@dataclass(slots=True)
class Outcome:
    """What came of one file. `state` is done, refused or failed, as the batch has it."""

    batch_id: uuid.UUID
    profile: str
    file: str
    dry_run: bool
    state: str = "waiting"
    report: Report = field(default_factory=Report)
    problem: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One file that is to be imported as its batch says."""

    batch_id: uuid.UUID
    profile: Profile
    path: Path
    name: str
    mode: str
    dry_run: bool
    actor: Actor


class _RolledBack(Exception):
    """Ends a transaction whose work must not stay."""


def run_import(
    tenant_id: uuid.UUID,
    choice: Profile | Pack,
    path: Path,
    *,
    mode: str = ALL_OR_NOTHING,
    dry_run: bool = False,
    name: str | None = None,
    actor: Actor = SYSTEM,
) -> list[Outcome]:
    """Import a file, or for a pack the files of a folder in their order. One outcome per file that was tried.

    With `all-or-nothing` a refused row refuses its whole file, and the files after it are not tried: they may point
    at what is missing now. `good-rows-only` takes the rest of the file. A dry run does all the same and is rolled
    back; the files of a pack see each other in it, and each is tried. Raises Refusal when the path holds no file
    that the choice can mean; whatever is wrong with a file itself is in its outcome.
    """
    files = files_of(choice, path, name)
    orders = []
    with unit_of_work(tenant_id):
        for profile, file in files:
            shown = (name or file.name) if len(files) == 1 else file.name
            batch_id = create_batch(
                profile=profile.id,
                file_name=shown,
                sha256="",
                mode=mode,
                dry_run=dry_run,
                created_by=actor.user_id,
            )
            orders.append(Order(batch_id, profile, file, shown, mode, dry_run, actor))
    outcomes = _rehearse(tenant_id, orders) if dry_run else _take_all(tenant_id, orders)
    if left := orders[len(outcomes) :]:
        with unit_of_work(tenant_id):
            for order in left:
                change_batch(
                    order.batch_id, state="refused", problem=written(_not_tried(outcomes)), finished_at=now()
                )
    return outcomes


def _not_tried(outcomes: Sequence[Outcome]) -> Refusal:
    return Refusal(N_("It was not tried, because %(name)s was refused."), name=outcomes[-1].file)


def run_batch(
    tenant_id: uuid.UUID, batch_id: uuid.UUID, path: Path, *, actor: Actor = SYSTEM
) -> Outcome | None:
    """Run a batch that was written down before, on its file's content at `path`. None when it has run already."""
    with unit_of_work(tenant_id):
        batch = find_batch(batch_id)
    if batch.state not in ("waiting", "running"):
        return None
    profile = shipped_profiles()[batch.profile]
    order = Order(batch.id, profile, path, batch.file_name, batch.mode, batch.dry_run, actor)
    return _rehearse(tenant_id, [order])[0] if batch.dry_run else _take(tenant_id, order)


def _take_all(tenant_id: uuid.UUID, orders: Sequence[Order]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for order in orders:
        outcomes.append(_take(tenant_id, order))
        if outcomes[-1].state != "done":
            break
    return outcomes


def _take(tenant_id: uuid.UUID, order: Order) -> Outcome:
    """One file in one transaction: the data, the report and the evidence are kept together or not at all."""
    outcome = Outcome(order.batch_id, order.profile.id, order.name, order.dry_run)
    try:
        with unit_of_work(tenant_id):
            if not _begin(tenant_id, order):
                return outcome
            outcome.state = _load(tenant_id, order, outcome, only_if_all=order.mode == ALL_OR_NOTHING)
            if outcome.state != "done":
                raise _RolledBack
            _write_down(outcome)
            _record(order, outcome)
            emit("invoices.imported", batch_id=order.batch_id)
    except _RolledBack:
        with unit_of_work(tenant_id):
            _write_down(outcome)
    except BaseException:
        _fail(tenant_id, outcome)
        raise
    return outcome


def _rehearse(tenant_id: uuid.UUID, orders: Sequence[Order]) -> list[Outcome]:
    """All files in one transaction that is rolled back, so that later files find what earlier ones brought."""
    outcomes = [Outcome(one.batch_id, one.profile.id, one.name, one.dry_run) for one in orders]
    try:
        with unit_of_work(tenant_id):
            for order, outcome in zip(orders, outcomes, strict=True):
                _begin(tenant_id, order)
                # Nobody looks at what the last file would bring, so its rows are judged and not written: a
                # million rows that are rolled back would have to be cleaned away.
                keep = order is not orders[-1]
                outcome.state = _load(tenant_id, order, outcome, only_if_all=False, keep=keep)
                if outcome.report.refused and order.mode == ALL_OR_NOTHING:
                    outcome.state = "refused"
            raise _RolledBack
    except _RolledBack:
        with unit_of_work(tenant_id):
            for outcome in outcomes:
                _write_down(outcome)
    except BaseException:
        for outcome in outcomes:
            _fail(tenant_id, outcome)
        raise
    return outcomes


def _begin(tenant_id: uuid.UUID, order: Order) -> bool:
    """Wait for the tenant's other import to end. False when somebody ran this batch meanwhile."""
    lock(LOCK)
    if find_batch(order.batch_id).state not in ("waiting", "running"):
        return False
    with unit_of_work(tenant_id):
        change_batch(order.batch_id, state="running")
    return True


def _load(
    tenant_id: uuid.UUID, order: Order, outcome: Outcome, *, only_if_all: bool, keep: bool = True
) -> str:
    at = home()
    try:
        table = bind(order.path, order.profile, at, order.name)
    except Refusal as refusal:
        outcome.problem = refusal
        return "refused"
    with unit_of_work(tenant_id):
        change_batch(order.batch_id, detected=told(table), sha256=table.detected.sha256)
    tick = Progress(tenant_id, order.batch_id)
    outcome.report = load_table(table, at, order.batch_id, only_if_all=only_if_all, keep=keep, tick=tick)
    return "refused" if outcome.report.refused and only_if_all else "done"


class Progress:
    """Tells how far a load is, in short transactions of its own, so that others see it before the commit."""

    def __init__(self, tenant_id: uuid.UUID, batch_id: uuid.UUID) -> None:
        self._tenant_id, self._batch_id = tenant_id, batch_id
        self._next = time.monotonic() + SECONDS_BETWEEN_TICKS

    def __call__(self, rows_read: int, rows_done: int) -> None:
        if time.monotonic() < self._next:
            return
        with unit_of_work(self._tenant_id):
            change_batch(self._batch_id, rows_read=rows_read, rows_done=rows_done)
        self._next = time.monotonic() + SECONDS_BETWEEN_TICKS


def _write_down(outcome: Outcome) -> None:
    finish_batch(outcome.batch_id, outcome.state, outcome.report, outcome.problem)


def _record(order: Order, outcome: Outcome) -> None:
    report = outcome.report
    audit.record(
        "import.done",
        actor=order.actor,
        subject=("import", order.batch_id),
        data={
            "profile": order.profile.id,
            "file": order.name,
            "created": report.created,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "refused": report.refused,
        },
    )


def _fail(tenant_id: uuid.UUID, outcome: Outcome) -> None:
    outcome.state, outcome.problem = "failed", Refusal(FAILED)
    with unit_of_work(tenant_id):
        finish_batch(outcome.batch_id, "failed", Report(), outcome.problem)


def undo_import(tenant_id: uuid.UUID, batch_id: uuid.UUID, *, actor: Actor = SYSTEM) -> dict[str, int]:
    """Take a batch back: voided, deleted and kept rows, by number. Raises Refusal when it cannot be undone (and
    nothing has changed then), NotFound when there is no such batch."""
    try:
        with unit_of_work(tenant_id):
            lock(LOCK)
            batch = find_batch(batch_id)
            if batch.dry_run or batch.state not in ("done", "undoing"):
                raise Refusal(NOT_DONE)
            moment = now()
            counts = undo.undo(batch_id, today=today(home().time_zone), moment=moment)
            change_batch(batch_id, state="undone", undone_at=moment, undo=counts, problem=None)
            audit.record("import.undone", actor=actor, subject=("import", batch_id), data=dict(counts))
    except Refusal as refusal:
        with unit_of_work(tenant_id):
            if find_batch(batch_id).state == "undoing":
                change_batch(batch_id, state="done", problem=written(refusal))
        raise
    return counts
