"""One file read through one profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blueprints.imports.profile import Column, Profile
from blueprints.imports.reading.cells import Converter
from blueprints.imports.reading.detect import Detected, detect, heading
from blueprints.imports.reading.formats import Cell, Formats, guess_date_order, guess_decimal
from blueprints.imports.reading.limits import LIMITS, Limits
from blueprints.imports.recognise import headings, missing_columns
from saas.languages import N_
from saas.refusals import Refusal

NUMBER_KINDS = frozenset(("money", "decimal", "latitude", "longitude", "percent"))
DATE_KINDS = frozenset(("date",))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a profile's column stands in this file. `index` is None when the file lacks it; `title` is the
    heading as the file writes it."""

    column: Column
    index: int | None
    title: str
    convert: Converter


@dataclass(frozen=True, slots=True)
class Table:
    """A file bound to a profile. `ignored` are headings that no column of the profile takes;
    `exponent` is the number of decimals of the tenant's currency."""

    path: Path
    profile: Profile
    detected: Detected
    formats: Formats
    exponent: int
    places: tuple[Place, ...]
    ignored: tuple[str, ...]


def open_table(
    path: Path,
    profile: Profile,
    *,
    exponent: int = 2,
    name: str | None = None,
    sheet: str | None = None,
    limits: Limits = LIMITS,
) -> Table:
    """Detect what the file is and find the profile's columns in it. Raises Refusal when it is unreadable,
    lacks a column, or has no row below its header."""
    detected = detect(path, name=name, sheet=sheet, limits=limits)
    if missing := missing_columns(profile, detected):
        raise Refusal(
            N_("%(name)s lacks columns: %(missing)s. It has: %(columns)s."),
            name=detected.name,
            missing=", ".join(missing),
            columns=", ".join(detected.header),
        )
    if not detected.lines:
        raise Refusal(N_("%(name)s has a header and no rows."), name=detected.name)
    indexes = {heading(title): index for index, title in enumerate(detected.header) if title}
    found = {
        column.to: next(
            (indexes[key] for key in headings(column.source, column.also) if key in indexes), None
        )
        for column in profile.columns
    }
    formats = formats_for(profile, detected, found)
    places = tuple(
        Place(
            column,
            index,
            column.source if index is None else detected.header[index],
            column.converter(formats, exponent),
        )
        for column in profile.columns
        for index in (found[column.to],)
    )
    used = set(found.values())
    ignored = tuple(title for index, title in enumerate(detected.header) if title and index not in used)
    return Table(path, profile, detected, formats, exponent, places, ignored)


def formats_for(profile: Profile, detected: Detected, found: dict[str, int | None]) -> Formats:
    """The formats that the mapped columns show; where they do not tell, the profile's."""

    def cells(kinds: frozenset[str]) -> Iterator[Cell]:
        places = [found[column.to] for column in profile.columns if column.kind in kinds]
        return (
            row[place]
            for row in detected.sample
            for place in places
            if place is not None and place < len(row)
        )

    decimal = guess_decimal(cells(NUMBER_KINDS))
    order = guess_date_order(cells(DATE_KINDS))
    assumed = {
        name
        for name, value, kinds in (("decimal", decimal, NUMBER_KINDS), ("date_order", order, DATE_KINDS))
        if value is None and any(isinstance(cell, str) and cell for cell in cells(kinds))
    }
    return Formats(decimal or profile.decimal, order or profile.date_order, frozenset(assumed))
