"""The staging table of a file: its good rows as they were read, and what the database has against them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import compress, repeat
from typing import Any, Final

from blueprints.imports.problems import RowProblem
from blueprints.imports.rules import Columns, Rows
from blueprints.imports.staging.statement import arrange, copying
from blueprints.imports.staging.stems import Stems
from saas.languages import N_

KEPT: Final = 10_000  # refused rows that a report lists; all are counted
REPEATED: Final = N_("“%(value)s” is already in row %(row)s.")
TABLES: Final = (
    "staged",
    "staged_wrong",
    "staged_ready",
    "staged_named",
    "staged_people",
    "staged_owners",
    "staged_fresh",
    "staged_told",
    "staged_billed",
    "staged_accounts",
    "staged_shares",
    "staged_owned",
    "staged_parts",
)
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL: Final = "\\N"
_WRITTEN_TYPES: Final = {"text": "text", "text[]": "list", "bigint[]": "list"}


def open_sheet(fields: Mapping[str, str]) -> None:
    """Make the empty tables. They end with the transaction; an earlier file of the same one leaves its own."""
    arrange(f"DROP TABLE IF EXISTS {', '.join(TABLES)}")
    columns = ", ".join(f"{name} {kind}" for name, kind in fields.items())
    arrange(f"CREATE TEMP TABLE staged (line int, stem text, {columns}) ON COMMIT DROP")
    arrange(
        "CREATE TEMP TABLE staged_wrong (line int, field text, value text, msgid text, facts jsonb) ON COMMIT DROP"
    )


class Sheet:
    """Takes chunks in. `count` is the number of rows staged."""

    def __init__(self, fields: Mapping[str, str], stems: Stems) -> None:
        self._fields = fields
        self._stems = stems
        self.count = 0

    def block(self, numbers: Sequence[int], columns: Columns) -> str:
        """A chunk as lines of COPY."""
        size = len(numbers)
        cells = [map(str, numbers), self._stems.take(size)]
        cells += [_written(columns.get(name), kind, size) for name, kind in self._fields.items()]
        self.count += size
        return "".join([f"{line}\n" for line in map("\t".join, zip(*cells, strict=True))])

    def fill(self, chunks: Any, prepare: Callable[[Rows], None]) -> None:
        """Copy every chunk that the reading gives, after `prepare` has worked on it."""
        with copying("staged", ["line", "stem", *self._fields]) as copy:
            for rows in chunks:
                prepare(rows)
                if rows.numbers:
                    copy.write(self.block(rows.numbers, rows.columns))
        arrange("ANALYZE staged")


def keep(rows: Rows, refused: set[int]) -> None:
    """Take the rows at these indexes out of a chunk."""
    if refused:
        good = [index not in refused for index in range(len(rows.numbers))]
        rows.numbers = list(compress(rows.numbers, good))
        for name, values in rows.columns.items():
            rows.columns[name] = list(compress(values, good))


def _written(values: list[Any] | None, kind: str, size: int) -> Any:
    if values is None:
        return repeat(_NULL, size)
    shape = _WRITTEN_TYPES.get(kind)
    if shape == "list":
        return [_NULL if value is None else _array(value) for value in values]
    if shape is None:
        if None in values:
            return [_NULL if value is None else str(value) for value in values]
        return map(str, values)
    if None in values:
        return [_NULL if value is None else value.translate(_ESCAPES) for value in values]
    if "\\" in "".join(values):  # tabs and line ends never pass the reading
        return [value.translate(_ESCAPES) for value in values]
    return values


def _array(values: Sequence[Any]) -> str:
    quoted = (str(value).replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return ("{" + ",".join(f'"{value}"' for value in quoted) + "}").translate(_ESCAPES)


def refuse_repeated(groups: Sequence[tuple[str, ...]]) -> None:
    """Of rows with the same key all but the first are refused, and told where the first one stands."""
    for group in groups:
        key = " || ' ' || ".join(f"s.{name}" for name in group)
        arrange(
            REPETITION.replace("{key}", key),
            field=group[-1],
            msgid=REPEATED,
        )


REPETITION: Final = """
    INSERT INTO staged_wrong (line, field, value, msgid, facts)
    SELECT k.line, CAST(:field AS text), k.key, CAST(:msgid AS text),
           jsonb_build_object('value', k.key, 'row', k.first_row)
      FROM (SELECT s.line, {key} AS key, min(s.line) OVER (PARTITION BY ({key}) COLLATE "C") AS first_row
              FROM staged s WHERE ({key}) IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM staged_wrong w WHERE w.line = s.line)) k
     WHERE k.line > k.first_row
"""


def wrong_rows() -> int:
    return int(arrange("SELECT count(DISTINCT line) FROM staged_wrong").scalar_one())


def wrongs(titles: Mapping[str, str]) -> list[RowProblem]:
    """What the database has against rows, in row order, with the headings that the file writes."""
    rows = arrange(
        "SELECT line, field, value, msgid, facts FROM staged_wrong ORDER BY line, field LIMIT :kept",
        kept=KEPT,
    )
    found = []
    for row in rows:
        facts = dict(row.facts)
        if fields := facts.pop("fields", None):
            facts["columns"] = ", ".join(titles.get(name, name) for name in fields)
        found.append(RowProblem(row.line, titles.get(row.field), row.value, row.msgid, facts))
    return found


def mark_ready(count: int) -> None:
    """Prepare staged_ready for being read in slices of places."""
    if count:
        arrange("CREATE UNIQUE INDEX ON staged_ready (place)")
    arrange("ANALYZE staged_ready")
