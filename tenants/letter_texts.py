"""The letters that there are and the words each begins with.

A capability says what its letters are (`declare`); whoever keeps a tenant's own words says so once (`keep_words`), from
a later capability. A letter leaves in the tenant's words where they can be used, else in ours: words can be at fault,
the letter leaves anyhow.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask_babel import gettext as _

from saas.languages import N_
from saas.refusals import Refusal
from tenants.letter_fields import check_words, spelled
from tenants.letters import speaking
from tenants.loading import serving

log = logging.getLogger("ventanilla.letters")

GREETING = N_("Hello, {customer}:")

ACCESS = N_("Access and security")
PAYMENTS = N_("Payments")
INVOICES = N_("Invoices and contracts")
CASES = N_("Cases and repairs")
PAYOUTS = N_("Money paid out")
GROUPS = (INVOICES, PAYMENTS, CASES, PAYOUTS, ACCESS)


@dataclass(frozen=True, slots=True)
class Wording:
    """Subject and body with their names in braces. `version` is 0 for our own words."""

    subject: str
    body: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class LetterText:
    """What can be worded of one letter. Everything said is a msgid.

    `fields` are the names that its words may use, `demanded` those that a body cannot do without; `details` are the
    fields in the table that stands for the block of that name. `closing` and `alarm` (a sentence, and the words of its
    link) are the product's: they stand at the end whatever a tenant writes.
    """

    code: str
    group: str
    title: str
    hint: str
    subject: str
    body: tuple[str, ...]
    fields: tuple[str, ...]
    demanded: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    button: str = ""
    closing: tuple[str, ...] = ()
    alarm: tuple[str, str] | None = None


OwnWords = Callable[[str, str], Wording | None]

_texts: dict[str, LetterText] = {}
_keepers: list[OwnWords] = []


def declare(*texts: LetterText) -> None:
    """Letters of a capability. Raises ValueError for a code that another letter has."""
    for text in texts:
        if _texts.get(text.code, text) != text:
            raise ValueError(f"two letters are called {text.code}")
        _texts[text.code] = text


def letter_texts() -> Mapping[str, LetterText]:
    """Every letter by its code."""
    return _texts


def keep_words(keeper: OwnWords) -> None:
    """Say who knows a tenant's own words: code of the letter and language -> its words, None where there are none."""
    if keeper not in _keepers:
        _keepers.append(keeper)


def default_wording(text: LetterText, language: str) -> Wording:
    """Our own words in a language, whichever is spoken now."""
    with speaking(language):
        body = "\n\n".join(_(part) for part in text.body)
        return Wording(spelled(_(text.subject), language), spelled(body, language))


def fault_of(text: LetterText, wording: Wording) -> Refusal | None:
    """Why words cannot be used; None where they can. What could be said once may not be later: a name that a letter
    no longer has, a link to an address that the tenant gave up."""
    try:
        checked(text, wording.subject, wording.body)
    except Refusal as refusal:
        return refusal
    return None


def checked(text: LetterText, subject: str, body: str) -> tuple[str, str]:
    """What was typed for a letter, tidied. Raises Refusal that names the field at fault."""
    host = urlsplit(serving().canonical_url).netloc
    return check_words(subject, body, allowed=text.fields, demanded=text.demanded, host=host)


def wording_of(text: LetterText, language: str) -> Wording:
    """The words that a letter leaves in: the tenant's own, unless they cannot be used."""
    for keeper in _keepers:
        if (own := keeper(text.code, language)) is None:
            continue
        if (fault := fault_of(text, own)) is None:
            return own
        log.warning("own words of %s in %s are not used: %s", text.code, language, fault.msgid)
    return default_wording(text, language)
