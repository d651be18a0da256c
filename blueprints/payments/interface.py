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


class Forged(Exception):
    """The bytes do not prove that the provider sent them; the message is for the log, never for the sender."""


class Unreachable(Exception):
    """The provider did not answer as it should: nothing is known, and nothing has failed."""


class RefundNotPossible(Exception):
    """The provider cannot give this money back."""


@dataclass(frozen=True, slots=True)
class ProviderAccountView:
    """A tenant's account at a provider, its secrets open. Never stored, never logged: see `__repr__`."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    provider: str
    mode: str  # test or live
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AttemptView:
    """An attempt as a provider is told of it. `amount` in minor units; `reference` is the provider's key."""

    id: uuid.UUID
    reference: str
    amount: int
    currency: str
    description: str
    language: str
    payer_email: str
    return_url: str
    notice_url: str
    expires_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the payer to an address by GET."""

    url: str


@dataclass(frozen=True, slots=True)
class Form:
    """Send the payer away with a form of hidden fields, posted to the provider's page."""

    action: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Instructions:
    """Tell the payer how to pay elsewhere: a coupon, a transfer."""

    text: str
    reference: str
    due: datetime.date
    barcode: str = ""


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
    }


def step_from_data(data: Mapping[str, Any]) -> Step:
    """The step that `step_as_data` wrote down. Raises ValueError for an unknown kind."""
    if data["kind"] == "redirect":
        return Redirect(data["url"])
    if data["kind"] == "form":
        return Form(data["action"], dict(data["fields"]))
    if data["kind"] == "instructions":
        due = datetime.date.fromisoformat(data["due"])
        return Instructions(data["text"], data["reference"], due, data["barcode"])
    raise ValueError(f"no step is called {data['kind']}")


@dataclass(frozen=True, slots=True)
class Observation:
    """What a provider says of an attempt. `amount` in minor units.

    `event` is the provider's own number of the event, given only when its signature covers it.
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

    @property
    def dedupe_key(self) -> str:
        """The same fact has the same key, however it reached us: what decides, and nothing unsigned.

        Amount and currency are part of it, so that a wrong notice cannot use up the right one's key.
        """
        return "|".join((self.reference, self.kind, str(self.amount), self.currency, self.mode, self.event))


@dataclass(frozen=True, slots=True)
class Unknown:
    """The poll brought no news; `why` is for the log."""

    why: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as it came in. Header names in lower case."""

    body: bytes
    headers: Mapping[str, str]
    received_at: datetime.datetime


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
class Capabilities:
    """What an account can do. `exponents`: currency -> decimals that the provider can express.

    `refunds`: none, full, partial. `first_polls` are pauses that come before the common back-off.
    """

    exponents: Mapping[str, int]
    highest: int
    lifetime: datetime.timedelta
    refunds: str = "none"
    first_polls: Sequence[datetime.timedelta] = ()


@dataclass(frozen=True, slots=True)
class AccountField:
    """One line of an account's settings form; `secret` ones are sealed and never shown again."""

    name: str
    label: str
    secret: bool = False


class Adapter(Protocol):
    """One provider. No state, no database, no Flask."""

    @property
    def fields(self) -> Sequence[AccountField]:
        """What an account of this provider needs."""
        ...

    def check(self, account: ProviderAccountView) -> None:
        """Raises Refusal for credentials that cannot be right."""
        ...

    def can(self, account: ProviderAccountView) -> Capabilities: ...

    def start(self, account: ProviderAccountView, attempt: AttemptView, wire: Wire) -> Step:
        """The step that sends the payer away; the same attempt gives the same step. Raises Unreachable
        (unknown, not failed: the next try uses the same reference), Refusal for an amount it cannot take."""
        ...

    def receive(self, account: ProviderAccountView, notice: Notice) -> Sequence[Observation]:
        """Authenticate and read a notice. Raises Forged."""
        ...

    def observe(
        self, account: ProviderAccountView, attempt: AttemptView, wire: Wire, now: datetime.datetime
    ) -> Sequence[Observation] | Unknown:
        """Ask the provider. Raises Unreachable; silence never means failed."""
        ...

    def refund(
        self, account: ProviderAccountView, capture: Observation, refund_id: uuid.UUID, wire: Wire
    ) -> Observation:
        """Give a captured payment back, once per `refund_id`. Raises RefundNotPossible, Unreachable."""
        ...
