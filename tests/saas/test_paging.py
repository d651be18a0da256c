from __future__ import annotations

import base64
import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.paging import Page, decode_cursor, encode_cursor

TYPES = (date, datetime, UUID, int, str)
ZONES = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))


@given(
    st.tuples(
        st.dates(),
        st.datetimes(timezones=ZONES),
        st.uuids() | st.none(),
        st.integers(-(2**63) + 1, 2**63 - 1),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40),
    )
)
def test_a_cursor_goes_there_and_back(values: tuple[date, datetime, UUID | None, int, str]) -> None:
    cursor = encode_cursor(values)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", cursor)
    assert decode_cursor(cursor, TYPES) == values


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [None, "", "x", "!", "ñ", "=", "a" * 5000, packed({}), packed([]), packed(["2026-03-04"]), packed([1, 2]),
     packed(["2026-03-04", True]), packed(["2026-03-04", 1.5]), packed(["2026-02-31", 1]), packed(["x", 1]),
     packed(["2026-03-04", 2**70]), packed(["2026-03-04", "1"]), packed([["2026-03-04"], 1]), packed("ab"), packed(5),
     packed([float("nan"), 1])],
)  # fmt: skip
def test_a_bad_cursor_is_the_first_page(text: str | None) -> None:
    assert decode_cursor(text, (date, int)) is None


@pytest.mark.parametrize("value", ["a\x00b", "\ud800"])
def test_what_no_database_stores_is_refused(value: str) -> None:
    assert decode_cursor(packed([value]), (str,)) is None


def test_a_moment_without_a_zone_is_refused() -> None:
    assert decode_cursor(packed(["2026-03-04T10:00:00"]), (datetime,)) is None
    moment = datetime(2026, 3, 4, 10, tzinfo=UTC)
    assert decode_cursor(encode_cursor((moment,)), (datetime,)) == (moment,)


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    assert decode_cursor(text, TYPES) is None or text


def test_deep_nesting_is_refused() -> None:
    assert decode_cursor(base64.urlsafe_b64encode(b"[" * 700).decode().rstrip("="), (str,)) is None


def test_a_page_knows_its_neighbours() -> None:
    page = Page(rows=[1, 2], older="abc")
    assert (list(page.rows), page.newer, page.older) == ([1, 2], None, "abc")
