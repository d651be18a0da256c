"""Pictures that may enter a printed document: a tenant's logo, a QR code.

A picture is `bytes` in the document's data. Raster pictures are decoded and written anew (payload and metadata
dropped, size bounded); an SVG may hold plain shapes only, so it can neither fetch, read nor run anything.
"""

from __future__ import annotations

import re
from functools import lru_cache
from io import BytesIO
from xml.etree import ElementTree

from PIL import Image, UnidentifiedImageError

MAX_BYTES = 512 * 1024
MAX_PIXELS = 16_000_000
PRINTED_SIZE = (1200, 480)
"""Enough for a logo of 100 × 40 mm at 300 dpi."""

_SVG = "{http://www.w3.org/2000/svg}"
# No `use`: nested references can grow a small file without bound.
_SHAPES = frozenset(
    [
        "svg",
        "g",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "defs",
        "linearGradient",
        "radialGradient",
        "stop",
        "clipPath",
        "mask",
        "title",
        "desc",
    ]
)


class PictureRefused(ValueError):
    """Not a picture, too large, or an SVG with more than shapes."""


@lru_cache(maxsize=128)
def picture(content: bytes) -> dict[str, str | list[int]]:
    """Return the picture as JSON that the templates understand: `{"svg": text}` or `{"png": [byte, …]}`.

    Raises `PictureRefused`. Remembered by content, so a tenant's logo is decoded once per process.
    """
    if len(content) > MAX_BYTES:
        raise PictureRefused("picture larger than 512 kB")
    if content.lstrip()[:5] in (b"<svg ", b"<?xml"):
        return {"svg": _checked_svg(content)}
    return {"png": list(_redrawn(content))}


def _checked_svg(content: bytes) -> str:
    text = content.decode("utf-8", errors="strict") if content.isascii() or _is_utf8(content) else ""
    if not text or "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise PictureRefused("SVG with a document type or of unknown encoding")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - no document type, so no entities
    except ElementTree.ParseError as error:
        raise PictureRefused("SVG that is not well-formed") from error
    for element in root.iter():
        if not element.tag.startswith(_SVG) or element.tag.removeprefix(_SVG) not in _SHAPES:
            raise PictureRefused("SVG with more than shapes")
        for name, value in element.attrib.items():
            if name.split("}")[-1] == "href" and not value.startswith("#"):
                raise PictureRefused("SVG that refers to another file")
            if re.search(r"url\(\s*['\"]?(?!\s*#)", value):
                raise PictureRefused("SVG that refers to another file")
    return text


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _redrawn(content: bytes) -> bytes:
    try:
        with Image.open(BytesIO(content), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PictureRefused("picture with too many pixels")
            image.thumbnail(PRINTED_SIZE)
            drawn = BytesIO()
            image.convert("RGBA").save(drawn, "PNG")
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise PictureRefused("neither PNG, JPEG nor SVG") from error
    return drawn.getvalue()
