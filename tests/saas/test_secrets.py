from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saas.secrets import Keyring, Unreadable, last_four

OLD, NEW = b"o" * 32, b"n" * 32
A, B = UUID(int=1), UUID(int=2)
ACCOUNT, OTHER = UUID(int=11), UUID(int=12)
SECRET = "sk_live_4Vj8eK4rloUd272L48hsrarnUA"


def test_opens_only_where_it_was_sealed() -> None:
    ring = Keyring([NEW])
    sealed = ring.seal(SECRET, A, ACCOUNT, "api_key")
    assert SECRET not in sealed
    assert ring.unseal(sealed, A, ACCOUNT, "api_key") == SECRET
    for place in (
        (B, ACCOUNT, "api_key"),
        (A, OTHER, "api_key"),
        (A, None, "api_key"),
        (A, ACCOUNT, "api_login"),
    ):
        with pytest.raises(Unreadable):
            ring.unseal(sealed, *place)


def test_a_name_cannot_reach_into_its_neighbour() -> None:
    with pytest.raises(ValueError):
        Keyring([NEW]).seal(SECRET, A, None, f"{ACCOUNT}|api_key")


def test_rotation_keeps_old_values_readable_and_writes_with_the_new_key() -> None:
    before, during, after = Keyring([OLD]), Keyring([NEW, OLD]), Keyring([NEW])
    sealed = before.seal(SECRET, A, ACCOUNT, "api_key")
    assert during.unseal(sealed, A, ACCOUNT, "api_key") == SECRET
    with pytest.raises(Unreadable):
        after.unseal(sealed, A, ACCOUNT, "api_key")
    rotated = during.rotate(sealed, A, ACCOUNT, "api_key")
    assert (Keyring.key_id_of(sealed), Keyring.key_id_of(rotated)) == (before.key_id, after.key_id)
    assert after.unseal(rotated, A, ACCOUNT, "api_key") == SECRET
    assert during.rotate(rotated, A, ACCOUNT, "api_key") == rotated
    with pytest.raises(Unreadable):
        during.rotate(sealed, B, ACCOUNT, "api_key")


@pytest.mark.parametrize("damage", ["", ".", "x", "no-point", "ñ.ñ", "a.b.c", "00000000." + "A" * 100])
def test_damage_is_unreadable(damage: str) -> None:
    with pytest.raises(Unreadable):
        Keyring([NEW]).unseal(damage, A, ACCOUNT, "api_key")


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_whole(text: str) -> None:
    ring = Keyring([NEW, OLD])
    assert ring.unseal(ring.seal(text, A, None, "note"), A, None, "note") == text


def test_the_error_tells_no_secret() -> None:
    ring = Keyring([NEW])
    with pytest.raises(Unreadable) as caught:
        ring.unseal(ring.seal(SECRET, A, ACCOUNT, "api_key"), B, ACCOUNT, "api_key")
    assert SECRET not in str(caught.value) and "nnnn" not in repr(ring)


def test_derived_keys_differ_by_purpose_and_outlive_a_rotation() -> None:
    ring = Keyring([NEW, OLD])
    assert len(ring.derive("sessions")) == 32
    assert ring.derive("sessions") == ring.derive("sessions") != ring.derive("receipts")
    assert ring.derive_all("sessions") == [
        Keyring([NEW]).derive("sessions"),
        Keyring([OLD]).derive("sessions"),
    ]


def test_a_fingerprint_tells_a_change_and_nothing_across_tenants() -> None:
    ring = Keyring([NEW])
    assert ring.fingerprint(SECRET, A) == ring.fingerprint(SECRET, A)
    assert (
        len({ring.fingerprint(SECRET, A), ring.fingerprint(SECRET + "x", A), ring.fingerprint(SECRET, B)})
        == 3
    )


def test_four_letters_are_shown_only_of_a_long_secret() -> None:
    assert last_four(SECRET) == "rnUA"
    assert last_four("hunter2") == "" and last_four("") == ""


@pytest.mark.parametrize("masters", [[], [b""], [b"short"], [NEW, b"x" * 31]])
def test_weak_or_missing_master_keys_are_an_error(masters: list[bytes]) -> None:
    with pytest.raises(ValueError):
        Keyring(masters)
