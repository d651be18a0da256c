"""Where a redirect may lead when the target came in with the request: nowhere but a path of this same host."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

_LIMIT: Final = 2000
_ALLOWED: Final = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*(?:#[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?")
_ESCAPES: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
_NEVER: Final = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ufeff]")


def safe_local_path(target: str | None) -> str | None:
    """`target` when it is a path of this host, letters outside ASCII percent-encoded; None for anything else.

    An allow-list, not a comparison of hosts: browsers read "https:evil.com", "/\\evil.com" and "/<tab>/evil.com"
    as other sites where Python's parser does not. The path stays harmless however often a proxy decodes it.
    """
    if not target or len(target) > _LIMIT or not target.startswith("/") or _NEVER.search(target):
        return None
    try:
        path = _BEYOND_ASCII.sub(lambda letters: quote(letters[0]), target)
    except UnicodeEncodeError:  # a lone surrogate
        return None
    if not _ALLOWED.fullmatch(path) or _ESCAPES.search(path):
        return None
    return path if _harmless(re.split("[?#]", path, maxsplit=1)[0]) else None


def _harmless(path: str) -> bool:
    for _ in range(4):
        if "//" in path or _NEVER.search(path) or {".", ".."} & set(path.split("/")):
            return False
        decoded = unquote(path)
        if decoded == path:
            return True
        path = decoded
    return False
