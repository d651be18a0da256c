"""The fields of the WebCheckout form: what is sent, how long it may be, and what is never sent."""

from __future__ import annotations

import datetime
import re
import unicodedata

from blueprints.payments.interface import AttemptView, PayerView, ProviderAccountView
from blueprints.payments.providers.payu import amounts
from blueprints.payments.providers.payu.account import CURRENCIES, TAX_ZERO, setting, signing_keys
from blueprints.payments.providers.payu.signing import JOIN, form_signature
from saas.languages import N_
from saas.refusals import Refusal

REFERENCE = re.compile(r"[A-Za-z0-9-]{1,40}")
HIGHEST = 10**10 - 1  # PayU's field holds ten digits; whole units
LANGUAGES = {"es": "es", "en": "en", "pt": "pt"}
CASH_DAYS = {"AR": 15}
OTHER_CASH_DAYS = 7
# PayU's clocks show the time of Bogotá, which has no summer time.
PAYU_TIME = datetime.timezone(datetime.timedelta(hours=-5))
DOCUMENT_KINDS = frozenset(
    {"CC", "CE", "NIT", "TI", "PP", "IDC", "CEL", "RC", "DE", "DNI", "DNIE", "CUIT", "CUIL", "RUC", "RUT"}
    | {"RFC", "CURP", "CPF", "CNPJ"}
)
LENGTHS = {
    "merchantId": 12,
    "accountId": 8,
    "description": 255,
    "referenceCode": 40,
    "currency": 3,
    "buyerEmail": 255,
    "buyerFullName": 150,
    "buyerDocumentType": 4,
    "buyerDocument": 20,
    "telephone": 20,
    "payerFullName": 150,
    "payerEmail": 255,
    "payerPhone": 20,
    "payerDocumentType": 4,
    "payerDocument": 20,
    "responseUrl": 255,
    "confirmationUrl": 255,
}


def form_fields(account: ProviderAccountView, attempt: AttemptView) -> dict[str, str]:
    """The signed form of an attempt: the same attempt and account give the same form.

    Raises Refusal for an amount or currency that the account cannot take, ValueError for what our own house
    should never hand over (a reference or an address that PayU's fields cannot hold).
    """
    country = setting(account, "country")
    refuse_amount(country, attempt.amount, attempt.currency)
    if not REFERENCE.fullmatch(attempt.reference):
        raise ValueError("a reference that PayU cannot hold")
    algorithm = setting(account, "algorithm")
    fields = {
        "merchantId": setting(account, "merchant_id"),
        "accountId": setting(account, "account_id"),
        "description": plain(attempt.description, LENGTHS["description"]),
        "referenceCode": attempt.reference,
        "amount": amounts.written(attempt.amount, attempt.currency),
        "currency": attempt.currency,
        "lng": LANGUAGES.get(attempt.language[:2].lower(), "es"),
        "algorithmSignature": algorithm,
        "test": "1" if account.mode == "test" else "0",
        "responseUrl": attempt.return_url,
        "confirmationUrl": attempt.notice_url,
        "expirationDate": expiration(country, attempt),
        **_people(attempt.payer),
    }
    if setting(account, "tax") == TAX_ZERO:
        fields |= {"tax": "0", "taxReturnBase": "0"}
    fields["signature"] = form_signature(
        signing_keys(account),
        algorithm,
        merchant_id=fields["merchantId"],
        reference=attempt.reference,
        amount=fields["amount"],
        currency=attempt.currency,
    )
    _hold(fields)
    return fields


def refuse_amount(country: str, amount: int, currency: str) -> None:
    """Raises Refusal for what an account of that country cannot take in one payment."""
    if currency not in CURRENCIES.get(country, ()):
        raise Refusal(N_("PayU does not take this currency in the account's country."))
    if not 0 < amount <= highest(currency):
        raise Refusal(N_("PayU cannot take this amount in one payment. Choose fewer invoices."))


def highest(currency: str) -> int:
    """The most that one payment may come to, in minor units."""
    return (HIGHEST + 1) * amounts.unit(currency) - 1


def expiration(country: str, attempt: AttemptView) -> str:
    """Until when a cash coupon may be paid: as long as the attempt is open, and as long as PayU allows."""
    longest = attempt.created_at + datetime.timedelta(days=CASH_DAYS.get(country, OTHER_CASH_DAYS))
    return min(attempt.expires_at, longest).astimezone(PAYU_TIME).strftime("%Y-%m-%d %H:%M:%S")


def plain(text: str, length: int) -> str:
    """A text of people as PayU can take it: one line, no control characters, no "~", cut to its field."""
    kept = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text.replace(JOIN, "-"))
    return " ".join(kept.split())[:length].rstrip()


def _people(payer: PayerView) -> dict[str, str]:
    """Who pays, as buyer and as payer; what is not known is not sent."""
    known = {
        "FullName": plain(payer.name, LENGTHS["buyerFullName"]),
        "Email": payer.email if _sendable(payer.email, LENGTHS["buyerEmail"]) else "",
    }
    kind, number = payer.document_kind.upper(), re.sub(r"[^A-Za-z0-9-]", "", payer.document)
    if kind in DOCUMENT_KINDS and 0 < len(number) <= LENGTHS["buyerDocument"]:
        known |= {"DocumentType": kind, "Document": number}
    people = {f"{who}{what}": value for who in ("buyer", "payer") for what, value in known.items() if value}
    if re.fullmatch(r"\+?[0-9]{5,19}", payer.phone):
        people |= {"telephone": payer.phone, "payerPhone": payer.phone}
    return people


def _sendable(text: str, length: int) -> bool:
    return 0 < len(text) <= length and JOIN not in text and text.isprintable()


def _hold(fields: dict[str, str]) -> None:
    """Raises ValueError when a field is longer than PayU's, or holds what would make a signature ambiguous."""
    for name, value in fields.items():
        if JOIN in value or not value or not value.isprintable():
            raise ValueError(f"{name} cannot be sent to PayU")
        if len(value) > LENGTHS.get(name, 255):
            raise ValueError(f"{name} is too long for PayU")
