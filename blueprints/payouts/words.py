"""How codes of payouts are said. Looked up here, translated by the page."""

from __future__ import annotations

from blueprints.payouts import rules
from saas.languages import N_

RUN_STATES = {
    rules.PREPARED: (N_("To be approved"), "warning"),
    rules.APPROVED: (N_("Under way"), "info"),
    rules.DONE: (N_("All of it answered"), "success"),
    rules.DROPPED: (N_("Dropped"), "neutral"),
}
LINE_STATES = {
    rules.PROPOSED: (N_("Is paid"), "info"),
    rules.LEFT_OUT: (N_("Left out"), "neutral"),
    rules.UNDER_WAY: (N_("Under way"), "info"),
    rules.PAID: (N_("Paid by the bank"), "success"),
    rules.RETURNED: (N_("Came back"), "danger"),
}
REASONS = rules.REASONS
FACTS = {
    "after_cut": N_("Collected after the cut"),
    "refunds": N_("Rent that may go back to the renter"),
    "reserve": N_("Reserve"),
    "minimum": N_("Smallest payout"),
}
EFFECTS = {
    rules.PAID: (N_("Paid by the bank"), "success"),
    rules.RETURNED: (N_("Came back: it is held for the owner again"), "warning"),
    rules.SAME: (N_("Was known already"), "neutral"),
    rules.UNKNOWN_LINE: (N_("No payout of ours has this key"), "danger"),
    rules.UNKNOWN_CODE: (N_("The layout does not know this code"), "danger"),
    rules.WRONG_AMOUNT: (N_("The amount is not ours"), "danger"),
    rules.CONTRADICTION: (N_("It had come back, and now it is said to be paid"), "danger"),
}
ACCOUNT_STATES = {
    rules.WAITING: (N_("To be confirmed"), "warning"),
    "lapsed": (N_("Not confirmed in time"), "neutral"),
    "held": (N_("Confirmed, not used yet"), "info"),
    "used": (N_("In use"), "success"),
    "before": (N_("Used before"), "neutral"),
    rules.FROZEN: (N_("Frozen"), "danger"),
    rules.ENDED: (N_("Not used"), "neutral"),
}
END_REASONS = {
    rules.CHANGED_AGAIN: N_("A newer one was entered"),
    rules.WITHDRAWN: N_("The owner took it back"),
    rules.REJECTED: N_("Rejected by staff"),
}
MISSING = {
    "link": N_("The confirmation in the mail"),
    "staff": N_("A call of somebody else of the staff"),
    "holder": N_("Staff's consent: the account is somebody else's"),
}
# What an owner and staff read of an account's story.
STORY = {
    "bank-account.entered": N_("Entered"),
    "bank-account.link-confirmed": N_("Confirmed in the mail"),
    "bank-account.vouched": N_("Confirmed by telephone"),
    "bank-account.holder-approved": N_("Another holder agreed to"),
    "bank-account.confirmed": N_("Confirmed on both ways: the 72 hours began"),
    "bank-account.frozen": N_("Frozen: “It was not me”"),
    "bank-account.released": N_("Released by staff: the 72 hours began again"),
    "bank-account.rejected": N_("Rejected by staff"),
    "bank-account.withdrawn": N_("Taken back by the owner"),
}
