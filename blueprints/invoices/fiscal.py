"""Fiscal identifiers carried by invoices: shape, link to the authority, text of the QR code.

They are carried and checked, never issued. What differs by authority and year stands in fiscal.toml, with its source.
Pure: nothing here looks at a clock, a database or the network.
"""

from __future__ import annotations

import json
import re
import tomllib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

_RULES = Path(__file__).with_name("fiscal.toml")


@dataclass(frozen=True)
class FiscalRule:
    """One version of an identifier's rule. `values` holds the tables that only this identifier has."""

    kind: str
    valid_from: date
    source: str
    label: str
    authority: str
    pattern: str
    link: str
    link_trial: str
    values: Mapping[str, Any]

    def accepts(self, code: str) -> bool:
        """Whether the code has the identifier's shape. No shape check can tell whether the authority knows it."""
        return re.fullmatch(self.pattern, code) is not None


def fiscal_kinds() -> tuple[str, ...]:
    """Return the kinds of identifier that an invoice may carry: "cufe", "cae"…"""
    return tuple(_versions())


def fiscal_rule(kind: str, on: date | None = None) -> FiscalRule:
    """Return the rule of `kind` for a document dated `on` (None: the newest). Raises `KeyError` for an unknown kind."""
    versions = _versions()[kind]
    if on is None:
        return versions[-1]
    return next((rule for rule in reversed(versions) if rule.valid_from <= on), versions[0])


def check_code(kind: str, code: str, on: date | None = None) -> bool:
    """Whether `code` has the shape of an identifier of `kind` on that date; False for an unknown kind."""
    return kind in _versions() and fiscal_rule(kind, on).accepts(code)


def check_cufe(cufe: str, on: date | None = None) -> bool:
    """Whether the text has the shape of a CUFE: 96 hexadecimal digits, lower case."""
    return check_code("cufe", cufe, on)


def check_cae(cae: str, expires_on: date | None, issued_on: date | None = None) -> bool:
    """Whether the text has the shape of a CAE (14 digits) and comes with a due date not before the document's."""
    if expires_on is None or (issued_on is not None and expires_on < issued_on):
        return False
    return check_code("cae", cae, issued_on)


def cufe_link(cufe: str, on: date | None = None, *, trial: bool = False) -> str:
    """Return the authority's public page of this document (`trial`: in its test environment).

    Raises `ValueError` when the CUFE has not the right shape.
    """
    rule = fiscal_rule("cufe", on)
    if not rule.accepts(cufe):
        raise ValueError("not a CUFE")
    return (rule.link_trial if trial else rule.link).replace("{code}", cufe)


def cufe_qr_text(cufe: str, fields: Mapping[str, str], on: date | None = None, *, trial: bool = False) -> str:
    """Return the text of the QR code in the authority's order: `fields` (NumFac, FecFac…, amounts as "1785000.00"),
    the CUFE and its link.

    Raises `ValueError` when a field is missing, holds a line break, or the CUFE has not the right shape. An invoice
    whose books lack a field (the hour, say) shows the QR of `cufe_link` instead.
    """
    known = {**fields, "CUFE": cufe, "QRCode": cufe_link(cufe, on, trial=trial)}
    names: list[str] = fiscal_rule("cufe", on).values["qr_lines"]
    missing = [name for name in names if not known.get(name)]
    if missing:
        raise ValueError(f"QR of a CUFE lacks {', '.join(missing)}")
    if any("\n" in known[name] or "\r" in known[name] for name in names):
        raise ValueError("a field of a QR code is one line")
    return "\n".join(f"{name}: {known[name]}" for name in names)


@dataclass(frozen=True)
class ArcaDocument:
    """What a CAE's QR code says. `amount` in minor units (two decimals) of `currency` (ISO 4217)."""

    issued_on: date
    issuer_cuit: str
    point_of_sale: int
    document: str
    number: int
    amount: int
    currency: str
    code: str
    code_kind: str = "CAE"
    rate: Decimal = Decimal(1)
    receiver_kind: str | None = None
    receiver_number: str | None = None


def arca_document_number(number: str) -> tuple[str, int, int]:
    """Return letter, point of sale and number of "B-0012-00000088". Raises `ValueError` for another shape."""
    found = re.fullmatch(r"([A-Z])-?(\d{4,5})-(\d{8})", number.strip())
    if found is None:
        raise ValueError("not letter-point of sale-number")
    return found[1], int(found[2]), int(found[3])


def arca_qr_url(document: ArcaDocument) -> str:
    """Return the address that the QR code of an Argentine electronic document holds (RG 4892/2020, version 1).

    `document.document` is a name of fiscal.toml such as "invoice B"; `receiver_kind` one such as "DNI", or None when
    the receiver is not identified. Raises `ValueError` for a wrong CAE, CUIT, amount, or a name that is not listed.
    """
    rule = fiscal_rule("cae", document.issued_on)
    cuit = re.sub(r"[-. ]", "", document.issuer_cuit)
    if not rule.accepts(document.code):
        raise ValueError("not a CAE")
    if re.fullmatch(r"[0-9]{11}", cuit) is None:
        raise ValueError("a CUIT has 11 digits")
    if document.amount < 0 or document.rate <= 0:
        raise ValueError("amount and rate are positive")
    fields: dict[str, str] = {
        "ver": str(rule.values["qr_version"]),
        "fecha": _quoted(document.issued_on.isoformat()),
        "cuit": str(int(cuit)),
        "ptoVta": str(document.point_of_sale),
        "tipoCmp": str(_listed(rule, "documents", document.document)),
        "nroCmp": str(document.number),
        "importe": _number(Decimal(document.amount).scaleb(-2)),
        "moneda": _quoted(_listed(rule, "currencies", document.currency)),
        "ctz": _number(document.rate),
    }
    if document.receiver_kind is not None and document.receiver_number:
        digits = re.sub(r"[-. ]", "", document.receiver_number)
        if re.fullmatch(r"[0-9]{1,20}", digits) is None:
            raise ValueError("the receiver's document is a number")
        fields["tipoDocRec"] = str(_listed(rule, "receivers", document.receiver_kind))
        fields["nroDocRec"] = str(int(digits))
    fields["tipoCodAut"] = _quoted(_listed(rule, "authorisation", document.code_kind))
    fields["codAut"] = str(int(document.code))
    # Written by hand because JSON numbers here are exact decimals, which the json module would make floats.
    text = "{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}"
    return rule.link.replace("{payload}", b64encode(text.encode("ascii")).decode("ascii"))


def _listed(rule: FiscalRule, table: str, name: str) -> str | int:
    try:
        value: str | int = rule.values[table][name]
    except KeyError:
        raise ValueError(f"{name!r} is not in the list of {table}") from None
    return value


def _quoted(value: object) -> str:
    return json.dumps(str(value))


def _number(value: Decimal) -> str:
    """Return a decimal without needless zeros: 12100.00 is 12100, 14106.10 is 14106.1."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@cache
def _versions() -> Mapping[str, tuple[FiscalRule, ...]]:
    with _RULES.open("rb") as file:
        tables: dict[str, list[dict[str, Any]]] = tomllib.load(file)
    return MappingProxyType(
        {
            kind: tuple(sorted((_rule(kind, table) for table in versions), key=lambda rule: rule.valid_from))
            for kind, versions in tables.items()
        }
    )


def _rule(kind: str, table: dict[str, Any]) -> FiscalRule:
    names = ("valid_from", "source", "label", "authority", "pattern", "link")
    return FiscalRule(
        kind=kind,
        **{name: table[name] for name in names},
        link_trial=table.get("link_trial", table["link"]),
        values=MappingProxyType({name: value for name, value in table.items() if name not in names}),
    )
