"""Banks of a country and what their account numbers look like: data, one file a country. Pure."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from stdnum.ar import cbu
from stdnum.exceptions import ValidationError

from saas.languages import N_
from saas.refusals import Refusal

FOLDER: Final = Path(__file__).with_name("banks")
CBU: Final = "cbu"
# Said on pages; the files keep the same words in English.
TITLES: Final = (N_("Savings account"), N_("Checking account"), N_("Electronic deposit"), N_("CBU"))


@dataclass(frozen=True, slots=True)
class Bank:
    """`digits`: how many figures its numbers usually have, none where nobody knows; `kinds`: none means all."""

    code: str
    name: str
    digits: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """What is known of a country. `number`: "cbu" where the number itself names the bank, else empty."""

    country: str
    valid_from: str
    kinds: Mapping[str, str]  # code -> msgid
    banks: Mapping[str, Bank]
    shortest: int
    longest: int
    number: str = ""

    @property
    def asks_bank(self) -> bool:
        return not self.number


@dataclass(frozen=True, slots=True)
class CheckedNumber:
    """A number in its one form. `warning` (a msgid) says what looks unusual; whoever is sure may go on."""

    number: str
    bank_code: str
    bank_name: str
    kind: str
    warning: str | None = None


UNKNOWN: Final = Directory(
    "", "", {"savings": N_("Savings account"), "checking": N_("Checking account")}, {}, 5, 34
)


@cache
def directory(country: str) -> Directory:
    """The banks of a country ("CO"); where nobody wrote them down, any bank's name may be typed."""
    path = FOLDER / f"{country.lower()}.toml"
    if not re.fullmatch("[A-Z]{2}", country) or not path.exists():
        return UNKNOWN
    data: dict[str, Any] = tomllib.loads(path.read_text())
    banks = [
        Bank(row["code"], row["name"], tuple(row.get("digits", ())), tuple(row.get("kinds", ())))
        for row in data["bank"]
    ]
    return Directory(
        country,
        data["valid_from"],
        {row["code"]: row["title"] for row in data["kind"]},
        {bank.code: bank for bank in sorted(banks, key=lambda bank: bank.name.casefold())},
        data["shortest"],
        data["longest"],
        data.get("number", ""),
    )


def check_number(country: str, *, bank: str, kind: str, number: str) -> CheckedNumber:
    """What somebody typed, checked offline. `bank` is a code of the directory, or a name where it has none.

    Raises Refusal for what cannot be an account; what is only unusual comes back with a warning.
    """
    known = directory(country)
    if kind not in known.kinds:
        raise Refusal(N_("Choose the kind of account."), field="account_kind")
    bare = _bare(number)
    if not bare:
        raise Refusal(N_("Type the number of the account."), field="number")
    if known.number == CBU:
        return _cbu(known, bare)
    if not bare.isdigit() and known is not UNKNOWN:
        raise Refusal(N_("The number of an account has only figures."), field="number")
    if not known.shortest <= len(bare) <= known.longest:
        raise Refusal(
            N_("The number has %(found)s figures: it must have from %(low)s to %(high)s."),
            field="number",
            found=len(bare),
            low=known.shortest,
            high=known.longest,
        )
    if known is UNKNOWN:
        name = " ".join(bank.split())[:80]
        if not name:
            raise Refusal(N_("Type the name of the bank."), field="bank")
        return CheckedNumber(bare, "", name, kind)
    found = known.banks.get(bank)
    if found is None:
        raise Refusal(N_("Choose the bank."), field="bank")
    if found.kinds and kind not in found.kinds:
        raise Refusal(N_("%(bank)s has no such kind of account."), field="account_kind", bank=found.name)
    return CheckedNumber(bare, found.code, found.name, kind, _unusual(found, bare))


def _bare(number: str) -> str:
    plain = unicodedata.normalize("NFKC", number[:64]).upper()
    return re.sub(r"[\s.\-]", "", plain) if re.fullmatch(r"[0-9A-Z\s.\-]*", plain) else ""


def _cbu(known: Directory, bare: str) -> CheckedNumber:
    try:
        cbu.validate(bare)
    except ValidationError:
        raise Refusal(
            N_("This is no CBU or CVU: it has 22 figures, and its check digits must fit."), field="number"
        ) from None
    found = known.banks.get(bare[:3])
    return CheckedNumber(bare, bare[:3], found.name if found else bare[:3], CBU)


def _unusual(bank: Bank, bare: str) -> str | None:
    if bank.digits and len(bare) not in bank.digits:
        return N_(
            "Numbers of this bank usually have another length. Compare it with a statement of the bank."
        )
    if len(set(bare)) == 1:
        return N_("This number is one figure over and over. Compare it with a statement of the bank.")
    return None
