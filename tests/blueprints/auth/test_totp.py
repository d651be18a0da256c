from __future__ import annotations

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.auth import totp

# RFC 6238, appendix B: the SHA-1 key and its moments. The RFC prints eight digits; six are their end.
KEY = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


@pytest.mark.parametrize(("seconds", "digits"), VECTORS)
def test_the_vectors_of_the_rfc(seconds: int, digits: str) -> None:
    assert totp.code_of(KEY, totp.step_of(seconds)) == digits[-6:]


@pytest.mark.parametrize(("drift", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(drift: int, counts: bool) -> None:
    now = 1000
    found = totp.matching_step(KEY, totp.code_of(KEY, now + drift), now)
    assert found == (now + drift if counts else None)


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "12 34 56"])
def test_digits_are_read_as_people_type_them(typed: str) -> None:
    assert totp.typed_code(typed) == "123456"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "½23456", "1" * 5000])
def test_what_is_no_code(typed: str) -> None:
    assert totp.typed_code(typed) is None


@given(st.text())
def test_any_text_may_come_in(typed: str) -> None:
    code = totp.typed_code(typed)
    assert code is None or totp.matching_step(KEY, code, 7) in (None, 6, 7, 8)


def test_secrets_are_long_and_never_the_same() -> None:
    made = {totp.new_secret() for _ in range(200)}
    assert len(made) == 200
    assert all(len(base64.b32decode(secret)) == 20 for secret in made)
    assert totp.in_groups("ABCDEFGH") == "ABCD EFGH"


def test_what_the_picture_says() -> None:
    said = urlsplit(totp.address(KEY, issuer="Hogar & Raíz: casa", account="ana+1@x.test"))
    assert (said.scheme, said.netloc) == ("otpauth", "totp")
    assert unquote(said.path) == "/Hogar & Raíz  casa:ana+1@x.test"
    asked = {name: values[0] for name, values in parse_qs(said.query).items()}
    assert asked["secret"] == KEY and asked["issuer"] == "Hogar & Raíz  casa"
    assert (asked["algorithm"], asked["digits"], asked["period"]) == ("SHA1", "6", "30")
