"""A batch is one file taken in: what was read, what came of each row, and how to undo it."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class ImportBatch(TenantOwned, Model):
    __tablename__ = "import_batches"

    profile: Mapped[str]
    file_name: Mapped[str]
    file_id: Mapped[uuid.UUID | None]
    sha256: Mapped[str]
    mode: Mapped[str]  # all-or-nothing, good-rows-only
    dry_run: Mapped[bool]
    state: Mapped[str]
    detected: Mapped[dict[str, Any]] = mapped_column(default=dict)
    rows_read: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)  # progress while it runs
    created: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    problem: Mapped[dict[str, Any] | None]  # why the whole file was refused: msgid and facts
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime.datetime]
    finished_at: Mapped[datetime.datetime | None]
    undone_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        belongs_to("file_id", "files"),
        Index("ix_import_batches_when", "tenant_id", text("created_at DESC"), text("id DESC")),
        CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'refused', 'failed', 'undone')", name="state"
        ),
        CheckConstraint("mode IN ('all-or-nothing', 'good-rows-only')", name="mode"),
    )


class ImportRefusal(TenantOwned, Model):
    """One refused row, with the number it has in the file (the header is row 1) and why."""

    __tablename__ = "import_refusals"

    batch_id: Mapped[uuid.UUID]
    row_number: Mapped[int]
    column: Mapped[str | None]
    value: Mapped[str | None]
    msgid: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        unique("batch_id", "row_number", "msgid", "column", postgresql_nulls_not_distinct=True),
        belongs_to("batch_id", "import_batches", ondelete="CASCADE"),
    )
