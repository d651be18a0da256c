"""Whatever is approved, answered, marked or stopped: what was collected is held, under way or paid, to the cent."""

from __future__ import annotations

import datetime
import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from blueprints.ledger.queries import unbalanced_entries
from blueprints.payouts import bank_accounts as verbs
from blueprints.payouts import rules
from blueprints.payouts.answers import mark_by_hand, take_answer
from blueprints.payouts.models import PayoutLine
from blueprints.payouts.runs import approve_run, drop_run, take_out
from blueprints.payouts.sending import make_file
from saas.clock import now
from saas.database import db
from saas.refusals import Refusal
from tests.blueprints.payouts.test_runs import CSV, FIXED, answer
from tests.blueprints.payouts.world import Agency, collect, prepared, staff, sums, usable_account

STEPS = 30


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_lost_and_nothing_is_made(agency: Agency, seed: int):
    chance = random.Random(seed)
    collected, runs = 0, []
    with agency.unit():
        accounts = [usable_account(agency), usable_account(agency, 1, "22345678901")]
    for _step in range(STEPS):
        act = chance.choice(
            ["collect", "prepare", "approve", "approve", "answer", "answer", "hand", "file", "odd"]
        )
        try:
            with agency.unit():
                if act == "collect":
                    amount = chance.randint(1, 999_999)
                    collect(agency, amount)
                    collected += amount
                elif act == "prepare":
                    runs.append(prepared(agency))
                elif act == "approve" and runs:
                    approve_run(chance.choice(runs), may_approve=True, actor=staff(agency.luis), now=now())
                elif act == "answer":
                    said = [
                        (
                            line.key,
                            line.amount + chance.choice([0, 0, 0, 1]),
                            chance.choice(["OK", "R1", "?"]),
                        )
                        for line in _ended(chance)
                    ]
                    bytes_ = answer(agency, said, reference=str(chance.random()))
                    take_answer(bytes_, "r.csv", CSV, actor=staff(agency.ana), now=now())
                elif act == "hand":
                    for line in _ended(chance)[:1]:
                        mark_by_hand(
                            line.id, paid=chance.random() < 0.5, on=agency.day, reference="1", note="x",
                            actor=staff(agency.ana), now=now(),
                        )  # fmt: skip
                elif act == "file" and runs:
                    make_file(chance.choice(runs), FIXED, actor=staff(agency.ana), now=now())
                elif act == "odd" and runs:
                    _odd(agency, chance, accounts, runs)
        except Refusal:
            pass
        with agency.unit():
            held, under_way, paid = sums()
            assert held + under_way + paid == collected
            assert held >= 0 and under_way >= 0
    with agency.unit():
        assert unbalanced_entries() == []
        rows = db.session.execute(select(PayoutLine.state, PayoutLine.amount)).all()
        assert sum(row.amount for row in rows if row.state == rules.UNDER_WAY) == sums()[1]


def _ended(chance: random.Random) -> list:
    rows = list(
        db.session.execute(
            select(PayoutLine.id, PayoutLine.key, PayoutLine.amount).where(PayoutLine.key.is_not(None))
        )
    )
    return chance.sample(rows, min(len(rows), 3))


def _odd(agency: Agency, chance: random.Random, accounts: list, runs: list) -> None:
    which = chance.choice(["freeze", "release", "drop", "take-out"])
    if which == "freeze":
        verbs.freeze(chance.choice(accounts), actor=staff(agency.paz), now=now())
    elif which == "release":
        verbs.release(
            chance.choice(accounts), "ok", actor=staff(agency.luis), now=now() - datetime.timedelta(days=9)
        )
    elif which == "drop":
        drop_run(chance.choice(runs), "x", actor=staff(agency.ana), now=now())
    else:
        lines = db.session.execute(select(PayoutLine.id)).scalars().all()
        take_out(chance.choice(lines), "x", actor=staff(agency.ana), now=now())


@given(
    held=st.integers(-(10**9), 10**12),
    later=st.integers(0, 10**12),
    refunds=st.integers(0, 10**9),
    reserve=st.integers(0, 10**9),
    minimum=st.integers(0, 10**9),
    has=st.booleans(),
)
def test_a_proposal_never_pays_more_than_is_held(held, later, refunds, reserve, minimum, has):
    chosen = rules.Chosen(uuid.UUID(int=1)) if has else rules.Chosen(None, rules.NO_ACCOUNT)
    made = rules.propose(rules.Held(held, held - later, refunds), chosen, reserve=reserve, minimum=minimum)
    assert 0 <= made.amount <= max(held, 0)
    assert (made.reason is None) == (made.amount > 0)
    if made.amount:
        assert made.amount + made.kept == held and made.amount >= minimum
        assert made.kept >= refunds + reserve
    assert all(amount > 0 for amount in made.facts.values())


@given(st.integers(0, 10**12), st.lists(st.integers(1, 10**6), min_size=1, max_size=6))
def test_parts_that_may_go_back_cover_the_whole(amount, shares):
    whole = sum(shares)
    parts = [rules.part_of(amount, share * rules.WHOLE // whole) for share in shares]
    assert sum(parts) <= amount + len(shares)
    assert sum(rules.part_of(amount, share) for share in (600_000, 400_000)) >= amount


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_two_people_are_needed_from_the_threshold_on(total, alone, threshold):
    wanted = threshold == 0 or total + alone > threshold
    assert rules.needs_second(total, alone_today=alone, threshold=threshold) is wanted


@given(
    st.sampled_from(["", "proposed", "left-out", "under-way", "paid", "returned"]),
    st.sampled_from(["paid", "returned", None]),
    st.booleans(),
)
def test_every_answer_has_one_effect(state, outcome, same):
    effect = rules.effect_of(state, outcome, same_amount=same)
    moves = effect in ("paid", "returned")
    assert moves == (
        same and outcome is not None and (state, outcome) in {
            ("under-way", "paid"), ("under-way", "returned"), ("paid", "returned"),
        }
    )  # fmt: skip
