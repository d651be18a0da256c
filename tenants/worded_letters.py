"""Letters in words that the tenant may change: text around what the product puts in."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from saas.dates import format_datetime, format_long, format_month
from saas.languages import LANGUAGES
from saas.mail import Attachment, Letter
from saas.money import Money, format_money
from saas.written import as_text
from tenants.letter_fields import DATE, FIELDS, MONEY, MONTH, fill, paragraphs
from tenants.letter_texts import LetterText, Wording, wording_of
from tenants.letters import compose_letter, speaking
from tenants.loading import serving
from tenants.page_context import locale

LONGEST_VALUE = 4000
NOTHING_KNOWN = "–"  # stands where a fact is missing, rather than a name in braces
MAIL = "layout/letter"


@dataclass(frozen=True, slots=True)
class Content:
    """What the product puts into a letter, in the reader's language.

    `url` is where the button leads (none: no button), `button` its words where they are others than the text's; `lines`
    and `notes` stand under the table of details, `figure` (label, amount, note) above it. `message` is what somebody
    wrote, as they typed it.
    """

    url: str = ""
    button: str = ""
    lines: Sequence[str] = ()
    notes: Sequence[str] = ()
    figure: tuple[str, str, str] | None = None
    code: str = ""
    message: str = ""
    alarm_url: str = ""


def compose_worded(
    text: LetterText,
    to: str,
    values: Mapping[str, Any],
    content: Callable[[], Content] = Content,
    *,
    language: str | None = None,
    wording: Wording | None = None,
    attachments: Sequence[Attachment] = (),
    kind: str = "other",
    user_id: uuid.UUID | None = None,
    customer_id: uuid.UUID | None = None,
    about: str = "",
    secrets: Sequence[str] = (),
    template: str = MAIL,
    **context: Any,
) -> Letter:
    """A letter to one person, ready for `saas.mail.deliver`.

    `values` are the facts of its fields (text, Money, date, aware datetime); `content` is asked while the reader's
    language is spoken. `wording` replaces the words that count now, for a preview. The rest as in `compose_letter`.
    """
    tenant = serving()
    language = language if language in LANGUAGES else tenant.language
    words = wording or wording_of(text, language)
    with speaking(language):
        given = {"organisation": tenant.name, **values}
        said = {
            code: said_value(code, given[code]) if given.get(code) not in (None, "") else NOTHING_KNOWN
            for code in text.fields
        }
        made = content()
        return compose_letter(
            to,
            "%(said)s",
            template,
            language=language,
            attachments=attachments,
            kind=kind,
            user_id=user_id,
            customer_id=customer_id,
            about=about,
            secrets=secrets,
            said=" ".join(fill(words.subject, said).split()),
            parts=paragraphs(words.body, said),
            details=[
                {"key": _(FIELDS[code].title), "value": said[code]}
                for code in text.details
                if said[code] != NOTHING_KNOWN
            ],
            content=made,
            as_text=as_text,
            button=made.button or (_(text.button) if text.button else ""),
            closing=[_(sentence) for sentence in text.closing],
            alarm=[_(sentence) for sentence in text.alarm] if text.alarm and made.alarm_url else None,
            **context,
        )


def said_value(code: str, value: Any) -> str:
    """A fact as the reader's language writes it. What does not have the shape of its field is text."""
    kind, where = FIELDS[code].kind, locale()
    if kind == MONEY and isinstance(value, Mapping):
        value = Money(int(value["amount"]), str(value["currency"]))
    match value:
        case Money():
            return format_money(value.amount, value.currency, where)
        case datetime.datetime():
            return format_datetime(value, serving().time_zone, where)
        case datetime.date():
            return format_long(value, where)
    text = str(value)[:LONGEST_VALUE]
    try:
        if kind == DATE:
            return format_long(datetime.date.fromisoformat(text[:10]), where)
        if kind == MONTH:
            return format_month(text, where)
    except ValueError:
        pass
    return text
