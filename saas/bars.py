"""Barcodes as SVG: Interleaved 2 of 5 and GS1-128, one drawing for pages and for printed documents.

As with QR codes: one black path on a white ground with its quiet zones, no `style`, no scripts. The drawing may be
stretched to any height (`preserveAspectRatio="none"`); a scanner reads widths only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

HEIGHT: Final = 90
_DIGITS: Final = ("nnwwn", "wnnnw", "nwnnw", "wwnnn", "nnwnw", "wnwnn", "nwwnn", "nnnww", "wnnwn", "nwnwn")
_NARROW, _WIDE = 2, 5  # ratio 2.5, inside the 2.25 to 3 of ISO/IEC 16390
# ISO/IEC 15417: widths of bar, space, bar … of the symbol characters 0 to 105; the stop pattern comes last.
_CODE_128: Final = (  # noqa: SIM905 - a table of numbers reads best as one
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
).split()
_START_C, _FNC1, _TO_B, _TO_C, _STOP = 105, 102, 100, 99, 106
_ELEMENT: Final = re.compile(r"\((\d{2,4})\)(\d+)")
# GS1 General Specifications, figure 7.8.5-2: elements whose length is known from their first two digits.
_FIXED: Final = frozenset("00 01 02 03 04 11 12 13 14 15 16 17 18 19 20 31 32 33 34 35 36 41".split())  # noqa: SIM905


def bars_svg(symbol: str, text: str, title: str) -> str:
    """`text` as bars: "itf" (an even number of digits) or "gs1-128" (elements like "(415)770…(96)2026…").

    `title` is what a screen reader says instead. Raises ValueError for another symbol or text.
    """
    if symbol == "itf":
        return _drawn(_itf(text), 10 * _NARROW, title)
    if symbol == "gs1-128":
        return _drawn(_gs1_128(text), 10, title)
    raise ValueError(f"no symbol is called {symbol}")


def _itf(digits: str) -> list[int]:
    """Widths, bar first. ISO/IEC 16390: two digits at a time, the first in the bars, the second between them."""
    if not re.fullmatch(r"(?:[0-9]{2})+", digits):
        raise ValueError("Interleaved 2 of 5 holds pairs of digits")
    widths = {"n": _NARROW, "w": _WIDE}
    runs = [_NARROW] * 4
    for first, second in zip(digits[::2], digits[1::2], strict=True):
        for bar, space in zip(_DIGITS[int(first)], _DIGITS[int(second)], strict=True):
            runs += [widths[bar], widths[space]]
    return [*runs, _WIDE, _NARROW, _NARROW]


def _gs1_128(text: str) -> list[int]:
    elements = _ELEMENT.findall(text)
    if not elements or "".join(f"({ai}){value}" for ai, value in elements) != text:
        raise ValueError("GS1 elements look like (96)20261231")
    codes = [_START_C, _FNC1]
    for place, (ai, value) in enumerate(elements):
        codes += _digits_128(ai + value)
        if ai[:2] not in _FIXED and place < len(elements) - 1:
            codes.append(_FNC1)
    check = (codes[0] + sum(place * code for place, code in enumerate(codes[1:], start=1))) % 103
    return [int(width) for code in (*codes, check, _STOP) for width in _CODE_128[code]]


def _digits_128(digits: str) -> list[int]:
    """Digits two by two in set C; an odd last one in set B, where "0" is 16."""
    codes = [int(digits[at : at + 2]) for at in range(0, len(digits) - 1, 2)]
    return [*codes, _TO_B, 16 + int(digits[-1]), _TO_C] if len(digits) % 2 else codes


def _drawn(runs: Sequence[int], quiet: int, title: str) -> str:
    width = sum(runs) + 2 * quiet
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
        f'preserveAspectRatio="none" role="img" class="bars" shape-rendering="crispEdges">'
        f'<title>{escape(title)}</title><path fill="#fff" d="M0 0h{width}v{HEIGHT}H0z"/>'
        f'<path fill="#000" d="{"".join(_bars(runs, quiet))}"/></svg>'
    )


def _bars(runs: Sequence[int], start: int) -> Iterable[str]:
    at = start
    for place, width in enumerate(runs):
        if place % 2 == 0:
            yield f"M{at} 0h{width}v{HEIGHT}h-{width}z"
        at += width
