"""Papers that anybody may check: what was issued, when, under which short code, and whether it still holds.

A capability issues a document in its own transaction and gets a code; the file is drawn once, kept with its hash and
served from there. The public page says no more than the facts that were given here, and whether the document is
genuine, was replaced by a newer one, or was taken back.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Index, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, aliased, mapped_column

from saas.barcodes import qr_svg
from saas.database import Model, belongs_to, db, unique
from saas.files import StoredFile, StoredFileRow, load, store
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import NotFound
from saas.scope import TenantOwned
from saas.tokens import new_code, normalise_code
from tenants.letters import address_of

CODE_GROUPS = 3  # 60 random bits, as on receipts
CHECK_PAGE = "payments.check"
GENUINE = "genuine"
SUPERSEDED = "superseded"
REVOKED = "revoked"

_titles: dict[str, str] = {}


class IssuedDocument(TenantOwned, Model):
    """One paper that left the house. `facts` are what the public page shows, and nothing else is."""

    __tablename__ = "issued_documents"

    kind: Mapped[str]
    key: Mapped[str]  # what it is issued for, once: (kind, key)
    number: Mapped[str]
    subject: Mapped[str]  # the row that it speaks of, such as customer:<id>; `subject_of` writes it
    code: Mapped[str]
    facts: Mapped[list[Any]] = mapped_column(default=list)
    issued_at: Mapped[datetime.datetime]
    file_id: Mapped[uuid.UUID | None]
    superseded_by: Mapped[uuid.UUID | None]
    revoked_at: Mapped[datetime.datetime | None]
    revoked_reason: Mapped[str | None]

    __table_args__ = (
        unique("kind", "key"),
        unique("code"),
        belongs_to("file_id", "files"),
        belongs_to("superseded_by", "issued_documents"),
        Index("ix_issued_documents_subject", "tenant_id", "subject", "kind", "id"),
    )


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the public page. `label` is a msgid; the value is a text, a day, or money (minor units)."""

    label: str
    text: str = ""
    day: datetime.date | None = None
    amount: int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """A document of the active tenant. `file_id` is None until it was drawn."""

    id: uuid.UUID
    kind: str
    key: str
    number: str
    code: str
    issued_at: datetime.datetime
    file_id: uuid.UUID | None
    state: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What the public page knows of a code. `title` is a msgid; `sha256` is the file's, None before it was drawn."""

    title: str
    number: str
    issued_at: datetime.datetime
    state: str
    facts: tuple[Fact, ...]
    sha256: str | None
    newer_number: str | None


def declare_kind(kind: str, title: str) -> None:
    """Say at start what a kind of document is called (a msgid marked with `N_`)."""
    _titles[kind] = title


def issue(
    kind: str,
    *,
    key: str,
    subject: tuple[str, uuid.UUID],
    number: str,
    facts: Sequence[Fact],
    now: datetime.datetime,
    replaces: uuid.UUID | None = None,
) -> Issued:
    """Issue a document once for each (kind, key): a repeat returns the one that is there, whatever is given.

    `subject` is the row that it speaks of, as in the audit: ("customer", id). `replaces` names an older document,
    which no longer holds from now on. The caller's transaction decides.
    """
    document_id = new_id()
    made = db.session.execute(
        insert(IssuedDocument)
        .values(
            id=document_id,
            kind=kind,
            key=key,
            number=number,
            subject=subject_of(*subject),
            code=new_code(groups=CODE_GROUPS),
            facts=[_kept(fact) for fact in facts],
            issued_at=now,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "kind", "key"])
        .returning(IssuedDocument.id)
    ).scalar()
    if made is not None and replaces is not None:
        db.session.execute(
            update(IssuedDocument)
            .where(IssuedDocument.id == replaces, IssuedDocument.superseded_by.is_(None))
            .values(superseded_by=made)
            .execution_options(synchronize_session=False)
        )
    found = issued(kind, key)
    assert found is not None
    return found


def issued(kind: str, key: str) -> Issued | None:
    """The document that was issued for this, if one was."""
    row = db.session.execute(
        _documents().where(IssuedDocument.kind == kind, IssuedDocument.key == key)
    ).first()
    return _issued(row) if row is not None else None


def issued_for(kind: str, subject: tuple[str, uuid.UUID]) -> list[Issued]:
    """All documents of a kind about one row, the newest first."""
    rows = db.session.execute(
        _documents()
        .where(IssuedDocument.kind == kind, IssuedDocument.subject == subject_of(*subject))
        .order_by(IssuedDocument.id.desc())
    )
    return [_issued(row) for row in rows]


def subject_of(table: str, row_id: uuid.UUID) -> str:
    """How a subject is written in `IssuedDocument.subject`."""
    return f"{table}:{row_id}"


def issued_document(document_id: uuid.UUID) -> Issued:
    """One document by its id. Raises NotFound."""
    row = db.session.execute(_documents().where(IssuedDocument.id == document_id)).first()
    if row is None:
        raise NotFound()
    return _issued(row)


def file_of(document_id: uuid.UUID, draw: Callable[[Issued], bytes], name: str) -> StoredFile:
    """The document's PDF: drawn the first time that it is asked for, afterwards always the same bytes.

    Locks the document, so that two who ask at once get one file. Raises NotFound.
    """
    row = db.session.execute(_documents().where(IssuedDocument.id == document_id).with_for_update()).first()
    if row is None:
        raise NotFound()
    if row.file_id is not None:
        return load(row.file_id)
    content = draw(_issued(row))
    file_id = store(content, media_type="application/pdf", name=name, purpose=f"document:{row.kind}")
    db.session.execute(
        update(IssuedDocument)
        .where(IssuedDocument.id == document_id)
        .values(file_id=file_id)
        .execution_options(synchronize_session=False)
    )
    return load(file_id)


def revoke(document_id: uuid.UUID, *, reason: str, now: datetime.datetime) -> None:
    """Take a document back; once. The page that checks it says so, without the reason."""
    db.session.execute(
        update(IssuedDocument)
        .where(IssuedDocument.id == document_id, IssuedDocument.revoked_at.is_(None))
        .values(revoked_at=now, revoked_reason=reason)
        .execution_options(synchronize_session=False)
    )


def checked(code: str) -> Checked | None:
    """What stands behind a code as somebody typed it; None when nothing does."""
    normal = normalise_code(code, groups=CODE_GROUPS)
    if normal is None:
        return None
    newer = aliased(IssuedDocument)
    row = db.session.execute(
        select(
            IssuedDocument.kind,
            IssuedDocument.number,
            IssuedDocument.issued_at,
            IssuedDocument.facts,
            IssuedDocument.superseded_by,
            IssuedDocument.revoked_at,
            StoredFileRow.sha256,
            newer.number.label("newer_number"),
        )
        .outerjoin(
            StoredFileRow,
            (StoredFileRow.tenant_id == IssuedDocument.tenant_id)
            & (StoredFileRow.id == IssuedDocument.file_id),
        )
        .outerjoin(
            newer,
            (newer.tenant_id == IssuedDocument.tenant_id) & (newer.id == IssuedDocument.superseded_by),
        )
        .where(IssuedDocument.code == normal)
    ).first()
    if row is None:
        return None
    return Checked(
        title=title_of(row.kind),
        number=row.number,
        issued_at=row.issued_at,
        state=_state(row),
        facts=tuple(_read(fact) for fact in row.facts),
        sha256=row.sha256,
        newer_number=row.newer_number,
    )


def title_of(kind: str) -> str:
    """What a kind of document is called, as a msgid."""
    return _titles.get(kind, N_("Document"))


def check_address(code: str) -> str:
    """The full address of the public page that checks a code."""
    return address_of(CHECK_PAGE, code=code)


def check_block(code: str) -> dict[str, Any]:
    """What document templates print so that the paper can be checked (their `verify`)."""
    link = check_address(code)
    alt = _("QR code to check this document")
    return {
        "code": code.replace("-", ""),  # the template groups it
        "code_label": _("Verification code"),
        "lines": [_("Anybody can check it at this address, or by scanning the picture.")],
        "qr": qr_svg(link, alt).encode(),
        "qr_alt": alt,
        "link": link,
        "link_label": link.partition("://")[2],
    }


def _documents() -> Any:
    return select(
        IssuedDocument.id,
        IssuedDocument.kind,
        IssuedDocument.key,
        IssuedDocument.number,
        IssuedDocument.code,
        IssuedDocument.issued_at,
        IssuedDocument.file_id,
        IssuedDocument.superseded_by,
        IssuedDocument.revoked_at,
    )


def _issued(row: Any) -> Issued:
    return Issued(row.id, row.kind, row.key, row.number, row.code, row.issued_at, row.file_id, _state(row))


def _state(row: Any) -> str:
    if row.revoked_at is not None:
        return REVOKED
    return SUPERSEDED if row.superseded_by is not None else GENUINE


def _kept(fact: Fact) -> dict[str, Any]:
    kept: dict[str, Any] = {"label": fact.label}
    if fact.day is not None:
        kept["day"] = fact.day.isoformat()
    elif fact.amount is not None:
        kept |= {"amount": fact.amount, "currency": fact.currency}
    else:
        kept["text"] = fact.text
    return kept


def _read(kept: dict[str, Any]) -> Fact:
    day = kept.get("day")
    return Fact(
        label=kept["label"],
        text=kept.get("text", ""),
        day=datetime.date.fromisoformat(day) if day else None,
        amount=kept.get("amount"),
        currency=kept.get("currency", ""),
    )
