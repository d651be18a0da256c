"""One line per figure: the ratio first, beside it the aim; absolute figures stand behind, for orientation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """`ratio` against the floor of the same run, None when the figure has none; `low` and `high` are the extremes
    of the rounds. `least` and `most` bound what is aimed at. `orientation` holds absolute figures in words."""

    what: str
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    least: float | None = None
    most: float | None = None
    orientation: str = ""

    @property
    def aim(self) -> str:
        if self.least is not None:
            return f"≥ {self.least:g}"
        return f"≤ {self.most:g}" if self.most is not None else ""

    @property
    def verdict(self) -> str:
        if self.ratio is None or not self.aim:
            return ""
        met = self.ratio >= self.least if self.least is not None else self.ratio <= (self.most or 0)
        return "met" if met else "missed"


def of_rounds(
    what: str,
    ratios: Sequence[float],
    *,
    least: float | None = None,
    most: float | None = None,
    orientation: str = "",
) -> Figure:
    """A figure from paired rounds: the median of their ratios, and the extremes."""
    return Figure(what, median(ratios), min(ratios), max(ratios), least, most, orientation)


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table that reads well as plain text too."""
    rows = [("figure", "ratio", "rounds", "aim", "verdict", "for orientation")]
    for one in figures:
        ratio = f"{one.ratio:.2f}" if one.ratio is not None else "–"
        spread = f"{one.low:.2f}–{one.high:.2f}" if one.low is not None and one.high is not None else ""
        rows.append((one.what, ratio, spread, one.aim, one.verdict, one.orientation))
    widths = [max(len(row[place]) for row in rows) for place in range(6)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
