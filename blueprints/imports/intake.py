"""From a file to good rows and named problems, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator

from blueprints.imports.reading.chunks import CHUNK_ROWS, chunks
from blueprints.imports.reading.limits import LIMITS, Limits
from blueprints.imports.rules import FirstRows, Rows, convert
from blueprints.imports.table import Table


def read_rows(
    table: Table, *, size: int = CHUNK_ROWS, limits: Limits = LIMITS, unique: bool = True
) -> Iterator[Rows]:
    """All rows of the file, converted and checked, `size` at a time.

    `unique` False leaves repeated keys to the caller (a staging table finds them as well): remembering
    every key takes some 150 bytes a row, everything else is flat however long the file is.
    """
    first_rows = FirstRows(table.profile) if unique else None
    for chunk in chunks(table.path, table.detected, size=size, limits=limits):
        yield convert(table, chunk, first_rows)
