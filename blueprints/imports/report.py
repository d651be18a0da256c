"""The report of an import as a file that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

# A cell that begins like this may be read as a formula (OWASP, CSV injection); the wide forms are folded by some
# programs before they look.
_FORMULA: Final = re.compile(r"^[\s]*[=+\-@\t\r\n＝＋－＠]|^[\t\r\n]")
# Numbers, amounts and telephones begin with a sign and are harmless; a change would spoil them.
_NUMBER: Final = re.compile(r"^\s*[+-]?\(?\d[\d\s.,()/-]*%?\s*$", re.ASCII)


def harmless(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would run; numbers and telephones stay as they are."""
    if _FORMULA.match(text) and not _NUMBER.match(text):
        return "'" + text
    return text


def as_csv(header: Sequence[str], rows: Iterable[Sequence[object]], *, delimiter: str = ";") -> bytes:
    """A CSV file in UTF-8 with the mark that spreadsheets look for; every text in it is made harmless."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    for row in (header, *rows):
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue().encode("utf-8-sig")
