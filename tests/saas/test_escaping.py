"""What compiled templates escape with is markupsafe's own, character for character."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from saas.escaping import escaped


class Marked:
    def __html__(self) -> str:
        return "<b>&</b>"


class Text(str):
    pass


@given(st.text(st.sampled_from("<>&'\"aé\x00 ") | st.characters()))
def test_text_is_escaped_alike(text: str) -> None:
    assert str(escaped(text)) == str(escape(text))
    assert str(escaped(Text(text))) == str(escape(text))
    assert str(escaped(Markup(text))) == text


@pytest.mark.parametrize(
    "value", [None, 0, -3, 1.5, True, Decimal("1.10"), uuid.UUID(int=7), Marked(), ["<"]]
)
def test_whatever_is_printed_is_escaped_alike(value: object) -> None:
    assert str(escaped(value)) == str(escape(value))
