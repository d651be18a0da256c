"""Any brand colour gives readable pages, by day and by night."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.palette import (
    GROUNDS,
    MATRIX,
    MODES,
    contrast,
    corrected,
    css_variables,
    darken_until,
    failing_pairs,
    is_color,
    legible,
    lighten_until,
    luminance,
    mix,
    on_color,
    palette,
)
from tenants.theme_packages import known_packages, tokens_for

colors = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("brand", "link"),
    [("#ffe600", "#7f7300"), ("#25d366", "#178540"), ("#ff6600", "#c75000"), ("#0b57d0", "#0b57d0")],
)
def test_a_brand_is_darkened_only_as_far_as_a_link_needs(brand: str, link: str) -> None:
    assert darken_until(brand, "#ffffff", 4.5) == link


def test_known_contrasts() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert luminance("#808080") == pytest.approx(0.2159, abs=0.0001)
    assert mix("#ff0000", "#0000ff", 0.5) == "#800080"


@given(colors)
def test_text_on_any_colour_reads(color: str) -> None:
    assert contrast(on_color(color), color) >= 4.58


@given(colors, colors, st.sampled_from([3.0, 4.5, 7.0]))
def test_darkening_and_lightening_end(color: str, ground: str, ratio: float) -> None:
    darker, lighter = darken_until(color, ground, ratio), lighten_until(color, ground, ratio)
    assert contrast(darker, ground) >= ratio or darker == "#000000"
    assert contrast(lighter, ground) >= ratio or lighter == "#ffffff"
    assert contrast(legible(color, (ground,), 4.5), ground) >= 4.5


@given(
    brand=colors,
    accent=colors,
    header=st.sampled_from(["plain", "band", "masthead"]),
    neutral=st.sampled_from(["warm", "neutral", "cool"]),
    package=st.sampled_from(known_packages()),
    mode=st.sampled_from(MODES),
)
def test_every_pair_of_the_matrix_passes_for_any_brand(
    brand: str, accent: str, header: str, neutral: str, package: str, mode: str
) -> None:
    tokens = tokens_for(package, {"brand": brand, "accent": accent, "header": header, "neutral": neutral})
    roles = palette(tokens, mode)
    assert failing_pairs(roles) == []
    assert all(is_color(color) for color in roles.values())


def test_the_matrix_asks_what_the_pages_need() -> None:
    asked = {(front, back) for front, back, _least in MATRIX}
    for ground in ("ground", "surface", "sunken"):
        for text in ("ink", "muted", "link", "danger", "success", "warning", "info", "edge", "focus"):
            assert (text, ground) in asked


def test_tokens_alone_are_enough() -> None:
    assert failing_pairs(palette({"brand": "#ffff00"}, "light")) == []
    assert set(GROUNDS["light"]) == set(GROUNDS["dark"])


def test_the_editor_is_told_what_was_corrected() -> None:
    assert corrected({"brand": "#ffe600", "accent": "#1f5a8c"})["brand"][0] == "#ffe600"
    assert corrected({"brand": "#1f3a5c"}) == {}


@pytest.mark.parametrize(
    "value", ["#GGG", "#fff", "#ABCDEF", "red", "#ffffff;}", "", None, 7, "#12345\u0666", "#ffffff\n"]
)
def test_only_six_plain_digits_are_a_colour(value: object) -> None:
    assert not is_color(value)
    with pytest.raises((ValueError, TypeError)):
        contrast(value, "#ffffff")  # type: ignore[arg-type]


def test_variables_are_written_for_both_modes() -> None:
    css = css_variables({"brand": "#24507a"})
    assert css.startswith(":root{color-scheme:light;")
    assert (
        "@media screen and (prefers-color-scheme:dark){html:not([data-mode=light]){color-scheme:dark;" in css
    )
    assert "html[data-mode=dark]{color-scheme:dark;" in css
    with pytest.raises(KeyError):
        css_variables({"brand": "#24507a", "radius": "0;}body{display:none"})
    with pytest.raises(KeyError):
        css_variables({"brand": "#24507a", "font": "x;@import url(//evil)"})
