"""Change the organisation's classes, subjects and texts. Nothing is deleted: cases keep the names they came in with."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import func, insert, select, update

from blueprints.cases import placeholders, rules
from blueprints.cases.catalogue import PQRS, catalogue, own_catalogue
from blueprints.cases.models import CaseClass, CaseSubject, CaseTemplate
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.refusals import NotFound, Refusal

Which = Literal["class", "subject"]
MODELS: Final[dict[str, type[CaseClass] | type[CaseSubject]]] = {"class": CaseClass, "subject": CaseSubject}
MOST_ENTRIES = 60
MOST_TEXTS = 200
LONGEST_NAME = 80
CODE: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Text:
    """A text that staff begin an answer with. Empty codes: for every class, every subject."""

    title: str
    body: str
    class_code: str = ""
    subject_code: str = ""


def add_entry(
    which: Which,
    code: str,
    es: str,
    en: str,
    asks: str = "",
    without_login: bool = True,
    *,
    actor: Actor,
) -> None:
    """A new class or subject, at the end of its list. Raises Refusal."""
    model = _own(which)
    if not CODE.fullmatch(code) or len(code) > 40:
        raise Refusal(
            N_("Use lower-case letters, digits and hyphens, beginning with a letter."), field="code"
        )
    codes = set(db.session.execute(select(model.code)).scalars())
    if code in codes:
        raise Refusal(N_("This code is in use already."), field="code")
    if len(codes) >= MOST_ENTRIES:
        raise Refusal(N_("At most %(most)s entries."), field="code", most=MOST_ENTRIES)
    last = db.session.execute(select(func.max(model.position))).scalar_one_or_none() or 0
    values = {
        "id": new_id(),
        "code": code,
        "names": _names(es, en),
        "kinds": [PQRS],
        "active": True,
        "position": last + 1,
    }
    if model is CaseSubject:
        values |= {"asks": _asks(asks), "without_login": without_login}
    db.session.execute(insert(model).values(**values))
    _record(which, code, actor, added=True)


def rename_entry(
    which: Which,
    code: str,
    es: str,
    en: str,
    asks: str = "",
    without_login: bool = True,
    *,
    actor: Actor,
) -> None:
    """Other names for a class or subject; its cases show them at once. Raises NotFound, Refusal."""
    model = _own(which)
    values: dict[str, object] = {"names": _names(es, en)}
    if model is CaseSubject:
        values |= {"asks": _asks(asks), "without_login": without_login}
    _change(model, code, **values)
    _record(which, code, actor, names=values["names"])


def switch_entry(which: Which, code: str, *, active: bool, actor: Actor) -> None:
    """Offer a class or subject to who files a case, or do not. The last one stays. Raises NotFound, Refusal."""
    model = _own(which)
    if not active:
        others = db.session.execute(
            select(func.count(model.id)).where(model.active, model.code != code)
        ).scalar_one()
        if not others:
            raise Refusal(N_("One must stay: otherwise nobody could file a case."))
    _change(model, code, active=active)
    _record(which, code, actor, active=active)


def move_up(which: Which, code: str, *, actor: Actor) -> None:
    """Change places with the one before it. Raises NotFound."""
    model = _own(which)
    rows = db.session.execute(select(model.id, model.code).order_by(model.position, model.code)).all()
    codes = [row.code for row in rows]
    if code not in codes:
        raise NotFound()
    at = codes.index(code)
    order = [*rows[: at - 1], rows[at], rows[at - 1], *rows[at + 1 :]] if at else rows
    for position, row in enumerate(order, 1):
        db.session.execute(
            update(model)
            .where(model.id == row.id)
            .values(position=position)
            .execution_options(synchronize_session=False)
        )
    _record(which, code, actor, moved=True)


def save_text(text: Text, text_id: uuid.UUID | None = None, *, actor: Actor) -> uuid.UUID:
    """Keep a text, new or changed. Raises NotFound, Refusal: names in braces must be among those that are replaced."""
    lock("case-texts")
    title, body = (
        " ".join(rules.clean(text.title, "title", longest=LONGEST_NAME).split()),
        rules.clean(text.body),
    )
    if not title:
        raise Refusal(N_("Give it a title."), field="title")
    if not body:
        raise Refusal(N_("Write the text."), field="body")
    if strange := placeholders.unknown(body):
        raise Refusal(
            N_("Nobody would replace %(names)s: use the names of the list."),
            field="body",
            names=", ".join(f"{{{name}}}" for name in strange[:5]),
        )
    words = catalogue()
    if text.class_code and text.class_code not in {entry.code for entry in words.classes}:
        raise Refusal(N_("Choose one of the options"), field="class_code")
    if text.subject_code and text.subject_code not in {entry.code for entry in words.subjects}:
        raise Refusal(N_("Choose one of the options"), field="subject_code")
    taken = db.session.execute(select(CaseTemplate.id).where(CaseTemplate.title == title)).scalar()
    if taken is not None and taken != text_id:
        raise Refusal(N_("Another text has this title."), field="title")
    values = {
        "title": title,
        "body": body,
        "class_code": text.class_code,
        "subject_code": text.subject_code,
        "updated_at": now(),
    }
    if text_id is None:
        if db.session.execute(select(func.count(CaseTemplate.id))).scalar_one() >= MOST_TEXTS:
            raise Refusal(N_("At most %(most)s texts."), most=MOST_TEXTS)
        text_id = new_id()
        db.session.execute(insert(CaseTemplate).values(id=text_id, active=True, position=0, **values))
    else:
        _change_text(text_id, **values)
    audit.record("case-text.saved", actor=actor, subject=("case-text", text_id), data={"title": title})
    return text_id


def switch_text(text_id: uuid.UUID, *, active: bool, actor: Actor) -> None:
    """Offer a text, or do not. Raises NotFound."""
    _change_text(text_id, active=active)
    audit.record("case-text.switched", actor=actor, subject=("case-text", text_id), data={"active": active})


def _own(which: str) -> type[CaseClass] | type[CaseSubject]:
    """The model of a list that is the organisation's own from now on. Raises NotFound."""
    if which not in MODELS:
        raise NotFound()
    lock("case-catalogue")
    own_catalogue()
    return MODELS[which]


def _names(es: str, en: str) -> dict[str, str]:
    spanish = " ".join(rules.clean(es, "name_es", longest=LONGEST_NAME).split())
    english = " ".join(rules.clean(en, "name_en", longest=LONGEST_NAME).split())
    if not spanish:
        raise Refusal(N_("Give it a name."), field="name_es")
    return {"es": spanish, "en": english or spanish}


def _asks(asks: str) -> str:
    if asks not in ("", "repair"):
        raise Refusal(N_("Choose one of the options"), field="asks")
    return asks


def _change(model: type[CaseClass] | type[CaseSubject], code: str, **values: object) -> None:
    changed = db.session.execute(
        update(model)
        .where(model.code == code)
        .values(**values)
        .returning(model.id)
        .execution_options(synchronize_session=False)
    ).all()
    if not changed:
        raise NotFound()


def _change_text(text_id: uuid.UUID, **values: object) -> None:
    changed = db.session.execute(
        update(CaseTemplate)
        .where(CaseTemplate.id == text_id)
        .values(**values)
        .returning(CaseTemplate.id)
        .execution_options(synchronize_session=False)
    ).all()
    if not changed:
        raise NotFound()


def _record(which: str, code: str, actor: Actor, **data: object) -> None:
    audit.record("case-catalogue.changed", actor=actor, data={"which": which, "code": code, **data})
