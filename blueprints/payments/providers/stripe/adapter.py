"""The adapter of Stripe: a checkout session for each attempt, and the session's own word on how it ended."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterable, Sequence

import stripe

from blueprints.payments.interface import (
    AccountField,
    Ask,
    AttemptView,
    Capabilities,
    CaptureView,
    Notice,
    Observation,
    PayerView,
    ProviderAccountView,
    Redirect,
    RefundNotPossible,
    RefundView,
    SavedMethod,
    Settled,
    Step,
    Unknown,
    Unreachable,
    Wire,
)
from blueprints.payments.providers.stripe import checkout, notices, reading, saved
from blueprints.payments.providers.stripe.amounts import EXPONENTS, HIGHEST, from_stripe, to_stripe
from blueprints.payments.providers.stripe.client import CONNECT, asking, client_of, connected_account
from blueprints.payments.providers.stripe.fields import FIELDS, check_account
from blueprints.payments.providers.stripe.saved import KEY_LIFE, key_of
from saas.clock import now as this_moment
from saas.config import Config
from saas.languages import N_
from saas.refusals import Refusal

# Stripe takes 30 minutes to 24 hours; with two hours a payer who comes back late is still inside.
LIFETIME = datetime.timedelta(hours=2)
FIRST_POLLS = tuple(datetime.timedelta(minutes=minutes) for minutes in (2, 5))
AT_THE_SIMULATOR = tuple(datetime.timedelta(seconds=seconds) for seconds in (20, 40, 60, 120, 300))
SIMULATOR_PATH = "/stripe"
SETTLED_PAGE = 50  # each with its charge inside: more would be too long an answer
MOST_SETTLED = 50_000


class Stripe:
    """See `blueprints.payments.interface.Adapter` and `SavesMethods`."""

    fields: Sequence[AccountField] = FIELDS

    def __init__(self, config: Config) -> None:
        simulated = config.simulator_host is not None and config.environment != "production"
        self._simulator = (
            f"{config.origin(config.simulator_host or '')}{SIMULATOR_PATH}" if simulated else None
        )

    def _api(self, account: ProviderAccountView) -> str | None:
        """The address of the API when it is not Stripe's own: payments of test accounts in demo and tests."""
        return self._simulator if account.mode == "test" else None

    def _client(self, account: ProviderAccountView, wire: Wire) -> stripe.StripeClient:
        return client_of(account, wire, self._api(account))

    def check(self, account: ProviderAccountView) -> None:
        check_account(account)

    def ping(self, account: ProviderAccountView, wire: Wire, now: datetime.datetime) -> None:
        """Read one of each kind of thing that payments need, so that a right that is missing is named."""
        client = self._client(account, wire)
        questions: list[tuple[str, Callable[[], object]]] = [
            ("Checkout Sessions", lambda: client.v1.checkout.sessions.list({"limit": 1})),
            ("PaymentIntents", lambda: client.v1.payment_intents.list({"limit": 1})),
            ("Charges and Refunds", lambda: client.v1.refunds.list({"limit": 1})),
            ("Disputes", lambda: client.v1.disputes.list({"limit": 1})),
            ("Balance Transactions", lambda: client.v1.balance_transactions.list({"limit": 1})),
        ]
        for name, ask in questions:
            _ping(account, name, ask)

    def can(self, account: ProviderAccountView) -> Capabilities:
        near = self._api(account) is not None
        return Capabilities(
            exponents=EXPONENTS,
            highest=HIGHEST,
            lifetime=LIFETIME,
            refunds="partial",
            saved_methods=True,
            first_polls=AT_THE_SIMULATOR if near else FIRST_POLLS,
            settlement="list",
        )

    def start(self, account: ProviderAccountView, attempt: AttemptView, wire: Wire) -> Step:
        client, params = self._client(account, wire), checkout.session_params(attempt)
        with asking("a checkout"):
            if this_moment() - attempt.created_at > KEY_LIFE:
                return _found_again(client, attempt)
            try:
                session = client.v1.checkout.sessions.create(
                    params, {"idempotency_key": key_of(account, attempt.id, "start")}
                ).to_dict()
            except stripe.IdempotencyError:
                # Told in other words before (the software has changed meanwhile): what that made is the session.
                return _found_again(client, attempt)
            except (stripe.InvalidRequestError, stripe.CardError) as problem:
                raise _refusal(problem) from problem
            return Redirect(session["url"] or attempt.return_url, session["id"], {"session": session["id"]})

    def receive(self, account: ProviderAccountView, notice: Notice) -> Sequence[Ask]:
        return notices.read(account, notice)

    def observe(
        self, account: ProviderAccountView, attempt: AttemptView, wire: Wire, now: datetime.datetime
    ) -> Sequence[Observation] | Unknown:
        client = self._client(account, wire)
        with asking("a payment"):
            try:
                found = _read(client, attempt)
            except stripe.InvalidRequestError as problem:
                if problem.http_status != 404:
                    raise Unreachable(f"a payment: {problem.code}") from problem
                return Unknown("Stripe knows no such session: perhaps the key is another account's")
            if found is None:
                return Unknown("Stripe has no session of it yet")
            session, intent = found
            paid = reading.payment(attempt, session, intent, now)
            if paid is None:
                return Unknown("the payer has not decided")
            after = _afterwards(client, attempt.reference, intent, now) if intent is not None else []
            return [paid, *after]

    def refund(
        self, account: ProviderAccountView, capture: CaptureView, refund: RefundView, wire: Wire
    ) -> Observation:
        """Looked for first and sent only when it is not there: however long ago the first try was, and
        whatever became of its answer, money goes back once."""
        client = self._client(account, wire)
        intent = capture.facts.get("intent") or capture.provider_reference
        amount = to_stripe(refund.amount, capture.currency)
        with asking("a refund"):
            try:
                for known in checkout.things(_refunds(client, intent), MOST_SETTLED):
                    if (known.get("metadata") or {}).get("refund") == str(refund.id):
                        return reading.refund(capture.reference, known, account.mode)
                made = client.v1.refunds.create(
                    {
                        "payment_intent": intent,
                        "amount": amount,
                        "metadata": {"refund": str(refund.id), "reference": capture.reference},
                    },
                    {"idempotency_key": key_of(account, refund.id, "refund")},
                )
            except (stripe.InvalidRequestError, stripe.CardError) as problem:
                raise RefundNotPossible(str(problem.user_message or problem.code)) from problem
            except stripe.IdempotencyError as problem:
                raise Unreachable("a refund: its key was used for another") from problem
            return reading.refund(capture.reference, made.to_dict(), account.mode)

    def settled(
        self,
        account: ProviderAccountView,
        since: datetime.datetime,
        until: datetime.datetime,
        ours: Sequence[CaptureView],
        wire: Wire,
    ) -> Sequence[Settled]:
        """After the moments at which Stripe booked them. What carries no reference of ours is other business
        of the same account."""
        client, found = self._client(account, wire), []
        with asking("the bookings"):
            for kind in ("charge", "payment"):  # cards, and everything else
                try:
                    listed = client.v1.balance_transactions.list(
                        {
                            "type": kind,
                            "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
                            "limit": SETTLED_PAGE,
                            "expand": ["data.source"],
                        }
                    )
                    for booked in checkout.things(listed.auto_paging_iter(), MOST_SETTLED):
                        charge = checkout.expanded(booked, "source")
                        if charge is not None and charge["metadata"].get("reference"):
                            found.append(_settled(charge, booked["created"]))
                except stripe.InvalidRequestError as problem:
                    raise Unreachable(f"the bookings: {problem.code}") from problem
        return found

    def enrol(
        self, account: ProviderAccountView, key: uuid.UUID, payer: PayerView, return_url: str, wire: Wire
    ) -> Redirect:
        return saved.enrol(account, key, payer, return_url, wire, self._api(account))

    def enrolled(
        self, account: ProviderAccountView, provider_reference: str, wire: Wire
    ) -> SavedMethod | Unknown:
        return saved.enrolled(account, provider_reference, wire, self._api(account))

    def charge(
        self, account: ProviderAccountView, method: SavedMethod, attempt: AttemptView, wire: Wire
    ) -> Observation:
        return saved.charge(account, method, attempt, wire, self._api(account))

    def forget(self, account: ProviderAccountView, method: SavedMethod, wire: Wire) -> None:
        saved.forget(account, method, wire, self._api(account))


def _ping(account: ProviderAccountView, name: str, ask: Callable[[], object]) -> None:
    try:
        ask()
    except stripe.AuthenticationError as problem:
        raise Refusal(
            N_("Stripe does not know this key. Perhaps it was rolled or deleted."), field="key"
        ) from problem
    except stripe.PermissionError as problem:
        if account.settings.get("access") == CONNECT:
            sentence = N_(
                "The platform's key may not act for %(account)s: it is not connected, or not any more."
            )
            raise Refusal(
                sentence, field="connected_account", account=connected_account(account)
            ) from problem
        sentence = N_("The key has no right to read %(what)s. Give it that right in Stripe's dashboard.")
        raise Refusal(sentence, field="key", what=name) from problem
    except stripe.InvalidRequestError as problem:
        raise Refusal(
            N_("Stripe refuses the question: %(why)s"), why=str(problem.user_message or problem.code)
        ) from problem
    except stripe.StripeError as problem:
        with asking(name):
            raise problem


def _found_again(client: stripe.StripeClient, attempt: AttemptView) -> Step:
    """The session that was made before; one that is over leads back to where we say what became of it."""
    session = checkout.find_session(client, attempt)
    if session is None:
        raise Refusal(N_("The time to pay this is over. Start again."))
    return Redirect(session["url"] or attempt.return_url, session["id"], {"session": session["id"]})


def _refusal(problem: stripe.StripeError) -> Refusal:
    if problem.code == "amount_too_small":
        return Refusal(N_("This amount is too small for Stripe. Choose more invoices, or pay another way."))
    if problem.code == "amount_too_large":
        return Refusal(N_("This amount is too large for Stripe. Choose fewer invoices, or pay another way."))
    return Refusal(N_("Stripe does not take this payment. Pay another way, or try again later."))


def _read(
    client: stripe.StripeClient, attempt: AttemptView
) -> tuple[reading.Thing | None, reading.Thing | None] | None:
    """The session and the payment of an attempt, by what is known of them; else found by their time."""
    known = attempt.provider_reference
    session_id = attempt.facts.get("session") or (known if known.startswith("cs_") else "")
    intent_id = attempt.facts.get("intent") or (known if known.startswith("pi_") else "")
    session: reading.Thing | None = None
    if session_id:
        session = checkout.read_session(client, session_id)
    elif not intent_id:
        listed = checkout.find_session(client, attempt)
        if listed is not None:
            session = checkout.read_session(client, listed["id"])
        else:
            charged = checkout.find_intent(client, attempt)
            if charged is None:
                return None
            intent_id = charged["id"]
    if session is not None:
        return session, checkout.expanded(session, "payment_intent")
    return None, checkout.read_intent(client, intent_id)


def _afterwards(
    client: stripe.StripeClient, reference: str, intent: reading.Thing, now: datetime.datetime
) -> list[Observation]:
    """What became of a payment since: refunds, wherever they were made, and disputes, the oldest first."""
    if intent["status"] != "succeeded":
        return []
    mode = reading.mode_of(intent)
    found = [
        reading.refund(reference, thing, mode)
        for thing in checkout.things(_refunds(client, intent["id"]), MOST_SETTLED)
    ]
    listed = client.v1.disputes.list({"payment_intent": intent["id"], "limit": checkout.PAGE})
    for thing in checkout.things(listed.auto_paging_iter(), MOST_SETTLED):
        found.extend(reading.disputes(reference, thing, now))
    return sorted(found, key=lambda one: one.occurred_at)


def _refunds(client: stripe.StripeClient, intent: str) -> Iterable[stripe.Refund]:
    return client.v1.refunds.list({"payment_intent": intent, "limit": checkout.PAGE}).auto_paging_iter()


def _settled(charge: reading.Thing, booked_at: int) -> Settled:
    currency = str(charge["currency"]).upper()
    return Settled(
        reference=charge["metadata"]["reference"],
        provider_reference=str(charge["payment_intent"]),
        amount=from_stripe(int(charge["amount_captured"]), currency),
        currency=currency,
        occurred_at=reading.moment(booked_at),
    )
