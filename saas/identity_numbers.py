"""Documents, e-mail addresses and phones: one normal form for each, and a warning where a number looks mistyped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from stdnum.ar import cuit
from stdnum.co import nit
from stdnum.exceptions import InvalidChecksum, InvalidComponent, ValidationError
from stdnum.ve import rif

from saas.languages import N_

# Kinds with a check digit; the rest of what we know is how many figures a kind has (python-stdnum has no module).
_CHECKED: Final[dict[tuple[str, str], Callable[[str], str]]] = {
    ("CO", "NIT"): nit.validate,
    ("AR", "CUIT"): cuit.validate,
    ("AR", "CUIL"): cuit.validate,
    ("VE", "RIF"): rif.validate,
}
_FIGURES: Final[dict[tuple[str, str], tuple[int, int]]] = {
    ("CO", "CC"): (3, 10),
    ("CO", "CE"): (3, 10),
    ("CO", "TI"): (10, 11),
    ("AR", "DNI"): (7, 8),
}
_LONGEST: Final = 64


def normalise_document(country: str, kind: str, number: str) -> str:
    """The number as it is stored and compared: capitals and figures only, full-width figures made plain.

    Where the kind has only figures, zeros in front go; a Colombian company's NIT without its check digit gets it,
    so that "800.197.268" and "800197268-4" are one. Anything may come in; what is no number comes out shorter.
    """
    plain = unicodedata.normalize("NFKC", number[:_LONGEST]).upper()
    bare = re.sub(r"[^A-Z0-9]", "", plain)
    if (country, kind) in _FIGURES:
        return bare.lstrip("0") or bare[:1]
    if (country, kind) == ("CO", "NIT") and "-" not in plain and re.fullmatch("[89][0-9]{8}", bare):
        return bare + str(nit.calc_check_digit(bare))
    return bare


def written_document(kind: str | None, number: str | None) -> str:
    """Kind and number as people write them, from the normal form: "CC 43.111.222", "NIT 800.197.268-4",
    "CUIT 30-71234567-1", "RIF J-12345678-9". What does not have the length of its kind stays as it is kept.
    """
    bare = number or ""
    if bare.isdecimal() and bare.isascii():
        if kind in _POINTED:
            bare = _pointed(bare)
        elif kind == "NIT" and len(bare) == 10:
            bare = f"{_pointed(bare[:-1])}-{bare[-1]}"
        elif kind in ("CUIT", "CUIL") and len(bare) == 11:
            bare = f"{bare[:2]}-{bare[2:-1]}-{bare[-1]}"
    elif kind == "RIF" and re.fullmatch("[A-Z][0-9]{9}", bare):
        bare = f"{bare[0]}-{bare[1:-1]}-{bare[-1]}"
    return " ".join(part for part in (kind, bare) if part)


_POINTED: Final = frozenset({"CC", "CE", "TI", "DNI"})


def _pointed(figures: str) -> str:
    return f"{int(figures):,}".replace(",", ".") if not figures.startswith("0") else figures


# The kinds whose normal form may differ from the bare figures.
_SHAPES: Final = ("", "CC", "NIT", "DNI", "CUIT", "RIF")


def normal_forms(country: str, number: str) -> list[str]:
    """Every form that the books may keep of a number whose kind is not told, the bare one first."""
    return list(dict.fromkeys(normalise_document(country, kind, number) for kind in _SHAPES))


def warn_document(country: str, kind: str, number: str) -> str | None:
    """A msgid that says what looks wrong about the number, or None. It warns; whether it blocks is a setting.

    Kinds: CO NIT, CC, CE, TI; AR DNI, CUIT, CUIL; VE RIF. Of others nothing is known, and nothing is said.
    """
    bare = normalise_document(country, kind, number)
    if figures := _FIGURES.get((country, kind)):
        if not re.fullmatch("[0-9]+", bare) or _foreign(number):
            return N_("This kind of document has only figures.")
        shortest, longest = figures
        return None if shortest <= len(bare) <= longest else _WRONG_LENGTH
    validate = _CHECKED.get((country, kind))
    if validate is None:
        return None
    if _foreign(number):
        return _WRONG_LENGTH
    try:
        validate(bare)
    except InvalidChecksum:
        return N_("The check digit of this number does not match. Compare it with the document.")
    except InvalidComponent:
        return N_(
            "This number begins in an unusual way for its kind of document. Compare it with the document."
        )
    except ValidationError:
        return _WRONG_LENGTH
    return None


_WRONG_LENGTH: Final = N_("This number does not have the length of its kind of document.")


def _foreign(number: str) -> bool:
    """Whether the normal form would drop more than spaces, points and dashes."""
    return len(number) > _LONGEST or not re.fullmatch(
        r"[A-Z0-9 .,\-]*", unicodedata.normalize("NFKC", number).upper()
    )


def normalise_email(text: str) -> str | None:
    """The address in its one form for uniqueness: NFC, lower case, domain in ASCII; None if it is no address.

    Dots and "+tag" stay, for they may be other mailboxes. Letters outside ASCII before the @ are refused: hardly any
    server takes them, and look-alikes would make two people of one. No DNS is asked.
    """
    bare = unicodedata.normalize("NFC", text[:1000]).strip()
    if not 3 <= len(bare) <= 254 or any(unicodedata.category(c).startswith("C") for c in bare):
        return None
    try:
        address = validate_email(
            bare,
            check_deliverability=False,
            allow_smtputf8=False,
            globally_deliverable=False,
            strict=True,
            test_environment=True,  # "…@x.test" reaches nobody, and is what tests and demos are for
        )
    except EmailNotValidError:
        return None
    domain = address.ascii_domain.lower()
    return f"{address.local_part.lower()}@{domain}" if "." in domain else None


def normalise_phone(text: str, country: str) -> str | None:
    """The number in E.164 ("+573001234567"), read as dialled inside `country` ("CO"); None if there is no such number.

    An extension cannot be kept in E.164, so a number with one is None too.
    """
    if len(text) > _LONGEST:
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
