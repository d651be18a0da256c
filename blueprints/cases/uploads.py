"""Files of a form that is still being written: kept apart, so that a mistake elsewhere in it costs nobody an upload."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy import delete, insert, select

from blueprints.cases.casebook import Upload
from blueprints.cases.intake import accept
from blueprints.cases.models import CaseUpload
from saas.database import db
from saas.files import store
from saas.ids import new_id
from saas.languages import N_
from saas.limits import count_attempt
from saas.refusals import Refusal
from tenants.loading import serving

DAY = datetime.timedelta(days=1)
A_DAY = 100  # files that one user (without a login: one network) may send, taken by a case or not
KEPT_FOR = datetime.timedelta(days=2)
PURPOSE = "case"


class Sent(Protocol):
    """A file of a form, as werkzeug gives it."""

    filename: str | None

    def read(self) -> bytes: ...


def take_in(
    sent: Iterable[Sent],
    *,
    form_key: str,
    user_id: uuid.UUID | None,
    now: datetime.datetime,
    counted_as: str = "",
) -> list[Refusal]:
    """Keep the files that came with a form; what is wrong with any of them is returned, the good ones stay. They are
    counted for the user, else under `counted_as`."""
    tenant = serving()
    problems: list[Refusal] = []
    kept = len(waiting(form_key, user_id))
    for one in sent:
        if not one.filename:
            continue
        try:
            if kept >= tenant.setting("cases.files"):
                raise Refusal(
                    N_("At most %(most)s files."), field="files", most=tenant.setting("cases.files")
                )
            if count_attempt("case-file", counted_as or str(user_id), window=DAY) > A_DAY:
                raise Refusal(N_("You sent very many files today. Please go on tomorrow."), field="files")
            file = accept(one.read(), one.filename, megabytes=tenant.setting("cases.file-size"))
        except Refusal as problem:
            problems.append(problem)
            continue
        db.session.execute(
            insert(CaseUpload).values(
                id=new_id(),
                form_key=form_key,
                user_id=user_id,
                file_id=store(file.content, media_type=file.media_type, name=file.name, purpose=PURPOSE),
                name=file.name,
                media_type=file.media_type,
                size=len(file.content),
                sha256=file.sha256,
                created_at=now,
            )
        )
        kept += 1
    return problems


def waiting(form_key: str, user_id: uuid.UUID | None) -> Sequence[Upload]:
    """The files that a form has so far, in the order in which they came."""
    rows = db.session.execute(
        select(
            CaseUpload.file_id,
            CaseUpload.name,
            CaseUpload.media_type,
            CaseUpload.size,
            CaseUpload.sha256,
        )
        .where(CaseUpload.user_id == user_id, CaseUpload.form_key == form_key)
        .order_by(CaseUpload.id)
    )
    return [Upload(row.file_id, row.name, row.media_type, row.size, row.sha256) for row in rows]


def leave_out(form_key: str, user_id: uuid.UUID | None, file_ids: Iterable[str]) -> None:
    """Take files off a form again."""
    unwanted = set(file_ids)
    found = [file.file_id for file in waiting(form_key, user_id) if str(file.file_id) in unwanted]
    if found:
        _forget(CaseUpload.user_id == user_id, CaseUpload.file_id.in_(found))


def taken(form_key: str, user_id: uuid.UUID | None) -> Sequence[Upload]:
    """The files of a form that was accepted: they belong to an event now, and wait no more."""
    files = waiting(form_key, user_id)
    if files:
        _forget(CaseUpload.user_id == user_id, CaseUpload.form_key == form_key)
    return files


def tidy(now: datetime.datetime) -> int:
    """Forget the files of forms that nobody finished. Returns how many."""
    return _forget(CaseUpload.created_at < now - KEPT_FOR)


def _forget(*conditions: object) -> int:
    statement = delete(CaseUpload).where(*conditions)  # type: ignore[arg-type]
    gone = db.session.execute(statement.returning(CaseUpload.id).execution_options(synchronize_session=False))
    return len(gone.all())
