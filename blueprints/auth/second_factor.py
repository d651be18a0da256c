"""The second factor of a user: switched on, used, its codes renewed, switched off.

Secrets are sealed for tenant and user. Whatever counts once (a step of the clock, a code on paper) is taken by an
UPDATE that names what it must have been before, so of two that come in the same moment one is refused.
"""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from blueprints.auth import totp
from blueprints.auth.letters import send_letter
from blueprints.auth.models import PendingSignIn, RecoveryCode, SecondFactor
from blueprints.auth.password_change import confirm_password
from blueprints.auth.rules import (
    CODE_GROUPS,
    CODES_DAY,
    CODES_ON_PAPER,
    OFFER_LIFE,
    WRONG_CODES_PER_USER,
)
from blueprints.auth.sessions import end_sessions
from blueprints.auth.sign_in import TooManyAttempts
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.limits import count_attempt, forget
from saas.locks import lock
from saas.refusals import NotFound, Refusal
from saas.scope import current_tenant_id
from saas.secrets import Unreadable
from saas.tokens import digest, new_code, normalise_code
from tenants.frame import keyring
from tenants.loading import serving
from tenants.people import User

log = logging.getLogger("ventanilla.auth")
SECRET, OFFER = "second-factor", "second-factor-offer"
BY_USER = "code-user"
WRONG = N_("This code is not right. Look at the app again: it shows a new one every 30 seconds.")
USED = N_("This code has been used already. Wait for the next one.")


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret that somebody may take. `sealed` comes back with the form; nothing is stored until then."""

    secret: str
    sealed: str
    address: str


def has_second_factor(user_id: uuid.UUID) -> bool:
    return (
        db.session.execute(select(SecondFactor.id).where(SecondFactor.user_id == user_id)).first() is not None
    )


def codes_left(user_id: uuid.UUID) -> int:
    """How many codes on paper are still worth a sign-in."""
    unused = select(func.count(RecoveryCode.id)).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return db.session.execute(unused).scalar_one()


def offer(user_id: uuid.UUID, email: str, sealed: str = "") -> Offer:
    """A fresh secret for an app, or the one that came back with the form while it lasts."""
    secret = _taken_up(user_id, sealed)
    if secret is None:
        secret = totp.new_secret()
        content = json.dumps({"secret": secret, "until": (now() + OFFER_LIFE).timestamp()})
        sealed = keyring().seal(content, current_tenant_id(), user_id, OFFER)
    return Offer(secret, sealed, totp.address(secret, issuer=serving().name, account=email))


def _taken_up(user_id: uuid.UUID, sealed: str) -> str | None:
    if not sealed:
        return None
    try:
        content = json.loads(keyring().unseal(sealed, current_tenant_id(), user_id, OFFER))
    except Unreadable:
        return None
    return str(content["secret"]) if content["until"] > now().timestamp() else None


def switch_on(
    user_id: uuid.UUID, session_id: uuid.UUID, sealed: str, typed: str, *, actor: Actor
) -> list[str]:
    """Take the offered secret, proved by its first code. Returns the recovery codes, which nobody can read again.

    The user's other sessions end: they were opened without a second factor. Raises Refusal.
    """
    lock(f"second-factor:{user_id}")  # the same page may be open twice
    secret = _taken_up(user_id, sealed)
    if secret is None:
        raise Refusal(
            N_("This page was open for too long. Scan the new picture and type its code."), field="code"
        )
    if has_second_factor(user_id):
        raise Refusal(N_("Two-step verification is on already."))
    moment = now()
    code = totp.typed_code(typed)
    step = totp.matching_step(secret, code, totp.step_of(moment.timestamp())) if code else None
    if step is None:
        raise Refusal(WRONG, field="code")
    row = SecondFactor(
        id=new_id(),
        user_id=user_id,
        secret=keyring().seal(secret, current_tenant_id(), user_id, SECRET),
        last_step=step,
        created_at=moment,
    )
    db.session.add(row)
    db.session.flush()
    codes = _new_codes(user_id)
    end_sessions(user_id, keep=session_id)
    send_letter("second-factor-on", user_id)
    audit.record("second-factor.switched-on", actor=actor, subject=("user", user_id))
    return codes


def renew_codes(user_id: uuid.UUID, *, actor: Actor) -> list[str]:
    """New recovery codes in place of all earlier ones. Raises NotFound without a second factor."""
    if not has_second_factor(user_id):
        raise NotFound()
    codes = _new_codes(user_id)
    send_letter("recovery-codes-renewed", user_id)
    audit.record("second-factor.codes-renewed", actor=actor, subject=("user", user_id))
    return codes


def switch_off(user_id: uuid.UUID, password: str, typed: str, *, actor: Actor) -> None:
    """Switch it off with the password and a code, the app's or one on paper.

    Raises NotFound without one, Refusal (field `current` or `code`) and TooManyAttempts.
    """
    if not has_second_factor(user_id):
        raise NotFound()
    confirm_password(user_id, password)
    check_code(user_id, typed, actor=actor)
    _remove(user_id)
    send_letter("second-factor-off", user_id)
    audit.record("second-factor.switched-off", actor=actor, subject=("user", user_id))


def take_away(user_id: uuid.UUID, *, actor: Actor) -> bool:
    """Remove the second factor of somebody who lost telephone and paper; the sessions end. False when there is none.

    Who calls has made sure who asks, and that the actor may do this.
    """
    if not has_second_factor(user_id):
        return False
    name = db.session.execute(select(User.name).where(User.id == user_id)).scalar_one()
    _remove(user_id)
    end_sessions(user_id)
    send_letter("second-factor-taken", user_id)
    audit.record("second-factor.taken-away", actor=actor, subject=("user", user_id), data={"name": name})
    return True


def check_code(user_id: uuid.UUID, typed: str, *, actor: Actor) -> None:
    """Count a code of somebody who is signed in, and use it up. Raises Refusal and TooManyAttempts."""
    bucket = (BY_USER, str(user_id))
    count_code(bucket)
    use_code(user_id, typed, actor=actor)
    forget(*bucket)


def count_code(bucket: tuple[str, str]) -> None:
    """Count a code before it is compared. Raises TooManyAttempts: then the right one says nothing either."""
    if count_attempt(*bucket, window=CODES_DAY) > WRONG_CODES_PER_USER:
        log.info("a bucket of codes is full", extra={"event": "code_limited"})
        raise TooManyAttempts


def use_code(user_id: uuid.UUID, typed: str, *, actor: Actor) -> None:
    """Use up a code of the app or of the paper; the caller has counted it. Raises Refusal (field `code`)."""
    code = totp.typed_code(typed)
    if code is not None:
        _use_step(user_id, code)
    else:
        _use_paper(user_id, typed, actor)


def _use_step(user_id: uuid.UUID, code: str) -> None:
    row = db.session.execute(
        select(SecondFactor.id, SecondFactor.secret).where(SecondFactor.user_id == user_id)
    ).first()
    step = evaluate(user_id, row.secret, code) if row else None
    if row is None or step is None:
        raise Refusal(WRONG, field="code")
    taken = db.session.execute(
        update(SecondFactor)
        .where(SecondFactor.id == row.id, SecondFactor.last_step < step)
        .values(last_step=step)
        .returning(SecondFactor.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise Refusal(USED, field="code")


def evaluate(user_id: uuid.UUID, sealed: str, code: str) -> int | None:
    """The step whose code this is, by the user's sealed secret; None for a wrong one."""
    try:
        secret = keyring().unseal(sealed, current_tenant_id(), user_id, SECRET)
    except Unreadable:
        log.exception("a second factor does not open", extra={"event": "second_factor_unreadable"})
        return None  # the codes on paper need no key, so the person still comes in
    return totp.matching_step(secret, code, totp.step_of(now().timestamp()))


def _use_paper(user_id: uuid.UUID, typed: str, actor: Actor) -> None:
    code = normalise_code(typed, groups=CODE_GROUPS)
    used = (
        code
        and db.session.execute(
            update(RecoveryCode)
            .where(
                RecoveryCode.user_id == user_id,
                RecoveryCode.digest == _digest(user_id, code),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=now())
            .returning(RecoveryCode.id)
            .execution_options(synchronize_session=False)
        ).first()
    )
    if not used:
        raise Refusal(N_("This code is not right, or it has been used already."), field="code")
    left = codes_left(user_id)
    send_letter("recovery-code-used", user_id, codes_left=str(left))
    audit.record("second-factor.code-used", actor=actor, subject=("user", user_id), data={"left": left})


def _new_codes(user_id: uuid.UUID) -> list[str]:
    _drop_codes(user_id)
    codes = [new_code(groups=CODE_GROUPS) for _ in range(CODES_ON_PAPER)]
    db.session.add_all(
        RecoveryCode(id=new_id(), user_id=user_id, digest=_digest(user_id, code)) for code in codes
    )
    db.session.flush()
    return codes


def _drop_codes(user_id: uuid.UUID) -> None:
    db.session.execute(
        delete(RecoveryCode)
        .where(RecoveryCode.user_id == user_id)
        .execution_options(synchronize_session=False)
    )


def _remove(user_id: uuid.UUID) -> None:
    _drop_codes(user_id)
    for model in (SecondFactor, PendingSignIn):
        db.session.execute(
            delete(model).where(model.user_id == user_id).execution_options(synchronize_session=False)
        )


def _digest(user_id: uuid.UUID, code: str) -> str:
    """Salted with whose it is: nobody compares the codes of several people at once."""
    return digest(f"{current_tenant_id()}|{user_id}|{code}")
