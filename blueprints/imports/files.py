"""Lists about imports as files."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response
from flask_babel import gettext as _

from blueprints.imports import queries, words
from saas.sheets import Cell, Column
from tenants.exports import AT_ONCE, MOST_ROWS, Listing, every, export


def batches_file(format: str, titles: Mapping[str, str]) -> Response:
    """Every import, newest first. `titles`: what the files of each profile hold."""
    columns = (
        Column(_("File"), width=30),
        Column(_("Holds"), width=24),
        Column(_("When"), "moment"),
        Column(_("State"), width=18),
        Column(_("New"), "integer", 9),
        Column(_("Changed"), "integer", 9),
        Column(_("Same"), "integer", 9),
        Column(_("Refused rows"), "integer", 9),
    )

    def cells(row: Any) -> list[Cell]:
        word, _tone = words.state(row.state, row.dry_run)
        return [
            row.file_name,
            titles.get(row.profile, row.profile),
            row.created_at,
            _(word),
            row.created,
            row.updated,
            row.unchanged,
            row.refused,
        ]

    found = every(lambda older: queries.batches(older, AT_ONCE), cells)
    return export(format, Listing(_("imports"), _("Imports"), columns), found)


def problems_file(format: str, batch_id: uuid.UUID) -> Response:
    """The rows of one file that had a problem, in their order. Raises NotFound."""
    batch = queries.batch(batch_id)
    columns = (
        Column(_("Row"), "integer", 8),
        Column(_("Column"), width=18),
        Column(_("Value"), width=26),
        Column(_("Reason"), width=50),
        Column(_("Row taken"), width=10),
    )
    rows: list[list[Cell]] = [
        [
            row.row_number,
            row.column,
            row.value,
            _(row.msgid, **row.facts),
            _("no") if row.refuses else _("yes"),
        ]
        for row in queries.problems(batch_id, MOST_ROWS + 1)
    ]
    stem = batch.file_name.rpartition(".")[0] or batch.file_name
    listing = Listing(f"{stem}-report", _("Rows with a problem"), columns, [(_("File"), batch.file_name)])
    return export(format, listing, rows)
