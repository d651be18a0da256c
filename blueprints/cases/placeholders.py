"""Texts that staff begin an answer with: a few names in braces become facts of the case. Pure.

Nothing else in such a text means anything: it is neither a template nor a format (fault J07). A name that is not in
the list stays as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from saas.languages import N_

PLACEHOLDERS: Final[dict[str, str]] = {
    "customer": N_("Name of the customer"),
    "number": N_("Number of the case"),
    "class": N_("Classification"),
    "subject": N_("Subject"),
    "received": N_("Day on which it was received"),
    "due": N_("Day until which it is answered"),
    "account": N_("Number of the account or contract"),
    "property": N_("Address of the property"),
    "organisation": N_("Name of the organisation"),
    "signed": N_("Name of who answers"),
}
_NAMED: Final = re.compile(r"\{([a-z_]{1,30})\}")


def fill(text: str, facts: Mapping[str, str]) -> str:
    """The text with its placeholders as facts, each replaced once: what a fact holds is never looked at again."""
    return _NAMED.sub(lambda found: facts.get(found[1], "") if found[1] in PLACEHOLDERS else found[0], text)


def unknown(text: str) -> list[str]:
    """The names in braces that nobody would replace, each once, in order."""
    return list(dict.fromkeys(name for name in _NAMED.findall(text) if name not in PLACEHOLDERS))


def names(text: str) -> list[str]:
    """All names in braces of a text."""
    return _NAMED.findall(text)
