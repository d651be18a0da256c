"""Printed documents: invoices, receipts, statements as PDF, in the look of a tenant.

The templates are files of the theme packages (`themes/<package>/documents/<template>.typ`, else base's); all they
print comes in as data, already translated and formatted. Data is never turned into template source: it travels as
one JSON string, so markup inside a name stays the letters it is made of. See docs/decisions/0004-pdf-with-typst.md.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from saas.document_images import PictureRefused, picture
from saas.glyphs import printable
from saas.print_palette import print_palette
from saas.typesetter import FONTS, THEMES, Job, TypesettingFailed, typeset, typeset_apart

MAX_TEXT = 1_500
"""Characters of one printed text; the rest is cut and shown as an ellipsis."""
MAX_ROWS = 5_000
"""Rows of all lists together. A longer document is refused, not cut: a statement with rows missing would lie."""
MAX_BYTES = 4 * 1024 * 1024
ROWS_AT_HAND = 300
"""Up to here a document is set in this process (milliseconds); beyond, in a child that can be killed."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,60}")
_FONT = FONTS / "Inter-Regular.ttf"
_log = logging.getLogger(__name__)


class DocumentError(Exception):
    """No document came out: wrong template, wrong data, or the compiler gave up."""


class DocumentTooLarge(DocumentError):
    """More rows or bytes than a document may have. Ask for a shorter range."""


def render_pdf(
    template: str, data: Mapping[str, object], *, palette: Mapping[str, str], package: str = "base"
) -> bytes:
    """Return a PDF (tagged, PDF/UA-1, fonts embedded); the same arguments give the same bytes.

    `template`: "invoice", "receipt", "statement" or another file of the theme package. `data`: what the head comment
    of that template lists, and always `date` (ISO, the document's own date, which is also the PDF's), `lang`
    (BCP 47), `title` and `author`. Values: texts, numbers, booleans, None, lists, mappings, and `bytes` for a
    picture (PNG, JPEG or plain-shape SVG; one that is refused is left out and logged). `palette`: see
    `saas.print_palette`. `package`: theme package whose template overrides base's.

    Raises `DocumentTooLarge`, `DocumentError`.
    """
    path = _template_path(template, package)
    counter = [0]
    document = json.dumps(
        {"data": _prepared(data, counter), "palette": print_palette(palette)},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    if len(document) > MAX_BYTES:
        raise DocumentTooLarge("document data larger than 4 MB")
    job = Job(template=path, document=document, timestamp=_timestamp(data.get("date")))
    try:
        return typeset(job) if counter[0] <= ROWS_AT_HAND else typeset_apart(job)
    except TypesettingFailed as failure:
        raise DocumentError(str(failure)) from failure


def _template_path(template: str, package: str) -> str:
    """Return the template's path below themes/: the package's own when it has one, else base's."""
    if not _NAME.fullmatch(template) or not _NAME.fullmatch(package):
        raise DocumentError("template and package are names, not paths")
    for owner in (package, "base"):
        path = f"{owner}/documents/{template}.typ"
        if (THEMES / path).is_file():
            return path
    raise DocumentError(f"no template {template!r}")


def _timestamp(value: object) -> int:
    """Return noon UTC of the document's date, so that no zone in use moves it to another day."""
    try:
        day = date.fromisoformat(str(value))
    except ValueError as error:
        raise DocumentError("data needs `date` as YYYY-MM-DD") from error
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())


def _prepared(value: object, counter: list[int]) -> object:
    """Return the value as JSON holds it: texts printable and bounded, pictures checked, rows counted."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        text = printable(value[: MAX_TEXT + 1], _FONT)
        return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1].rstrip() + "…"
    if isinstance(value, bytes):
        try:
            return picture(value)
        except PictureRefused as refusal:
            _log.warning("picture left out of a document: %s", refusal)
            return None
    if isinstance(value, Mapping):
        return {str(key): _prepared(item, counter) for key, item in value.items()}
    if isinstance(value, Sequence):
        counter[0] += len(value)
        if counter[0] > MAX_ROWS:
            raise DocumentTooLarge(f"document with more than {MAX_ROWS} rows")
        return [_prepared(item, counter) for item in value]
    raise DocumentError(f"a document cannot hold a {type(value).__name__}")
