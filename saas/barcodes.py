"""QR codes as SVG: one drawing for pages and for printed documents.

The drawing is a single black path on a white square with the quiet zone of four modules that ISO/IEC 18004 asks
for, so it stays readable on a dark page and needs neither `style` attributes nor scripts (strict CSP).
"""

from __future__ import annotations

from html import escape

import segno

QUIET_ZONE = 4
"""Modules of white around the code (ISO/IEC 18004, 9.1)."""


def qr_svg(text: str, title: str) -> str:
    """Return `text` as a QR code (error level M, 15 %) in an inline SVG without width or height.

    `title` is what a screen reader says instead of the drawing. Raises `ValueError` when `text` is empty or longer
    than a QR code can hold (2 331 bytes at level M).
    """
    if not text:
        raise ValueError("a QR code needs text")
    code = segno.make_qr(text, error="m", boost_error=False)
    side = len(code.matrix) + 2 * QUIET_ZONE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" class="qr" '
        f'shape-rendering="crispEdges"><title>{escape(title)}</title>'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{_path(code.matrix)}"/></svg>'
    )


def _path(matrix: tuple[bytearray, ...]) -> str:
    """Return the dark modules as horizontal runs: a few hundred commands instead of a few thousand squares."""
    runs: list[str] = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            length = 0
            while x + length < len(row) and row[x + length]:
                length += 1
            if length:
                runs.append(f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h{length}v1h-{length}z")
            x += length + 1
    return "".join(runs)
