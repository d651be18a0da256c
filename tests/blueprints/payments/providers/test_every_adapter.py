"""What holds for every adapter, whatever its provider: redirect, form or paper.

A new adapter is in the registry, so it is here: give it a sample of an account, and the laws are tried on it.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import time_machine
from flask import Flask

from blueprints.payments.interface import (
    AccountField,
    Adapter,
    Answer,
    AttemptView,
    BillLine,
    CaptureView,
    Forged,
    Form,
    Instructions,
    Notice,
    PayerView,
    ProviderAccountView,
    Redirect,
    RefundNotPossible,
    RefundView,
    Unknown,
    Unreachable,
    Wire,
    step_as_data,
    step_from_data,
)
from blueprints.payments.providers.stripe.client import WireClient
from blueprints.payments.registry import ADAPTERS, adapter
from blueprints.payments.rules import last_moment
from blueprints.payments.ways import takes
from saas.money import EXPONENTS
from saas.refusals import Refusal
from tests.blueprints.payments.providers.stripe.peer import StripePeer

MOMENT = datetime.datetime(2026, 11, 21, 15, 0, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Sample:
    """An account as it may be, and the network behind it where starting needs one."""

    currency: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str]
    wire: Callable[[Flask], Wire] | None = None


SAMPLES = {
    "bank-simulator": Sample("ARS", {"merchant": "M00000001"}, {"secret": "s" * 40}),
    "payu": Sample(
        "COP",
        {"country": "CO", "merchant_id": "508029", "account_id": "512321"},
        {"api_key": "4Vj8eK4rloUd272L48hsrarnUA", "api_login": "pRRXKOl8ikMmt9u"},
    ),
    "stripe": Sample(
        "ARS",
        {"access": "own"},
        {"key": "rk_test_0123456789", "webhook_secret": "whsec_0123456789abcdefghij"},
        StripePeer,
    ),
    "collector": Sample(
        "ARS",
        {
            "coupon": "ar-42-v1",
            "company": "4207",
            "agreement": "",
            "file": "ar-fixed-100-v1",
            "days": "7",
            "where": "",
        },
        {},
    ),
}


class SilentWire:
    """Nobody answers."""

    def __init__(self) -> None:
        self.sent = 0

    def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        self.sent += 1
        raise Unreachable("nobody is there")


@dataclass
class Case:
    """One adapter with its sample."""

    name: str
    adapter: Adapter
    sample: Sample
    account: ProviderAccountView
    wire: Wire

    def attempt(self, **changes: Any) -> AttemptView:
        can = self.adapter.can(self.account)
        ends = MOMENT + can.lifetime
        values: dict[str, Any] = {
            "id": uuid.UUID(int=3),
            "reference": "ABCD-EFGH-2345",
            "amount": 150_000,
            "currency": self.sample.currency,
            "description": "Hogar & Raíz: FV-1",
            "language": "es",
            "payer": PayerView("renata@example.com", "Renata Ochoa", "CC", "43111222", "+573001112233"),
            "return_url": "http://hogar.localhost/payments/1",
            "notice_url": "http://localhost/hooks/x/token",
            "created_at": MOMENT,
            "expires_at": last_moment(ends, zone=datetime.UTC) if can.offline else ends,
            "lines": (BillLine("Canon · FV-1", 150_000),),
            "provider_reference": "1000017" if can.offline else "",
            "facts": {},
            **changes,
        }
        return AttemptView(**values)

    def capture(self) -> CaptureView:
        return CaptureView(
            uuid.UUID(int=3), "ABCD-EFGH-2345", 150_000, self.sample.currency, "17", MOMENT, {"order": "17"}
        )


def test_every_adapter_has_a_sample():
    assert set(SAMPLES) == set(ADAPTERS)


@pytest.fixture(params=sorted(ADAPTERS))
def case(request: pytest.FixtureRequest, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    monkeypatch.setattr(WireClient, "_sleep_time_seconds", lambda *_given: 0.0)
    name = request.param
    if name not in SAMPLES:
        pytest.fail(f"give {name} a sample")
    sample = SAMPLES[name]
    account = ProviderAccountView(
        id=uuid.UUID(int=1),
        tenant_id=uuid.UUID(int=2),
        provider=name,
        mode="test",
        settings=dict(sample.settings),
        secrets=dict(sample.secrets),
    )
    wire = sample.wire(app) if sample.wire else SilentWire()
    with time_machine.travel(MOMENT, tick=False):  # the peer looks at the clock
        yield Case(name, adapter(name, app.extensions["ventanilla_config"]), sample, account, wire)


# --- its account ---------------------------------------------------------------------------------------------------


def test_the_fields_of_its_form_are_declared(case: Case):
    fields = case.adapter.fields
    assert len({field.name for field in fields}) == len(fields)
    for field in fields:
        assert (
            isinstance(field, AccountField) and re.fullmatch(r"[a-z][a-z0-9_]*", field.name) and field.label
        )
        values = [value for value, _label in field.choices]
        assert len(set(values)) == len(values)
        assert not field.default or not values or field.default in values
        if field.pattern and field.default:
            assert re.fullmatch(field.pattern, field.default)
    secret = {field.name for field in fields if field.secret}
    assert set(case.sample.secrets) <= secret
    assert not set(case.sample.settings) & secret
    assert set(case.sample.settings) <= {field.name for field in fields}


def test_a_good_account_is_good_and_an_empty_one_is_not(case: Case):
    case.adapter.check(case.account)
    with pytest.raises(Refusal) as refusal:
        case.adapter.check(replace(case.account, settings={}, secrets={}))
    assert refusal.value.field in {field.name for field in case.adapter.fields} | {"mode"}


def test_secrets_are_in_no_text(case: Case):
    shown = f"{case.account!r} {case.account}"
    assert not [secret for secret in case.sample.secrets.values() if secret in shown]


def test_what_it_can_do_is_sane(case: Case):
    can = case.adapter.can(case.account)
    assert can.exponents and set(can.exponents.values()) <= {0, 1, 2, 3}
    assert case.sample.currency in can.exponents
    assert 1 <= can.lowest < can.highest
    assert datetime.timedelta(minutes=1) < can.lifetime <= datetime.timedelta(days=90)
    assert can.refunds in ("none", "full", "partial")
    assert can.settlement in ("none", "list", "ours")
    assert list(can.first_polls) == sorted(can.first_polls)
    assert all(pause > datetime.timedelta() for pause in can.first_polls)
    assert not (can.offline and can.first_polls)
    assert can == case.adapter.can(case.account)


def test_what_it_can_do_besides_is_there(case: Case):
    can = case.adapter.can(case.account)
    assert hasattr(case.adapter, "read_file") is can.offline
    for name in ("enrol", "enrolled", "charge", "forget"):
        assert hasattr(case.adapter, name) or not can.saved_methods


def test_trying_the_account_without_a_network_is_unknown_not_wrong(case: Case):
    wire = SilentWire()
    if case.adapter.can(case.account).offline:
        case.adapter.ping(case.account, wire, MOMENT)
        assert wire.sent == 0
        return
    with pytest.raises(Unreachable):
        case.adapter.ping(case.account, wire, MOMENT)


# --- sending the payer away ----------------------------------------------------------------------------------------


def test_the_same_attempt_gives_the_same_step(case: Case):
    first = case.adapter.start(case.account, case.attempt(), case.wire)
    second = case.adapter.start(case.account, case.attempt(), case.wire)
    assert isinstance(first, Redirect | Form | Instructions) and first == second
    kept = step_from_data(step_as_data(first))
    assert step_as_data(kept) == step_as_data(first)


def test_the_payer_learns_no_secret(case: Case):
    step = str(step_as_data(case.adapter.start(case.account, case.attempt(), case.wire)))
    assert not [secret for secret in case.sample.secrets.values() if secret in step]


def test_papers_are_for_those_who_are_paid_on_paper(case: Case):
    step = case.adapter.start(case.account, case.attempt(), case.wire)
    assert isinstance(step, Instructions) is case.adapter.can(case.account).offline
    if isinstance(step, Instructions):
        assert step.reference and step.due >= MOMENT.date()
        assert bool(step.barcode) is bool(step.symbol)


def test_a_provider_that_is_silent_is_unreachable(case: Case):
    wire = SilentWire()
    try:
        case.adapter.start(case.account, case.attempt(), wire)
    except Unreachable:
        assert wire.sent
    else:
        assert wire.sent == 0


@pytest.mark.parametrize("currency", ["XTS", "CLF"])
def test_a_currency_that_it_cannot_take_is_refused(case: Case, currency: str):
    assert not takes(case.adapter.can(case.account), 150_000, currency)
    with pytest.raises(Refusal):
        case.adapter.start(case.account, case.attempt(currency=currency), case.wire)


def test_an_amount_that_it_cannot_take_is_refused_and_never_cut(case: Case):
    can = case.adapter.can(case.account)
    step = 10 ** max(EXPONENTS[case.sample.currency] - can.exponents[case.sample.currency], 0)
    too_much = (can.highest // step + 1) * step
    assert takes(can, can.highest // step * step, case.sample.currency)
    assert not takes(can, too_much, case.sample.currency)
    with pytest.raises(Refusal):
        case.adapter.start(case.account, case.attempt(amount=too_much), case.wire)


# --- what it is told -----------------------------------------------------------------------------------------------

GARBAGE = {
    "nothing": b"",
    "an empty object": b"{}",
    "a list": b"[]",
    "no UTF-8": b"\xff\xfe\x00sign=1",
    "zeros": bytes(4096),
    "deep": b"[" * 5000,
    "a form": b"state_pol=4&sign=&reference_sale=ABCD-EFGH-2345&value=1500.00&currency=ARS&merchant_id=508029",
    "an event": b'{"id":"evt_1","type":"checkout.session.completed","data":{"object":{}}}',
    "a claim": b'{"state":"approved","reference":"ABCD-EFGH-2345","amount":150000,"currency":"ARS"}',
    "much": b"a=b&" * 100_000,
}


@pytest.mark.parametrize("what", sorted(GARBAGE))
def test_garbage_is_forged(case: Case, what: str):
    for headers in ({}, {"content-type": "application/json"}, {"stripe-signature": "t=1,v1=0", "x": "é"}):
        before = (dict(case.account.settings), dict(case.account.secrets))
        with pytest.raises(Forged):
            case.adapter.receive(case.account, Notice(GARBAGE[what], headers, MOMENT, "203.0.113.9"))
        assert (dict(case.account.settings), dict(case.account.secrets)) == before


def test_silence_never_means_failed(case: Case):
    try:
        news = case.adapter.observe(case.account, case.attempt(), SilentWire(), MOMENT)
    except Unreachable:
        return
    assert isinstance(news, Unknown) and news.why


def test_money_goes_back_only_where_it_can(case: Case):
    wire, can = SilentWire(), case.adapter.can(case.account)
    refund = RefundView(uuid.UUID(int=9), 150_000, "error")
    expected = RefundNotPossible if can.refunds == "none" else (Unreachable, RefundNotPossible)
    with pytest.raises(expected):
        case.adapter.refund(case.account, case.capture(), refund, wire)
    assert can.refunds != "none" or wire.sent == 0


def test_books_are_compared_only_where_there_are_any(case: Case):
    until = MOMENT + datetime.timedelta(days=1)
    wire, can = SilentWire(), case.adapter.can(case.account)
    if can.settlement == "none":
        assert list(case.adapter.settled(case.account, MOMENT, until, [case.capture()], wire)) == []
        assert wire.sent == 0
        return
    with pytest.raises(Unreachable):
        case.adapter.settled(case.account, MOMENT, until, [case.capture()], wire)
