"""Which characters the document font can print, read from the font file itself (OpenType `cmap`, format 12 or 4).

PDF/UA refuses a text with a character that has no glyph, and a customer's name must never be the reason that an
invoice cannot be issued: what the font lacks is printed as a white square.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from struct import unpack_from

_MISSING = "\u25a1"


def printable(text: str, font: Path) -> str:
    """Return `text` composed (NFC), in one line per newline, without control and direction-override characters,
    and with a white square for each character that `font` cannot print.
    """
    known = _covered(font)
    kept = []
    for character in unicodedata.normalize("NFC", text).replace("\t", " "):
        if character == "\n":
            kept.append(character)
        elif unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            kept.append(character if ord(character) in known else _MISSING)
    return "".join(kept)


@cache
def _covered(font: Path) -> frozenset[int]:
    """Return the code points of a TTF. Raises `ValueError` when it has no Unicode table in format 12 or 4."""
    content = font.read_bytes()
    tables = unpack_from(">H", content, 4)[0]
    start = next(
        unpack_from(">I", content, 12 + 16 * i + 8)[0]
        for i in range(tables)
        if content[12 + 16 * i : 16 + 16 * i] == b"cmap"
    )
    count = unpack_from(">H", content, start + 2)[0]
    offsets = [start + unpack_from(">HHI", content, start + 4 + 8 * i)[2] for i in range(count)]
    formats = {unpack_from(">H", content, offset)[0]: offset for offset in offsets}
    if 12 in formats:
        return _format_12(content, formats[12])
    if 4 in formats:
        return _format_4(content, formats[4])
    raise ValueError(f"{font.name} has no Unicode character map")


def _format_12(content: bytes, offset: int) -> frozenset[int]:
    found: set[int] = set()
    for group in range(unpack_from(">I", content, offset + 12)[0]):
        first, last, _glyph = unpack_from(">III", content, offset + 16 + 12 * group)
        found.update(range(first, last + 1))
    return frozenset(found)


def _format_4(content: bytes, offset: int) -> frozenset[int]:
    width = unpack_from(">H", content, offset + 6)[0]
    found: set[int] = set()
    for at in range(0, width, 2):
        last = unpack_from(">H", content, offset + 14 + at)[0]
        first = unpack_from(">H", content, offset + 16 + width + at)[0]
        found.update(range(first, last + 1))
    return frozenset(found - {0xFFFF})
