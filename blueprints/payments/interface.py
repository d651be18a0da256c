"""What a payment provider looks like from inside: pure adapters, plain values.

An adapter builds the step that sends the payer away, turns bytes into observations and asks the
provider about an attempt. It touches no database; the one way to the network is the `Wire` it is handed.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

# What can be observed of an attempt.
PENDING = "pending"
CAPTURED = "captured"
FAILED = "failed"
EXPIRED = "expired"
REFUND_PENDING = "refund_pending"
REFUNDED = "refunded"
REFUND_FAILED = "refund_failed"
DISPUTED = "disputed"
DISPUTE_WON = "dispute_won"
DISPUTE_LOST = "dispute_lost"

# How we know it.
SIGNED = "signed"
POLLED = "polled"
FILE = "file"
MANUAL = "manual"

# The fact of a dispute that says until when the provider takes evidence, as an ISO moment; where it tells.
EVIDENCE_DUE = "evidence_due"


class Forged(Exception):
    """The bytes do not prove that the provider sent them; the message is for the log, never for the sender."""


class Unreachable(Exception):
    """The provider did not answer as it should: nothing is known, and nothing has failed."""


class RefundNotPossible(Exception):
    """The provider cannot give this money back; the message is for staff."""


@dataclass(frozen=True, slots=True)
class ProviderAccountView:
    """A tenant's account at a provider, its secrets open. Never stored, never logged: see `__repr__`.

    `previous` are the secrets before the last rotation, while they are still believed: what was signed
    with them is accepted, nothing new is signed with them.
    """

    id: uuid.UUID
    tenant_id: uuid.UUID
    provider: str
    mode: str  # test or live
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    previous: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class BillLine:
    """One frozen item of an attempt, in words. `amount` in minor units."""

    description: str
    amount: int


@dataclass(frozen=True, slots=True)
class PayerView:
    """Who pays, as far as we know; an empty text is not known. `phone` in E.164."""

    email: str
    name: str = ""
    document_kind: str = ""
    document: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class AttemptView:
    """An attempt as a provider is told of it. `amount` in minor units; `reference` is the provider's key.

    `provider_reference` and `facts` are what the adapter said of it before; an `offline` one has its own
    number as `provider_reference` from the first. `zone` is the tenant's: its days are counted there.
    """

    id: uuid.UUID
    reference: str
    amount: int
    currency: str
    description: str
    language: str
    payer: PayerView
    return_url: str
    notice_url: str
    created_at: datetime.datetime
    expires_at: datetime.datetime
    lines: Sequence[BillLine] = ()
    provider_reference: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the payer to an address by GET. `provider_reference` and `facts` are kept with the attempt."""

    url: str
    provider_reference: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """Send the payer away with a form of hidden fields, posted to the provider's page."""

    action: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Instructions:
    """Tell the payer how to pay elsewhere: a coupon, a transfer. `barcode` are the digits under the bars,
    `symbol` how they are drawn ("itf", "gs1-128"); both empty without bars."""

    text: str
    reference: str
    due: datetime.date
    barcode: str = ""
    symbol: str = ""


Step = Redirect | Form | Instructions


def step_as_data(step: Step) -> dict[str, Any]:
    """A step as JSON, so that a second click can repeat it."""
    if isinstance(step, Redirect):
        return {"kind": "redirect", "url": step.url}
    if isinstance(step, Form):
        return {"kind": "form", "action": step.action, "fields": dict(step.fields)}
    return {
        "kind": "instructions",
        "text": step.text,
        "reference": step.reference,
        "due": step.due.isoformat(),
        "barcode": step.barcode,
        "symbol": step.symbol,
    }


def step_from_data(data: Mapping[str, Any]) -> Step:
    """The step that `step_as_data` wrote down. Raises ValueError for an unknown kind."""
    if data["kind"] == "redirect":
        return Redirect(data["url"])
    if data["kind"] == "form":
        return Form(data["action"], dict(data["fields"]))
    if data["kind"] == "instructions":
        due = datetime.date.fromisoformat(data["due"])
        return Instructions(data["text"], data["reference"], due, data["barcode"], data.get("symbol", ""))
    raise ValueError(f"no step is called {data['kind']}")


@dataclass(frozen=True, slots=True)
class Observation:
    """What a provider says of an attempt. `amount` in minor units: of the capture for its own kinds, of the
    refund or dispute for theirs.

    `event` is the provider's own number of the event (a refund's, a dispute's), given only when its
    signature covers it or we fetched it. `refund_id` names our own refund, when the provider repeats it.
    `facts` are kept with the attempt, for later calls.
    """

    reference: str
    kind: str
    amount: int
    currency: str
    mode: str
    provider_reference: str
    occurred_at: datetime.datetime
    evidence: str
    raw_digest: str
    event: str = ""
    refund_id: uuid.UUID | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def dedupe_key(self) -> str:
        """The same fact has the same key, however it reached us: what decides, and nothing unsigned.

        Amount and currency are part of it, so that a wrong notice cannot use up the right one's key.
        """
        said = (self.reference, self.kind, str(self.amount), self.currency, self.mode, self.event)
        return "|".join((*said, str(self.refund_id)) if self.refund_id else said)


@dataclass(frozen=True, slots=True)
class Ask:
    """A notice that proves only that something happened: ask the provider about this attempt, after the
    answer is sent. Found by our own `reference`, or by `provider_reference` when the notice has no other."""

    reference: str = ""
    provider_reference: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The poll brought no news; `why` is for the log."""

    why: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as it came in. Header names in lower case; `address` is the sender's, behind as many proxies
    as are configured."""

    body: bytes
    headers: Mapping[str, str]
    received_at: datetime.datetime
    address: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]


class Wire(Protocol):
    """The way out. Raises Unreachable when there is no answer in time."""

    def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] = ...
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class CaptureView:
    """A captured attempt, to be refunded or compared. `amount` in minor units."""

    attempt_id: uuid.UUID
    reference: str
    amount: int
    currency: str
    provider_reference: str
    captured_at: datetime.datetime
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money to give back. `id` is the idempotency key; `amount` in minor units of the capture's currency."""

    id: uuid.UUID
    amount: int
    reason: str
    provider_reference: str = ""  # what the provider called it, once it answered


@dataclass(frozen=True, slots=True)
class Settled:
    """One capture as the provider's own books have it. `amount` in minor units."""

    reference: str
    provider_reference: str
    amount: int
    currency: str
    occurred_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an account can do. `exponents`: currency -> decimals that the provider can express; an amount
    that needs more is refused, never rounded. `highest` and `lowest` in our minor units.

    `refunds`: none, full, partial; `refunds_wait` when a person at the provider approves them.
    `first_polls` are pauses that come before the common back-off. `settlement`: none, list (the provider
    lists its captures, so that extra ones are found), ours (only captures of ours can be compared).

    `offline`: the payer takes a paper along and the provider tells by file. The core gives such an attempt
    a number of its own (digits) as `provider_reference` before it starts, lets it end with a day of the
    tenant's, and asks nobody about it.
    """

    exponents: Mapping[str, int]
    highest: int
    lifetime: datetime.timedelta
    lowest: int = 1
    refunds: str = "none"
    refunds_wait: bool = False
    saved_methods: bool = False
    first_polls: Sequence[datetime.timedelta] = ()
    settlement: str = "none"
    offline: bool = False


@dataclass(frozen=True, slots=True)
class AccountField:
    """One line of an account's settings form; `secret` ones are sealed and never shown again.

    `choices` makes it a choice of (value, label); `pattern` is what a value must match whole.
    """

    name: str
    label: str
    secret: bool = False
    required: bool = True
    hint: str = ""
    default: str = ""
    choices: Sequence[tuple[str, str]] = ()
    pattern: str = ""


class Adapter(Protocol):
    """One provider. No state, no database, no Flask."""

    @property
    def fields(self) -> Sequence[AccountField]:
        """What an account of this provider needs."""
        ...

    def check(self, account: ProviderAccountView) -> None:
        """Raises Refusal (with the field) for credentials that cannot be right. No network."""
        ...

    def ping(self, account: ProviderAccountView, wire: Wire, now: datetime.datetime) -> None:
        """Try the credentials. Raises Refusal that says what is wrong, Unreachable."""
        ...

    def can(self, account: ProviderAccountView) -> Capabilities: ...

    def start(self, account: ProviderAccountView, attempt: AttemptView, wire: Wire) -> Step:
        """The step that sends the payer away; the same attempt gives the same step. Raises Unreachable
        (unknown, not failed: the next try uses the same reference), Refusal for an amount it cannot take."""
        ...

    def receive(self, account: ProviderAccountView, notice: Notice) -> Sequence[Observation | Ask]:
        """Authenticate and read a notice: bytes in, nothing else touched. Raises Forged."""
        ...

    def observe(
        self, account: ProviderAccountView, attempt: AttemptView, wire: Wire, now: datetime.datetime
    ) -> Sequence[Observation] | Unknown:
        """Ask the provider for all that it knows of an attempt, its refunds and disputes too. Raises
        Unreachable; silence never means failed."""
        ...

    def refund(
        self, account: ProviderAccountView, capture: CaptureView, refund: RefundView, wire: Wire
    ) -> Observation:
        """Give a capture back, once per `refund.id`: refund_pending, refunded or refund_failed, with that
        `refund_id`. Raises RefundNotPossible, Unreachable (unknown: the same call is repeated later)."""
        ...

    def settled(
        self,
        account: ProviderAccountView,
        since: datetime.datetime,
        until: datetime.datetime,
        ours: Sequence[CaptureView],
        wire: Wire,
    ) -> Sequence[Settled]:
        """What the provider captured in that time, after its own books; with settlement "ours" only those
        of `ours` that it has. Raises Unreachable."""
        ...


@dataclass(frozen=True, slots=True)
class SavedMethod:
    """A way to pay that a provider keeps for a customer. `label` is what may be shown: "Visa ··4242"."""

    provider_customer: str
    provider_method: str
    label: str


class SavesMethods(Protocol):
    """What an adapter with `saved_methods` can do besides."""

    def enrol(
        self, account: ProviderAccountView, key: uuid.UUID, payer: PayerView, return_url: str, wire: Wire
    ) -> Redirect:
        """Send the payer away to save a method; idempotent on `key`. Raises Unreachable."""
        ...

    def enrolled(
        self, account: ProviderAccountView, provider_reference: str, wire: Wire
    ) -> SavedMethod | Unknown:
        """What came of it. Raises Unreachable."""
        ...

    def charge(
        self, account: ProviderAccountView, method: SavedMethod, attempt: AttemptView, wire: Wire
    ) -> Observation:
        """Charge without the payer; idempotent on the attempt. A method that wants its payer is `failed`
        with the fact `wants_payer`. Raises Unreachable."""
        ...

    def forget(self, account: ProviderAccountView, method: SavedMethod, wire: Wire) -> None:
        """Remove the method at the provider; one that is gone is gone. Raises Unreachable."""
        ...


@dataclass(frozen=True, slots=True)
class CollectedLine:
    """One payment in a collector's file. `key` is unique at that collector; `amount` in minor units."""

    number: int  # line of the file, from 1
    key: str
    reference: str
    amount: int
    currency: str
    paid_on: datetime.date
    fee: int = 0


class ReadsFiles(Protocol):
    """What an adapter whose provider reports by file can do besides."""

    def read_file(self, account: ProviderAccountView, content: bytes) -> Sequence[CollectedLine]:
        """The lines of a file whose control totals agree. Raises Refusal with the line and the reason;
        a file is taken whole or not at all."""
        ...
