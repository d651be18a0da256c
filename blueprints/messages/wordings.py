"""The words of a kind in a language: the tenant's own newest version, else ours. Every version is kept."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask_babel import gettext as _
from sqlalchemy import and_, func, insert, select

from blueprints.messages.fields import check_words, spelled
from blueprints.messages.kinds import KINDS, Kind
from blueprints.messages.models import TemplateVersion
from blueprints.messages.texts import TEXTS
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.languages import LANGUAGES
from saas.locks import lock
from saas.refusals import NotFound
from tenants.letters import speaking
from tenants.loading import serving
from tenants.people import User


@dataclass(frozen=True, slots=True)
class Wording:
    """Subject and body with their names in braces. `version` is 0 for our own words."""

    subject: str
    body: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """One line of the history. Without `subject` it went back to our words."""

    version: int
    subject: str | None
    body: str | None
    made_at: datetime.datetime
    made_by: str | None


def worded_kind(code: str) -> Kind:
    """A kind whose words can be changed. Raises NotFound."""
    kind = KINDS.get(code)
    if kind is None or not kind.worded:
        raise NotFound()
    return kind


def default_wording(kind: str, language: str) -> Wording:
    """Our own words in a language, whichever is spoken now."""
    subject, parts = TEXTS[kind]
    with speaking(language):
        body = "\n\n".join(_(part) for part in parts)
        return Wording(spelled(_(subject), language), spelled(body, language))


def current_wording(kind: str, language: str) -> Wording:
    """The words that count now. One statement."""
    row = db.session.execute(
        select(TemplateVersion.subject, TemplateVersion.body, TemplateVersion.version)
        .where(TemplateVersion.kind == kind, TemplateVersion.language == language)
        .order_by(TemplateVersion.version.desc())
        .limit(1)
    ).first()
    if row is None or row.subject is None or row.body is None:
        return default_wording(kind, language)
    return Wording(row.subject, row.body, row.version)


def own_kinds() -> dict[tuple[str, str], datetime.datetime]:
    """Kind and language of every own wording that counts now, with its day."""
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
        select(TemplateVersion.kind, TemplateVersion.language, TemplateVersion.made_at)
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
    return {(row.kind, row.language): row.made_at for row in rows}


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
    allowed = worded_kind(kind).fields
    if language not in LANGUAGES:
        raise NotFound()
    host = urlsplit(serving().canonical_url).netloc
    subject, body = check_words(subject, body, allowed=allowed, host=host)
    now_standing = current_wording(kind, language)
    if (now_standing.subject, now_standing.body) == (subject, body):
        return now_standing.version
    return _add(kind, language, subject, body, actor)


def reset_wording(kind: str, language: str, *, actor: Actor) -> None:
    """Go back to our own words; the history keeps the tenant's. Nothing happens where ours count already."""
    worded_kind(kind)
    if language not in LANGUAGES:
        raise NotFound()
    if current_wording(kind, language).version:
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
