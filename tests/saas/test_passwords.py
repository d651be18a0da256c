from __future__ import annotations

import random
import string
from contextlib import suppress
from timeit import timeit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saas import passwords
from saas.passwords import LONGEST, check_strength, hash_password, needs_rehash, verify, verify_nobody
from saas.refusals import Refusal

CONTEXT = ["Agua Clara S.A.", "maria.gutierrez@correo.example", "María Gutiérrez"]


def test_only_the_password_itself_matches() -> None:
    hashed = hash_password("casa verde luna")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify(hashed, "casa verde luna")
    for other in ("", "casa verde lun", "casa verde luna ", "Casa verde luna"):
        assert not verify(hashed, other)
    assert hashed != hash_password("casa verde luna")


def test_long_passwords_are_compared_whole() -> None:
    long = "".join(random.Random(7).choices(string.ascii_letters, k=LONGEST))
    hashed = hash_password(long)
    assert verify(hashed, long)
    assert not verify(hashed, long[:-1] + ("a" if long[-1] != "a" else "b"))
    assert not verify(hashed, long[:72])


def test_the_same_letters_from_another_keyboard_match() -> None:
    assert verify(hash_password("contrase\u00f1a d\u00edficil"), "contrasen\u0303a di\u0301ficil")
    assert verify(hash_password("１２３ cielo abierto"), "123 cielo abierto")


@pytest.mark.parametrize(
    "damaged", ["", "x", "$argon2id$", "$argon2id$v=19$m=19456,t=2,p=1$a$b", "plain text", "\ud800"]
)
def test_a_damaged_hash_matches_nothing(damaged: str) -> None:
    assert not verify(damaged, "casa verde luna")
    assert needs_rehash(damaged)


def test_the_absurdly_long_is_refused_before_any_work() -> None:
    hashed, huge = hash_password("casa verde luna"), "a" * 1_000_000
    assert timeit(lambda: verify(hashed, huge), number=1) < 0.005
    with pytest.raises(ValueError):
        hash_password(huge)

    def refused() -> None:
        with pytest.raises(Refusal):
            check_strength(huge)

    assert timeit(refused, number=1) < 0.005


def test_old_parameters_are_noticed() -> None:
    from argon2 import PasswordHasher

    assert not needs_rehash(hash_password("casa verde luna"))
    assert needs_rehash(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("casa verde luna"))


def test_nobody_costs_what_somebody_costs() -> None:
    assert not needs_rehash(passwords._NOBODY)
    assert verify_nobody("casa verde luna") is False
    hashed = hash_password("casa verde luna")
    somebody = min(timeit(lambda: verify(hashed, "wrong"), number=1) for _ in range(7))
    nobody = min(timeit(lambda: verify_nobody("wrong"), number=1) for _ in range(7))
    assert 0.4 < nobody / somebody < 2.5


@pytest.mark.parametrize(
    "password",
    ["casa verde luna", "kx7#mq2p", "tres tristes tigres", "   uno dos siete   ", "correcto caballo", "пароль-небо-47",
     "🐍🦜🌵🏔️🪁🎺🧭🪴", "aaaa bbbb zanahoria trompeta", "x" * 5 + "Rueda-loca-9 nube"],
)  # fmt: skip
def test_a_good_password_needs_no_signs_or_capitals(password: str) -> None:
    check_strength(password, CONTEXT)


def test_sixty_four_characters_and_a_thousand_are_welcome() -> None:
    letters = random.Random(3)
    for size in (8, 64, 128, LONGEST):
        check_strength("".join(letters.choices(string.ascii_letters + string.digits, k=size)), CONTEXT)


@pytest.mark.parametrize(
    "password",
    ["12345678", "password", "qwertyuiop", "contraseña", "Contraseña1", "contrasena2026!", "Colombia2026", "colombia",
     "MEDELLIN2026", "boca juniors"[:4] + "2026!!", "11111111", "abcd1234", "19051985", "        ", "p@ssw0rd123",
     "q" * 64, "🐍🐍🐍🐍🐍🐍🐍🐍", "zxcvbnm1", "teamo2026", "arriendo123"],
)  # fmt: skip
def test_the_common_is_refused(password: str) -> None:
    with pytest.raises(Refusal, match="guess") as caught:
        check_strength(password, CONTEXT)
    assert caught.value.field == "password"


@pytest.mark.parametrize(
    "password",
    ["aguaclara", "AguaClara1", "Agua Clara 2026!", "¡¡agua--clara!!", "mariagutierrez", "GUTIÉRREZ99",
     "Gutierrez.María", "clara-agua-01"],
)  # fmt: skip
def test_words_of_the_context_are_refused(password: str) -> None:
    with pytest.raises(Refusal, match="Do not build"):
        check_strength(password, CONTEXT)


@pytest.mark.parametrize("password", ["", "1234567", "ñandú #", "a\u0301" * 7])
def test_the_short_is_refused(password: str) -> None:
    with pytest.raises(Refusal, match="at least 8"):
        check_strength(password)


@pytest.mark.parametrize(
    "alphabet", ["4@8({[<3691!|0$5+7%2", "a4@", "1l|!i7+t", "aA@4 ", "0123456789", "qwerty"]
)
def test_no_password_keeps_the_server_busy(alphabet: str) -> None:
    letters = random.Random(11)
    for size in (40, LONGEST):
        password = "".join(letters.choices(alphabet, k=size))

        def judge(password: str = password) -> None:
            with suppress(Refusal):
                check_strength(password, CONTEXT)

        assert min(timeit(judge, number=1) for _ in range(3)) < 0.25


@settings(max_examples=40)
@given(st.text(st.characters(), max_size=30))
def test_no_text_breaks_it(password: str) -> None:
    verify(passwords._NOBODY, password)
    try:
        check_strength(password, CONTEXT)
    except Refusal as refusal:
        assert str(refusal)
