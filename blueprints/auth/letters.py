"""The letters of this capability. What must stay secret travels sealed for tenant and user."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from blueprints.auth.links import make_link
from blueprints.auth.rules import EMAIL_NEW, EMAIL_OLD, INVITATION, RECOVERY
from saas.database import db
from saas.languages import N_
from saas.mail import deliver
from saas.outbox import enqueue, handler
from saas.scope import current_tenant_id
from tenants.frame import keyring
from tenants.letters import address_of, compose_letter
from tenants.loading import serving
from tenants.people import User

TOPIC = "auth.mail"
ASKED = "auth.recovery-asked"
FIELD = "auth-letter"


@dataclass(frozen=True, slots=True)
class Wording:
    """The msgids of one letter. `button` leads to the link; without a button there is none."""

    subject: str
    paragraphs: tuple[str, ...]
    button: str = ""
    closing: tuple[str, ...] = ()


NOT_YOU = N_(
    "If it was not you, recover your password now and tell us: somebody else may be in your account."
)
WORDINGS = {
    INVITATION: Wording(
        N_("Your access to %(organisation)s"),
        (
            N_(
                "%(organisation)s has opened an access for you: your invoices, your payments and your receipts."
            ),
            N_("Choose your password with this button. It works once, during the next seven days."),
        ),
        N_("Choose my password"),
        (N_("If you did not expect this message, you need not do anything."),),
    ),
    RECOVERY: Wording(
        N_("Recover your password"),
        (
            N_("Somebody, we trust it was you, asked to recover the password of this e-mail."),
            N_("Choose a new one with this button. It works once, during the next 30 minutes."),
        ),
        N_("Choose a new password"),
        (N_("If it was not you, leave it: your password stays as it is."),),
    ),
    "password-changed": Wording(
        N_("Your password was changed"),
        (N_("The password of your access was changed and the other open sessions were closed."),),
        closing=(NOT_YOU,),
    ),
    "second-factor-on": Wording(
        N_("Two-step verification is on"),
        (
            N_(
                "From now on your access to %(organisation)s asks for a code of your app besides the password."
            ),
            N_("Keep the recovery codes where you keep your papers: they let you in without the telephone."),
        ),
        closing=(NOT_YOU,),
    ),
    "second-factor-off": Wording(
        N_("Two-step verification is off"),
        (N_("From now on the password alone opens your access to %(organisation)s."),),
        closing=(NOT_YOU,),
    ),
    "second-factor-taken": Wording(
        N_("Your two-step verification was taken away"),
        (
            N_("%(organisation)s did it so that you can come in without the telephone that you lost."),
            N_("Come in with your password and set it up again."),
        ),
        closing=(N_("If you did not ask for it, tell us now."),),
    ),
    "recovery-codes-renewed": Wording(
        N_("New recovery codes"),
        (
            N_(
                "There are new recovery codes for your access to %(organisation)s. The earlier ones are worth nothing."
            ),
        ),
        closing=(NOT_YOU,),
    ),
    "recovery-code-used": Wording(
        N_("A recovery code was used"),
        (N_("One of your recovery codes was used. Codes that are left: %(left)s."),),
        closing=(NOT_YOU,),
    ),
    "codes-guessed": Wording(
        N_("Somebody knows your password"),
        (
            N_(
                "Somebody typed your right password and then five codes that were not right. They did not come in."
            ),
            N_("If it was you, wait for the next code of the app and begin again."),
        ),
        closing=(N_("If it was not you, change your password now: somebody else knows it."),),
    ),
    EMAIL_NEW: Wording(
        N_("Confirm your new e-mail"),
        (
            N_("You asked to use this address for your access to %(organisation)s."),
            N_("It changes when it has been confirmed here and at your present e-mail."),
        ),
        N_("Confirm this e-mail"),
        (N_("If it was not you, leave it: nothing changes."),),
    ),
    EMAIL_OLD: Wording(
        N_("Allow the change of your e-mail"),
        (
            N_("Somebody, we trust it was you, asked to change the e-mail of your access to %(new_email)s."),
            N_("It changes when it has been confirmed here and at the new address."),
        ),
        N_("Allow the change"),
        (N_("If it was not you, change your password: somebody else knows it."),),
    ),
    "email-changed": Wording(
        N_("The e-mail of your access was changed"),
        (N_("From now on you come in with %(new_email)s. This address is no longer used."),),
        closing=(NOT_YOU,),
    ),
    "email-taken": Wording(
        N_("This e-mail already has an access"),
        (
            N_("Somebody asked to use this address for another access to %(organisation)s."),
            N_("It already has one, so nothing changes. If it was you, come in with this e-mail."),
        ),
    ),
}


def send_letter(kind: str, user_id: uuid.UUID, **sealed: str) -> None:
    """Put a letter to a user into the outbox, in the caller's transaction.

    `sealed` may carry `token` (the link's), `to` (another address than the user's) and facts of the wording.
    """
    secret = keyring().seal(json.dumps(sealed), current_tenant_id(), user_id, FIELD)
    enqueue(TOPIC, {"kind": kind, "user": str(user_id), "sealed": secret})


def ask_for_recovery(email: str) -> None:
    """Note that an e-mail asked; whether anybody has it is found out later, where nobody can time it (B06)."""
    secret = keyring().seal(email, current_tenant_id(), None, FIELD)
    enqueue(ASKED, {"sealed": secret})


@handler(TOPIC)
def _send(payload: dict[str, Any]) -> None:
    user_id = uuid.UUID(payload["user"])
    sealed = json.loads(keyring().unseal(payload["sealed"], current_tenant_id(), user_id, FIELD))
    _deliver(payload["kind"], user_id, **sealed)


@handler(ASKED)
def _recover(payload: dict[str, Any]) -> None:
    email = keyring().unseal(payload["sealed"], current_tenant_id(), None, FIELD)
    row = db.session.execute(select(User.id, User.status).where(User.email == email)).first()
    if row is None or row.status == "disabled":
        return
    # Who never accepted the invitation gets a new one: the same proof, the same page.
    kind = INVITATION if row.status == "invited" else RECOVERY
    _deliver(kind, row.id, token=make_link(kind, row.id))


def _deliver(kind: str, user_id: uuid.UUID, *, token: str = "", to: str = "", **facts: str) -> None:
    row = db.session.execute(select(User.email, User.name, User.language).where(User.id == user_id)).first()
    if row is None:
        return
    wording = WORDINGS[kind]
    said: dict[str, Any] = {"organisation": serving().name, **facts}
    deliver(
        compose_letter(
            to or row.email,
            wording.subject,
            "auth/mail/letter",
            language=row.language,
            kind="security",
            # A letter to another address is no news of this user's: it would tell whether somebody has that address.
            user_id=None if to else user_id,
            secrets=[token],
            name="" if to else row.name,
            wording=wording,
            facts=said,
            url=address_of("auth.link", token=token) if token else "",
            **said,
        )
    )
