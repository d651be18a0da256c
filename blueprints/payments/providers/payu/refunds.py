"""Giving a charge back through PayU: asked for once, decided by a person there, heard of by polling."""

from __future__ import annotations

import datetime
import re

from blueprints.payments.interface import (
    POLLED,
    REFUND_FAILED,
    REFUND_PENDING,
    REFUNDED,
    CaptureView,
    Observation,
    ProviderAccountView,
    RefundNotPossible,
    RefundView,
    Unreachable,
    Wire,
)
from blueprints.payments.providers.payu import amounts
from blueprints.payments.providers.payu.account import NO_VOID, REFUND_EXPONENTS, Hosts, setting
from blueprints.payments.providers.payu.fields import plain
from blueprints.payments.providers.payu.queries import (
    AUTHORIZATION,
    CHARGES,
    REFUNDS,
    Books,
    Order,
    Refused,
    Transaction,
    books_of,
    moment,
    send,
)
from blueprints.payments.providers.payu.reading import REFUND_FACT, REFUND_KINDS, our_refund
from saas.languages import N_
from saas.money import EXPONENTS

# Cash, transfers and wallets that PayU declines to refund. A method that it names anew is left to PayU.
NOT_CARDS = frozenset(
    {"PSE", "EFECTY", "BALOTO", "BANK_REFERENCED", "SU_RED", "OTHERS_CASH", "OTHERS_CASH_MX", "NEQUI"}
    | {"BANCOLOMBIA_BUTTON", "BANCOLOMBIA_TRANSFER", "BOLETO_BANCARIO", "OXXO", "SEVEN_ELEVEN", "SPEI"}
    | {"PAGOFACIL", "RAPIPAGO", "COBRO_EXPRESS", "RIPSA", "PROVINCIA_NET", "BAPRO", "BCP", "PAGOEFECTIVO"}
    | {"YAPE", "MULTICAJA", "SERVIPAG", "KHIPU", "BANK_REFERENCED_MX", "FARMACIA_BENAVIDES"}
)
ALREADY = re.compile("already|registered|previously", re.IGNORECASE)
NEVER = re.compile(
    "not allowed|not support|not permitted|cannot be|can not be|exceed|greater than|time limit|expired",
    re.IGNORECASE,
)
REASON_LENGTH = 200


def ask_for_refund(
    account: ProviderAccountView, hosts: Hosts, capture: CaptureView, refund: RefundView, wire: Wire
) -> Observation:
    """Ask PayU to give a charge back. It has no idempotency keys: what its books already hold is not asked
    for again, and a repeat that it answers with "already registered" is the same request still waiting.

    Raises RefundNotPossible with a sentence for staff, Unreachable.
    """
    country = setting(account, "country")
    _check_decimals(country, capture, refund)
    try:
        books = books_of(account, hosts.queries, capture.reference, wire)
    except Refused as refused:
        raise Unreachable(f"PayU: {refused}") from None
    if books is None:
        raise RefundNotPossible(N_("PayU does not know this payment."))
    order, charge = _charge(books, capture)
    if charge.method.upper() in NOT_CARDS:
        raise RefundNotPossible(
            N_("PayU gives money back to cards only. Give this one back outside PayU and note it here.")
        )
    there = _already_there(order, capture, refund)
    if there is not None:
        return _said(account, capture, refund, REFUND_KINDS[there.state], there.id, there.at, books)
    question = {
        "command": "SUBMIT_TRANSACTION",
        "transaction": _request(country, order, charge, capture, refund),
    }
    try:
        said, _answer = send(account, hosts.payments, question, wire)
    except Refused as refused:
        return _after_refusal(account, capture, refund, refused, books)
    response = said.get("transactionResponse")
    if not isinstance(response, dict):
        raise Unreachable("PayU answered without a transaction")
    kind = REFUND_KINDS.get(str(response.get("state")))
    number, message = str(response.get("transactionId") or ""), str(response.get("responseMessage") or "")
    if kind is None:
        raise Unreachable("PayU answered a refund with a state that it never has")
    if kind == REFUND_FAILED and ALREADY.search(message):
        kind = REFUND_PENDING
    return _said(account, capture, refund, kind, number, moment(response.get("operationDate")), books)


def _check_decimals(country: str, capture: CaptureView, refund: RefundView) -> None:
    finest = REFUND_EXPONENTS.get(country, EXPONENTS[capture.currency])
    if refund.amount % 10 ** max(EXPONENTS[capture.currency] - finest, 0):
        raise RefundNotPossible(N_("In this country PayU gives back whole amounts only, without cents."))


def _charge(books: Books, capture: CaptureView) -> tuple[Order, Transaction]:
    """The approved charge of our amount, the one noted before if there are several; else an authorisation
    that was never charged. Raises RefundNotPossible."""
    for kinds in (CHARGES, frozenset({AUTHORIZATION})):
        found = [
            (order, one)
            for order in books.orders
            for one in order.transactions
            if one.kind in kinds and one.state == "APPROVED" and one.amount(order) == capture.amount
        ]
        found.sort(key=lambda pair: (pair[1].id != capture.facts.get("payu_transaction"), pair[1].id))
        if found:
            return found[0]
    raise RefundNotPossible(N_("PayU has no approved charge of this amount."))


def _already_there(order: Order, capture: CaptureView, refund: RefundView) -> Transaction | None:
    """This refund in PayU's books, asked for before: the one with its number, where PayU repeats reasons, or
    one that leaves no room for it."""
    earlier = [
        one
        for one in order.transactions
        if one.kind in REFUNDS and REFUND_KINDS.get(one.state) in (REFUNDED, REFUND_PENDING)
    ]
    named = [one for one in earlier if our_refund(one, capture.facts) == refund.id]
    if named:
        return named[0]
    given = sum(one.amount(order) or 0 for one in earlier)
    if given + refund.amount <= capture.amount:
        return None
    same = [one for one in earlier if one.amount(order) == refund.amount]
    if not same:
        raise RefundNotPossible(N_("PayU has already given back more than would be left for this refund."))
    return max(same, key=lambda one: one.id)


def _request(
    country: str, order: Order, charge: Transaction, capture: CaptureView, refund: RefundView
) -> dict[str, object]:
    request: dict[str, object] = {
        "order": {"id": order.id},
        "parentTransactionId": charge.id,
        "reason": f"{plain(refund.reason, REASON_LENGTH)} [{refund.id}]".strip(),
        "type": _kind(country, order, charge, capture, refund),
    }
    if request["type"] == "PARTIAL_REFUND":
        value = amounts.written(refund.amount, capture.currency)
        request["additionalValues"] = {"TX_VALUE": {"value": value, "currency": capture.currency}}
    return request


def _kind(country: str, order: Order, charge: Transaction, capture: CaptureView, refund: RefundView) -> str:
    """A void gives back what was authorised and not charged, whole; what was charged is refunded.
    (PayU's page of voids and refunds; our form always charges at once.)"""
    whole = refund.amount == capture.amount
    if charge.kind == AUTHORIZATION:
        if country in NO_VOID or not whole:
            raise RefundNotPossible(N_("PayU only authorised this payment. It cannot be given back in part."))
        return "VOID"
    return "REFUND" if whole else "PARTIAL_REFUND"


def _after_refusal(
    account: ProviderAccountView,
    capture: CaptureView,
    refund: RefundView,
    refused: Refused,
    books: Books,
) -> Observation:
    """PayU said `ERROR`. Already registered: it waits for a person. Never: staff is told. Else nobody knows."""
    if ALREADY.search(str(refused)):
        return _said(account, capture, refund, REFUND_PENDING, "", None, books)
    if NEVER.search(str(refused)) and not refused.no_login:
        raise RefundNotPossible(
            N_("PayU does not allow this refund. Give it back outside PayU and note it here.")
        )
    raise Unreachable(f"PayU: {refused}")


def _said(
    account: ProviderAccountView,
    capture: CaptureView,
    refund: RefundView,
    kind: str,
    number: str,
    at: datetime.datetime | None,
    books: Books,
) -> Observation:
    return Observation(
        reference=capture.reference,
        kind=kind,
        amount=refund.amount,
        currency=capture.currency,
        mode=account.mode,
        provider_reference=number,
        occurred_at=at or books.at or capture.captured_at,
        evidence=POLLED,
        raw_digest=books.digest,
        event=number,
        refund_id=refund.id,
        facts={f"{REFUND_FACT}{number}": str(refund.id)} if number else {},
    )
