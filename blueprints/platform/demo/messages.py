"""Messages of the demo: what would have been sent in the last weeks, with every state that a list can show.

They are written as rows, not sent: the demo's mailbox holds what is sent from now on.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, insert, select

from blueprints.accounts.models import AccountParty
from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.messages import leaving, returns, rules
from blueprints.messages.addresses import mark_dead, person_of
from blueprints.messages.composing import put_into_words
from blueprints.messages.kinds import KINDS, LETTER, MAIL
from blueprints.messages.models import Message
from blueprints.messages.office import blotted
from blueprints.messages.owed import WITHHELD
from blueprints.messages.texts import TEXTS
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from tenants.letter_texts import wording_of
from tenants.loading import serving

MOST = 40  # invoices that somebody was told of
MORNING = datetime.time(14)  # UTC: nine or eleven where the demo's organisations are
USER_UNKNOWN = "550 5.1.1 User unknown"


def load() -> None:
    """Fill the list of the active tenant from what its customers owe."""
    moment, rows = now(), []
    for number, row in enumerate(_invoices()):
        rows += [one for one in _about(number, row) if one["created_at"] < moment]
    rows.sort(key=lambda one: one["created_at"])
    named = {}
    for one in rows:  # ids grow with time, and lists go by them
        named[one.pop("name")] = one["id"] = new_id()
    for one in rows:
        one["again_of"] = named.get(one["again_of"])
    if rows:
        db.session.execute(insert(Message), rows)
    for one in rows:
        if one["state"] == rules.BOUNCED:
            mark_dead(one["recipient"], USER_UNKNOWN, one["id"], one["created_at"])


def _invoices() -> Sequence[Any]:
    """The newest open invoices with somebody who owes them."""
    rows: list[Any] = list(
        db.session.execute(
            select(Invoice.id, Invoice.issued_on, Invoice.due_on, AccountParty.customer_id)
            .join(
                AccountParty,
                and_(
                    AccountParty.tenant_id == Invoice.tenant_id, AccountParty.account_id == Invoice.account_id
                ),
            )
            .join(
                InvoiceType,
                and_(InvoiceType.tenant_id == Invoice.tenant_id, InvoiceType.code == Invoice.type_code),
            )
            .where(
                Invoice.open_amount > 0,
                Invoice.void_at.is_(None),
                InvoiceType.books != WITHHELD,
                AccountParty.role.in_(("holder", "renter")),
            )
            .order_by(Invoice.due_on.desc(), Invoice.id)
            .limit(MOST)
        )
    )
    return rows


def _about(number: int, row: Any) -> list[dict[str, Any]]:
    """A notice of an invoice and a reminder of it. One address takes no mail: the notice comes back, the reminder
    does not leave, and somebody sends the notice by post."""
    notice, reminder = (
        _row("invoice-new", row, row.issued_on),
        _row("reminder-before", row, row.due_on - datetime.timedelta(days=3)),
    )
    if notice is None or reminder is None:
        return []
    if number % 7 != 4 or notice["user_id"] is not None or not notice["recipient"]:
        return [notice, reminder]
    notice |= {"state": rules.BOUNCED, "reason": returns.GONE, "detail": USER_UNKNOWN}
    reminder |= {"state": rules.REFUSED, "reason": leaving.DEAD_ADDRESS, "sent_at": None, "counts": False}
    later = notice["created_at"] + datetime.timedelta(days=1)
    by_post = {
        **notice,
        "name": f"{notice['name']} by post",
        "channel": LETTER,
        "state": rules.SENT,
        "recipient": "",
        "reason": None,
        "detail": None,
        "again_of": notice["name"],
        "created_at": later,
        "sent_at": later,
        "settled_at": later,
    }
    return [notice, reminder, by_post]


def _row(kind: str, row: Any, day: datetime.date) -> dict[str, Any] | None:
    person, words = person_of(row.customer_id), wording_of(TEXTS[kind], serving().language)
    # The words of that day, whichever reminder it would be today.
    worded = put_into_words(KINDS[kind], person, {"invoices": [str(row.id)]}, wording=words)
    if worded is None:
        return None
    arrived, at = bool(person.email), datetime.datetime.combine(day, MORNING, tzinfo=datetime.UTC)
    return {
        "name": f"{kind} {row.id} {row.customer_id}",
        "kind": kind,
        "channel": MAIL,
        "state": rules.SENT if arrived else rules.REFUSED,
        "counts": arrived and KINDS[kind].limited,
        "customer_id": row.customer_id,
        "user_id": person.user_id,
        "recipient": person.email,
        "subject": worded.letter.subject,
        "body": blotted(worded.letter.text, worded.letter),
        "attachments": [],
        "facts": {"invoices": [str(row.id)]},
        "reason": None if arrived else leaving.NO_ADDRESS,
        "detail": None,
        "again_of": None,
        "tries": 0,
        "created_at": at,
        "sent_at": at if arrived else None,
        "settled_at": at,
    }
