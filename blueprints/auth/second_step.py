"""The second step of coming in: the code."""

from __future__ import annotations

import logging

from blueprints.auth import known_devices
from blueprints.auth.letters import send_letter
from blueprints.auth.pending import Guess, finish
from blueprints.auth.second_factor import BY_USER, count_code, use_code
from blueprints.auth.sessions import Browser
from blueprints.auth.sign_in import SignedIn, actor_of, come_in, person_of
from saas import audit
from saas.limits import forget
from saas.refusals import Refusal
from saas.scope import current_tenant_id
from tenants.frame import keyring

log = logging.getLogger("ventanilla.auth")
BY_DEVICE = "code-device"


class AttemptOver(Exception):
    """This sign-in takes no code any more: too many, too late, used, of another browser. Nobody is told which."""


def enter_code(guess: Guess | None, typed: str, browser: Browser) -> SignedIn:
    """Open the session for whoever had the password and now has the code. `guess` is counted and committed.

    Raises Refusal while another code may be tried, AttemptOver when none may, and TooManyAttempts when the user's
    bucket is full.
    """
    if guess is None:
        raise AttemptOver
    keys = keyring().derive_all("known-device")
    device = known_devices.recognise(keys, browser.known, current_tenant_id(), guess.user_id)
    bucket = (BY_DEVICE, device) if device else (BY_USER, str(guess.user_id))
    count_code(bucket)
    person = person_of(guess.user_id)
    if person is None or person.status != "active":
        raise AttemptOver
    actor = actor_of(person.id, person.name, staff=person.is_staff)
    try:
        use_code(guess.user_id, typed, actor=actor)
    except Refusal as refusal:
        log.info("a code was refused", extra={"event": "code_refused"})
        if guess.left:
            raise
        send_letter("codes-guessed", guess.user_id)
        audit.record("second-factor.guessed", actor=actor, subject=("user", guess.user_id))
        raise AttemptOver from refusal
    if not finish(guess.attempt_id):
        raise AttemptOver
    forget(*bucket)
    return come_in(person, browser)
