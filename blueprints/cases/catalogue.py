"""The tenant's own classes and subjects of cases; who has none uses the starter kit (S4.21, S4.22)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select

from blueprints.cases.models import CaseClass, CaseSubject
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import Refusal

PQRS = "pqrs"


@dataclass(frozen=True, slots=True)
class Entry:
    """One class or subject. `names` by language; `asks` is what the form asks besides ("repair" or nothing);
    `without_login`: whether it makes sense without an account."""

    code: str
    names: Mapping[str, str]
    kinds: tuple[str, ...] = (PQRS,)
    active: bool = True
    asks: str = ""
    without_login: bool = True

    def name(self, language: str) -> str:
        return self.names.get(language) or self.names.get("es") or self.code


CLASSES: tuple[Entry, ...] = (
    Entry("petition", {"es": "Petición", "en": "Petition"}),
    Entry("complaint", {"es": "Queja", "en": "Complaint"}),
    Entry("claim", {"es": "Reclamo", "en": "Claim"}),
    Entry("suggestion", {"es": "Sugerencia", "en": "Suggestion"}),
)
SUBJECTS: tuple[Entry, ...] = (
    Entry("information", {"es": "Información general", "en": "General information"}),
    Entry("legal", {"es": "Jurídico", "en": "Legal"}),
    Entry("payments", {"es": "Pagos", "en": "Payments"}),
    Entry("repairs", {"es": "Reparaciones", "en": "Repairs"}, asks="repair", without_login=False),
    Entry("utilities", {"es": "Servicios públicos", "en": "Utilities"}),
    Entry("termination", {"es": "Terminación de contrato", "en": "End of the contract"}, without_login=False),
    Entry("other", {"es": "Otros", "en": "Other"}),
)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All classes and subjects of the tenant, those out of use too, in order."""

    classes: Sequence[Entry]
    subjects: Sequence[Entry]

    def classes_of(self, kind: str) -> list[Entry]:
        """What may be chosen for a case of this kind."""
        return [entry for entry in self.classes if entry.active and kind in entry.kinds]

    def subjects_of(self, kind: str) -> list[Entry]:
        return [entry for entry in self.subjects if entry.active and kind in entry.kinds]

    def subjects_for_anybody(self, kind: str) -> list[Entry]:
        """What may be chosen without a login: nothing that a form must ask an account for."""
        return [entry for entry in self.subjects_of(kind) if entry.without_login and not entry.asks]

    def class_name(self, code: str, language: str) -> str:
        return _name(self.classes, code, language)

    def subject_name(self, code: str, language: str) -> str:
        return _name(self.subjects, code, language)

    def asks(self, subject_code: str) -> str:
        return next((entry.asks for entry in self.subjects if entry.code == subject_code), "")


def catalogue() -> Catalogue:
    """The active tenant's catalogue; two statements."""
    classes = db.session.execute(
        select(CaseClass.code, CaseClass.names, CaseClass.kinds, CaseClass.active).order_by(
            CaseClass.position, CaseClass.code
        )
    ).all()
    subjects = db.session.execute(
        select(
            CaseSubject.code,
            CaseSubject.names,
            CaseSubject.kinds,
            CaseSubject.active,
            CaseSubject.asks,
            CaseSubject.without_login,
        ).order_by(CaseSubject.position, CaseSubject.code)
    ).all()
    return Catalogue(
        [Entry(row.code, row.names, tuple(row.kinds), row.active) for row in classes] or CLASSES,
        [
            Entry(row.code, row.names, tuple(row.kinds), row.active, row.asks, row.without_login)
            for row in subjects
        ]
        or SUBJECTS,
    )


def check_class(kind: str, code: str) -> None:
    """Raises Refusal (field `class_code`) for a class that such a case cannot have."""
    if code not in {entry.code for entry in catalogue().classes_of(kind)}:
        raise Refusal(N_("Choose one of the options"), field="class_code")


def check_subject(kind: str, code: str) -> None:
    """Raises Refusal (field `subject_code`) for a subject that such a case cannot have."""
    if code not in {entry.code for entry in catalogue().subjects_of(kind)}:
        raise Refusal(N_("Choose one of the options"), field="subject_code")


def own_catalogue() -> None:
    """Write the starter kit into the tenant's own rows, so that they can be changed. Safe to repeat."""
    if not db.session.execute(select(func.count()).select_from(CaseClass)).scalar_one():
        db.session.execute(
            insert(CaseClass), [_row(position, one) for position, one in enumerate(CLASSES, 1)]
        )
    if not db.session.execute(select(func.count()).select_from(CaseSubject)).scalar_one():
        rows = [
            {**_row(position, one), "asks": one.asks, "without_login": one.without_login}
            for position, one in enumerate(SUBJECTS, 1)
        ]
        db.session.execute(insert(CaseSubject), rows)


def _row(position: int, one: Entry) -> dict[str, Any]:
    return {
        "id": new_id(),
        "code": one.code,
        "names": dict(one.names),
        "kinds": list(one.kinds),
        "active": True,
        "position": position,
    }


def _name(entries: Sequence[Entry], code: str, language: str) -> str:
    return next((entry.name(language) for entry in entries if entry.code == code), code)
