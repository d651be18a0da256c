"""Coming in with e-mail and password."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, select, update

from blueprints.auth import known_devices, pending
from blueprints.auth.models import SecondFactor
from blueprints.auth.rules import WINDOW, WRONG_PER_ADDRESS, WRONG_PER_USER, WRONG_WITHOUT_WORK
from blueprints.auth.sessions import Browser, open_session
from saas import audit, passwords
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.events import emit
from saas.identity_numbers import normalise_email
from saas.languages import N_
from saas.limits import attempts, count_attempt, forget, network_of
from saas.refusals import Refusal
from saas.scope import current_tenant_id
from tenants.frame import keyring
from tenants.people import StaffRole, User

log = logging.getLogger("ventanilla.auth")
BY_USER, BY_DEVICE = "sign-in-user", "sign-in-device"
BY_ADDRESS, BY_ADDRESS_NO_WORK = "sign-in-address", "sign-in-address-no-work"


class TooManyAttempts(Exception):
    """A bucket is full. The same for names that exist and names that do not."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`token` and `known` become cookies. `staff_only`: works here and has nothing of their own to see."""

    user_id: uuid.UUID
    session_id: uuid.UUID
    token: str
    known: str
    staff_only: bool


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """The password was right and the person has a second factor. `token` becomes the cookie of the attempt."""

    token: str


def check_address(address: str, *, worked: bool = True) -> None:
    """Raise TooManyAttempts for an address that failed too often; `worked` says a proof of work came along."""
    address = network_of(address)
    if attempts(BY_ADDRESS, address, window=WINDOW) >= WRONG_PER_ADDRESS or (
        not worked and attempts(BY_ADDRESS_NO_WORK, address, window=WINDOW) >= WRONG_WITHOUT_WORK
    ):
        log.info("an address waits", extra={"event": "sign_in_address_limited"})
        raise TooManyAttempts


def sign_in(email: str, password: str, browser: Browser, *, worked: bool = True) -> SignedIn | CodeWanted:
    """Open a session for whoever knows the password, or begin the second step of who has a second factor.

    Raises Refusal, in one wording and after the same work whether or not somebody has that e-mail, and
    TooManyAttempts when the user's bucket or the address's is full. Attempts are counted in transactions of
    their own, before the password is compared, so guesses made at the same moment all count.
    """
    check_address(browser.address, worked=worked)
    normal = normalise_email(email)
    person = _read(User.email == normal) if normal else None
    keys = keyring().derive_all("known-device")
    tenant_id = current_tenant_id()
    device = known_devices.recognise(keys, browser.known, tenant_id, person.id) if person else None
    bucket = (BY_DEVICE, f"{device}") if device else (BY_USER, normal or email.strip().lower()[:254])
    if count_attempt(*bucket, window=WINDOW) > WRONG_PER_USER:
        log.info("a user's bucket is full", extra={"event": "sign_in_user_limited"})
        raise TooManyAttempts
    fits = _password_fits(person, password)  # first of all: a name that nobody has takes as long (case B06)
    if person is None or not fits or person.status != "active":
        count_attempt(BY_ADDRESS, network_of(browser.address), window=WINDOW)
        if not worked:
            count_attempt(BY_ADDRESS_NO_WORK, network_of(browser.address), window=WINDOW)
        log.info("sign-in refused", extra={"event": "sign_in_refused"})
        raise Refusal(N_("The e-mail or the password is not right."))
    forget(*bucket)
    _renew_hash(person, password)
    if person.second_factor:
        log.info("a code is wanted", extra={"event": "code_wanted"})
        return CodeWanted(pending.begin(person.id, browser.host, browser.step))
    return come_in(person, browser)


def come_in(person: Row[*tuple[Any, ...]], browser: Browser) -> SignedIn:
    """Open the session of somebody (a row of `person_of`) who has proved everything that is asked."""
    keys, tenant_id = keyring().derive_all("known-device"), current_tenant_id()
    device = known_devices.recognise(keys, browser.known, tenant_id, person.id)
    db.session.execute(
        update(User)
        .where(User.id == person.id)
        .values(last_login_at=now())
        .execution_options(synchronize_session=False)
    )
    session_id, token = open_session(person.id, browser)
    if device is None and person.last_login_at is not None:
        audit.record(
            "session.new-device",
            actor=actor_of(person.id, person.name, staff=person.is_staff),
            subject=("user", person.id),
            data={"device": browser.device, "address": browser.address},
        )
    emit("user.signed-in", user_id=person.id, session_id=session_id, customer_id=person.customer_id)
    log.info("signed in", extra={"event": "signed_in"})
    return SignedIn(
        user_id=person.id,
        session_id=session_id,
        token=token,
        known=known_devices.remember(keys, browser.known, tenant_id, person.id),
        staff_only=person.is_staff and person.customer_id is None,
    )


def actor_of(user_id: uuid.UUID, name: str, *, staff: bool) -> Actor:
    """A user as an audit row names them."""
    return Actor("staff" if staff else "customer", user_id, name)


def person_of(user_id: uuid.UUID) -> Row[*tuple[Any, ...]] | None:
    """What coming in needs to know of a user."""
    return _read(User.id == user_id)


def _read(who: ColumnElement[bool]) -> Row[*tuple[Any, ...]] | None:
    works_here = exists().where(StaffRole.user_id == User.id, StaffRole.tenant_id == User.tenant_id)
    has_factor = exists().where(SecondFactor.user_id == User.id, SecondFactor.tenant_id == User.tenant_id)
    return db.session.execute(
        select(
            User.id,
            User.name,
            User.password_hash,
            User.status,
            User.customer_id,
            User.last_login_at,
            works_here.label("is_staff"),
            has_factor.label("second_factor"),
        ).where(who)
    ).first()


def _password_fits(person: Row[*tuple[Any, ...]] | None, password: str) -> bool:
    if person is None or person.password_hash is None:
        return passwords.verify_nobody(password)
    return passwords.verify(person.password_hash, password)


def _renew_hash(person: Row[*tuple[Any, ...]], password: str) -> None:
    if passwords.needs_rehash(person.password_hash):
        db.session.execute(
            update(User)
            .where(User.id == person.id)
            .values(password_hash=passwords.hash_password(password))
            .execution_options(synchronize_session=False)
        )
