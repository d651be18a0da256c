"""What staff may do with a case, in words: what each act is called, what it means and what it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from saas.languages import N_


@dataclass(frozen=True, slots=True)
class Act:
    """How an act's page is worded. `until`: it takes a day; `files`: it takes files; `begin`: texts to begin with."""

    title: str
    lead: str
    button: str
    done: str
    body: str = N_("Text to the customer")
    until: str = ""
    files: bool = True
    begin: bool = False
    tone: str = "primary"


ACTS: Final[dict[str, Act]] = {
    "answer": Act(
        N_("Answer the case"),
        N_("The answer ends the term. You see it as the customer will before it leaves."),
        N_("See it before it leaves"),
        N_("The answer is with the customer."),
        body=N_("Answer to the customer"),
        begin=True,
    ),
    "reply": Act(
        N_("Write to the customer"),
        N_("A message on the way: the answer itself is still owed, and the term runs on."),
        N_("Send the message"),
        N_("The message is with the customer."),
        begin=True,
    ),
    "note": Act(
        N_("Internal note"),
        N_("Only staff read it. The customer never does."),
        N_("Save the note"),
        N_("The note is saved."),
        body=N_("Note"),
    ),
    "ask": Act(
        N_("Ask the customer for more"),
        N_("The clock stands still until the customer sends it. Ask once, for everything that is missing."),
        N_("Ask for it"),
        N_("The customer was asked. The clock stands still."),
        body=N_("What is missing"),
        until=N_("The customer's last day"),
        files=False,
        begin=True,
    ),
    "longer": Act(
        N_("Give the customer more time"),
        N_("The customer asked for more time to complete the case."),
        N_("Give more time"),
        N_("The customer has more time."),
        body=N_("Words to the customer"),
        until=N_("The customer's new last day"),
        files=False,
    ),
    "complete": Act(
        N_("It is complete"),
        N_("What was missing came by another way: the clock goes on."),
        N_("Let the clock go on"),
        N_("The clock goes on."),
        body=N_("What came, and how"),
    ),
    "extend": Act(
        N_("Extend the term"),
        N_(
            "Tell the customer before the term ends why it takes longer, and until when. It can be done once."
        ),
        N_("Extend it"),
        N_("The customer was told. The term is extended."),
        body=N_("Why it takes longer"),
        until=N_("New last day"),
        files=False,
    ),
    "transfer": Act(
        N_("Pass it on"),
        N_("Somebody else must answer it by law. Say to whom you passed it on; the case is closed here."),
        N_("Pass it on and tell the customer"),
        N_("The customer was told to whom the case was passed on."),
        body=N_("To whom, when, and how the customer can reach them"),
        files=False,
    ),
    "withdraw": Act(
        N_("Count it as withdrawn"),
        N_("The customer let the time to complete it pass. Give the reasons: the customer reads them."),
        N_("Count it as withdrawn"),
        N_("The case counts as withdrawn."),
        body=N_("Reasons"),
        files=False,
        tone="danger",
    ),
    "close": Act(
        N_("Close the case"),
        N_("Nothing more is expected. Without an answer, say why it ends: the customer reads it."),
        N_("Close it"),
        N_("The case is closed."),
        body=N_("Why it ends"),
        files=False,
    ),
    "reopen": Act(
        N_("Reopen the case"),
        N_("The term begins anew."),
        N_("Reopen it"),
        N_("The case is open again."),
        body=N_("Why it is reopened"),
    ),
}
NAMES: Final = "answer,reply,note,ask,longer,complete,extend,transfer,withdraw,close,reopen"
TOLD: Final = frozenset({"answer", "reply", "ask", "longer", "extend", "transfer", "withdraw", "close"})
"""Acts that say something to the customer."""
