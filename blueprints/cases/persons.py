"""Somebody who asks and is not in the books: name, document, and where the answer goes (Ley 1755/2015 art. 16)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from blueprints.cases import rules
from saas.identity_numbers import normalise_email, normalise_phone
from saas.languages import N_
from saas.refusals import Refusal

LONGEST_NAME = 120
LONGEST_DOCUMENT = 40
LONGEST_ADDRESS = 160
_LEADS_AWAY: Final = re.compile(r"//|@|\bwww\.|\.(com|co|net|org|info|app|me|io|ly)\b(?!\.)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Person:
    """What a case keeps of who filed it and has no row in the books. Empty text where nothing was said."""

    name: str
    document: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""

    def kept(self) -> dict[str, str]:
        """As the row of the case holds it."""
        return {name: value for name, value in asdict(self).items() if value}


def person_of(kept: Mapping[str, Any] | None) -> Person | None:
    """The person that a case's row holds; None where it names a customer or nobody."""
    if not kept:
        return None
    return Person(**{name: str(kept.get(name, "")) for name in Person.__slots__})


def check_person(typed: Person, country: str) -> Person:
    """The person as typed, tidied. The document is not asked for: nobody may be sent back for one.

    Raises Refusal (fields name, document, email, phone, address) without a name, for an address or number that
    cannot be one, and where there is no way to answer.
    """
    name = _line(typed.name, "name", LONGEST_NAME)
    if not name:
        raise Refusal(N_("Write the name of who asks."), field="name")
    document = _line(typed.document, "document", LONGEST_DOCUMENT)
    email = normalise_email(typed.email) if typed.email.strip() else ""
    if email is None:
        raise Refusal(N_("This is no e-mail address."), field="email")
    phone = normalise_phone(typed.phone, country) if typed.phone.strip() else ""
    if phone is None:
        raise Refusal(
            N_("This is no telephone number. Type it with its area code, for example %(example)s."),
            field="phone",
            example="+57 300 555 0142",
        )
    address = _line(typed.address, "address", LONGEST_ADDRESS)
    if not (email or phone or address):
        raise Refusal(N_("Write where the answer goes: e-mail, telephone or address."), field="email")
    return Person(name, document, email, phone, address)


def check_name_of_anybody(name: str) -> None:
    """A name that nobody at a desk has read stands in a letter to an address that nobody has proved, so it may lead
    nowhere. Raises Refusal."""
    if _LEADS_AWAY.search(name):
        raise Refusal(N_("Write a name without web or e-mail addresses."), field="name")


def _line(text: str, field: str, longest: int) -> str:
    return " ".join(rules.clean(text, field, longest=longest).split())
