"""Puts a message into words: what is said is what is true when it leaves."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext as _

from blueprints.messages.addresses import Person
from blueprints.messages.kinds import Kind
from blueprints.messages.owed import Owed, owed, pay_token
from blueprints.messages.texts import TEXTS
from blueprints.messages.unsubscribing import address_to_unsubscribe
from saas.mail import Letter
from tenants.letter_fields import BLOCK, FIELDS
from tenants.letter_texts import Wording
from tenants.letters import address_of
from tenants.loading import serving
from tenants.worded_letters import Content, compose_worded

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
    today = serving().today()
    rows: Sequence[Owed] = ()
    code = kind.code
    if INVOICES in kind.fields:
        rows = owed([uuid.UUID(one) for one in facts.get(INVOICES, ())], today)
        if not rows:
            return None
        if code in OF_INVOICES and wording is None:
            code = step_of(rows, today)
    token = pay_token(rows, person.customer_id) if rows and wording is None else ""
    no_more = "" if kind.mandatory else address_to_unsubscribe(person.customer_id, code)
    path = str(facts.get("link") or kind.leads_to)
    url = address_of("payments.linked", payment_token=token) if token else on_own_host(path)
    letter = compose_worded(
        TEXTS[code],
        person.email,
        {**_plain(facts), **_of_rows(rows), "customer": person.name},
        lambda: Content(url=url, button=_(kind.button)),
        language=person.language,
        wording=wording,
        kind=code,
        customer_id=person.customer_id,
        user_id=person.user_id,
        about=about,
        secrets=[token, no_more.rpartition("/")[2]],
        template="messages/mail/message",
        rows=rows,
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
    return {name: value for name, value in facts.items() if name in FIELDS and FIELDS[name].kind != BLOCK}


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
