"""Small, safe work on stylesheet text: shrink it, weigh it, put pictures in, and refuse what has no place in one."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

_PIECE = re.compile(r"/\*.*?\*/|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", re.DOTALL)
_ASSET = re.compile(r"url\(\"asset:([a-z0-9][a-z0-9._-]*\.svg)\"\)")
_URL = re.compile(r"url\(\s*(?!\"asset:)", re.IGNORECASE)
_REFUSED = {
    r"@(import|font-face|namespace|charset)": "is not allowed",
    r"expression\s*\(|javascript:|behavior\s*:|-moz-binding": "is not allowed",
    r"</|<!--": "is not allowed",
    r"\\(?!\")": "escapes are not allowed",
    r"(input|select|textarea)[^,{]*\[\s*value": "may not look at what people type",
}


def minified(css: str) -> str:
    """The same rules without comments and needless space; text in quotes stays as it is."""
    out: list[str] = []
    last = 0
    for match in _PIECE.finditer(css):
        out.append(_squeezed(css[last : match.start()]))
        piece = match[0]
        out.append("" if piece.startswith("/*") else piece)
        last = match.end()
    out.append(_squeezed(css[last:]))
    return "".join(out).replace(";}", "}").strip()


def _squeezed(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" ?([{};,]) ?", r"\1", text)
    return re.sub(r"(?<=[a-z-]): (?=[^{}]*[;}])", ":", text)


def transferred_kb(css: str) -> float:
    """Size as it travels, gzipped, in kB of 1000 bytes."""
    return len(gzip.compress(css.encode(), 9, mtime=0)) / 1000


def with_assets(css: str, folder: Path) -> str:
    """``url("asset:name.svg")`` replaced by the picture itself, so that a look is one request.

    Raises FileNotFoundError with the name of a picture that the folder does not hold.
    """

    def inline(match: re.Match[str]) -> str:
        path = folder / match[1]
        if not path.is_file():
            raise FileNotFoundError(match[1])
        svg = (
            re.sub(r"\s+", " ", path.read_text(encoding="utf-8").strip())
            .replace("> <", "><")
            .replace('"', "'")
        )
        for sign, code in (("%", "%25"), ("#", "%23"), ("<", "%3C"), (">", "%3E")):
            svg = svg.replace(sign, code)
        return f'url("data:image/svg+xml,{svg}")'

    return _ASSET.sub(inline, css)


def css_problems(css: str, *, fixed_allowed: bool = False) -> list[str]:
    """What a stylesheet must not contain: other addresses, fonts, imports, escapes, spying on fields, fixed boxes."""
    bare = re.sub(r"/\*.*?\*/", " ", css, flags=re.DOTALL)
    problems = [f"{match[0].strip()!r} {why}" for pattern, why in _REFUSED.items()
                if (match := re.search(pattern, bare, re.IGNORECASE))]  # fmt: skip
    if _URL.search(bare):
        problems.append("addresses other than the package's own assets are not allowed")
    if not fixed_allowed and re.search(r"position\s*:\s*(fixed|sticky)", bare):
        problems.append("fixed boxes could cover what must stay visible")
    if bare.count("{") != bare.count("}"):
        problems.append("braces do not match")
    return problems
