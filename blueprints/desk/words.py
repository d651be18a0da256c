"""How codes of the books and of the evidence are said to staff. Looked up here, translated by the page."""

from __future__ import annotations

from saas.languages import N_

ACCOUNT_ROLES = {
    "holder": N_("Holder"),
    "renter": N_("Renter"),
    "owner": N_("Owner"),
    "delegate": N_("Delegate"),
}
ACCOUNT_STATES = {"active": (N_("In force"), "success"), "closed": (N_("Closed"), "neutral")}
USER_STATES = {
    "invited": (N_("Invited"), "info"),
    "active": (N_("Has access"), "success"),
    "disabled": (N_("Disabled"), "neutral"),
}
ATTEMPT_STATES = {
    "created": (N_("Started"), "neutral"),
    "pending": (N_("Pending"), "info"),
    "captured": (N_("Received"), "success"),
    "failed": (N_("Failed"), "danger"),
    "expired": (N_("Expired"), "neutral"),
    "canceled": (N_("Cancelled"), "neutral"),
}
ACTORS = {
    "customer": N_("Customer"),
    "staff": N_("Staff"),
    "operator": N_("Platform operator"),
    "system": N_("System"),
    "gateway": N_("Payment gateway"),
}
ACTIONS = {
    "capabilities.changed": N_("Optional parts switched"),
    "clearance.issued": N_("Certificate that nothing is owed issued"),
    "clearance.taken-back": N_("Certificate that nothing is owed taken back"),
    "collected-file.applied": N_("Collector's file applied"),
    "collected-file.taken-in": N_("Collector's file put in"),
    "commission.issued": N_("Commission invoice made"),
    "commission.reversed": N_("Commission given back by a credit note"),
    "commission.withheld": N_("Commission withheld from the owners"),
    "credit.used": N_("Credit put on an invoice"),
    "customer.view-ended": N_("Staff stopped looking at a customer's pages"),
    "customer.viewed": N_("Staff looked at a customer's pages"),
    "dispute.answered": N_("Evidence for a dispute noted"),
    "dispute.lost": N_("Dispute lost"),
    "dispute.open": N_("Payment disputed at the bank"),
    "dispute.won": N_("Dispute won"),
    "domain.canonical-changed": N_("Main address changed"),
    "domain.claimed": N_("Domain asked for"),
    "domain.proven": N_("Domain proven and switched on"),
    "domain.removed": N_("Domain removed"),
    "email.change-asked": N_("E-mail change asked for"),
    "email.changed": N_("E-mail changed"),
    "import.done": N_("File imported"),
    "import.undone": N_("Import taken back"),
    "invoice.voided": N_("Invoice taken back"),
    "look.published": N_("Look published"),
    "look.saved": N_("Look saved"),
    "outbox.retried": N_("Sending tried again"),
    "owner-certificate.issued": N_("Certificate of income issued"),
    "owner-charge.made": N_("Charge to owners made"),
    "owner-charge.reversed": N_("Charge to owners taken back"),
    "password.changed": N_("Password changed"),
    "password.recovered": N_("Password recovered"),
    "payment-link.made": N_("Payment link made"),
    "payment-link.revoked": N_("Payment link taken back"),
    "payment.canceled": N_("Payment left unfinished"),
    "payment.captured": N_("Payment received"),
    "payment.expired": N_("Payment expired"),
    "payment.failed": N_("Payment declined"),
    "payment.pending": N_("Payment waits for the bank"),
    "payment.recorded": N_("Payment made elsewhere recorded"),
    "payment.started": N_("Payment begun"),
    "payments.resumed": N_("Online payments resumed"),
    "payments.stopped": N_("Online payments stopped"),
    "payout.recorded": N_("Payout to an owner recorded"),
    "provider-account.added": N_("Account at a payment provider added"),
    "provider-account.changed": N_("Account at a payment provider changed"),
    "provider-account.moved": N_("Order of payment providers changed"),
    "provider-account.overlap-ended": N_("Old secrets of a payment provider not believed any more"),
    "provider-account.secrets-replaced": N_("Secrets of a payment provider replaced"),
    "provider.switched-off": N_("Payment provider switched off"),
    "provider.switched-on": N_("Payment provider switched on"),
    "quarantine.resolved": N_("Payment in quarantine resolved"),
    "quarantine.retried": N_("Payment in quarantine tried again"),
    "refund.approved": N_("Refund agreed to"),
    "refund.asked": N_("Credit asked back by the customer"),
    "refund.concluded": N_("Refund settled by hand"),
    "refund.done": N_("Refund made"),
    "refund.failed": N_("Refund failed"),
    "refund.pending": N_("Refund waits for the provider"),
    "refund.rejected": N_("Refund refused"),
    "refund.requested": N_("Refund requested"),
    "second-factor.code-used": N_("Recovery code used"),
    "second-factor.codes-renewed": N_("Recovery codes renewed"),
    "second-factor.guessed": N_("Wrong codes after a right password"),
    "second-factor.switched-off": N_("Two-step verification switched off"),
    "second-factor.switched-on": N_("Two-step verification switched on"),
    "second-factor.taken-away": N_("Two-step verification taken away"),
    "session.closed": N_("Sessions closed"),
    "session.new-device": N_("Sign-in with a new browser"),
    "settings.changed": N_("Settings changed"),
    "settlement.resolved": N_("Difference with a provider explained"),
    "staff.disabled": N_("Access taken away"),
    "staff.enabled": N_("Access given back"),
    "staff.roles-changed": N_("Roles changed"),
    "tenant.created": N_("Organisation created"),
    "user.accepted": N_("Invitation accepted"),
    "user.details-changed": N_("Name or language changed"),
    "user.invited": N_("Person invited"),
    "words.changed": N_("Words changed"),
}
AREAS = {
    "capabilities": N_("Optional parts"),
    "clearance": N_("Certificates that nothing is owed"),
    "collected-file": N_("Files of collectors"),
    "commission": N_("Commissions"),
    "credit": N_("Credit"),
    "customer": N_("Looks at customers' pages"),
    "dispute": N_("Disputes"),
    "domain": N_("Domains"),
    "email": N_("E-mail addresses"),
    "import": N_("Imports"),
    "invoice": N_("Invoices"),
    "look": N_("Look"),
    "outbox": N_("Sending"),
    "owner-certificate": N_("Certificates of income"),
    "owner-charge": N_("Charges to owners"),
    "password": N_("Passwords"),
    "payment": N_("Payments"),
    "payout": N_("Payouts to owners"),
    "payment-link": N_("Payment links"),
    "payments": N_("Stops of online payments"),
    "provider": N_("Payment providers"),
    "provider-account": N_("Accounts at payment providers"),
    "quarantine": N_("Quarantine"),
    "refund": N_("Refunds"),
    "second-factor": N_("Two-step verification"),
    "session": N_("Sessions"),
    "settings": N_("Settings"),
    "settlement": N_("Daily comparison"),
    "staff": N_("Staff"),
    "tenant": N_("Organisation"),
    "user": N_("People"),
    "words": N_("Words"),
}


DOMAIN_STATES = {
    "given": (N_("Works"), "success"),
    "proven": (N_("Works"), "success"),
    "waiting": (N_("To be proven"), "info"),
    "refused": (N_("Cannot be used"), "danger"),
}
DOMAIN_PROBLEMS = {
    "no-record": N_(
        "The TXT record is not there yet. It can take up to a day until everybody sees a new record."
    ),
    "other-record": N_("There is a TXT record with another value: replace it with the one below."),
    "no-answer": N_("The name servers did not answer. Try again in a few minutes."),
    "taken": N_("Another organisation has proven this name, so it cannot be used here."),
    "lost-record": N_(
        "The TXT record is gone. Publish it again, or remove the name: it may belong to others soon."
    ),
    "leads-nowhere": N_("The name leads nowhere: it has no address record."),
    "leads-elsewhere": N_("The name leads to other servers. If that is not meant, remove it here."),
}


def action(code: str) -> str:
    """The msgid of an action, or its bare name where nobody has given it words yet."""
    return ACTIONS.get(code, code)
