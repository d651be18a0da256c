"""Colours of a tenant, made fit for white paper."""

from __future__ import annotations

import re
from collections.abc import Mapping

TEXT_CONTRAST = 4.5
"""WCAG 2.2 success criterion 1.4.3: text against its ground."""

DEFAULTS = {"brand": "#1f4e79", "success": "#1c6b3f", "danger": "#a3262a"}
_INK = "#16202b"
_MUTED = "#525d69"
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def print_palette(palette: Mapping[str, str]) -> dict[str, str]:
    """Return the colours that the document templates know, each `#rrggbb`.

    Taken from `palette`: `brand`, `success`, `danger` (anything that is not `#rrggbb` falls back to a default; other
    keys are ignored). Made here: `brand_text`, `success_text`, `danger_text` (darkened until they read on white),
    `on_brand` (black or white, whichever reads better on the brand), `tint` (a breath of the brand for grounds),
    `line`, and the fixed `ink` and `muted`.
    """
    chosen = {}
    for name, default in DEFAULTS.items():
        value = palette.get(name, default)
        chosen[name] = value.lower() if isinstance(value, str) and _HEX.fullmatch(value) else default
    brand = _rgb(chosen["brand"])
    return {
        **chosen,
        **{f"{name}_text": _hex(_darkened(_rgb(value))) for name, value in chosen.items()},
        "on_brand": "#ffffff" if contrast(chosen["brand"], "#ffffff") >= TEXT_CONTRAST else _INK,
        "tint": _hex(_mixed(_darkened(brand), 0.055)),
        "line": _hex(_mixed(_darkened(brand), 0.2)),
        "ink": _INK,
        "muted": _MUTED,
    }


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast ratio of two `#rrggbb` colours, 1.0 to 21.0."""
    light, dark = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _darkened(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the colour, scaled towards black just as far as text on the faint tinted grounds needs it."""
    for percent in range(100, 0, -2):
        candidate = (colour[0] * percent // 100, colour[1] * percent // 100, colour[2] * percent // 100)
        if contrast(_hex(candidate), "#eef1f4") >= TEXT_CONTRAST:
            return candidate
    return 0, 0, 0


def _mixed(colour: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    red, green, blue = (round(255 - (255 - part) * share) for part in colour)
    return red, green, blue


def _luminance(colour: tuple[int, int, int]) -> float:
    parts = [part / 255 for part in colour]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
