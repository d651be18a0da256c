"""The adapter of PayU Latam. Its facts and their sources are in docs/payments-payu.md."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from blueprints.payments.interface import (
    AccountField,
    Ask,
    AttemptView,
    Capabilities,
    CaptureView,
    Form,
    Notice,
    Observation,
    ProviderAccountView,
    RefundView,
    Settled,
    Step,
    Unknown,
    Unreachable,
    Wire,
)
from blueprints.payments.providers.payu import account as accounts
from blueprints.payments.providers.payu import queries
from blueprints.payments.providers.payu.fields import form_fields, highest
from blueprints.payments.providers.payu.notices import read_notice
from blueprints.payments.providers.payu.queries import CHARGES, Books, Refused
from blueprints.payments.providers.payu.reading import observations
from blueprints.payments.providers.payu.refunds import ask_for_refund
from saas.config import Config
from saas.languages import N_
from saas.money import EXPONENTS
from saas.refusals import Refusal

# The look-alike answers at once: a lost notice is noticed while one watches. PayU itself wants seven minutes
# before the first question (the common back-off has them), and none again soon about what it does not know.
LOOK_ALIKE_POLLS = tuple(datetime.timedelta(seconds=seconds) for seconds in (20, 40, 60, 120, 300))


class PayU:
    """See `blueprints.payments.interface.Adapter`."""

    fields: Sequence[AccountField] = accounts.FIELDS

    def __init__(self, config: Config) -> None:
        self._config = config

    def check(self, account: ProviderAccountView) -> None:
        accounts.check(account)

    def ping(self, account: ProviderAccountView, wire: Wire, now: datetime.datetime) -> None:
        try:
            queries.ping(account, self._hosts(account).queries, wire)
        except Refused as refused:
            if refused.no_login:
                raise Refusal(
                    N_("PayU does not accept this API key with this API login."), field="api_key"
                ) from None
            raise Refusal(N_("PayU answered: %(words)s"), words=str(refused)) from None

    def can(self, account: ProviderAccountView) -> Capabilities:
        currencies = accounts.CURRENCIES.get(accounts.setting(account, "country"), ())
        simulated = account.mode == "test" and accounts.look_alike(self._config)
        return Capabilities(
            exponents={currency: EXPONENTS[currency] for currency in currencies},
            highest=max((highest(currency) for currency in currencies), default=0),
            lifetime=accounts.lifetime(account),
            refunds="partial",
            refunds_wait=True,
            first_polls=LOOK_ALIKE_POLLS if simulated else (),
            settlement="ours",
        )

    def start(self, account: ProviderAccountView, attempt: AttemptView, wire: Wire) -> Step:
        return Form(self._hosts(account).checkout, form_fields(account, attempt))

    def receive(self, account: ProviderAccountView, notice: Notice) -> Sequence[Observation | Ask]:
        return read_notice(account, notice)

    def observe(
        self, account: ProviderAccountView, attempt: AttemptView, wire: Wire, now: datetime.datetime
    ) -> Sequence[Observation] | Unknown:
        books = self._books(account, attempt.reference, wire)
        if books is None:
            return Unknown("PayU knows no such reference yet")
        return observations(account, attempt, books, now)

    def refund(
        self, account: ProviderAccountView, capture: CaptureView, refund: RefundView, wire: Wire
    ) -> Observation:
        return ask_for_refund(account, self._hosts(account), capture, refund, wire)

    def settled(
        self,
        account: ProviderAccountView,
        since: datetime.datetime,
        until: datetime.datetime,
        ours: Sequence[CaptureView],
        wire: Wire,
    ) -> Sequence[Settled]:
        found = []
        for capture in ours:
            books = self._books(account, capture.reference, wire)
            found += _charges(books, capture.reference) if books is not None else []
        return found

    def _books(self, account: ProviderAccountView, reference: str, wire: Wire) -> Books | None:
        try:
            return queries.books_of(account, self._hosts(account).queries, reference, wire)
        except Refused as refused:
            raise Unreachable(f"PayU: {refused}") from None

    def _hosts(self, account: ProviderAccountView) -> accounts.Hosts:
        return accounts.hosts_of(account, self._config)


def _charges(books: Books, reference: str) -> list[Settled]:
    """Every approved charge under a reference: two of them are a difference that settlement must show."""
    charges = [
        (order, one, one.amount(order))
        for order in books.orders
        for one in order.transactions
        if one.kind in CHARGES and one.state == "APPROVED"
    ]
    return [
        Settled(reference, order.id, amount, one.currency or order.currency, one.at)
        for order, one, amount in charges
        if amount is not None
    ]
