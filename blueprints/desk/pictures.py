"""Small drawings of a look, made of its own colours: what a chooser shows before anything is rendered."""

from __future__ import annotations

from collections.abc import Mapping

from tenants.palette import palette

_ROUND = {"0": 0, "6px": 5, "12px": 10}


def thumbnail(tokens: Mapping[str, str], mode: str) -> str:
    """An SVG of a phone's first page in this look. `tokens` are resolved; only checked colours are written."""
    c = palette(tokens, mode)
    r = _ROUND.get(tokens.get("radius", "6px"), 5)
    band = tokens.get("header", "plain") == "band"
    middle = tokens.get("header") == "masthead"
    hero, on_hero, button, on_button = (
        (c["band"], c["on-band"], c["on-band"], c["band"])
        if band
        else (c["surface"], c["ink"], c["brand"], c["on-brand"])
    )
    name_x = 92 if middle else 34
    rows = "".join(
        f'<rect x="16" y="{y}" width="208" height="26" rx="{r / 2:g}" fill="{c["surface"]}" stroke="{c["line"]}"/>'
        f'<rect x="26" y="{y + 10}" width="{width}" height="6" rx="3" fill="{c["ink"]}"/>'
        f'<rect x="178" y="{y + 10}" width="36" height="6" rx="3" fill="{tone}"/>'
        for y, width, tone in (
            (176, 70, c["danger"]),
            (208, 54, c["muted"]),
            (240, 82, c["success"]),
        )
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 280" width="240" height="280">'
        f'<rect width="240" height="280" fill="{c["ground"]}"/>'
        f'<rect width="240" height="36" fill="{c["header"]}"/>'
        f'<rect y="35" width="240" height="1" fill="{c["line"]}"/>'
        f'<circle cx="{name_x - 12}" cy="18" r="7" fill="{c["on-header"]}"/>'
        f'<rect x="{name_x}" y="15" width="62" height="7" rx="3.5" fill="{c["on-header"]}"/>'
        f'<rect x="16" y="52" width="208" height="108" rx="{r}" fill="{hero}" stroke="{c["line"]}"/>'
        f'<rect x="30" y="68" width="46" height="6" rx="3" fill="{on_hero}"/>'
        f'<rect x="30" y="84" width="112" height="15" rx="3" fill="{on_hero}"/>'
        f'<rect x="30" y="112" width="82" height="30" rx="{15 if r == 10 else r}" fill="{button}"/>'
        f'<rect x="48" y="124" width="46" height="6" rx="3" fill="{on_button}"/>'
        f"{rows}</svg>"
    )
