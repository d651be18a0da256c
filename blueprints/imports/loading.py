"""One file into the database, inside the caller's transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import select

from blueprints.imports.intake import read_rows
from blueprints.imports.problems import RowProblem
from blueprints.imports.profile import Profile
from blueprints.imports.rules import Found, Rows
from blueprints.imports.staging import sheet
from blueprints.imports.staging.load import Home, Load, Plan, Target
from blueprints.imports.staging.statement import joining_by_hash, plan_afresh
from blueprints.imports.staging.stems import Stems
from blueprints.imports.staging.targets import TARGETS
from blueprints.imports.table import Table, open_table
from saas.clock import now
from saas.database import db
from saas.money import EXPONENTS
from saas.scope import current_tenant_id
from tenants.models import Tenant

SLICE: Final = 20_000  # rows that one statement inserts: memory stays flat and progress is seen
Tick = Callable[[int, int], None]
"""Is told (rows read, rows done) now and then."""


@dataclass(slots=True)
class Report:
    """What came of a file. `problems` is in row order and kept short (sheet.KEPT); the numbers are exact.

    `updated` rows were known and brought something new; `unchanged` ones were known and the same.
    """

    rows_read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    problems: list[RowProblem] = field(default_factory=list)


def home() -> Home:
    """The active tenant's facts. Raises NoTenant when none is active."""
    row = db.session.execute(
        select(Tenant.currency, Tenant.country, Tenant.locale, Tenant.time_zone).where(
            Tenant.id == current_tenant_id()
        )
    ).one()
    return Home(row.currency, row.country, row.locale.partition("_")[0], row.time_zone)


def bind(path: Path, profile: Profile, at: Home, name: str | None = None) -> Table:
    """The file read through the profile. Raises Refusal when it cannot be."""
    return open_table(path, profile, exponent=EXPONENTS.get(at.currency, 2), name=name)


def load_table(
    table: Table,
    at: Home,
    batch_id: uuid.UUID,
    *,
    only_if_all: bool,
    keep: bool = True,
    tick: Tick = lambda read, done: None,
) -> Report:
    """Stage the file, judge every row, and insert the good ones.

    With `only_if_all` nothing is inserted when a row is refused; without `keep` nothing is inserted at all, and the
    report says what would be. Changes nothing but through the caller's transaction; what it stages ends with that.
    """
    profile = table.profile
    target = TARGETS[profile.target]
    load = Load(batch_id, at, now(), profile.constants)
    staged = sheet.Sheet(target.FIELDS, Stems(load.moment))
    report = Report()
    sheet.open_sheet(target.FIELDS)
    staged.fill(_chunks(table, report, tick), lambda rows: _prepare(rows, target, load, table, report))
    with joining_by_hash():
        sheet.refuse_repeated((profile.key, *profile.unique))
        target.judge(load)
        _add_wrongs(report, table)
        if report.refused and only_if_all:
            return report
        plan = target.plan(load)
    report.created, report.updated = plan.created, plan.updated
    report.unchanged = report.rows_read - report.refused - plan.steps
    if keep:
        _write(target, load, plan, report, tick)
    return report


def _write(target: Target, load: Load, plan: Plan, report: Report, tick: Tick) -> None:
    known = report.rows_read - plan.steps
    for first in range(1, plan.steps + 1, SLICE):
        last = min(first + SLICE - 1, plan.steps)
        plan_afresh()
        with joining_by_hash():
            target.write(load, first, last)
        tick(report.rows_read, known + last)
    target.finish(load)


def _chunks(table: Table, report: Report, tick: Tick) -> Iterator[Rows]:
    # Repeated keys are found in the staging table, so memory stays flat.
    for rows in read_rows(table, unique=False):
        report.rows_read += rows.read
        yield rows
        tick(report.rows_read, 0)


def _prepare(rows: Rows, target: Target, load: Load, table: Table, report: Report) -> None:
    """Let the target work on a chunk, and note every problem with the heading that the file writes."""
    problems, refused = list(rows.problems), set[int]()
    if rows.numbers:
        places = {place.column.to: place for place in table.places}
        raw = {name: rows.columns[name] for name in rows.columns}
        for name, found in target.prepare(rows.columns, load):
            _note(found, rows, places[name].title, raw[name], problems, refused)
        sheet.keep(rows, refused)
    report.refused += len({problem.row_number for problem in problems if problem.refuses})
    room = sheet.KEPT - len(report.problems)
    if problems and room > 0:
        report.problems += sorted(problems, key=lambda problem: problem.row_number)[:room]


def _note(
    found: Found, rows: Rows, title: str, raw: list[object], problems: list[RowProblem], refused: set[int]
) -> None:
    for index, fault in found:
        problems.append(fault.at(rows.numbers[index], title, raw[index]))
        if fault.refuses:
            refused.add(index)


def _add_wrongs(report: Report, table: Table) -> None:
    report.refused += sheet.wrong_rows()
    titles = {place.column.to: place.title for place in table.places}
    report.problems += sheet.wrongs(titles)
    report.problems.sort(key=lambda problem: problem.row_number)
    del report.problems[sheet.KEPT :]
