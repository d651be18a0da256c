"""What happened to a person's access and data, in words: their own audit rows, staff's entries included."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select

from saas.audit import AuditRow
from saas.database import db
from saas.languages import N_
from saas.paging import Page, decode_cursor, encode_cursor

PER_PAGE = 25

_words: dict[str, str] = {
    "session.closed": N_("Sessions closed: %(count)s"),
    "session.new-device": N_("You came in with a browser not used before: %(device)s"),
    "user.invited": N_("%(actor)s invited %(email)s"),
    "user.accepted": N_("You accepted the invitation"),
    "user.details-changed": N_("You changed your name or language"),
    "password.changed": N_("You changed the password"),
    "password.recovered": N_("The password was recovered with a link from your e-mail"),
    "second-factor.switched-on": N_("You switched two-step verification on"),
    "second-factor.switched-off": N_("You switched two-step verification off"),
    "second-factor.taken-away": N_("%(actor)s took your two-step verification away"),
    "second-factor.codes-renewed": N_("You made new recovery codes"),
    "second-factor.code-used": N_("A recovery code was used. Codes left: %(left)s"),
    "second-factor.guessed": N_("Somebody with your password typed five wrong codes"),
    "email.change-asked": N_("You asked to change your e-mail to %(new_email)s"),
    "email.changed": N_("Your e-mail changed from %(before)s to %(after)s"),
    "customer.contact-changed": N_("Your contact data changed"),
    "customer.viewed": N_("%(actor)s, of the staff, looked at your pages. Reason: %(reason)s"),
}


@dataclass(frozen=True, slots=True)
class Deed:
    """One line: `msgid` with its `facts`, by whom (`staff`, `customer`, `system`…) and when (UTC)."""

    number: int
    at: datetime.datetime
    by: str
    msgid: str
    facts: Mapping[str, Any]


def say(words: Mapping[str, str]) -> None:
    """Add actions that customers may read: action -> msgid. Placeholders: `actor` and the keys of the row's data."""
    _words.update(words)


def deeds(
    user_id: uuid.UUID | None, customer_id: uuid.UUID | None, cursor: str | None, size: int = PER_PAGE
) -> Page[Deed]:
    """A page of what concerns the user or the customer, newest first. Actions without words are not shown."""
    after = decode_cursor(cursor, (int,))
    before = after[0] if after and isinstance(after[0], int) else None
    found: dict[int, Deed] = {}
    if user_id is not None:
        mine = (AuditRow.subject_kind == "user") & (AuditRow.subject_id == user_id)
        found |= {deed.number: deed for deed in _read(mine, before, size)}
    if customer_id is not None:
        found |= {deed.number: deed for deed in _read(AuditRow.customer_id == customer_id, before, size)}
    rows = sorted(found.values(), key=lambda deed: -deed.number)
    older = encode_cursor((rows[size - 1].number,)) if len(rows) > size else None
    return Page(rows[:size], older=older)


def _read(whose: ColumnElement[bool], before: int | None, size: int) -> list[Deed]:
    """One index each: two short reads cost less than one `or`."""
    statement = select(
        AuditRow.number, AuditRow.at, AuditRow.actor_kind, AuditRow.actor_name, AuditRow.action, AuditRow.data
    ).where(whose, AuditRow.action.in_(_words))
    if before is not None:
        statement = statement.where(AuditRow.number < before)
    rows = db.session.execute(statement.order_by(AuditRow.number.desc()).limit(size + 1))
    return [
        Deed(row.number, row.at, row.actor_kind, _words[row.action], _Facts(row.data, actor=row.actor_name))
        for row in rows
    ]


class _Facts(dict[str, Any]):
    """A fact that an old row lacks leaves a dash, never an error."""

    def __missing__(self, _key: str) -> str:
        return "–"
