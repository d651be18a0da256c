"""What the letters about bank accounts and payouts say. The tenant may word them; the way to stop a change stays."""

from __future__ import annotations

from collections.abc import Sequence

from saas.languages import N_
from tenants.letter_texts import GREETING, PAYOUTS, LetterText, declare

STOP_IT = N_("If it was not you, stop it now. Nobody is paid until we have talked to you:")
NOT_ME = N_("It was not me")
CONFIRM = N_("Confirm the bank account")
_ACCOUNT = ("customer", "organisation", "bank", "last_four")


def _bank(
    code: str,
    title: str,
    hint: str,
    subject: str,
    *body: str,
    block: str = "",
    names: Sequence[str] = (),
) -> LetterText:
    """`block` is what the letter is nothing without: its button or its code."""
    blocks = (block,) if block else ()
    return LetterText(
        code=code,
        group=PAYOUTS,
        title=title,
        hint=hint,
        subject=subject,
        body=(GREETING, *body, *(f"{{{name}}}" for name in blocks)),
        fields=(*_ACCOUNT, *names, *blocks),
        demanded=(*blocks, "last_four"),
        button=CONFIRM if block == "button" else "",
        alarm=(STOP_IT, NOT_ME),
    )


BANK = {
    "link": _bank(
        "bank-account-link",
        N_("Bank account: confirm it"),
        N_("When an owner enters a bank account, with the link that confirms it."),
        N_("Confirm your bank account for payouts"),
        N_(
            "Somebody, we trust it was you, gave {organisation} this bank account for the rent of your property: "
            "{bank}, ending in {last_four}."
        ),
        N_("Open this page and type the code. Without it nothing changes."),
        block="button",
    ),
    "staff-link": _bank(
        "bank-account-staff",
        N_("Bank account: noted by your staff"),
        N_("When your staff enters a bank account, with the link that confirms it."),
        N_("Confirm your bank account for payouts"),
        N_(
            "{organisation} noted this bank account for the rent of your property: {bank}, ending in {last_four}."
        ),
        N_("Open this page and confirm that it is yours. We may also call you. Without it nothing changes."),
        block="button",
    ),
    "code": _bank(
        "bank-account-code",
        N_("Bank account: code"),
        N_("With the code, to another address than the link."),
        N_("Your code for the bank account"),
        N_(
            "A bank account for payouts is being confirmed: {bank}, ending in {last_four}. Type this code on the page "
            "that the other message leads to."
        ),
        block="code",
    ),
    "warning": _bank(
        "bank-account-warning",
        N_("Bank account: warning"),
        N_("To every known address, when another bank account was entered."),
        N_("Somebody wants to change where your rent is paid"),
        N_(
            "{organisation} was given another bank account for your payouts: {bank}, ending in {last_four}. It is not "
            "used yet."
        ),
        N_("If you know of it, you need not do anything."),
    ),
    "usable": _bank(
        "bank-account-usable",
        N_("Bank account: in use"),
        N_("When a bank account was confirmed, with the day from which it is paid to."),
        N_("Your new bank account is used from {date}"),
        N_(
            "The bank account {bank}, ending in {last_four}, was confirmed. {organisation} pays you there from {date} "
            "at {hour} on. Until then the account of before goes on, where there was one."
        ),
        names=("date", "hour"),
    ),
}

SENT = LetterText(
    code="payout",
    group=PAYOUTS,
    title=N_("Payout sent"),
    hint=N_("When the bank says that an owner was paid."),
    subject=N_("{organisation} paid you"),
    body=(
        GREETING,
        N_("The bank says that your rent was paid to you."),
        "{details}",
        N_("Its voucher is in your area, under “My income”."),
    ),
    fields=(
        "customer",
        "organisation",
        "amount",
        "property",
        "paid_on",
        "bank_account",
        "reference",
        "payout",
        "details",
    ),
    demanded=("details",),
    details=("amount", "property", "paid_on", "bank_account", "reference", "payout"),
)

declare(*BANK.values(), SENT)
