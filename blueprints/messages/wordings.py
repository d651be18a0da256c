"""A tenant's own words of a letter in a language: the newest version counts. Every version is kept."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, insert, select

from blueprints.messages.models import TemplateVersion
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.languages import LANGUAGES
from saas.locks import lock
from saas.refusals import NotFound, Refusal
from tenants.letter_texts import (
    LetterText,
    Wording,
    checked,
    default_wording,
    fault_of,
    keep_words,
    letter_texts,
)
from tenants.people import User


@dataclass(frozen=True, slots=True)
class Version:
    """One line of the history. Without `subject` it went back to our words."""

    version: int
    subject: str | None
    body: str | None
    made_at: datetime.datetime
    made_by: str | None


def worded(code: str) -> LetterText:
    """A letter whose words can be changed. Raises NotFound."""
    text = letter_texts().get(code)
    if text is None:
        raise NotFound()
    return text


def own_wording(code: str, language: str) -> Wording | None:
    """The tenant's own words, whether or not they can be used; None where ours count. One statement."""
    row = db.session.execute(
        select(TemplateVersion.subject, TemplateVersion.body, TemplateVersion.version)
        .where(TemplateVersion.kind == code, TemplateVersion.language == language)
        .order_by(TemplateVersion.version.desc())
        .limit(1)
    ).first()
    if row is None or row.subject is None or row.body is None:
        return None
    return Wording(row.subject, row.body, row.version)


def own_words() -> dict[tuple[str, str], Refusal | None]:
    """Code and language of every letter that has own words now, and why they are not used: None where they are."""
    newest = (
        select(
            TemplateVersion.kind,
            TemplateVersion.language,
            func.max(TemplateVersion.version).label("version"),
        )
        .group_by(TemplateVersion.kind, TemplateVersion.language)
        .subquery()
    )
    rows = db.session.execute(
        select(TemplateVersion.kind, TemplateVersion.language, TemplateVersion.subject, TemplateVersion.body)
        .join(
            newest,
            and_(
                newest.c.kind == TemplateVersion.kind,
                newest.c.language == TemplateVersion.language,
                newest.c.version == TemplateVersion.version,
            ),
        )
        .where(TemplateVersion.subject.is_not(None))
    )
    known = letter_texts()
    return {
        (row.kind, row.language): fault_of(known[row.kind], Wording(row.subject, row.body))
        for row in rows
        if row.kind in known
    }


def versions(kind: str, language: str, limit: int = 20) -> Sequence[Version]:
    """The newest versions of a wording, with who made them."""
    rows = db.session.execute(
        select(
            TemplateVersion.version,
            TemplateVersion.subject,
            TemplateVersion.body,
            TemplateVersion.made_at,
            User.name.label("made_by"),
        )
        .outerjoin(
            User, and_(User.tenant_id == TemplateVersion.tenant_id, User.id == TemplateVersion.made_by)
        )
        .where(TemplateVersion.kind == kind, TemplateVersion.language == language)
        .order_by(TemplateVersion.version.desc())
        .limit(limit)
    )
    return [Version(*row) for row in rows]


def save_wording(kind: str, language: str, subject: str, body: str, *, actor: Actor) -> int:
    """A new version of the tenant's words; the same words again make none. Returns the version that counts.

    Raises NotFound for a kind or language that has no words, Refusal that names the field at fault.
    """
    text = worded(kind)
    if language not in LANGUAGES:
        raise NotFound()
    subject, body = checked(text, subject, body)
    now_standing = own_wording(kind, language) or default_wording(text, language)
    if (now_standing.subject, now_standing.body) == (subject, body):
        return now_standing.version
    return _add(kind, language, subject, body, actor)


def reset_wording(kind: str, language: str, *, actor: Actor) -> None:
    """Go back to our own words; the history keeps the tenant's. Nothing happens where ours count already."""
    worded(kind)
    if language not in LANGUAGES:
        raise NotFound()
    if own_wording(kind, language) is not None:
        _add(kind, language, None, None, actor)


def _add(kind: str, language: str, subject: str | None, body: str | None, actor: Actor) -> int:
    lock(f"messages.wording:{kind}:{language}")
    last: int | None = db.session.execute(
        select(func.max(TemplateVersion.version)).where(
            TemplateVersion.kind == kind, TemplateVersion.language == language
        )
    ).scalar()
    version = (last or 0) + 1
    version_id = new_id()
    db.session.execute(
        insert(TemplateVersion).values(
            id=version_id,
            kind=kind,
            language=language,
            version=version,
            subject=subject,
            body=body,
            made_at=now(),
            made_by=_user(actor),
        )
    )
    audit.record(
        "message-text.changed" if subject is not None else "message-text.reset",
        actor=actor,
        subject=("message-text", version_id),
        data={"kind": kind, "language": language, "version": version},
    )
    return version


def _user(actor: Actor) -> uuid.UUID | None:
    return actor.user_id


keep_words(own_wording)
