from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import altcha
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.human_check import LIFETIME, TRIES, challenge, check_form_token, form_token, verify

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
SCRIPT = Path(__file__).parents[2] / "saas" / "static" / "js" / "human-check.js"


class Used:
    def __init__(self) -> None:
        self.keys: dict[str, datetime] = {}

    def first_use(self, key: str, until: datetime) -> bool:
        return self.keys.setdefault(key, until) is until


def solve(given_challenge: dict[str, Any]) -> str:
    made = altcha.Challenge.from_dict(given_challenge)
    solution = altcha.solve_challenge(made)
    assert solution is not None and solution.counter < TRIES
    return altcha.Payload(made, solution).to_base64()


def altered(payload: str, change: Any) -> str:
    content = json.loads(base64.b64decode(payload))
    change(content)
    return base64.b64encode(json.dumps(content).encode()).decode()


def test_work_counts_once() -> None:
    made, used = challenge(KEY, NOW, cost=10), Used()
    payload = solve(json.loads(json.dumps(made)))
    assert verify(KEY, payload, NOW + timedelta(seconds=20), used)
    assert not verify(KEY, payload, NOW + timedelta(seconds=21), used)
    assert min(used.keys.values()) >= NOW + LIFETIME
    assert verify(KEY, solve(challenge(KEY, NOW, cost=10)), NOW, used)


def test_work_for_another_key_or_after_its_time_is_nothing_and_uses_nothing_up() -> None:
    used = Used()
    payload = solve(challenge(KEY, NOW, cost=10))
    assert not verify(OTHER_KEY, payload, NOW, used)
    assert not verify(KEY, payload, NOW + LIFETIME, used)
    assert not used.keys
    assert verify(KEY, payload, NOW + LIFETIME - timedelta(seconds=1), used)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["challenge"]["parameters"].update(cost=1),
        lambda c: c["challenge"]["parameters"].update(keyPrefix=""),
        lambda c: c["challenge"]["parameters"].update(nonce="00" * 16),
        lambda c: c["challenge"]["parameters"].update(salt="00" * 16),
        lambda c: c["challenge"]["parameters"].update(algorithm="SHA-256"),
        lambda c: c["challenge"]["parameters"].update(memoryCost=2**40),
        lambda c: c["challenge"]["parameters"]["data"].update(until=2**40),
        lambda c: c["challenge"]["parameters"].pop("data"),
        lambda c: c["challenge"]["parameters"].update(data=None),
        lambda c: c["challenge"].update(signature=""),
        lambda c: c["challenge"].update(signature=None),
        lambda c: c["challenge"].update(signature=["x"]),
        lambda c: c["challenge"].pop("signature"),
        lambda c: c.pop("solution"),
        lambda c: c["solution"].update(counter=c["solution"]["counter"] + 1),
        lambda c: c["solution"].update(counter=-1),
        lambda c: c["solution"].update(counter="1"),
        lambda c: c["solution"].update(counter=True),
        lambda c: c["solution"].update(counter=1e999),
        lambda c: c["solution"].update(derivedKey="00" * 32),
        lambda c: c["solution"].update(derivedKey=None),
    ],
)
def test_nothing_can_be_altered(change: Any) -> None:
    used = Used()
    payload = solve(challenge(KEY, NOW, cost=10))
    assert not verify(KEY, altered(payload, change), NOW, used)
    assert not used.keys


@pytest.mark.parametrize(
    "payload",
    ["", "x", "ñ", "e30=", "bnVsbA==", "W10=", base64.b64encode(b"[" * 2900).decode(), "A" * 100_000, "\x00",
     base64.b64encode(b'{"challenge":1,"solution":2}').decode(), base64.b64encode(b"\xff\xfe").decode(),
     base64.b64encode(b'{"challenge":{"parameters":{}},"solution":{}}').decode()],
)  # fmt: skip
def test_no_payload_breaks_it(payload: str) -> None:
    assert not verify(KEY, payload, NOW, Used())


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: base64.b64encode(raw).decode()))
def test_no_text_breaks_it(text: str) -> None:
    assert not verify(KEY, text, NOW, Used())
    assert not check_form_token(KEY, text, NOW)


# ---- Without script


def test_a_form_counts_after_a_moment_and_not_after_an_hour() -> None:
    token = form_token(KEY, NOW)
    for seconds, counts in ((-5, False), (0, False), (2, False), (3, True), (3600, True), (3601, False)):
        assert check_form_token(KEY, token, NOW + timedelta(seconds=seconds)) is counts
    assert check_form_token(KEY, token, NOW, minimum_seconds=0)


def test_a_form_of_another_key_or_time_is_nothing() -> None:
    token, later = form_token(KEY, NOW), NOW + timedelta(seconds=10)
    stamp, nonce, mac = token.split(".")
    assert not check_form_token(OTHER_KEY, token, later)
    assert not check_form_token(KEY, f"{int(stamp) - 1}.{nonce}.{mac}", later)
    assert not check_form_token(KEY, f"{stamp}.{nonce[::-1]}.{mac}", later)
    assert not check_form_token(KEY, f"{stamp}.{nonce}.{mac.upper()}x", later)
    for text in ("", "..", "1.2.3", "٣.a.b", token + "\n", f"-{token}"):
        assert not check_form_token(KEY, text, later)


def test_a_form_counts_once_and_never_with_the_trap_filled_in() -> None:
    token, later, used = form_token(KEY, NOW), NOW + timedelta(seconds=10), Used()
    assert not check_form_token(KEY, token, later, replay_store=used, trap="https://spam.example")
    assert check_form_token(KEY, token, later, replay_store=used)
    assert not check_form_token(KEY, token, later, replay_store=used)
    assert check_form_token(KEY, form_token(KEY, NOW), later, replay_store=used)


# ---- The script


def test_the_script_is_small_and_agrees_with_the_server() -> None:
    script = SCRIPT.read_text()
    assert len(gzip.compress(script.encode())) <= 2048
    assert f"const TRIES = {TRIES};" in script
