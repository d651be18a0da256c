"""Settings of a tenant: declared with type and default by capabilities, stored only where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from saas.languages import N_
from saas.money import parse_amount
from saas.refusals import Refusal
from tenants.capability import Setting

MAXIMUM_TEXT = 500

_declared: dict[str, Setting] = {}

SECOND_FACTOR = "staff.second-factor"
REQUIRED, OPTIONAL = "required", "optional"

SUPPORT = (
    Setting("support.phone", "text", "", N_("Telephone"), group=N_("Contact")),
    Setting("support.whatsapp", "text", "", N_("WhatsApp number"), group=N_("Contact")),
    Setting("support.email", "text", "", N_("E-mail for customers"), group=N_("Contact")),
    Setting("support.hours", "text", "", N_("Opening hours"), group=N_("Contact")),
    Setting("mail.sender_name", "text", "", N_("Sender's name in mails"), group=N_("Mail")),
    Setting(
        "documents.paper",
        "choice",
        "a4",
        N_("Paper of documents"),
        group=N_("Documents"),
        choices={"a4": "A4", "us-letter": N_("Letter")},
    ),
    Setting("mail.footer", "long-text", "", N_("Text at the foot of mails"), group=N_("Mail")),
)


SECURITY = (
    Setting(
        SECOND_FACTOR,
        "choice",
        REQUIRED,  # who sets up nothing is on the safe side
        N_("Two-step verification of staff"),
        hint=N_("Where it is asked of everybody, the desk opens only to those who have set it up."),
        group=N_("Desk"),
        choices={REQUIRED: N_("Asked of everybody"), OPTIONAL: N_("Each as they like")},
    ),
)


def declare(settings: Iterable[Setting]) -> None:
    for setting in settings:
        _declared[setting.key] = setting


declare(SUPPORT)
declare(SECURITY)


def declared() -> tuple[Setting, ...]:
    return tuple(_declared.values())


def complete(own: Mapping[str, Any], country: str = "") -> dict[str, Any]:
    """Every declared setting: the tenant's value where it has one, the default (of its country) elsewhere."""
    return {
        key: own[key] if key in own else setting.by_country.get(country, setting.default)
        for key, setting in _declared.items()
    }


def parse(setting: Setting, typed: str, *, currency: str, locale: str) -> Any:
    """The value that somebody of `locale` typed; amounts come out in minor units of `currency`. Raises Refusal that
    names the field."""
    text = typed.strip()
    if setting.kind == "amount":
        return parse_amount(text, currency, locale, field=setting.key, zero=True)
    if setting.kind == "boolean":
        return text in ("1", "true", "on", "yes")
    if setting.kind == "integer":
        if not (text.isascii() and text.lstrip("-").isdigit() and len(text) < 12):
            raise Refusal(N_("Type a whole number"), field=setting.key)
        number = int(text)
        if (setting.low is not None and number < setting.low) or (
            setting.high is not None and number > setting.high
        ):
            raise Refusal(
                N_("Type a number from %(low)s to %(high)s"),
                field=setting.key,
                low=setting.low,
                high=setting.high,
            )
        return number
    if setting.kind == "choice":
        if text not in setting.choices:
            raise Refusal(N_("Choose one of the options"), field=setting.key)
        return text
    if len(text) > MAXIMUM_TEXT or "\x00" in text:
        raise Refusal(N_("The text is too long"), field=setting.key)
    if setting.kind == "url" and text and urlsplit(text).scheme not in ("https", "http"):
        raise Refusal(N_("Type an address that begins with https://"), field=setting.key)
    return text
