"""Colour arithmetic of the look: from a few brand tokens to every colour role a page uses, in light and in dark.

Pure: nothing here reads files, the database or the request. Contrast is WCAG 2.2 relative luminance
(https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio). Colours go in and out as ``#rrggbb``, lower case.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable, Mapping

HEX = re.compile(r"#[0-9a-f]{6}", re.ASCII)
TEXT, GRAPHIC = 4.5, 3.0  # WCAG 2.2 1.4.3 and 1.4.11
NIGHT = 6.0
MODES = ("light", "dark")
TONES = ("danger", "warning", "success", "info")
_STEP = 0.01

#: System font stacks a tenant may choose; nothing is ever downloaded.
FONTS: dict[str, str] = {
    "system": '-apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"Noto Sans",Ubuntu,"Liberation Sans",sans-serif',
    "grotesque": '"Helvetica Neue",Helvetica,Arial,"Liberation Sans",Roboto,sans-serif',
    "humanist": 'Seravek,"Gill Sans Nova",Ubuntu,Calibri,"Noto Sans","Liberation Sans",sans-serif',
    "book": '"Iowan Old Style","Palatino Linotype",Palatino,Charter,Georgia,"Noto Serif","Liberation Serif",serif',
    "mono": 'ui-monospace,"Cascadia Code","Roboto Mono",Menlo,Consolas,"Liberation Mono",monospace',
}

#: Grounds when a token set carries none (plain neutral); packages bring their own in ``tokens.toml``.
GROUNDS: dict[str, dict[str, str]] = {
    "light": {"ground": "#f6f6f5", "surface": "#ffffff", "sunken": "#eeeeec", "line": "#dddcd9",
              "ink": "#1f2022", "muted": "#5e605f", "danger": "#b3261e", "warning": "#8a5a00",
              "success": "#1e6b3c", "info": "#1f5a8c"},
    "dark": {"ground": "#151617", "surface": "#1e2021", "sunken": "#282a2c", "line": "#3a3d3f",
             "ink": "#ecedee", "muted": "#a8acaf", "danger": "#ff8a80", "warning": "#f0b95a",
             "success": "#7fcf9b", "info": "#8cc4f2"},
}  # fmt: skip

#: (foreground role, background role, least ratio): what ``palette`` promises for any brand colour, in both modes.
MATRIX: tuple[tuple[str, str, float], ...] = (
    *((text, ground, TEXT) for text in ("ink", "muted", "link", "brand-ink", "accent-ink", *TONES)
      for ground in ("ground", "surface", "sunken")),
    *((tone, f"{tone}-soft", TEXT) for tone in TONES),
    *(("ink", f"{tone}-soft", TEXT) for tone in (*TONES, "brand")),
    ("brand-ink", "brand-soft", TEXT), ("muted", "brand-soft", TEXT),
    ("on-brand", "brand", TEXT), ("on-brand", "brand-hover", TEXT), ("brand-muted", "brand", TEXT),
    ("on-accent", "accent", TEXT), ("on-danger", "danger-fill", TEXT),
    ("on-header", "header", TEXT), ("header-muted", "header", TEXT),
    ("on-band", "band", TEXT), ("band-muted", "band", TEXT),
    *((edge, ground, GRAPHIC) for edge in ("edge", "focus", "brand-edge")
      for ground in ("ground", "surface", "sunken")),
    ("header-focus", "header", GRAPHIC), ("band-focus", "band", GRAPHIC),
)  # fmt: skip


def is_color(value: object) -> bool:
    """Whether ``value`` is exactly ``#rrggbb`` in lower case; nothing else may reach a stylesheet."""
    return isinstance(value, str) and len(value) == 7 and HEX.fullmatch(value) is not None


def _channels(color: str) -> tuple[float, float, float]:
    if not is_color(color):
        raise ValueError(f"not a #rrggbb colour: {color[:20]!r}")
    return int(color[1:3], 16) / 255, int(color[3:5], 16) / 255, int(color[5:7], 16) / 255


def _hex(channels: Iterable[float]) -> str:
    return "#" + "".join(f"{round(min(1.0, max(0.0, channel)) * 255):02x}" for channel in channels)


def luminance(color: str) -> float:
    """Relative luminance of ``#rrggbb``, 0 (black) to 1 (white)."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio of two colours, 1 to 21, in any order."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def on_color(color: str) -> str:
    """Black or white, whichever reads better on ``color``; the ratio is never below 4.58 (the root of 21)."""
    return max(("#ffffff", "#000000"), key=lambda candidate: contrast(candidate, color))


def mix(color: str, into: str, share: float) -> str:
    """``share`` (0..1) of ``color`` laid over ``into``."""
    return _hex(a * share + b * (1 - share) for a, b in zip(_channels(color), _channels(into), strict=True))


def _shift_until(color: str, backgrounds: Iterable[str], ratio: float, step: float) -> str:
    grounds = tuple(backgrounds)
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(color))
    while True:
        candidate = _hex(colorsys.hls_to_rgb(hue, lightness, saturation))
        if all(contrast(candidate, ground) >= ratio for ground in grounds):
            return candidate
        if lightness <= 0 if step < 0 else lightness >= 1:
            return candidate
        lightness = min(1.0, max(0.0, lightness + step))


def darken_until(color: str, background: str, ratio: float) -> str:
    """The same hue, only as much darker as ``ratio`` on ``background`` asks; black when even that is not enough."""
    return _shift_until(color, (background,), ratio, -_STEP)


def lighten_until(color: str, background: str, ratio: float) -> str:
    """The same hue, only as much lighter as ``ratio`` on ``background`` asks; white when even that is not enough."""
    return _shift_until(color, (background,), ratio, _STEP)


def legible(color: str, backgrounds: Iterable[str], ratio: float) -> str:
    """``color`` moved away from its backgrounds (darker on light ones, lighter on dark ones) until it reads on all."""
    grounds = tuple(backgrounds)
    step = -_STEP if on_color(max(grounds, key=luminance)) == "#000000" else _STEP
    return _shift_until(color, grounds, ratio, step)


def _dim(text: str, background: str, strength: float) -> str:
    """A quieter version of ``text`` on ``background`` that still reads."""
    while strength < 1:
        candidate = mix(text, background, strength)
        if contrast(candidate, background) >= TEXT:
            return candidate
        strength += 0.04
    return text


def palette(tokens: Mapping[str, str], mode: str) -> dict[str, str]:
    """Every colour role of a page for one mode (``light`` or ``dark``), each pair of ``MATRIX`` passing.

    ``tokens`` needs ``brand``; ``accent`` and ``header`` and ``<mode>.<ground>`` entries (as ``theme_packages``
    resolves them) are used when present. Raises ValueError on a colour that is not ``#rrggbb``.
    """
    if mode not in MODES:
        raise ValueError(f"unknown mode: {mode[:20]!r}")
    base = {role: tokens.get(f"{mode}.{role}", value) for role, value in GROUNDS[mode].items()}
    grounds = (base["ground"], base["surface"], base["sunken"])
    brand, accent = tokens["brand"], tokens.get("accent", tokens["brand"])
    tint = 0.09 if mode == "light" else 0.16

    roles = {name: base[name] for name in ("ground", "surface", "sunken", "line")}
    softs = {tone: mix(base[tone], base["surface"], tint) for tone in TONES}
    brand_soft = mix(brand, base["surface"], tint)
    roles["ink"] = legible(base["ink"], (*grounds, brand_soft, *softs.values()), 7)
    roles["muted"] = legible(base["muted"], (*grounds, brand_soft), TEXT)
    roles["edge"] = legible(mix(base["muted"], base["line"], 0.55), grounds, GRAPHIC)

    # A dark brand would vanish on a dark page, so as a fill it is lifted until its shape can be seen there.
    fill = brand if mode == "light" else lighten_until(brand, base["sunken"], GRAPHIC)
    roles["brand"], roles["on-brand"] = fill, on_color(fill)
    away = "#000000" if roles["on-brand"] == "#ffffff" else "#ffffff"
    roles["brand-hover"] = mix(away, fill, 0.14)
    roles["brand-muted"] = _dim(roles["on-brand"], fill, 0.78)
    roles["brand-edge"] = legible(fill, grounds, GRAPHIC)
    roles["brand-soft"] = brand_soft
    # On black, 4.5 is legal but dull: links at night get more light.
    roles["brand-ink"] = roles["link"] = legible(
        brand, (*grounds, brand_soft), TEXT if mode == "light" else NIGHT
    )
    roles["focus"] = legible(accent, grounds, GRAPHIC)
    accent_fill = accent if mode == "light" else lighten_until(accent, base["sunken"], GRAPHIC)
    roles["accent"], roles["on-accent"] = accent_fill, on_color(accent_fill)
    roles["accent-ink"] = legible(accent, grounds, TEXT if mode == "light" else NIGHT)
    roles["accent-soft"] = mix(accent, base["surface"], tint)

    for tone in TONES:
        roles[f"{tone}-soft"] = softs[tone]
        roles[tone] = legible(base[tone], (*grounds, softs[tone]), TEXT)
    roles["danger-fill"] = roles["danger"]
    roles["on-danger"] = on_color(roles["danger"])

    # The band is the one large field of brand colour; at night it is the brand by moonlight, not a lamp.
    roles["band"] = brand if mode == "light" else mix(brand, base["ground"], 0.42)
    roles["on-band"] = on_color(roles["band"])
    roles["band-muted"] = _dim(roles["on-band"], roles["band"], 0.8)
    roles["band-focus"] = roles["on-band"]
    style = tokens.get("header", "plain")
    if style == "band":
        roles["header"], roles["on-header"] = roles["band"], roles["on-band"]
        roles["header-muted"], roles["header-focus"] = roles["band-muted"], roles["on-band"]
    else:
        roles["header"] = base["surface"] if style == "plain" else base["ground"]
        roles["on-header"], roles["header-muted"] = roles["ink"], roles["muted"]
        roles["header-focus"] = roles["focus"]
    return roles


def failing_pairs(roles: Mapping[str, str]) -> list[tuple[str, str, float]]:
    """Pairs of ``MATRIX`` that a finished palette does not reach: (foreground, background, ratio found)."""
    return [
        (front, back, contrast(roles[front], roles[back]))
        for front, back, least in MATRIX
        if contrast(roles[front], roles[back]) < least
    ]


def corrected(tokens: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What had to be changed so that the brand reads as a link on the light page: role -> (chosen, used).

    The theme editor shows both side by side. Empty when the colours chosen are fine as they are.
    """
    roles = palette(tokens, "light")
    pairs = {"brand": (tokens["brand"], roles["link"]),
             "accent": (tokens.get("accent", tokens["brand"]), roles["accent-ink"])}  # fmt: skip
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


_SHAPES: dict[str, dict[str, dict[str, str]]] = {
    "radius": {
        "0": {"r": "0", "r-s": "0", "r-l": "0", "r-btn": "0"},
        "6px": {"r": "6px", "r-s": "4px", "r-l": "10px", "r-btn": "6px"},
        "12px": {"r": "12px", "r-s": "6px", "r-l": "18px", "r-btn": "99px"},
    },
    "density": {"comfortable": {"d": "1"}, "compact": {"d": ".8"}},
    "header": {
        "plain": {"header-justify": "flex-start", "header-rule": "1px solid var(--line)"},
        "band": {"header-justify": "flex-start", "header-rule": "0 solid transparent"},
        "masthead": {"header-justify": "center", "header-rule": "3px double var(--line)"},
    },
    "scale": {
        "modest": {"h1": "clamp(1.5rem,1.3rem + 1vw,2rem)", "h2": "1.1875rem",
                   "figure": "clamp(2.25rem,1.8rem + 2vw,3rem)"},
        "editorial": {"h1": "clamp(1.875rem,1.5rem + 1.8vw,2.75rem)", "h2": "1.4375rem",
                      "figure": "clamp(2.5rem,1.9rem + 3vw,3.75rem)"},
    },
}  # fmt: skip


def _block(selector: str, mode: str, pairs: Mapping[str, str]) -> str:
    variables = ";".join(f"--{name}:{value}" for name, value in pairs.items())
    return f"{selector}{{color-scheme:{mode};{variables}}}"


def css_variables(tokens: Mapping[str, str]) -> str:
    """Custom properties for a token set: light, dark by system preference, and both by ``html[data-mode]``.

    Only colours that were parsed and values from the tables above are written, so nothing needs escaping.
    Raises ValueError or KeyError on a value outside them.
    """
    light, dark = palette(tokens, "light"), palette(tokens, "dark")
    fixed = {"font": FONTS[tokens.get("font", "system")], "mono": FONTS["mono"]}
    display = tokens.get("display", "same")
    fixed["display"] = fixed["font"] if display == "same" else FONTS[display]
    for name, default in (
        ("radius", "6px"),
        ("density", "comfortable"),
        ("header", "plain"),
        ("scale", "modest"),
    ):
        fixed.update(_SHAPES[name][tokens.get(name, default)])
    return "".join((
        _block(":root", "light", {**fixed, **light}),
        "@media screen and (prefers-color-scheme:dark){",
        _block("html:not([data-mode=light])", "dark", dark),
        "}@media screen{",
        _block("html[data-mode=dark]", "dark", dark),
        "}",
    ))  # fmt: skip
