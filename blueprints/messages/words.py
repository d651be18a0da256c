"""How codes of messages are said. Looked up here, translated by the page."""

from __future__ import annotations

from blueprints.messages import rules
from blueprints.messages.kinds import LETTER, MAIL, PHONE, WHATSAPP
from saas.languages import N_

STATES = {
    rules.QUEUED: (N_("On its way"), "info"),
    rules.DEFERRED: (N_("Waits"), "neutral"),
    rules.SENT: (N_("Sent off"), "success"),
    rules.REFUSED: (N_("Not delivered"), "danger"),
    rules.BOUNCED: (N_("Came back"), "danger"),
    rules.DROPPED: (N_("Not needed any more"), "neutral"),
}
CHANNELS = {
    MAIL: N_("E-mail"),
    WHATSAPP: N_("WhatsApp"),
    PHONE: N_("Telephone"),
    LETTER: N_("Letter on paper"),
}
BROUGHT = {
    WHATSAPP: N_("Written by WhatsApp"),
    PHONE: N_("Told by telephone"),
    LETTER: N_("Sent on paper"),
}
SOURCES = {
    "profile": N_("In the customer area"),
    "link": N_("By the link in a mail"),
    "staff": N_("Through the organisation"),
}
NATURES = {
    "service": N_("Service"),
    "collection": N_("Asks for payment"),
    "commercial": N_("Offer"),
    "security": N_("Security"),
}


def state_of(state: str, channel: str) -> tuple[str, str]:
    """Word (a msgid) and tone of a state; what was brought by hand says how."""
    if channel in BROUGHT and state == rules.SENT:
        return BROUGHT[channel], "success"
    return STATES[state]
