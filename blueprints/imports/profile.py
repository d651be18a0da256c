"""A mapping profile: how the files of one back office become our records. Data, not code."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from blueprints.imports.reading.amounts import coordinate_parse, decimal_parse, money_converter, percent_parse
from blueprints.imports.reading.cells import (
    Cached,
    Converter,
    Parse,
    enum_parse,
    integer_parse,
    list_parse,
    text_converter,
    text_parse,
)
from blueprints.imports.reading.dates import date_parse, period_parse
from blueprints.imports.reading.formats import Formats
from blueprints.imports.reading.people import PEOPLE

FOLDER: Final = Path(__file__).with_name("profiles")

# What a target's records may hold, and what they must. The loading services read these names.
TARGETS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    target: (frozenset((must + " " + may).split()), frozenset(must.split()))
    for target, must, may in (
        ("customers", "document_type document_number name", "email phone address city"),
        ("properties", "code", "kind address city stratum latitude longitude"),
        (
            "leases",
            "number property_code renter_document owner_documents owner_shares rent starts_on",
            "ends_on payment_day commission",
        ),
        (
            "invoices",
            "number account_number total issued_on due_on",
            "period concept net tax withholding second_due_on second_total state paid_on payment_code"
            " cufe cae cae_due_on consumption owner_documents",
        ),
        ("receipts", "number invoice_number received_on amount", "method reference"),
        ("payouts", "number account_number owner_document amount paid_on", "period method reference"),
        (
            "supplies",
            "number holder_name document_type document_number",
            "address district category metered meter latitude longitude",
        ),
    )
}
CHECKS: Final = frozenset(
    (
        "adds_up",
        "positive",
        "not_before",
        "not_less",
        "required_when",
        "same_length",
        "distinct",
        "list_total",
    )
)
KINDS: Final = frozenset(
    ("text", "money", "date", "period", "integer", "decimal", "latitude", "longitude", "percent", "list")
) | {"enum", "flag", *PEOPLE}


class BadProfile(ValueError):
    """A profile contradicts itself or names what does not exist; the message is for its author."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file. `source` is its heading (`also`: others that mean the same), `to` the record's
    field, `kind` how it is read.

    `required` means that each row must fill it; `optional` that the file may lack the column.
    The remaining options belong to kinds: `length` and `pattern` to text (`pattern_warns`: a mismatch
    leaves the value out instead of refusing the row), `minimum` and `maximum` to money (minor units) and
    integers, `periods` per year, `separator` and `of` to lists, `values` to enums and flags.
    """

    source: str
    to: str
    kind: str
    required: bool = True
    optional: bool = False
    also: tuple[str, ...] = ()
    length: int = 200
    pattern: str | None = None
    pattern_warns: bool = False
    minimum: int | None = None
    maximum: int | None = None
    periods: int = 12
    separator: str = "|"
    of: str = "text"
    values: Mapping[str, Any] = field(default_factory=dict)

    def converter(self, formats: Formats, exponent: int) -> Converter:
        if self.kind == "text":
            return text_converter(self.length, self.pattern, warns=self.pattern_warns)
        if self.kind == "money":
            return money_converter(formats.decimal, exponent)
        return Cached(self._parse(self.kind, formats))

    def _parse(self, kind: str, formats: Formats) -> Parse:
        if kind == "list":
            return list_parse(self.separator, self._parse(self.of, formats))
        if kind in ("enum", "flag"):
            return enum_parse(dict(self.values))
        if kind == "text":
            return text_parse(self.length, self.pattern, warns=self.pattern_warns)
        parses: dict[str, Parse] = {
            "date": date_parse(formats.date_order),
            "period": period_parse(self.periods),
            "integer": integer_parse,
            "decimal": decimal_parse(formats.decimal),
            "latitude": coordinate_parse(formats.decimal, 90),
            "longitude": coordinate_parse(formats.decimal, 180),
            "percent": percent_parse(formats.decimal),
            **PEOPLE,
        }
        return parses[kind]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule between fields of one row. `kind` is one of CHECKS; the other names are its fields:

    adds_up: sum of `plus` less sum of `minus` equals `equals` · positive: `field` is above zero ·
    not_before: `field` is no earlier than `than` · not_less: `field` is no less than `than` ·
    required_when: `field` is filled when `than` has the value `value` ·
    same_length: lists `field` and `than` · distinct: nothing twice in list `field` ·
    list_total: list `field` adds up to `value`.
    """

    kind: str
    field: str = ""
    than: str = ""
    value: Any = None
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    equals: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        named = (*self.plus, *self.minus, self.equals, self.field, self.than)
        return tuple(name for name in named if name)


@dataclass(frozen=True, slots=True)
class Profile:
    """`key` names the fields that identify a record for good; `unique` holds the further groups of fields
    that no two rows of a file may share. `order` is the place within the pack: what a row points at is
    loaded before. `constants` are set on every record. `title` is by language."""

    id: str
    pack: str
    order: int
    title: Mapping[str, str]
    target: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    checks: tuple[Check, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    constants: Mapping[str, Any] = field(default_factory=dict)
    file_names: tuple[str, ...] = ()
    decimal: str = ","
    date_order: str = "dmy"

    @property
    def name(self) -> str:
        """The id without its pack."""
        return self.id.removeprefix(self.pack + "-")

    def column_of(self, to: str) -> Column:
        return next(column for column in self.columns if column.to == to)


def load_profile(path: Path) -> Profile:
    """Raises BadProfile."""
    return profile_from(tomllib.loads(path.read_text(encoding="utf-8")))


def profile_from(data: Mapping[str, Any]) -> Profile:
    """A profile from its written form: a TOML file that ships with the product, or a tenant's own row."""
    rest = dict(data)
    formats = rest.pop("format", {})
    try:
        profile = Profile(
            id=rest.pop("id"),
            pack=rest.pop("pack"),
            order=rest.pop("order"),
            title=rest.pop("title"),
            target=rest.pop("target"),
            key=tuple(rest.pop("key")),
            columns=tuple(_column(entry) for entry in rest.pop("columns")),
            checks=tuple(_check(entry) for entry in rest.pop("checks", ())),
            unique=tuple(tuple(group) for group in rest.pop("unique", ())),
            constants=rest.pop("constants", {}),
            file_names=tuple(rest.pop("file_names", ())),
            decimal=formats.get("decimal", ","),
            date_order=formats.get("date_order", "dmy"),
        )
    except (KeyError, TypeError) as problem:
        raise BadProfile(f"{data.get('id', '?')}: {problem}") from problem
    if rest:
        raise BadProfile(f"{profile.id}: unknown entries {', '.join(sorted(rest))}")
    _agree(profile)
    return profile


def _column(entry: Mapping[str, Any]) -> Column:
    options = {("source" if name == "from" else name): value for name, value in entry.items()}
    if "also" in options:
        options["also"] = tuple(options["also"])
    return Column(**options)


def _check(entry: Mapping[str, Any]) -> Check:
    options: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()
    }
    return Check(**options)


def _agree(profile: Profile) -> None:
    if profile.target not in TARGETS:
        raise BadProfile(f"{profile.id}: no target {profile.target}")
    may, must = TARGETS[profile.target]
    fields = {column.to for column in profile.columns}
    given = fields | set(profile.constants)
    if len(fields) != len(profile.columns):
        raise BadProfile(f"{profile.id}: two columns go to the same field")
    if unknown := fields - may:
        raise BadProfile(f"{profile.id}: {profile.target} has no {', '.join(sorted(unknown))}")
    if missing := must - given:
        raise BadProfile(f"{profile.id}: nothing gives {', '.join(sorted(missing))}")
    if wrong := {column.kind for column in profile.columns} - KINDS:
        raise BadProfile(f"{profile.id}: no kind {', '.join(sorted(wrong))}")
    if wrong := {check.kind for check in profile.checks} - CHECKS:
        raise BadProfile(f"{profile.id}: no check {', '.join(sorted(wrong))}")
    used = {name for check in profile.checks for name in check.fields}
    used |= {name for group in (profile.key, *profile.unique) for name in group}
    if unknown := used - fields:
        raise BadProfile(f"{profile.id}: a check or key names {', '.join(sorted(unknown))}")
