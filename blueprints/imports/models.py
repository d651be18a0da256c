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
    """States: prepared (uploaded, nobody has said go), waiting, running, then done, refused (nothing was kept) or
    failed (our fault; nothing was kept); done may become undoing and undone. A dry run that ends in done would
    have been taken."""

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
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    problem: Mapped[dict[str, Any] | None]  # why the whole file was refused: msgid and facts
    undo: Mapped[dict[str, Any] | None]  # what an undo did: voided, deleted, kept
    created_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime.datetime]
    finished_at: Mapped[datetime.datetime | None]
    undone_at: Mapped[datetime.datetime | None]

    __table_args__ = (
        belongs_to("file_id", "files"),
        Index("ix_import_batches_when", "tenant_id", text("created_at DESC"), text("id DESC")),
        CheckConstraint(
            "state IN ('prepared', 'waiting', 'running', 'done', 'refused', 'failed', 'undoing', 'undone')",
            name="state",
        ),
        CheckConstraint("mode IN ('all-or-nothing', 'good-rows-only')", name="mode"),
    )


class ImportRefusal(TenantOwned, Model):
    """What is wrong with one row, with the number it has in the file (the header is row 1) and why.

    `refuses` False is a warning: the row was taken, without the value."""

    __tablename__ = "import_refusals"

    batch_id: Mapped[uuid.UUID]
    row_number: Mapped[int]
    column: Mapped[str | None]
    value: Mapped[str | None]
    msgid: Mapped[str]
    refuses: Mapped[bool] = mapped_column(default=True)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        unique("batch_id", "row_number", "msgid", "column", postgresql_nulls_not_distinct=True),
        belongs_to("batch_id", "import_batches", ondelete="CASCADE"),
    )
