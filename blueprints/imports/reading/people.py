"""Document numbers, e-mail addresses and telephones of the people in a file."""

from __future__ import annotations

import re
from typing import Final

from blueprints.imports.reading.cells import Parse, Wrong, written
from blueprints.imports.reading.formats import Cell
from saas.languages import N_

_DOCUMENT: Final = re.compile(r"[A-Z]{0,3}-?\d{3,20}(?:-[\dA-Z])?|[A-Z0-9]{4,20}", re.ASCII)
_EMAIL: Final = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[^@\s,;<>()\"]{2,}")
_PHONE: Final = re.compile(r"\+?[\d\s().-]{6,24}(?:\s?(?:x|ext\.?)\s?\d{1,6})?", re.IGNORECASE | re.ASCII)


def document_parse(cell: Cell) -> str:
    """Turn "900.123.456 - 7" into "900123456-7": letters large, no dots or spaces, the check digit after a hyphen."""
    shown = written(cell)
    text = re.sub(r"[.\s]", "", shown).upper()
    if not _DOCUMENT.fullmatch(text):
        raise Wrong(N_("“%(value)s” is not a document number."), value=shown[:40])
    return text


def email_parse(cell: Cell) -> str:
    """The address as written. A wrong one is a warning: the person matters more than the address."""
    text = written(cell)
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise Wrong(
            N_("“%(value)s” is not an e-mail address and was left out."), refuses=False, value=text[:80]
        )
    return text


def phone_parse(cell: Cell) -> str:
    text = written(cell)
    if not _PHONE.fullmatch(text):
        raise Wrong(
            N_("“%(value)s” is not a telephone number and was left out."), refuses=False, value=text[:40]
        )
    return re.sub(r"\s+", " ", text)


PEOPLE: Final[dict[str, Parse]] = {"document": document_parse, "email": email_parse, "phone": phone_parse}
