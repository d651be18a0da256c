"""What the letters about access say. The tenant may word them; what protects the reader stays."""

from __future__ import annotations

from collections.abc import Sequence

from blueprints.auth.rules import EMAIL_NEW, EMAIL_OLD, INVITATION, RECOVERY
from saas.languages import N_
from tenants.letter_texts import ACCESS, GREETING, LetterText, declare

NOT_YOU = N_(
    "If it was not you, recover your password now and tell us: somebody else may be in your account."
)
BUTTON = "{button}"


def _text(
    code: str,
    title: str,
    hint: str,
    subject: str,
    *body: str,
    button: str = "",
    closing: str = "",
    names: Sequence[str] = (),
    unknown: bool = False,
) -> LetterText:
    """`unknown`: it goes to an address of which nobody knows whose it is, so it greets nobody. A letter with a button
    is nothing without it."""
    return LetterText(
        code=code,
        group=ACCESS,
        title=title,
        hint=hint,
        subject=subject,
        body=(*(() if unknown else (GREETING,)), *body, *((BUTTON,) if button else ())),
        fields=(
            *(() if unknown else ("customer",)),
            "organisation",
            *names,
            *(("button",) if button else ()),
        ),
        demanded=("button",) if button else (),
        button=button,
        closing=(closing,) if closing else (),
    )


TEXTS = {
    text.code: text
    for text in (
        _text(
            INVITATION,
            N_("Invitation"),
            N_("When somebody gets an access, with the link to choose a password."),
            N_("Your access to {organisation}"),
            N_(
                "{organisation} has opened an access for you: your invoices, your payments and your receipts."
            ),
            N_("Choose your password with this button. It works once, during the next seven days."),
            button=N_("Choose my password"),
            closing=N_("If you did not expect this message, you need not do anything."),
        ),
        _text(
            RECOVERY,
            N_("Forgotten password"),
            N_("When somebody asks for a new password, with the link to choose it."),
            N_("Recover your password"),
            N_("Somebody, we trust it was you, asked to recover the password of this e-mail."),
            N_("Choose a new one with this button. It works once, during the next 30 minutes."),
            button=N_("Choose a new password"),
            closing=N_("If it was not you, leave it: your password stays as it is."),
        ),
        _text(
            "password-changed",
            N_("Password changed"),
            N_("After each change of a password."),
            N_("Your password was changed"),
            N_("The password of your access was changed and the other open sessions were closed."),
            closing=NOT_YOU,
        ),
        _text(
            "second-factor-on",
            N_("Two-step verification on"),
            N_("When it is switched on."),
            N_("Two-step verification is on"),
            N_("From now on your access to {organisation} asks for a code of your app besides the password."),
            N_("Keep the recovery codes where you keep your papers: they let you in without the telephone."),
            closing=NOT_YOU,
        ),
        _text(
            "second-factor-off",
            N_("Two-step verification off"),
            N_("When its owner switches it off."),
            N_("Two-step verification is off"),
            N_("From now on the password alone opens your access to {organisation}."),
            closing=NOT_YOU,
        ),
        _text(
            "second-factor-taken",
            N_("Two-step verification taken away"),
            N_("When your staff takes it away for somebody who lost the telephone."),
            N_("Your two-step verification was taken away"),
            N_("{organisation} did it so that you can come in without the telephone that you lost."),
            N_("Come in with your password and set it up again."),
            closing=N_("If you did not ask for it, tell us now."),
        ),
        _text(
            "recovery-codes-renewed",
            N_("New recovery codes"),
            N_("When somebody makes new codes."),
            N_("New recovery codes"),
            N_(
                "There are new recovery codes for your access to {organisation}. The earlier ones are worth nothing."
            ),
            closing=NOT_YOU,
        ),
        _text(
            "recovery-code-used",
            N_("Recovery code used"),
            N_("When somebody comes in with one of the codes on paper."),
            N_("A recovery code was used"),
            N_("One of your recovery codes was used. Codes that are left: {codes_left}."),
            closing=NOT_YOU,
            names=("codes_left",),
        ),
        _text(
            "codes-guessed",
            N_("Wrong codes after the right password"),
            N_("When somebody has the password and guesses at the code."),
            N_("Somebody knows your password"),
            N_(
                "Somebody typed your right password and then five codes that were not right. They did not come in."
            ),
            N_("If it was you, wait for the next code of the app and begin again."),
            closing=N_("If it was not you, change your password now: somebody else knows it."),
        ),
        _text(
            EMAIL_NEW,
            N_("New e-mail: confirm it"),
            N_("To the new address, with the link that confirms it."),
            N_("Confirm your new e-mail"),
            N_("You asked to use this address for your access to {organisation}."),
            N_("It changes when it has been confirmed here and at your present e-mail."),
            button=N_("Confirm this e-mail"),
            closing=N_("If it was not you, leave it: nothing changes."),
            unknown=True,
        ),
        _text(
            EMAIL_OLD,
            N_("New e-mail: allow it"),
            N_("To the present address, with the link that allows the change."),
            N_("Allow the change of your e-mail"),
            N_("Somebody, we trust it was you, asked to change the e-mail of your access to {new_email}."),
            N_("It changes when it has been confirmed here and at the new address."),
            button=N_("Allow the change"),
            closing=N_("If it was not you, change your password: somebody else knows it."),
            names=("new_email",),
        ),
        _text(
            "email-changed",
            N_("E-mail changed"),
            N_("To the earlier address, after the change."),
            N_("The e-mail of your access was changed"),
            N_("From now on you come in with {new_email}. This address is no longer used."),
            closing=NOT_YOU,
            names=("new_email",),
            unknown=True,
        ),
        _text(
            "email-taken",
            N_("New e-mail: it has an access already"),
            N_("To an address that somebody wanted to use and that is in use."),
            N_("This e-mail already has an access"),
            N_("Somebody asked to use this address for another access to {organisation}."),
            N_("It already has one, so nothing changes. If it was you, come in with this e-mail."),
            unknown=True,
        ),
    )
}

declare(*TEXTS.values())
