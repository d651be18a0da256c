"""The second step of coming in: the code."""

from __future__ import annotations

import logging
import uuid

from blueprints.auth import known_devices, pending
from blueprints.auth.letters import send_letter
from blueprints.auth.second_factor import BY_USER, check_code
from blueprints.auth.sessions import Browser
from blueprints.auth.sign_in import SignedIn, actor_of, come_in, person_of
from saas import audit
from saas.refusals import Refusal
from saas.scope import current_tenant_id
from tenants.frame import keyring

log = logging.getLogger("ventanilla.auth")
BY_DEVICE = "code-device"


class AttemptOver(Exception):
    """This sign-in takes no code any more: too many, too late, used, of another browser. Nobody is told which."""


def enter_code(token: str, attempt_id: uuid.UUID, typed: str, browser: Browser) -> SignedIn:
    """Open the session for whoever has the password behind `token` and now the code.

    Raises Refusal while another code may be tried, AttemptOver when none may, and TooManyAttempts when the user's
    bucket is full.
    """
    guess = pending.take_guess(token, browser.host, attempt_id)
    if guess is None:
        raise AttemptOver
    user_id, left = guess
    person = person_of(user_id)
    if person is None or person.status != "active":
        raise AttemptOver
    actor = actor_of(person.id, person.name, staff=person.is_staff)
    device = known_devices.recognise(
        keyring().derive_all("known-device"), browser.known, current_tenant_id(), user_id
    )
    bucket = (BY_DEVICE, device) if device else (BY_USER, str(user_id))
    try:
        check_code(user_id, typed, actor=actor, bucket=bucket)
    except Refusal as refusal:
        log.info("a code was refused", extra={"event": "code_refused"})
        if left:
            raise
        send_letter("codes-guessed", user_id)
        audit.record("second-factor.guessed", actor=actor, subject=("user", user_id))
        raise AttemptOver from refusal
    if not pending.finish(attempt_id):
        raise AttemptOver
    return come_in(person, browser)
