"""A person's own data: name and language; and what other capabilities know of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

from sqlalchemy import select, update

from blueprints.auth.invitations import checked_name
from saas import audit
from saas.audit import Actor
from saas.database import db
from saas.languages import LANGUAGES, N_
from saas.refusals import Refusal
from tenants.people import User

Source = Callable[[uuid.UUID], Iterable[tuple[str, str]]]
_sources: list[Source] = []


def add_source(source: Source) -> None:
    """Let a later capability show what it knows of a customer: id -> (msgid, value) pairs."""
    if source not in _sources:
        _sources.append(source)


def facts_about(customer_id: uuid.UUID | None) -> list[tuple[str, str]]:
    """What the tenant's books hold about a customer, in the order of the sources."""
    if customer_id is None:
        return []
    return [(label, value) for source in _sources for label, value in source(customer_id) if value]


def change_details(user_id: uuid.UUID, name: str, language: str, *, actor: Actor) -> None:
    """Change name and language ("" for the tenant's). Raises Refusal that names the field."""
    called = checked_name(name)
    if language and language not in LANGUAGES:
        raise Refusal(N_("Choose one of the options"), field="language")
    before = db.session.execute(select(User.name, User.language).where(User.id == user_id)).one()
    if (before.name, before.language or "") == (called, language):
        return
    db.session.execute(
        update(User)
        .where(User.id == user_id)
        .values(name=called, language=language or None)
        .execution_options(synchronize_session=False)
    )
    audit.record(
        "user.details-changed",
        actor=actor,
        subject=("user", user_id),
        data={"before": {"name": before.name, "language": before.language}, "name": called},
    )
