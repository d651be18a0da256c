"""Blueprints that know on which kind of host they live."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response

TENANT = "tenant"
PLATFORM = "platform"
SIMULATOR = "simulator"
ANY = "any"


class Pages(Blueprint):
    """A blueprint of one place. On every other kind of host its addresses do not exist."""

    def __init__(self, name: str, import_name: str, *, place: str = TENANT, **options: Any) -> None:
        super().__init__(name, import_name, **options)
        self.place = place


def download(content: bytes, *, media_type: str, name: str, inline: bool = False) -> Response:
    """A file as an answer, with a name that no header can be broken by (RFC 6266)."""
    response = Response(content, mimetype=media_type)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._ -]+", "-", plain)[:100] or "file"
    kind = "inline" if inline else "attachment"
    encoded = quote(re.sub(r"[\x00-\x1f\x7f/\\]", "-", name)[:100], safe="")
    response.headers["Content-Disposition"] = f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
