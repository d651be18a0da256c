"""The words that every tenant begins with. Their Spanish stands in the catalogue, with the Spanish names of fields."""

from __future__ import annotations

from collections.abc import Mapping

from blueprints.messages.kinds import KINDS
from saas.languages import N_
from tenants.letter_texts import CASES, GREETING, INVOICES, LetterText, declare

DISREGARD = N_(
    "If you have paid already, disregard this message: payments of the last hours may be missing here."
)

_WORDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "invoice-new": (
        N_("Your invoice from {organisation} is ready"),
        (
            GREETING,
            N_("There is something new to pay. The first due date is {due}."),
            "{invoices}",
            "{button}",
        ),
    ),
    "reminder-before": (
        N_("Reminder: {total} to pay until {due}"),
        (
            GREETING,
            N_("This is due soon. You can pay it now in a minute."),
            "{invoices}",
            "{button}",
            DISREGARD,
        ),
    ),
    "reminder-on": (
        N_("Last day to pay: {total}"),
        (GREETING, N_("Today is the last day to pay without a delay."), "{invoices}", "{button}", DISREGARD),
    ),
    "reminder-after": (
        N_("{total} is overdue"),
        (
            GREETING,
            N_("We have not seen a payment of the following yet."),
            "{invoices}",
            "{button}",
            N_(
                "If something is wrong with it, or you cannot pay it all at once, write to us: we find a way."
            ),
            DISREGARD,
        ),
    ),
    "case-filed": (
        N_("We filed your request: {number}"),
        (
            GREETING,
            N_("Your request “{title}” was filed under the number {number}. It is answered until {until}."),
            "{button}",
        ),
    ),
    "case-answered": (
        N_("There is news about your request {number}"),
        (
            GREETING,
            N_("There is an answer, or a question to you, about “{title}” ({number})."),
            N_("You can read it and write back in your account."),
            "{button}",
        ),
    ),
    "commission-invoice": (
        N_("Commission invoice {number}"),
        (GREETING, N_("The commission of {period} is {amount}. It was kept from the rent."), "{button}"),
    ),
    "statement": (
        N_("Your statement of {period}"),
        (
            GREETING,
            N_(
                "The statement of {period} is ready: what came in, what was kept and what is paid out to you."
            ),
            "{button}",
        ),
    ),
    "document-expiring": (
        N_("“{title}” expires on {date}"),
        (
            GREETING,
            N_("The document “{title}” of the contract {contract} expires on {date}."),
            N_("Send us the new one, or ask us if you need help with it."),
            "{button}",
        ),
    ),
    "rent-adjustment": (
        N_("New rent from {date}"),
        (
            GREETING,
            N_("From {date} the rent of the contract {contract} is {amount}. Until then it is {before}."),
            N_("The change is {percent} per cent, as the contract and the law say."),
            "{button}",
        ),
    ),
}

TEXTS: Mapping[str, LetterText] = {
    code: LetterText(
        code=code,
        group=CASES if code.startswith("case-") else INVOICES,
        title=KINDS[code].title,
        hint=KINDS[code].hint,
        subject=subject,
        body=body,
        fields=KINDS[code].fields,
        button=KINDS[code].button,
    )
    for code, (subject, body) in _WORDS.items()
}
"""The letters that messages themselves compose, of facts that other capabilities tell."""

declare(*TEXTS.values())
