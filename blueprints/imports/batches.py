"""The rows that tell of an import: made before it runs, kept up to date while it does, finished with its report."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from blueprints.imports.loading import Report
from blueprints.imports.models import ImportBatch, ImportRefusal
from blueprints.imports.problems import RowProblem
from blueprints.imports.table import Table
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.refusals import NotFound, Refusal

ALL_OR_NOTHING: Final = "all-or-nothing"
GOOD_ROWS_ONLY: Final = "good-rows-only"
MODES: Final = (ALL_OR_NOTHING, GOOD_ROWS_ONLY)
SAMPLE: Final = 3  # rows that are shown before anything is imported
PLAIN: Final = (str, int, bool, type(None))


@dataclass(frozen=True, slots=True)
class Batch:
    """What is needed to run or to undo a batch."""

    id: uuid.UUID
    profile: str
    file_name: str
    file_id: uuid.UUID | None
    mode: str
    dry_run: bool
    state: str
    created_by: uuid.UUID | None


def create_batch(
    *,
    profile: str,
    file_name: str,
    sha256: str,
    mode: str,
    dry_run: bool,
    created_by: uuid.UUID | None = None,
    file_id: uuid.UUID | None = None,
    detected: Mapping[str, Any] | None = None,
    state: str = "waiting",
) -> uuid.UUID:
    """Write down that a file is to be imported. Raises ValueError for an unknown mode."""
    if mode not in MODES:
        raise ValueError(mode)
    batch = ImportBatch(
        id=new_id(),
        profile=profile,
        file_name=file_name,
        file_id=file_id,
        sha256=sha256,
        mode=mode,
        dry_run=dry_run,
        state=state,
        detected=dict(detected or {}),
        created_by=created_by,
        created_at=now(),
    )
    db.session.add(batch)
    db.session.flush()
    return batch.id


def find_batch(batch_id: uuid.UUID) -> Batch:
    """Raises NotFound."""
    row = db.session.execute(
        select(
            ImportBatch.id,
            ImportBatch.profile,
            ImportBatch.file_name,
            ImportBatch.file_id,
            ImportBatch.mode,
            ImportBatch.dry_run,
            ImportBatch.state,
            ImportBatch.created_by,
        ).where(ImportBatch.id == batch_id)
    ).first()
    if row is None:
        raise NotFound()
    return Batch(*row)


def change_batch(batch_id: uuid.UUID, **values: Any) -> None:
    db.session.execute(
        update(ImportBatch)
        .where(ImportBatch.id == batch_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def finish_batch(batch_id: uuid.UUID, state: str, report: Report, problem: Refusal | None = None) -> None:
    """Write the report down: the numbers, and every refused row that it lists."""
    change_batch(
        batch_id,
        state=state,
        rows_read=report.rows_read,
        rows_done=report.rows_read if state == "done" else 0,
        created=report.created,
        updated=report.updated,
        unchanged=report.unchanged,
        refused=report.refused,
        problem=None if problem is None else written(problem),
        finished_at=now(),
    )
    for first in range(0, len(report.problems), 1000):
        db.session.execute(
            insert(ImportRefusal)
            .values([_refusal(batch_id, one) for one in report.problems[first : first + 1000]])
            .on_conflict_do_nothing()
        )


def written(refusal: Refusal) -> dict[str, Any]:
    """A refusal as it is kept: it is translated where it is read."""
    return {"msgid": refusal.msgid, "facts": _plain(refusal.facts)}


def _refusal(batch_id: uuid.UUID, problem: RowProblem) -> dict[str, Any]:
    return {
        "id": new_id(),
        "batch_id": batch_id,
        "row_number": problem.row_number,
        "column": problem.column,
        "value": problem.value,
        "msgid": problem.msgid,
        "refuses": problem.refuses,
        "facts": _plain(problem.facts),
    }


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, PLAIN) else str(value) for name, value in facts.items()}


def told(table: Table) -> dict[str, Any]:
    """What was detected, as it is kept and shown."""
    found, formats = table.detected, table.formats
    return {
        "kind": found.kind,
        "size": found.size,
        "encoding": found.encoding,
        "bom": found.bom,
        "delimiter": found.delimiter,
        "sheet": found.sheet,
        "decimal": formats.decimal,
        "date_order": formats.date_order,
        "assumed": sorted(formats.assumed),
        "header": list(found.header),
        "header_row": found.header_row,
        "lines": found.lines,
        "ignored": list(table.ignored),
        "sample": [
            ["" if cell is None else str(cell)[:80] for cell in row[: len(found.header)]]
            for row in found.sample[:SAMPLE]
        ],
    }
