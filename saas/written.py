"""What somebody typed, as HTML that means nothing but its words: lines, paragraphs, web addresses."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from markupsafe import Markup, escape

_ADDRESS: Final = re.compile(r"https?://[^\s<>\"'`{}|\\^\[\]]+", re.IGNORECASE)
_LONGEST_ADDRESS: Final = 500


def as_text(text: str) -> Markup:
    """What somebody typed, as text: lines and paragraphs stay, web addresses can be followed, nothing else means
    anything. No other scheme than http and https becomes a link; the address shown is the address followed."""
    paragraphs = re.split(r"\n{2,}", text.strip("\n"))
    return Markup("").join(
        Markup("<p>{}</p>").format(Markup("<br>").join(_linked(line) for line in paragraph.split("\n")))
        for paragraph in paragraphs
        if paragraph.strip()
    )


def _linked(line: str) -> Markup:
    made, at = Markup(""), 0
    for found in _ADDRESS.finditer(line):
        address = found[0].rstrip(".,;:!?)")
        if not _followable(address):
            continue
        made += escape(line[at : found.start()])
        made += Markup('<a href="{0}" rel="nofollow noopener noreferrer ugc">{0}</a>').format(address)
        at = found.start() + len(address)
    return made + escape(line[at:])


def _followable(address: str) -> bool:
    """A name before an @ could pass for the host; such an address stays text."""
    if len(address) > _LONGEST_ADDRESS:
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False
