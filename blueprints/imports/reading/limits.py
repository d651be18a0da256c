from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may ask of the machine. Sizes are bytes.

    A workbook is a ZIP whose declared sizes may lie and whose two far corners may span billions of
    cells, so its unpacked bytes and its rectangle are limited as well as the file itself.
    """

    text_bytes: int = 1024 * MEGABYTE
    workbook_bytes: int = 32 * MEGABYTE
    unpacked_bytes: int = 256 * MEGABYTE
    workbook_entries: int = 2_000
    workbook_cells: int = 20_000_000
    columns: int = 256


LIMITS = Limits()
