from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.tokens import digest, new_code, new_token, normalise_code, same


def test_tokens_are_long_random_and_fit_a_url() -> None:
    made = {new_token() for _ in range(500)}
    assert len(made) == 500
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in made)


def test_only_the_token_matches_its_digest() -> None:
    token = new_token()
    assert re.fullmatch(r"[0-9a-f]{64}", digest(token))
    assert same(token, digest(token))
    altered = ("A" if token[0] != "A" else "B") + token[1:]
    assert not same(altered, digest(token))
    assert not same(token, token) and not same("", "") and not same(token, "ñ")


@given(st.text(st.characters()))
def test_any_text_can_be_compared(text: str) -> None:
    assert same(text, digest(text)) and not same(text, text)


def test_codes_have_no_letter_that_is_misread() -> None:
    made = {new_code() for _ in range(500)}
    assert len(made) > 495
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", code) for code in made)
    assert re.fullmatch(r".{5}-.{5}-.{5}", new_code(3, 5))


@pytest.mark.parametrize("text", ["K7QF-20M1", "k7qf20m1", " k7qf 20m1 ", "K7QF-2OML", "K7Q-F20-MI"])
def test_codes_are_read_as_people_type_them(text: str) -> None:
    assert normalise_code(text) == "K7QF-20M1"


@pytest.mark.parametrize(
    "text", ["", "K7QF", "K7QF-2M9X-1", "K7QF-2M9U", "K7QF-2M9Ñ", "K7QF-٢M9X", "x" * 10_000]
)
def test_what_is_no_code_is_none(text: str) -> None:
    assert normalise_code(text) is None


@given(st.integers(1, 4), st.integers(1, 6))
def test_a_code_is_its_own_normal_form(groups: int, size: int) -> None:
    code = new_code(groups, size)
    assert normalise_code(code.lower().replace("-", " "), groups, size) == code
