"""What is wrong with a row, in words for the person who sent the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SHOWN = 80  # characters of a wrong value that are kept


@dataclass(frozen=True, slots=True)
class RowProblem:
    """`row_number` is the one that a spreadsheet shows (the file's first row is 1). `column` is the header
    as the file writes it, or None when the whole row is at fault. `msgid` with `facts` is the reason,
    an English catalogue entry. A problem with `refuses` False is a warning: the row is taken."""

    row_number: int
    column: str | None
    value: str | None
    msgid: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    refuses: bool = True

    def __str__(self) -> str:
        return self.msgid % self.facts if self.facts else self.msgid


@dataclass(frozen=True, slots=True)
class Fault:
    """What a converter finds in one cell; the row and the column are added where they are known."""

    msgid: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    refuses: bool = True

    def at(self, row_number: int, column: str | None, value: object) -> RowProblem:
        shown = None if value is None else str(value)[:SHOWN]
        return RowProblem(row_number, column, shown, self.msgid, self.facts, self.refuses)
