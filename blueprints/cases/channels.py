"""The ways by which a case comes in and an answer goes out, and how they are said."""

from __future__ import annotations

from typing import Final

from flask_babel import gettext

from saas.languages import N_

AREA: Final = "area"  # the customer's own pages
WEB: Final = "web"  # anybody, without a login

CAME_BY: Final[dict[str, str]] = {
    "counter": N_("At the counter"),
    "telephone": N_("By telephone"),
    "letter": N_("By letter"),
    "mail": N_("By e-mail"),
    "whatsapp": N_("By WhatsApp"),
    "network": N_("Through a social network"),
    "box": N_("In the suggestion box"),
}
"""How staff can have got a case that they write down."""

WENT_BY: Final[dict[str, str]] = {
    "counter": N_("Handed over at the counter"),
    "letter": N_("Letter"),
    "certified": N_("Certified letter"),
    "telephone": N_("Told by telephone"),
    "mail": N_("Sent by e-mail"),
    "whatsapp": N_("Sent by WhatsApp"),
}
"""How staff can have brought an answer to somebody."""


def came_by(code: str) -> str:
    """How a case came in, in the reader's language; a code that nobody knows stays as it is."""
    if code == AREA:
        return str(gettext("In the customer area"))
    if code == WEB:
        return str(gettext("On the web, without logging in"))
    word = CAME_BY.get(code)
    return str(gettext(word)) if word else code


def went_by(code: str) -> str:
    """How an answer was brought, in the reader's language."""
    word = WENT_BY.get(code)
    return str(gettext(word)) if word else code
