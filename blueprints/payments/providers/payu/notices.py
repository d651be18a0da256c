"""PayU's confirmation: a form that its server posts when a payment has ended.

The signature covers merchant, reference, value, currency and state. Nothing else is believed: the number of the
transaction, PayU's own reference, dates, cards and answer codes can be put there by anybody who has seen one genuine
signature, so none of them decides, none is kept, and none is part of what makes two notices the same.

**Length extension.** With MD5, SHA-1 and SHA-256 PayU signs `digest(apiKey~…)`. The payer sees the form's signature
`digest(apiKey~merchant~reference~amount~currency)` and can compute, without the key, the digest of that text, its
padding and `~4`: a confirmation that says "approved" whose currency ends in padding bytes. Three letters of currency
and strict UTF-8 stop it, and still such a signature is no proof as HMAC is one. So under HMAC-SHA256 a genuine
confirmation is an observation; under the others it is a question to PayU's Queries API (`Ask`), which decides.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import parse_qsl

from blueprints.payments.interface import (
    CAPTURED,
    EXPIRED,
    FAILED,
    SIGNED,
    Ask,
    Forged,
    Notice,
    Observation,
    ProviderAccountView,
)
from blueprints.payments.providers.payu import amounts, signing
from blueprints.payments.providers.payu.account import allowed_addresses, keys_of, setting

KINDS = {"4": CAPTURED, "6": FAILED, "5": EXPIRED}
MOST_FIELDS = 200  # PayU sends about seventy
MEDIA_TYPE = "application/x-www-form-urlencoded"
CURRENCY = re.compile("[A-Z]{3}")
REFERENCE = re.compile(
    r"[^~\x00-\x1f\x7f]{1,255}"
)  # any shop's reference: one that is not ours is quarantined
BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
MODES = {"1": "test", "0": "live"}
GIVEN_BACK = frozenset({"REFUND", "PARTIAL_REFUND", "VOID"})


@dataclass(frozen=True, slots=True)
class Said:
    """What a confirmation's signature covers."""

    merchant_id: str
    reference: str
    value: str
    currency: str
    state: str


def read_notice(account: ProviderAccountView, notice: Notice) -> Sequence[Observation | Ask]:
    """Authenticate a confirmation. Raises Forged."""
    _check_sender(account, notice)
    fields = read_form(notice)
    said = _said(fields)
    if said.merchant_id != setting(account, "merchant_id"):
        raise Forged("a confirmation for another merchant")
    algorithm = setting(account, "algorithm")
    if not _genuine(account, algorithm, said, fields.get("sign", "")):
        raise Forged("the signature is not PayU's")
    if algorithm in signing.EXTENDABLE or fields.get("transaction_type", "").upper() in GIVEN_BACK:
        # A refund says "approved" with the same signed fields as a payment; whoever hides its type has it
        # compared with the payment's amount. Either way PayU is asked.
        return [Ask(reference=said.reference)]
    try:
        amount = amounts.read(Decimal(said.value), said.currency)
    except ValueError as problem:
        raise Forged(f"the value is {problem}") from None
    return [
        Observation(
            reference=said.reference,
            kind=KINDS[said.state],
            amount=amount,
            currency=said.currency,
            mode=_mode(account, fields),
            provider_reference="",
            occurred_at=notice.received_at,
            evidence=SIGNED,
            raw_digest=hashlib.sha256(notice.body).hexdigest(),
        )
    ]


def read_form(notice: Notice) -> dict[str, str]:
    """The fields of the body, each once. Raises Forged for what PayU's server never sends: another type, bytes
    that are not UTF-8, a broken escape, a field twice, a field without a value sign, hundreds of fields."""
    kind, _, parameter = notice.headers.get("content-type", "").partition(";")
    charset = parameter.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() != MEDIA_TYPE or charset not in ("", "utf-8", "utf8"):
        raise Forged("not a form in UTF-8")
    if BROKEN_ESCAPE.search(notice.body):
        raise Forged("a broken escape")
    try:
        pairs = parse_qsl(
            notice.body.decode("utf-8", "strict"),
            keep_blank_values=True,
            strict_parsing=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as problem:
        raise Forged(f"not a form: {type(problem).__name__}") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Forged("a field twice")
    return fields


def _check_sender(account: ProviderAccountView, notice: Notice) -> None:
    """Only where the account asks for it, and never instead of the signature: PayU's addresses change."""
    allowed = allowed_addresses(account)
    if allowed and notice.address not in allowed:
        raise Forged("sent from another address than the account allows")


def _said(fields: Mapping[str, str]) -> Said:
    """The signed fields, each of the one shape that PayU gives it. Raises Forged."""
    said = Said(
        merchant_id=fields.get("merchant_id", ""),
        reference=fields.get("reference_sale", ""),
        value=fields.get("value", ""),
        currency=fields.get("currency", ""),
        state=fields.get("state_pol", ""),
    )
    if not REFERENCE.fullmatch(said.reference):
        raise Forged("no reference")
    if not signing.VALUE.fullmatch(said.value):
        raise Forged("no amount")
    if not CURRENCY.fullmatch(said.currency):
        raise Forged("no currency")
    if said.state not in KINDS:
        raise Forged("a state that is never confirmed")
    return said


def _genuine(account: ProviderAccountView, algorithm: str, said: Said, sign: str) -> bool:
    """Signed with today's keys, or with those before the last rotation while they are believed; in the
    account's own algorithm, whatever the message's length suggests."""
    expected = [
        signing.confirmation_sign(
            keys,
            algorithm,
            merchant_id=said.merchant_id,
            reference=said.reference,
            value=said.value,
            currency=said.currency,
            state=said.state,
        )
        for keys in keys_of(account)
    ]
    return any(signing.same(sign, one) for one in expected)


def _mode(account: ProviderAccountView, fields: Mapping[str, str]) -> str:
    """What `test` says; it is not signed, so it can only make a notice differ from its account, never fit."""
    return MODES.get(fields["test"], "unknown") if "test" in fields else account.mode
