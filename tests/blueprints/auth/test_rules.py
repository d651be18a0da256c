"""Pure decisions: how a browser is called, what of an address is shown, which browser is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.auth.known_devices import recognise, remember
from blueprints.auth.rules import DEVICES_PER_BROWSER, device_name, masked
from saas.ids import new_id

KEYS = [b"new" * 12, b"old" * 12]
TENANT, USER = new_id(), new_id()


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36", "Chrome · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge · Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox · Linux"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_browser_is_called_as_people_call_it(agent: str, name: str) -> None:
    assert device_name(agent) == name


@pytest.mark.parametrize(
    ("email", "shown"),
    [("maria@x.test", "ma…@x.test"), ("ana@x.test", "a…@x.test"), ("a@x.test", "a…@x.test")],
)
def test_an_address_is_shown_to_its_owner_only(email: str, shown: str) -> None:
    assert masked(email) == shown


def test_a_browser_is_known_to_whom_it_knows() -> None:
    cookie = remember(KEYS, "", TENANT, USER)
    assert recognise(KEYS, cookie, TENANT, USER)
    assert recognise(KEYS[1:], cookie, TENANT, USER) is None
    assert recognise([b"newer" * 8, *KEYS], cookie, TENANT, USER), "a rotation forgets nobody"
    assert recognise(KEYS, cookie, new_id(), USER) is None
    assert recognise(KEYS, cookie, TENANT, new_id()) is None
    assert remember(KEYS, cookie, TENANT, USER) == cookie


def test_a_shared_browser_remembers_a_few() -> None:
    people = [new_id() for _ in range(DEVICES_PER_BROWSER + 1)]
    cookie = ""
    for person in people:
        cookie = remember(KEYS, cookie, TENANT, person)
    known = [recognise(KEYS, cookie, TENANT, person) is not None for person in people]
    assert known == [False] + [True] * DEVICES_PER_BROWSER
    assert len(cookie) < 1000


@given(st.text(max_size=300))
def test_any_cookie_may_come_in(cookie: str) -> None:
    assert recognise(KEYS, cookie, TENANT, USER) is None
    assert recognise(KEYS, remember(KEYS, cookie, TENANT, USER), TENANT, USER)
