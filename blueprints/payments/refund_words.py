"""How refunds, disputes and what could not be applied are said to staff. Looked up here, translated by the page."""

from __future__ import annotations

from saas.languages import N_

REFUND_STATES = {
    "asked": (N_("Asked for by the customer"), "warning"),
    "requested": (N_("Waits for a second person"), "warning"),
    "approved": (N_("Agreed, about to be sent"), "info"),
    "sent": (N_("Sent, no answer yet"), "info"),
    "pending": (N_("The provider is working on it"), "info"),
    "done": (N_("Given back"), "success"),
    "failed": (N_("Not given back"), "danger"),
    "rejected": (N_("Refused"), "neutral"),
}
WAYS = {
    "provider": (N_("At the provider"), N_("The money returns to the card or account that paid.")),
    "outside": (
        N_("Outside the provider"),
        N_("You have paid it by transfer or in cash; it is booked at once."),
    ),
    "credit": (
        N_("As credit on the account"),
        N_("Nothing leaves: the invoice is open again, and other invoices can be paid with it."),
    ),
}
DISPUTE_STATES = {
    "open": (N_("To be decided"), "warning"),
    "won": (N_("Won"), "success"),
    "lost": (N_("Lost"), "danger"),
}
QUARANTINE_KINDS = {
    "unknown-reference": N_("The reference is not known here"),
    "amount-differs": N_("The amount is not the one that was asked for"),
    "currency-differs": N_("The currency is not the one that was asked for"),
    "mode-differs": N_("A test notice on a live account, or the reverse"),
    "surplus": N_("More arrived than was owed"),
    "captured-again": N_("The same payment was made twice"),
    "nothing-owed": N_("It had been paid already, or was taken back"),
    "ambiguous-reference": N_("The reference means two things"),
    "key-reused": N_("The collector used one number for two payments"),
    "other-account": N_("The notice came for another account at the provider"),
    "unexpected-kind": N_("The gateway tells something that is not understood here"),
    "refund-exceeds": N_("More was given back than had arrived"),
    "beyond-capture": N_("The provider took more than the payment had left"),
}
QUARANTINE_FACTS = {
    "reference": N_("Reference"),
    "provider_reference": N_("Reference of the provider"),
    "amount": N_("Amount"),
    "currency": N_("Currency"),
    "mode": N_("Mode"),
    "observed": N_("What the gateway tells"),
    "event": N_("Number of the event there"),
    "occurred_at": N_("When it happened there"),
    "evidence": N_("How it is known"),
}
OBSERVED = {
    "pending": N_("The payment is pending"),
    "captured": N_("The payment was made"),
    "failed": N_("The payment was declined"),
    "expired": N_("The payment has expired"),
    "refund_pending": N_("A refund is pending"),
    "refunded": N_("Money was given back"),
    "refund_failed": N_("A refund was not made"),
    "disputed": N_("The payment is disputed"),
    "dispute_won": N_("A dispute was won"),
    "dispute_lost": N_("A dispute was lost"),
}
EVIDENCE = {
    "signed": N_("Signed by the provider"),
    "polled": N_("Asked at the provider"),
    "file": N_("In a file of the provider"),
    "manual": N_("Noted by hand"),
}
MODES = {"test": N_("Test"), "live": N_("Live")}
