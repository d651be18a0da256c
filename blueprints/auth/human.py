"""The human check of one tenant's form: what the page carries, and whether the answer counts."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from saas import human_check
from saas.clock import now
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import Refusal
from saas.scope import current_tenant_id, unit_of_work
from saas.tokens import digest
from tenants.frame import keyring
from tenants.people import UsedHumanCheck

WORK_FIELD, AGE_FIELD = "human_check", "form_token"
WORK, AGE = "work", "age"


@dataclass(frozen=True, slots=True)
class Question:
    """What a form carries: a challenge for the script and a signed moment for browsers without one."""

    challenge: str
    form_token: str
    trap: str = human_check.TRAP_FIELD


class SpentAnswers:
    """Remembers in a transaction of its own: an answer is spent even when the request is refused."""

    def first_use(self, key: str, until: datetime.datetime) -> bool:
        with unit_of_work(current_tenant_id()) as session:
            session.execute(delete(UsedHumanCheck).where(UsedHumanCheck.expires_at < now()))
            row = session.execute(
                insert(UsedHumanCheck)
                .values(id=new_id(), digest=digest(key), expires_at=until)
                .on_conflict_do_nothing(index_elements=["tenant_id", "digest"])
                .returning(UsedHumanCheck.id)
            ).first()
        return row is not None


TOO_SOON = N_(
    "That was very quick, or the page was open for too long. Wait a moment and press the button again."
)


def ask(purpose: str) -> Question:
    """A fresh question for one of this tenant's forms."""
    key, moment = _key(purpose), now()
    return Question(
        json.dumps(human_check.challenge(key, moment), separators=(",", ":")),
        human_check.form_token(key, moment),
    )


def answered(purpose: str, work: str, form_token: str, trap: str) -> str | None:
    """WORK for a solved challenge, AGE for a form that was open a while, None for neither. Uses it up."""
    key, moment = _key(purpose), now()
    if trap:
        return None
    if work:
        return WORK if human_check.verify(key, work, moment, SpentAnswers()) else None
    counts = human_check.check_form_token(key, form_token, moment, replay_store=SpentAnswers())
    return AGE if counts else None


def sign_of_a_person(purpose: str, sent: Mapping[str, str]) -> str:
    """The answer that a form brings (`sent` are its fields): WORK or AGE. Raises Refusal without one; nothing was tried
    then."""
    sign = answered(
        purpose, sent.get(WORK_FIELD, ""), sent.get(AGE_FIELD, ""), sent.get(human_check.TRAP_FIELD, "")
    )
    if sign is None:
        raise Refusal(TOO_SOON)
    return sign


def _key(purpose: str) -> bytes:
    return keyring().derive(f"human-check|{current_tenant_id()}|{purpose}")
