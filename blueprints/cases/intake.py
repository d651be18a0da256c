"""Files that people send: known by their content, never by their name, and pictures are made anew.

What comes out is a JPEG, a PNG or a PDF. A picture is decoded and encoded again, so that where it was taken and
whatever else it carried stays behind; a PDF is only ever handed out as a download.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from saas.languages import N_
from saas.refusals import Refusal

ACCEPTED: Final = "image/jpeg,image/png,image/webp,application/pdf"
PDF: Final = "application/pdf"
JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
ENDINGS: Final = {PDF: ".pdf", JPEG: ".jpg", PNG: ".png"}
MEGABYTE: Final = 1024 * 1024

_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_MOST_PIXELS: Final = 60_000_000  # looked at before anything is unpacked
_SIDE: Final = 2400  # pixels: a meter can be read on it, and it is a tenth of what a phone makes
_PICTURE_STARTS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
_LONGEST_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file as it is kept. `name` ends as its content demands."""

    content: bytes
    name: str
    media_type: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def accept(content: bytes, name: str, *, megabytes: int) -> Accepted:
    """The file as it is kept. Raises Refusal (field `files`) for what is empty, too large, damaged, or neither a
    picture (JPEG, PNG, WebP) nor a PDF."""
    shown = tidy_name(name)
    if not content:
        raise Refusal(N_("The file %(name)s is empty."), field="files", name=shown)
    if len(content) > megabytes * MEGABYTE:
        raise Refusal(
            N_("The file %(name)s is larger than %(most)s MB."), field="files", name=shown, most=megabytes
        )
    if content.startswith(b"%PDF-"):
        return Accepted(content, _named(shown, PDF), PDF)
    if content.startswith(_PICTURE_STARTS):
        return _picture(content, shown)
    raise Refusal(N_("The file %(name)s is neither a picture nor a PDF."), field="files", name=shown)


def tidy_name(name: str) -> str:
    """The last part of a path, without signs that hide or turn letters around, at most 80 characters."""
    last = re.split(r"[/\\]", name[-1000:])[-1]
    plain = "".join(
        sign
        for sign in unicodedata.normalize("NFC", last)
        if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Cn", "Co")
    )
    short = " ".join(plain.split()).strip(". ")
    stem, dot, ending = short.rpartition(".")
    if dot and len(short) > _LONGEST_NAME and len(ending) <= 8:
        short = f"{stem[: _LONGEST_NAME - len(ending) - 1]}.{ending}"
    return short[:_LONGEST_NAME] or "file"


def _named(name: str, media_type: str) -> str:
    """The name with the ending that the content has, and no other that a program would run."""
    ending = ENDINGS[media_type]
    if name.lower().endswith((ending, ".jpeg" if media_type == JPEG else ending)):
        return name
    stem = name.rpartition(".")[0] or name
    return f"{stem[: _LONGEST_NAME - len(ending)]}{ending}"


def _picture(content: bytes, name: str) -> Accepted:
    try:
        # What Pillow finds odd about metadata does not matter: none of it is kept.
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(content), formats=_FORMATS) as opened,
        ):
            if opened.width * opened.height > _MOST_PIXELS or min(opened.size) < 1:
                raise Refusal(N_("The picture %(name)s has too many pixels."), field="files", name=name)
            lossless = opened.format == "PNG" or "A" in opened.getbands()
            opened.draft("RGB", (_SIDE, _SIDE))  # a large JPEG is unpacked small
            turned = ImageOps.exif_transpose(opened).convert("RGBA" if lossless else "RGB")
    except Refusal:
        raise
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        MemoryError,
    ):
        raise Refusal(
            N_("The picture %(name)s is damaged. Take or save it again."), field="files", name=name
        ) from None
    turned.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    if lossless:
        turned.save(out, "PNG", optimize=False)
        return Accepted(out.getvalue(), _named(name, PNG), PNG)
    turned.save(out, "JPEG", quality=85)
    return Accepted(out.getvalue(), _named(name, JPEG), JPEG)
