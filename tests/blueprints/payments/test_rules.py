"""The state machine cell by cell, allocation, pauses between polls."""

from __future__ import annotations

import datetime
import itertools
import uuid

import pytest

from blueprints.payments import rules

NOW = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.UTC)
KINDS = ("pending", "expired", "failed", "captured")
ALREADY, CAUGHT, SAME, MOVED = (
    rules.ALREADY_FINISHED,
    rules.ALREADY_CAPTURED,
    rules.SAME,
    rules.MOVED,
)
CELLS = {
    "created": [("pending", MOVED), ("expired", MOVED), ("failed", MOVED), ("captured", MOVED)],
    "pending": [("pending", SAME), ("expired", MOVED), ("failed", MOVED), ("captured", MOVED)],
    "canceled": [("canceled", ALREADY), ("expired", MOVED), ("failed", MOVED), ("captured", MOVED)],
    "expired": [("expired", ALREADY), ("expired", SAME), ("failed", MOVED), ("captured", MOVED)],
    "failed": [("failed", ALREADY), ("failed", ALREADY), ("failed", SAME), ("captured", MOVED)],
    "captured": [("captured", CAUGHT), ("captured", CAUGHT), ("captured", CAUGHT), ("captured", CAUGHT)],
}


@pytest.mark.parametrize(
    ("state", "kind", "to", "effect"),
    [(state, kind, *cell) for state, row in CELLS.items() for kind, cell in zip(KINDS, row, strict=True)],
)
def test_every_cell(state, kind, to, effect):
    move = rules.move(state, kind)
    assert move is not None
    assert (move.to, move.effect) == (to, effect)


def test_the_table_has_no_other_cell():
    assert set(rules.TABLE) == {(state, kind) for state in rules.STATES for kind in KINDS}


@pytest.mark.parametrize("kind", ["refunded", "disputed", "canceled", "refund_pending"])
def test_what_attempts_do_not_know_is_no_move(kind):
    assert rules.move("captured", kind) is None


@pytest.mark.parametrize("kinds", list(itertools.permutations(KINDS)))
def test_any_order_ends_in_the_same_state(kinds):
    for start in rules.STATES:
        state = start
        for kind in kinds:
            state = rules.TABLE[state, kind].to
        assert state == "captured"
        state = start
        for kind in kinds:
            if kind != "captured":
                state = rules.TABLE[state, kind].to
        assert state == ("captured" if start == "captured" else "failed")


@pytest.mark.parametrize(
    ("given", "settled", "surcharge", "surplus"),
    [
        ({"amount": 100, "surcharge": 0, "open_amount": 100, "total": 100, "void": False}, 100, 0, 0),
        ({"amount": 110, "surcharge": 10, "open_amount": 100, "total": 100, "void": False}, 110, 10, 0),
        ({"amount": 110, "surcharge": 10, "open_amount": 110, "total": 100, "void": False}, 110, 0, 0),
        ({"amount": 100, "surcharge": 0, "open_amount": 0, "total": 100, "void": False}, 0, 0, 100),
        ({"amount": 110, "surcharge": 10, "open_amount": 0, "total": 100, "void": False}, 0, 0, 110),
        ({"amount": 100, "surcharge": 0, "open_amount": 100, "total": 100, "void": True}, 0, 0, 100),
        ({"amount": 100, "surcharge": 0, "open_amount": 40, "total": 100, "void": False}, 40, 0, 60),
        ({"amount": 110, "surcharge": 10, "open_amount": 40, "total": 100, "void": False}, 50, 10, 60),
        ({"amount": 100, "surcharge": 0, "open_amount": 110, "total": 100, "void": False}, 100, 0, 0),
    ],
)
def test_allocation(given, settled, surcharge, surplus):
    share = rules.allocate(**given)
    assert (share.settled, share.surcharge, share.surplus) == (settled, surcharge, surplus)
    assert share.principal == settled - surcharge


def test_pauses_grow_and_end():
    minutes = datetime.timedelta(minutes=1)
    expires = NOW + datetime.timedelta(hours=1)
    pauses = [rules.next_poll(now=NOW, polls=polls, expires_at=expires) - NOW for polls in range(7)]
    day = datetime.timedelta(days=1)
    assert pauses == [7 * minutes, 15 * minutes, 30 * minutes, 60 * minutes, 360 * minutes, day, day]
    late = expires + rules.GRACE - datetime.timedelta(hours=2)
    assert rules.next_poll(now=late, polls=9, expires_at=expires) is None


def test_first_polls_and_jitter():
    second = datetime.timedelta(seconds=1)
    due = rules.next_poll(now=NOW, polls=0, expires_at=NOW, first_polls=[20 * second], jitter=1.0)
    assert due == NOW + 22 * second
    after = rules.next_poll(now=NOW, polls=1, expires_at=NOW, first_polls=[20 * second])
    assert after == NOW + datetime.timedelta(minutes=7)


def test_what_may_still_be_paid():
    for state in rules.STATES:
        known = state == "captured"
        assert rules.may_still_be_paid(state, expires_at=NOW, now=NOW) is not known
        assert not rules.may_still_be_paid(state, expires_at=NOW, now=NOW + rules.GRACE)


def test_the_same_items_have_the_same_key():
    one, two = uuid.uuid4(), uuid.uuid4()
    assert rules.items_key([(one, 1), (two, 2)]) == rules.items_key([(two, 2), (one, 1)])
    assert rules.items_key([(one, 1)]) != rules.items_key([(one, 2)])


def test_the_providers_clock_is_held_between_ours():
    hour = datetime.timedelta(hours=1)
    assert rules.paid_at(NOW + hour, not_before=NOW - hour, now=NOW) == NOW
    assert rules.paid_at(NOW - 2 * hour, not_before=NOW - hour, now=NOW) == NOW - hour


def test_disagreements_are_named():
    ours = rules.Terms(uuid.uuid4(), "test", "ARS", 100)
    said = {"account_id": ours.account_id, "mode": "test", "currency": "ARS", "amount": 100}
    assert rules.disagreement(ours, rules.Terms(**said)) is None
    for change, name in [
        ({"account_id": uuid.uuid4()}, "other-account"),
        ({"mode": "live"}, "mode-differs"),
        ({"currency": "COP"}, "currency-differs"),
        ({"amount": 101}, "amount-differs"),
        ({"amount": 99}, "amount-differs"),
    ]:
        assert rules.disagreement(ours, rules.Terms(**{**said, **change})) == name
