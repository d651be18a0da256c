"""Papers of a lease: the contract, its inventory, its policy. A new version replaces the one before, and keeps it."""

from __future__ import annotations

import datetime
import re
import uuid
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from sqlalchemy import func, select

from blueprints.leases.contracts import locked
from blueprints.leases.models import Lease, LeaseDocument
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.files import store
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import NotFound, Refusal

KINDS: Final = ("contract", "inventory", "policy", "other")
LARGEST: Final = 10 * 1024 * 1024  # bytes
_ENDINGS: Final = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
}


@dataclass(frozen=True, slots=True)
class Paper:
    """What is kept of a paper besides its bytes."""

    kind: str
    title: str
    expires_on: datetime.date | None
    for_renter: bool
    for_owner: bool


def media_type_of(content: bytes) -> str | None:
    """What a file is by its first bytes, whatever its name says; None for what is no paper."""
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def add_paper(
    lease_id: uuid.UUID,
    paper: Paper,
    content: bytes,
    file_name: str,
    *,
    user_id: uuid.UUID | None,
    actor: Actor,
) -> uuid.UUID:
    """Keep a paper; one of the same kind and title is replaced by it. Returns its id.

    Raises NotFound, and Refusal (field `file`) for what is empty, too large, or neither PDF nor picture.
    """
    lease = locked(lease_id)
    media_type = _checked(content)
    version = _next_version(lease_id, paper.kind, paper.title)
    file_id = store(
        content, media_type=media_type, name=_name(file_name, media_type), purpose="lease-document"
    )
    return _keep(lease, paper, file_id, version, user_id=user_id, actor=actor)


def change_paper(
    document_id: uuid.UUID,
    paper: Paper,
    content: bytes | None,
    file_name: str,
    *,
    user_id: uuid.UUID | None,
    actor: Actor,
) -> uuid.UUID:
    """Another expiry, title or circle of readers; with `content`, a new version. Returns the id that counts now.

    Raises NotFound, also for a version that was replaced, and Refusal as `add_paper`.
    """
    row = _current(document_id)
    lease = locked(row.lease_id)
    if content is not None:
        media_type = _checked(content)
        row.current = False
        db.session.flush()
        file_id = store(
            content, media_type=media_type, name=_name(file_name, media_type), purpose="lease-document"
        )
        version = max(row.version + 1, _next_version(lease.id, paper.kind, paper.title))
        return _keep(lease, paper, file_id, version, user_id=user_id, actor=actor)
    if (paper.kind, paper.title) != (row.kind, row.title):
        row.version = max(row.version, _next_version(lease.id, paper.kind, paper.title))
    row.kind, row.title, row.expires_on = paper.kind, paper.title, paper.expires_on
    row.for_renter, row.for_owner = paper.for_renter, paper.for_owner
    db.session.flush()
    _tell("lease-document.changed", lease, row.id, paper, row.version, actor)
    return row.id


def withdraw_paper(document_id: uuid.UUID, *, actor: Actor) -> uuid.UUID:
    """Nobody but staff sees it any more, and it expires no longer. Returns the lease's id. Raises NotFound."""
    row = _current(document_id)
    lease = locked(row.lease_id)
    row.current = False
    db.session.flush()
    paper = Paper(row.kind, row.title, row.expires_on, row.for_renter, row.for_owner)
    _tell("lease-document.withdrawn", lease, row.id, paper, row.version, actor)
    return lease.id


def _current(document_id: uuid.UUID) -> LeaseDocument:
    row = db.session.execute(
        select(LeaseDocument).where(LeaseDocument.id == document_id, LeaseDocument.current).with_for_update()
    ).scalar_one_or_none()
    if row is None:
        raise NotFound()
    return row


def _checked(content: bytes) -> str:
    if not content:
        raise Refusal(N_("The file is empty."), field="file")
    if len(content) > LARGEST:
        raise Refusal(N_("The file is larger than %(most)s MB."), field="file", most=LARGEST // 1024 // 1024)
    media_type = media_type_of(content)
    if media_type is None:
        raise Refusal(N_("Only PDF files and pictures (JPEG, PNG, WebP) can be put in."), field="file")
    return media_type


def _next_version(lease_id: uuid.UUID, kind: str, title: str) -> int:
    """One more than any of this kind and title; what it replaces counts no longer."""
    rows = db.session.scalars(
        select(LeaseDocument).where(
            LeaseDocument.lease_id == lease_id,
            LeaseDocument.kind == kind,
            func.lower(LeaseDocument.title) == title.lower(),
        )
    ).all()
    for row in rows:
        row.current = False
    db.session.flush()
    return max((row.version for row in rows), default=0) + 1


def _keep(
    lease: Lease, paper: Paper, file_id: uuid.UUID, version: int, *, user_id: uuid.UUID | None, actor: Actor
) -> uuid.UUID:
    document_id = new_id()
    db.session.add(
        LeaseDocument(
            id=document_id,
            lease_id=lease.id,
            kind=paper.kind,
            title=paper.title,
            file_id=file_id,
            version=version,
            expires_on=paper.expires_on,
            for_renter=paper.for_renter,
            for_owner=paper.for_owner,
            current=True,
            added_at=now(),
            added_by=user_id,
        )
    )
    db.session.flush()
    _tell("lease-document.added", lease, document_id, paper, version, actor)
    return document_id


def _name(file_name: str, media_type: str) -> str:
    """The name that people see: without folders or what cannot be seen, ending as what the file is."""
    bare = PurePosixPath(file_name.replace("\\", "/")).name
    stem = "".join(sign for sign in bare.rpartition(".")[0] or bare if sign.isprintable())
    stem = re.sub(r"[<>:\"|?*]+", "-", " ".join(stem.split())).strip(". ")[:80]
    return (stem or "file") + _ENDINGS[media_type]


def _tell(
    action: str, lease: Lease, document_id: uuid.UUID, paper: Paper, version: int, actor: Actor
) -> None:
    audit.record(
        action,
        actor=actor,
        subject=("lease", lease.id),
        data={
            "number": lease.number,
            "document": str(document_id),
            "kind": paper.kind,
            "title": paper.title,
            "version": version,
            "expires_on": paper.expires_on.isoformat() if paper.expires_on else None,
            "for_renter": paper.for_renter,
            "for_owner": paper.for_owner,
        },
    )
