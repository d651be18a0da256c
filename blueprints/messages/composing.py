"""Puts a message into words: what is said is what is true when it leaves."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext as _

from blueprints.messages import fields
from blueprints.messages.addresses import Person
from blueprints.messages.fields import FIELDS, fill, paragraphs
from blueprints.messages.kinds import Kind
from blueprints.messages.owed import Owed, owed, pay_token
from blueprints.messages.unsubscribing import address_to_unsubscribe
from blueprints.messages.wordings import Wording, current_wording
from saas.dates import format_long, format_month
from saas.languages import LANGUAGES
from saas.mail import Letter
from saas.money import format_money
from tenants.letters import address_of, compose_letter, speaking
from tenants.loading import serving
from tenants.page_context import locale

LONGEST_VALUE = 4000
NOTHING_KNOWN = "–"  # stands where a fact is missing, rather than a name in braces
INVOICES = "invoices"
OF_INVOICES = ("reminder-before", "reminder-on", "reminder-after")


@dataclass(frozen=True, slots=True)
class Worded:
    """A letter with the kind that it turned out to be: a reminder that had to wait may have become another one."""

    letter: Letter
    kind: str


def put_into_words(
    kind: Kind, person: Person, facts: Mapping[str, Any], *, about: str = "", wording: Wording | None = None
) -> Worded | None:
    """The letter to a person; None when there is nothing left to say: what it asked for is paid, or being paid.

    `wording` replaces the words that count now, for a preview; then links open nothing.
    """
    tenant, today = serving(), serving().today()
    rows: Sequence[Owed] = ()
    code = kind.code
    if INVOICES in kind.fields:
        rows = owed([uuid.UUID(one) for one in facts.get(INVOICES, ())], today)
        if not rows:
            return None
        if code in OF_INVOICES and wording is None:
            code = step_of(rows, today)
    language = person.language if person.language in LANGUAGES else tenant.language
    words = wording or current_wording(code, language)
    token = pay_token(rows, person.customer_id) if rows and wording is None else ""
    with speaking(language):
        values = {**_plain(facts), **_of_rows(rows), "customer": person.name, "organisation": tenant.name}
        values = {name: _one_value(name, values[name]) for name in values}
        values = {**dict.fromkeys(kind.fields, NOTHING_KNOWN), **values}
        path = str(facts.get("link") or kind.leads_to)
        no_more = "" if kind.mandatory else address_to_unsubscribe(person.customer_id, code)
        letter = compose_letter(
            person.email,
            "%(said)s",
            "messages/mail/message",
            language=language,
            kind=code,
            customer_id=person.customer_id,
            user_id=person.user_id,
            about=about,
            secrets=[token, no_more.rpartition("/")[2]],
            said=fill(words.subject, values),
            parts=paragraphs(words.body, values),
            rows=rows,
            button=_(kind.button),
            url=address_of("payments.linked", payment_token=token) if token else on_own_host(path),
            no_more=no_more,
        )
    return Worded(replace(letter, unsubscribe=no_more), code)


def step_of(rows: Sequence[Owed], today: datetime.date) -> str:
    """Which reminder it is today: it may have waited for a Sunday or a holiday to end."""
    if any(row.last_on < today for row in rows):
        return "reminder-after"
    return "reminder-on" if any(row.due_on == today for row in rows) else "reminder-before"


def on_own_host(path: str) -> str:
    """The full address of a path on the tenant's canonical host; of anything else, the host alone (case J17)."""
    own = serving().canonical_url
    fine = path.startswith("/") and not path.startswith("//") and path.isprintable() and "\\" not in path
    return f"{own}{path}" if fine else own


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in facts.items() if name in FIELDS and FIELDS[name].kind != fields.BLOCK
    }


def _of_rows(rows: Sequence[Owed]) -> dict[str, Any]:
    if not rows:
        return {}
    currency = rows[0].currency
    same = [row for row in rows if row.currency == currency]
    return {
        "count": str(len(rows)),
        "total": {"amount": sum(row.amount for row in same), "currency": currency},
        "due": min(row.until for row in rows).isoformat(),
    }


def _one_value(name: str, value: Any) -> str:
    """A fact as the reader's language writes it. What does not have the shape of its field is text."""
    kind = FIELDS[name].kind
    if kind == fields.MONEY and isinstance(value, Mapping):
        return format_money(int(value["amount"]), str(value["currency"]), locale())
    text = str(value)[:LONGEST_VALUE]
    if kind == fields.DATE:
        try:
            return format_long(datetime.date.fromisoformat(text[:10]), locale())
        except ValueError:
            return text
    if kind == fields.MONTH:
        try:
            return format_month(text, locale())
        except ValueError:
            return text
    return text
