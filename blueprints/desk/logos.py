"""An uploaded logo becomes a small square PNG of our own making; what else the file carried stays behind."""

from __future__ import annotations

import io
import warnings
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from saas.languages import N_
from saas.refusals import Refusal

FORMATS: Final = ("PNG", "JPEG", "WEBP")
LARGEST_FILE: Final = 2 * 1024 * 1024
LARGEST_SIDE: Final = 6000  # pixels: looked at before anything is unpacked
BUDGET: Final = 10_000  # bytes that a logo may weigh on every page
TRIES: Final = ((160, 0), (160, 128), (160, 48), (112, 48), (80, 32))  # (side, colours; 0 keeps them all)


def as_png(content: bytes, field: str = "logo") -> bytes:
    """The picture on a transparent square, at most BUDGET bytes. Raises Refusal for `field`."""
    if not content:
        raise Refusal(N_("The file is empty."), field=field)
    if len(content) > LARGEST_FILE:
        raise Refusal(N_("The picture must be smaller than %(limit)s MB."), field=field, limit=2)
    if _is_svg(content):
        raise Refusal(
            N_("SVG pictures cannot be taken yet. Save the logo as PNG and upload that."), field=field
        )
    picture = _opened(content, field)
    packed = b""
    for side, colours in TRIES:
        packed = _packed(picture, side, colours)
        if len(packed) <= BUDGET:
            break
    return packed


def _is_svg(content: bytes) -> bool:
    start = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith(b"<") or b"<svg" in start


def _opened(content: bytes, field: str) -> Image.Image:
    try:
        # What Pillow finds odd about metadata does not matter: none of it is kept.
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(content), formats=FORMATS) as opened,
        ):
            if max(opened.size) > LARGEST_SIDE or min(opened.size) < 1:
                raise Refusal(
                    N_("The picture must be at most %(limit)s pixels wide and high."),
                    field=field,
                    limit=LARGEST_SIDE,
                )
            opened.draft("RGB", (640, 640))  # a large JPEG is unpacked small
            return ImageOps.exif_transpose(opened).convert("RGBA")
    except Refusal:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError):
        raise Refusal(N_("The file must be a picture: PNG, JPEG or WebP."), field=field) from None
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError):
        raise Refusal(N_("The picture is damaged. Save it again and upload that."), field=field) from None


def _packed(picture: Image.Image, side: int, colours: int) -> bytes:
    fitted = ImageOps.contain(picture, (side, side), Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    square.paste(fitted, ((side - fitted.width) // 2, (side - fitted.height) // 2))
    if colours:
        square = square.quantize(colours, method=Image.Quantize.FASTOCTREE)
    out = io.BytesIO()
    square.save(out, "PNG", optimize=True)
    return out.getvalue()
