"""XLSX files: made safe first, then read with calamine."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from blueprints.imports.reading.formats import Cell
from blueprints.imports.reading.limits import MEGABYTE, Limits
from saas.languages import N_
from saas.refusals import Refusal

BLOCK: Final = MEGABYTE
_LOCAL_HEADER: Final = struct.Struct("<4s5H3L2H")
_REFERENCE: Final = re.compile(rb'<c [^>]*?r="([A-Z]{1,3})(\d{1,7})"')
_CARRY: Final = 200  # a cell's opening tag is shorter than this


@dataclass(frozen=True, slots=True)
class Workbook:
    """One sheet of a workbook, ready to be read. `last_row` is the number a spreadsheet shows."""

    name: str
    sheet: str
    sheets: tuple[str, ...]
    sha256: str
    last_row: int
    _content: CalamineSheet

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Rows with the number that a spreadsheet shows beside them, the empty ones above included."""
        return enumerate(cast("Iterator[list[Cell]]", self._content.iter_rows()), start=1)


def open_workbook(path: Path, name: str, sheet: str | None, limits: Limits) -> Workbook:
    """Raises Refusal for what is broken, locked, too big, or lacks the sheet."""
    if path.stat().st_size > limits.workbook_bytes:
        raise _too_big(name, limits.workbook_bytes)
    content = path.read_bytes()
    try:
        _guard(content, name, limits)
        book = CalamineWorkbook.from_path(str(path))
        sheets = tuple(book.sheet_names)
        if sheet is not None and sheet not in sheets:
            raise Refusal(
                N_("%(name)s has no sheet “%(sheet)s”; it has: %(sheets)s."),
                name=name,
                sheet=sheet,
                sheets=", ".join(sheets),
            )
        chosen = sheet or next(iter(sheets), None)
        if chosen is None:
            raise Refusal(N_("%(name)s is empty."), name=name)
        loaded = book.get_sheet_by_name(chosen)
    except (zipfile.BadZipFile, zlib.error, struct.error, KeyError, CalamineError, OSError) as problem:
        raise Refusal(N_("%(name)s is damaged or locked with a password."), name=name) from problem
    last_row = loaded.end[0] + 1 if loaded.end else 0
    return Workbook(name, chosen, sheets, hashlib.sha256(content).hexdigest(), last_row, loaded)


def _too_big(name: str, limit: int) -> Refusal:
    return Refusal(
        N_("%(name)s unpacks to more than the limit of %(limit)s MB."), name=name, limit=limit // MEGABYTE
    )


def _guard(content: bytes, name: str, limits: Limits) -> None:
    """Unpack every entry in small blocks and throw the bytes away, counting them and the cells.

    The sizes that a ZIP declares are not believed, and neither is a sheet's declared dimension.
    """
    unpacked = 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if "xl/workbook.xml" not in archive.namelist():
            raise Refusal(N_("%(name)s ends in .xlsx but is no workbook."), name=name)
    if len(entries) > limits.workbook_entries:
        raise _too_big(name, limits.unpacked_bytes)
    for entry in entries:
        rectangle = Rectangle() if entry.filename.startswith("xl/worksheets/") else None
        for block in _inflate(content, entry, limits.unpacked_bytes - unpacked):
            unpacked += len(block)
            if unpacked > limits.unpacked_bytes:
                raise _too_big(name, limits.unpacked_bytes)
            if rectangle is not None:
                rectangle.read(block)
                if rectangle.cells > limits.workbook_cells or rectangle.columns > limits.columns:
                    raise Refusal(
                        N_("%(name)s has a sheet of %(rows)s rows and %(columns)s columns: too many."),
                        name=name,
                        rows=rectangle.rows,
                        columns=rectangle.columns,
                    )


def _inflate(content: bytes, entry: zipfile.ZipInfo, room: int) -> Iterator[bytes]:
    """The entry's real bytes, whatever its header says about their number."""
    fields = _LOCAL_HEADER.unpack_from(content, entry.header_offset)
    if fields[0] != b"PK\x03\x04":
        raise zipfile.BadZipFile("no local header")
    start = entry.header_offset + _LOCAL_HEADER.size + fields[9] + fields[10]
    packed = content[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        yield packed
        return
    if entry.compress_type != zipfile.ZIP_DEFLATED or entry.flag_bits & 1:
        raise zipfile.BadZipFile("unsupported compression")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    given = 0
    while packed and given <= room:
        block = inflater.decompress(packed, BLOCK)
        packed = inflater.unconsumed_tail
        given += len(block)
        yield block


class Rectangle:
    """The rectangle that a sheet's cells span; a reader may well allocate all of it."""

    def __init__(self) -> None:
        self.rows = 0
        self.columns = 0
        self._rest = b""

    @property
    def cells(self) -> int:
        return self.rows * self.columns

    def read(self, block: bytes) -> None:
        text = self._rest + block
        letters: set[bytes] = set()
        for column, row in _REFERENCE.findall(text):
            letters.add(column)
            self.rows = max(self.rows, int(row))
        self.columns = max(self.columns, *(_column_number(column) for column in letters), 0)
        self._rest = text[-_CARRY:]


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
