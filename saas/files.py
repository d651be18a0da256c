"""Stored files: a row with the hash in the database, the bytes under a key that carries the tenant."""

from __future__ import annotations

import datetime
import hashlib
import os
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Mapped

from saas.clock import now
from saas.database import Model, db
from saas.ids import new_id
from saas.refusals import NotFound
from saas.scope import TenantOwned, current_tenant_id


class StoredFileRow(TenantOwned, Model):
    __tablename__ = "files"

    purpose: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    created_at: Mapped[datetime.datetime]


@dataclass(frozen=True, slots=True)
class StoredFile:
    id: uuid.UUID
    name: str
    media_type: str
    content: bytes
    sha256: str


class FolderStore:
    """Bytes in a folder: `<tenant>/<first two>/<id>`."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def _path(self, tenant_id: uuid.UUID, file_id: uuid.UUID) -> Path:
        return self.folder / str(tenant_id) / file_id.hex[-2:] / file_id.hex

    def write(self, tenant_id: uuid.UUID, file_id: uuid.UUID, content: bytes) -> None:
        path = self._path(tenant_id, file_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as half:
            half.write(content)
            half.flush()
            os.fsync(half.fileno())
        Path(half.name).replace(path)

    def read(self, tenant_id: uuid.UUID, file_id: uuid.UUID) -> bytes:
        return self._path(tenant_id, file_id).read_bytes()


def store(content: bytes, *, media_type: str, name: str, purpose: str) -> uuid.UUID:
    """Keep bytes for the active tenant and return their id. A file whose transaction is rolled back
    is an orphan without a row, which nobody can reach."""
    file_id, tenant_id = new_id(), current_tenant_id()
    current_app.extensions["file_store"].write(tenant_id, file_id, content)
    db.session.add(
        StoredFileRow(
            id=file_id,
            purpose=purpose,
            name=name,
            media_type=media_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            created_at=now(),
        )
    )
    db.session.flush()
    return file_id


def load(file_id: uuid.UUID) -> StoredFile:
    """The file of the active tenant. Raises NotFound; a content whose hash differs is never served."""
    row = db.session.execute(
        select(StoredFileRow.name, StoredFileRow.media_type, StoredFileRow.sha256).where(
            StoredFileRow.id == file_id
        )
    ).first()
    if row is None:
        raise NotFound()
    content = current_app.extensions["file_store"].read(current_tenant_id(), file_id)
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise RuntimeError(f"file {file_id} is damaged")
    return StoredFile(file_id, row.name, row.media_type, content, row.sha256)
