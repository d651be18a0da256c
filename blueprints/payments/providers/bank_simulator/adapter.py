"""The adapter of the simulated bank: what a real hosted gateway needs, in small."""

from __future__ import annotations

import datetime
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from blueprints.payments.interface import (
    CAPTURED,
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    EVIDENCE_DUE,
    EXPIRED,
    FAILED,
    PENDING,
    POLLED,
    REFUNDED,
    SIGNED,
    AccountField,
    Answer,
    AttemptView,
    Capabilities,
    CaptureView,
    Forged,
    Notice,
    Observation,
    ProviderAccountView,
    Redirect,
    RefundNotPossible,
    RefundView,
    Settled,
    Step,
    Unknown,
    Unreachable,
    Wire,
)
from blueprints.payments.providers.bank_simulator import signing
from saas.config import Config
from saas.languages import N_
from saas.refusals import Refusal

TOLERANCE = datetime.timedelta(minutes=5)
ANSWER = datetime.timedelta(days=7)  # how long the bank takes evidence
DISPUTES = {"won": DISPUTE_WON, "lost": DISPUTE_LOST}
KINDS = {"pending": PENDING, "approved": CAPTURED, "declined": FAILED, "expired": EXPIRED}
EXPONENTS = {"COP": 2, "ARS": 2, "USD": 2, "MXN": 2, "PEN": 2, "UYU": 2, "BRL": 2, "EUR": 2, "CLP": 0}
HIGHEST = 10**13
LIFETIME = datetime.timedelta(hours=1)
# A bank in the same process answers at once: ask soon, so that a lost notice is noticed while one watches.
FIRST_POLLS = tuple(datetime.timedelta(seconds=seconds) for seconds in (20, 40, 60, 120, 300))


class BankSimulator:
    """See `blueprints.payments.interface.Adapter`."""

    fields: Sequence[AccountField] = (
        AccountField("merchant", N_("Merchant number")),
        AccountField("secret", N_("Secret"), secret=True),
    )

    def __init__(self, config: Config) -> None:
        self._origin = config.origin(config.simulator_host or "")

    def check(self, account: ProviderAccountView) -> None:
        if account.mode != "test":
            raise Refusal(N_("This provider account can only be used for tests."), field="mode")
        if not account.settings.get("merchant") or not account.secrets.get("secret"):
            raise Refusal(N_("The merchant number and the secret are needed."), field="merchant")

    def ping(self, account: ProviderAccountView, wire: Wire, now: datetime.datetime) -> None:
        answer = self._order(account, "PING", wire, now)
        if answer.status == 403:
            raise Refusal(N_("The bank does not accept the secret of this merchant."), field="secret")
        if answer.status not in (200, 404):
            raise Unreachable(f"the bank answered {answer.status}")

    def can(self, account: ProviderAccountView) -> Capabilities:
        return Capabilities(
            exponents=EXPONENTS,
            highest=HIGHEST,
            lifetime=LIFETIME,
            refunds="partial",
            first_polls=FIRST_POLLS,
        )

    def start(self, account: ProviderAccountView, attempt: AttemptView, wire: Wire) -> Step:
        if attempt.currency not in EXPONENTS or attempt.amount > HIGHEST:
            raise Refusal(N_("The bank cannot take this amount in one payment. Choose fewer invoices."))
        parameters = {
            "merchant": str(account.settings["merchant"]),
            "reference": attempt.reference,
            "amount": str(attempt.amount),
            "currency": attempt.currency,
            "description": attempt.description,
            "language": attempt.language,
            "return_url": attempt.return_url,
            "notice_url": attempt.notice_url,
            "expires": str(int(attempt.expires_at.timestamp())),
        }
        signature = signing.sign_parameters(account.secrets["secret"], parameters)
        return Redirect(f"{self._origin}/pay?{urlencode({**parameters, 'signature': signature})}")

    def receive(self, account: ProviderAccountView, notice: Notice) -> Sequence[Observation]:
        return _read(account, notice.body, notice.headers, notice.received_at, SIGNED)

    def observe(
        self, account: ProviderAccountView, attempt: AttemptView, wire: Wire, now: datetime.datetime
    ) -> Sequence[Observation] | Unknown:
        answer = self._order(account, attempt.reference, wire, now)
        if answer.status == 404:
            return Unknown("the bank knows no such order yet")
        if answer.status != 200:
            raise Unreachable(f"the bank answered {answer.status}")
        try:
            found = _read(account, answer.body, answer.headers, now, POLLED)
        except Forged as problem:
            raise Unreachable(str(problem)) from problem
        if not found:
            return Unknown("the payer has not decided")
        if found[0].reference != attempt.reference:
            raise Unreachable("the bank spoke of another order")
        return found

    def _order(
        self, account: ProviderAccountView, reference: str, wire: Wire, now: datetime.datetime
    ) -> Answer:
        parameters = {
            "merchant": str(account.settings["merchant"]),
            "reference": reference,
            "time": str(int(now.timestamp())),
        }
        signature = signing.sign_parameters(account.secrets["secret"], parameters)
        return wire.send(
            "GET", f"{self._origin}/api/order?{urlencode({**parameters, 'signature': signature})}"
        )

    def refund(
        self, account: ProviderAccountView, capture: CaptureView, refund: RefundView, wire: Wire
    ) -> Observation:
        parameters = {
            "merchant": str(account.settings["merchant"]),
            "reference": capture.reference,
            "refund": str(refund.id),
            "amount": str(refund.amount),
        }
        signature = signing.sign_parameters(account.secrets["secret"], parameters)
        answer = wire.send(
            "POST", f"{self._origin}/api/refund?{urlencode({**parameters, 'signature': signature})}"
        )
        if answer.status in (404, 409):
            raise RefundNotPossible(N_("The bank does not have so much of this payment to give back."))
        if answer.status != 200:
            raise Unreachable(f"the bank answered {answer.status}")
        try:
            said = _read(account, answer.body, answer.headers, _time_of(answer), POLLED)
        except Forged as problem:
            raise Unreachable(str(problem)) from problem
        for one in said:
            if one.refund_id == refund.id and one.reference == capture.reference:
                return one
        raise Unreachable("the bank did not name the refund")

    def settled(
        self,
        account: ProviderAccountView,
        since: datetime.datetime,
        until: datetime.datetime,
        ours: Sequence[CaptureView],
        wire: Wire,
    ) -> Sequence[Settled]:
        return ()


def _time_of(answer: Answer) -> datetime.datetime:
    """When the bank says that it answered: what it answers to a question of ours is not replayed."""
    time = answer.headers.get(signing.TIME_HEADER, "")
    if not (time.isascii() and time.isdigit() and len(time) < 12):
        raise Unreachable("the bank answered without its time")
    return datetime.datetime.fromtimestamp(int(time), datetime.UTC)


def _read(
    account: ProviderAccountView,
    body: bytes,
    headers: Mapping[str, str],
    at: datetime.datetime,
    evidence: str,
) -> list[Observation]:
    """A signed message of the bank as observations: the order, its refunds, its dispute; none while the payer has not
    decided. Raises Forged."""
    time = headers.get(signing.TIME_HEADER, "")
    signature = headers.get(signing.SIGNATURE_HEADER, "")
    if not (time.isascii() and time.isdigit() and len(time) < 12):
        raise Forged("no time")
    believed = [keys["secret"] for keys in (account.secrets, account.previous) if keys.get("secret")]
    if not any(signing.same(signing.sign_message(key, time, body), signature.lower()) for key in believed):
        raise Forged("the signature is not the bank's")
    if abs(at - datetime.datetime.fromtimestamp(int(time), datetime.UTC)) > TOLERANCE:
        raise Forged("sent at another time")
    try:
        said = json.loads(body)
        return _observations(account, said, body, evidence)
    except (KeyError, TypeError, ValueError, RecursionError) as problem:
        raise Forged(f"no message of the bank: {type(problem).__name__}") from problem


def _observations(
    account: ProviderAccountView, said: dict[str, Any], body: bytes, evidence: str
) -> list[Observation]:
    if said["merchant"] != account.settings["merchant"]:
        raise Forged("a message for another merchant")
    if said["state"] == "new":
        return []

    def one(kind: str, amount: object, at: str, event: str, refund: str = "") -> Observation:
        if type(amount) is not int:
            raise ValueError("amounts are whole numbers")
        occurred_at = datetime.datetime.fromisoformat(at)
        if occurred_at.tzinfo is None:
            raise ValueError("a moment without a zone")
        facts = {}
        if kind == DISPUTED:
            facts[EVIDENCE_DUE] = (occurred_at + ANSWER).isoformat()
        return Observation(
            reference=str(said["reference"]),
            kind=kind,
            amount=amount,
            currency=str(said["currency"]),
            mode="test" if said["test"] is True else "live",
            provider_reference=f"{said['merchant']}-{said['order']}",
            occurred_at=occurred_at,
            evidence=evidence,
            raw_digest=hashlib.sha256(body).hexdigest(),
            event=event,
            refund_id=uuid.UUID(refund) if refund else None,
            facts=facts,
        )

    if type(said["transaction"]) is not int:
        raise ValueError("transactions are numbered")
    found = [one(KINDS[said["state"]], said["amount"], said["occurred_at"], str(said["transaction"]))]
    found += [
        one(REFUNDED, given["amount"], given["at"], f"R{given['number']}", given["refund"])
        for given in said.get("refunds", ())
    ]
    if said.get("dispute"):
        found.append(one(DISPUTED, said["amount"], said["disputed_at"], "D1"))
        if said["dispute"] != "open":
            found.append(one(DISPUTES[said["dispute"]], said["amount"], said["disputed_at"], "D1"))
    return found
