"""What the letters about cases and repairs say. The tenant may word them."""

from __future__ import annotations

from saas.languages import N_
from tenants.letter_texts import CASES, GREETING, LetterText, declare

QUOTE = LetterText(
    code="quote",
    group=CASES,
    title=N_("Quote to approve"),
    hint=N_("A repair whose price waits for the owner's approval."),
    subject=N_("A repair waits for your approval: {property}"),
    body=(
        N_("Something must be repaired in a property of yours. Please say whether we have it done."),
        "{details}",
        "{button}",
        N_("You need no password. The link is valid until {link_until} and opens nothing else."),
    ),
    fields=(
        "customer",
        "organisation",
        "property",
        "vendor",
        "amount",
        "quote_until",
        "link_until",
        "details",
        "button",
    ),
    demanded=("details", "button"),
    details=("property", "vendor", "amount", "quote_until"),
    button=N_("See it and decide"),
)


def _alarm(code: str, title: str, hint: str, subject: str, sentence: str) -> LetterText:
    return LetterText(
        code=code,
        group=CASES,
        title=title,
        hint=hint,
        subject=subject,
        body=(sentence, "{details}", "{button}"),
        fields=("organisation", "number", "until", "days_left", "assigned", "details", "button"),
        demanded=("details",),
        details=("number", "until", "assigned"),
        button=N_("Open the case"),
    )


SOON = _alarm(
    "case-soon",
    N_("Case to answer soon (to your staff)"),
    N_("Before the term of a case ends, to whom it is assigned."),
    N_("Case {number} must be answered soon"),
    N_("Business days left to answer this case: {days_left}."),
)
LATE = _alarm(
    "case-late",
    N_("Case without an answer in time (to your staff)"),
    N_("When the term of a case is over, to whom it is assigned."),
    N_("The term of case {number} is over"),
    N_("The term of this case is over. Answer it first."),
)

FILED = LetterText(
    code="case-letter-filed",
    group=CASES,
    title=N_("Case filed (to who cannot sign in)"),
    hint=N_("With the certificate; who filed it without logging in gets a link to it."),
    subject=N_("We filed your request: {number}"),
    body=(
        GREETING,
        N_("We filed what you asked us. Its certificate comes with this mail."),
        "{details}",
        "{button}",
        N_("When you write or call, tell us the number of the case."),
    ),
    fields=("customer", "organisation", "number", "received", "until", "details", "button"),
    demanded=("details",),
    details=("number", "received", "until"),
    button=N_("See the request"),
)
NEWS = LetterText(
    code="case-letter",
    group=CASES,
    title=N_("News of a case (to who cannot sign in)"),
    hint=N_("Our answer, or what we ask, in full and with its files."),
    subject=N_("Your request {number}: {news}"),
    body=(
        GREETING,
        "{news}:",
        "{message}",
        "{details}",
        "{button}",
        N_("When you write or call, tell us the number of the case."),
    ),
    fields=(
        "customer",
        "organisation",
        "number",
        "news",
        "received",
        "until",
        "last_day",
        "message",
        "details",
        "button",
    ),
    demanded=("message", "details"),
    details=("number", "received", "until", "last_day"),
    button=N_("See the request"),
)

declare(QUOTE, SOON, LATE, FILED, NEWS)
