"""What the letters about payments say. The tenant may word them; amounts and references are put in by the product."""

from __future__ import annotations

from blueprints.payments import refund_rules
from saas.languages import N_
from tenants.letter_texts import PAYMENTS, LetterText, declare

_ALL = ("customer", "organisation")
_SEE_RECEIPT = N_("See the receipt")
_MONEY_BACK = ("amount", "paid_on", "receipt", "reference")

RECEIPT = LetterText(
    code="receipt",
    group=PAYMENTS,
    title=N_("Payment receipt"),
    hint=N_("After every payment, with the receipt as PDF."),
    subject=N_("We received your payment: receipt {receipt}"),
    body=(
        N_("Thank you. Your payment has arrived. The receipt is attached."),
        "{details}",
        "{button}",
    ),
    fields=(*_ALL, "receipt", "amount", "date", "method", "reference", "details", "button"),
    demanded=("details",),
    details=("amount", "date", "method", "reference"),
    button=_SEE_RECEIPT,
)


def _refund(way: str, title: str, hint: str, subject: str, sentence: str) -> LetterText:
    return LetterText(
        code=f"refund-{way}",
        group=PAYMENTS,
        title=title,
        hint=hint,
        subject=subject,
        body=(sentence, "{details}", "{button}"),
        fields=(*_ALL, *_MONEY_BACK, "details", "button"),
        demanded=("details",),
        details=_MONEY_BACK,
        button=_SEE_RECEIPT,
    )


REFUNDS = {
    refund_rules.PROVIDER: _refund(
        refund_rules.PROVIDER,
        N_("Money back by the provider"),
        N_("When the payment provider has given money back."),
        N_("Your money is on its way back"),
        N_(
            "The payment provider has given this money back. Banks take some days until it can be seen on your card or "
            "account."
        ),
    ),
    refund_rules.OUTSIDE: _refund(
        refund_rules.OUTSIDE,
        N_("Money back another way"),
        N_("When you gave money back outside the payment provider."),
        N_("We gave your money back"),
        N_("We gave this money back outside the payment provider."),
    ),
    refund_rules.CREDIT: _refund(
        refund_rules.CREDIT,
        N_("Payment made a credit"),
        N_("When a payment was taken off its invoice and stays on the account."),
        N_("Your payment is now a credit on your account"),
        N_(
            "We took this money off the invoice that it had paid. It is a credit on your account now, and you can pay "
            "other invoices with it."
        ),
    ),
}

REJECTED = LetterText(
    code="refund-rejected",
    group=PAYMENTS,
    title=N_("Credit not given back"),
    hint=N_("When a customer asked for credit back and you said no, with your reason."),
    subject=N_("About the credit that you asked back"),
    body=(
        N_("You asked for {amount} of credit back. It was not given back, for this reason:"),
        "{reason}",
        N_("The credit is still on your account."),
    ),
    fields=(*_ALL, "amount", "reason"),
    demanded=("reason",),
)

CREDIT = LetterText(
    code="credit",
    group=PAYMENTS,
    title=N_("Paid more than was owed"),
    hint=N_("When more came than was owed and the rest stays as credit."),
    subject=N_("You paid more than was owed"),
    body=(
        N_(
            "A payment of yours was more than what was owed: perhaps the invoice had been paid already, or was "
            "cancelled. Nothing is lost: the rest is a credit on your account."
        ),
        "{details}",
        N_("You can pay another invoice with it, or ask for it back."),
        "{button}",
    ),
    fields=(*_ALL, "credit", "paid_on", "paid", "receipt", "details", "button"),
    demanded=("details",),
    details=("credit", "paid_on", "paid", "receipt"),
    button=N_("See my credit"),
)

LINK = LetterText(
    code="payment-link",
    group=PAYMENTS,
    title=N_("Payment link"),
    hint=N_("When somebody sends a link that pays one invoice without a login."),
    subject=N_("Pay invoice {number} of {organisation}"),
    body=(
        N_("You can pay this invoice without logging in."),
        "{details}",
        "{button}",
        N_("The link is valid until {link_until}. It opens this invoice and nothing else."),
    ),
    fields=(
        *_ALL,
        "number",
        "concept",
        "amount",
        "holds_until",
        "link_until",
        "details",
        "button",
    ),
    demanded=("details", "button"),
    details=("concept", "amount", "holds_until"),
    button=N_("See and pay"),
)

COUPON = LetterText(
    code="payment-coupon",
    group=PAYMENTS,
    title=N_("Payment coupon"),
    hint=N_("When a coupon for a cash collector is made, with the coupon as PDF."),
    subject=N_("Your payment coupon: reference {reference}"),
    body=(
        N_(
            "Here is the coupon for your payment. Pay it at {collector}. It is attached, to be printed or shown."
        ),
        "{details}",
        N_(
            "Keep the slip of the counter. The receipt comes by e-mail once the collector has told us, usually on the "
            "next working day."
        ),
        "{button}",
    ),
    fields=("organisation", "reference", "collector", "amount", "pay_until", "details", "button"),
    demanded=("details",),
    details=("reference", "collector", "pay_until"),
    button=N_("See the coupon"),
)

declare(RECEIPT, *REFUNDS.values(), REJECTED, CREDIT, LINK, COUPON)
