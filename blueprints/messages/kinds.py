"""Every kind of message there is, as data: what it is, whether it can be switched off, what binds it."""

from __future__ import annotations

from dataclasses import dataclass

from saas.languages import N_

SERVICE = "service"  # an answer, a receipt, news about one's own contract: leaves at once
COLLECTION = "collection"  # asks for money: hours and frequency are limited
COMMERCIAL = "commercial"  # offers something: the same limits, and only who wants it
SECURITY = "security"  # about the access itself: always tried, also where mail bounced

MAIL = "mail"
WHATSAPP = "whatsapp"
PHONE = "phone"
LETTER = "letter"
CHANNELS = (MAIL, WHATSAPP)
"""Those that somebody can want or not want. A call is allowed with WhatsApp; paper bothers nobody."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`mandatory`: nobody can switch it off. `channels`: which it may use; the first is the usual one.
    `fields`: what its text may name (tenants/letter_fields.py); empty for letters with a form of their own.
    `leads_to`: where its button leads on the tenant's own host, unless the facts say better.
    `for_owners`: it speaks of rent that comes in, so nobody else is asked about it.
    `for_outsiders`: it goes to who cannot sign in, so nobody is asked about it."""

    code: str
    title: str
    hint: str
    nature: str = SERVICE
    mandatory: bool = False
    channels: tuple[str, ...] = (MAIL,)
    fields: tuple[str, ...] = ()
    button: str = N_("Open")
    leads_to: str = "/"
    for_owners: bool = False
    for_outsiders: bool = False

    @property
    def limited(self) -> bool:
        """Whether hours and frequency are limited for it."""
        return self.nature in (COLLECTION, COMMERCIAL)

    @property
    def worded(self) -> bool:
        """Whether the tenant may change its words."""
        return bool(self.fields)


_ALL = ("customer", "organisation", "button")
_INVOICES = (*_ALL, "invoices", "count", "total", "due")
_CASE = (*_ALL, "number", "title")

KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind(
            "invoice-new",
            N_("New invoice"),
            N_("When an invoice is ready, with its amount and due date."),
            fields=_INVOICES,
            button=N_("See and pay"),
            leads_to="/invoices",
        ),
        Kind(
            "reminder-before",
            N_("Reminder before the due date"),
            N_("A few days before an invoice is due, if it is still open."),
            COLLECTION,
            channels=CHANNELS,
            fields=_INVOICES,
            button=N_("See and pay"),
            leads_to="/invoices",
        ),
        Kind(
            "reminder-on",
            N_("Reminder on the due date"),
            N_("On the last day to pay, if the invoice is still open."),
            COLLECTION,
            channels=CHANNELS,
            fields=_INVOICES,
            button=N_("See and pay"),
            leads_to="/invoices",
        ),
        Kind(
            "reminder-after",
            N_("Reminder after the due date"),
            N_("When an invoice is overdue and no payment is under way."),
            COLLECTION,
            channels=CHANNELS,
            fields=_INVOICES,
            button=N_("See and pay"),
            leads_to="/invoices",
        ),
        Kind(
            "receipt",
            N_("Payment receipt"),
            N_("After every payment, with the receipt as PDF."),
            mandatory=True,
        ),
        Kind(
            "refund",
            N_("Money back and credit"),
            N_("When money is given back, or more was paid than was owed."),
            mandatory=True,
        ),
        Kind(
            "payment-link",
            N_("Payment link or coupon"),
            N_("When you or the organisation ask for a way to pay."),
            mandatory=True,
        ),
        Kind(
            "case-filed",
            N_("Case filed"),
            N_("The number under which a request was filed, and until when it is answered."),
            mandatory=True,
            fields=(*_CASE, "until"),
            button=N_("See the case"),
        ),
        Kind(
            "case-answered",
            N_("Answer to a case"),
            N_("When a request is answered, or something is asked about it."),
            mandatory=True,
            fields=_CASE,
            button=N_("See the case"),
        ),
        Kind(
            "case-letter",
            N_("News of a case, in full"),
            N_("What was filed or answered, for who cannot sign in to read it."),
            mandatory=True,
            for_outsiders=True,
        ),
        Kind(
            "quote",
            N_("Quote to approve"),
            N_("A repair whose price waits for the owner's approval."),
            mandatory=True,
            for_owners=True,
        ),
        Kind(
            "commission-invoice",
            N_("Commission invoice"),
            N_("What the administration of a property cost in a month."),
            fields=(*_ALL, "number", "amount", "period"),
            button=N_("See the invoice"),
            leads_to="/invoices",
            for_owners=True,
        ),
        Kind(
            "statement",
            N_("Owner's statement"),
            N_("What came in, what was kept and what is paid out, each month."),
            fields=(*_ALL, "period", "amount"),
            button=N_("See the statement"),
            for_owners=True,
        ),
        Kind(
            "payout",
            N_("Payout sent"),
            N_("When money is on its way to the owner's bank account."),
            mandatory=True,
            for_owners=True,
        ),
        Kind(
            "bank-account",
            N_("Change of the bank account"),
            N_("When the account that payouts go to is changed."),
            SECURITY,
            mandatory=True,
            for_owners=True,
        ),
        Kind(
            "document-expiring",
            N_("Document that expires"),
            N_("A paper of the contract, such as a policy, that is about to expire."),
            fields=(*_ALL, "title", "contract", "date"),
            button=N_("See the documents"),
        ),
        Kind(
            "rent-adjustment",
            N_("Rent adjustment"),
            N_("The new rent of a contract, its index, and from when on it counts."),
            mandatory=True,
            fields=(*_ALL, "contract", "amount", "before", "percent", "date"),
            button=N_("See the contract"),
        ),
        Kind(
            "security",
            N_("Access and security"),
            N_("Invitations, passwords, two-step verification and changes of the e-mail."),
            SECURITY,
            mandatory=True,
        ),
        Kind(
            "other",
            N_("Other messages"),
            N_("What the organisation writes about your accounts."),
            mandatory=True,
        ),
    )
}


def kind_of(code: str) -> Kind:
    """The kind of a code; a code that nobody knows any more counts as other."""
    return KINDS.get(code, KINDS["other"])
