"""Saved cards: enrolled, charged without their payer, forgotten."""

from __future__ import annotations

import dataclasses
import datetime
import uuid
from typing import Any

import pytest
import time_machine

from blueprints.payments.interface import (
    CAPTURED,
    FAILED,
    PENDING,
    AttemptView,
    PayerView,
    SavedMethod,
    Unknown,
    Unreachable,
)
from saas.clock import now
from tests.blueprints.payments.providers.stripe.world import StripeWorld

PAYER = PayerView("camila@example.com", "Camila")


def enrol(world: StripeWorld, card: str = "good") -> SavedMethod:
    sent = world.adapter().enrol(world.view(), uuid.uuid4(), PAYER, "http://x.localhost/back", world.peer)
    world.do(lambda at_stripe: at_stripe.save_card(sent.provider_reference, card))
    method = world.adapter().enrolled(world.view(), sent.provider_reference, world.peer)
    assert isinstance(method, SavedMethod)
    return method


def attempt(world: StripeWorld) -> AttemptView:
    """An attempt that nobody was sent away for."""
    view = world.attempt_view(world.start().attempt_id)
    return dataclasses.replace(view, id=uuid.uuid4(), reference="AUTO-1", provider_reference="", facts={})


def charge(world: StripeWorld, method: SavedMethod, view: AttemptView) -> Any:
    return world.adapter().charge(world.view(), method, view, world.peer)


def test_enrolling(world: StripeWorld):
    key = uuid.uuid4()
    adapter, view = world.adapter(), world.view()
    sent = adapter.enrol(view, key, PAYER, "http://x.localhost/back", world.peer)
    assert adapter.enrol(view, key, PAYER, "http://x.localhost/back", world.peer) == sent
    assert sent.url.startswith("https://checkout.stripe.com/")
    assert isinstance(adapter.enrolled(view, sent.provider_reference, world.peer), Unknown)
    world.do(lambda at_stripe: at_stripe.save_card(sent.provider_reference))
    method = adapter.enrolled(view, sent.provider_reference, world.peer)
    assert isinstance(method, SavedMethod)
    assert method.label == "Visa ··4242"
    assert method.provider_customer.startswith("cus_")
    assert method.provider_method.startswith("pm_")
    assert world.peer.posts("checkout/sessions")[0].key == f"{world.tenant_id}:{key}:enrol"
    assert isinstance(adapter.enrolled(view, "cs_test_nothing", world.peer), Unknown)
    assert set(world.carry()) == {200}
    assert world.quarantine() == [], "saving a card is no payment"


@pytest.mark.parametrize(
    ("card", "kind", "facts"),
    [
        ("good", CAPTURED, {}),
        ("slow", PENDING, {}),
        ("declined", FAILED, {"declined": "insufficient_funds"}),
        ("wants-payer", FAILED, {"declined": "authentication_required", "wants_payer": "1"}),
    ],
)
def test_charging_without_the_payer(world: StripeWorld, card: str, kind: str, facts: dict[str, str]):
    view = attempt(world)
    found = charge(world, enrol(world, card), view)
    assert (found.kind, found.amount, found.currency) == (kind, 100_000, "ARS")
    assert found.reference == "AUTO-1"
    assert found.provider_reference.startswith("pi_")
    assert found.facts == {"intent": found.provider_reference, **facts}


def test_charged_once(world: StripeWorld):
    method, view = enrol(world), attempt(world)
    first = charge(world, method, view)
    world.peer.faults.append("lost")
    assert charge(world, method, view) == dataclasses.replace(first, raw_digest=first.raw_digest)
    with time_machine.travel(now() + datetime.timedelta(hours=25), tick=True):
        assert charge(world, method, view).dedupe_key == first.dedupe_key, "looked for, not sent again"
    assert len(world.peer.shelf(world.merchant).all("payment_intent")) == 1
    assert {asked.key for asked in world.peer.posts("payment_intents")} == {
        f"{world.tenant_id}:{view.id}:charge"
    }


def test_a_lost_charge_is_found_by_the_poll(world: StripeWorld):
    method, view = enrol(world), attempt(world)
    world.peer.faults.extend(["lost"] * 3)
    with pytest.raises(Unreachable):
        charge(world, method, view)
    found = world.adapter().observe(world.view(), view, world.peer, now())
    assert not isinstance(found, Unknown)
    assert [one.kind for one in found] == [CAPTURED]
    known = dataclasses.replace(view, provider_reference=found[0].provider_reference)
    again = world.adapter().observe(world.view(), known, world.peer, now())
    assert not isinstance(again, Unknown)
    assert again[0].dedupe_key == found[0].dedupe_key


def test_a_charge_that_was_never_heard_of_is_unknown(world: StripeWorld):
    method, view = enrol(world), attempt(world)
    with time_machine.travel(now() + datetime.timedelta(hours=25), tick=True), pytest.raises(Unreachable):
        charge(world, method, view)
    assert world.peer.posts("payment_intents") == []


@pytest.mark.parametrize("fault", [["timeout"] * 3, ["429"] * 3, ["html"], ["401"]])
def test_silence_is_no_decline(world: StripeWorld, fault: list[str]):
    method, view = enrol(world), attempt(world)
    world.peer.faults.extend(fault)
    with pytest.raises(Unreachable):
        charge(world, method, view)


def test_forgetting_twice_is_forgetting(world: StripeWorld):
    method = enrol(world)
    for _turn in range(2):
        world.adapter().forget(world.view(), method, world.peer)
    world.adapter().forget(world.view(), dataclasses.replace(method, provider_method="pm_0"), world.peer)
    world.peer.faults.extend(["timeout"] * 3)
    with pytest.raises(Unreachable):
        world.adapter().forget(world.view(), method, world.peer)
