"""Which encoding a text file is in, found by reading all of it once."""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from saas.languages import N_
from saas.refusals import Refusal

BLOCK = 1024 * 1024
_ASCII = bytes(range(128))
_PAIR = re.compile(rb"[\xc2-\xc3][\x80-\xbf]")
_C1 = bytes(range(0x80, 0xA0))
_UNDEFINED_IN_CP1252 = b"\x81\x8d\x8f\x90\x9d"
# What DOS programs write for á é í ó ú ñ Ñ ü Ü ¿ ¡ ª º °: in latin-1 these are control characters and odd signs.
_DOS_SPANISH = "áéíóúñÑüÜ¿¡ªº°ÁÉÍÓÚ".encode("cp850")
_LATIN_SPANISH = "\xa0áéíóúñÑüÜ¿¡ªº°ÁÉÍÓÚ".encode("latin-1")


@dataclass(frozen=True, slots=True)
class TextFacts:
    """`encoding` is a codec name that decodes the whole file without an error; `lines` counts lines, an
    unfinished last one too."""

    encoding: str
    bom: bool
    size: int
    lines: int
    newline: str
    sha256: str


def text_facts(path: Path) -> TextFacts:
    """Read the file once, in blocks. Raises Refusal when it is no text."""
    with path.open("rb") as source:
        start = source.read(4)
    wide = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    bom = wide or start.startswith(codecs.BOM_UTF8)
    decoder = codecs.getincrementaldecoder("utf-8")()
    digest, size, lines, high, utf8 = hashlib.sha256(), 0, 0, bytearray(), not wide
    newline, last, bad_line, returns = "", b"", 0, 0
    with path.open("rb") as source:
        while block := source.read(BLOCK):
            digest.update(block)
            if not wide and b"\0" in block:
                line = lines + block[: block.index(b"\0")].count(b"\n") + 1
                raise Refusal(N_("The file is not text: line %(line)s holds binary data."), line=line)
            if utf8 and (not block.isascii() or decoder.getstate()[0]):
                bad = _undecodable(decoder, block)
                if bad is not None:
                    utf8, bad_line = False, lines + block[:bad].count(b"\n") + 1
            if len(high) < BLOCK:
                high += block.translate(None, _ASCII)
            size += len(block)
            lines += block.count(b"\n")
            returns += block.count(b"\r")
            newline, last = newline or _newline(block), block
    if utf8 and _undecodable(decoder, b"", final=True) is not None:
        utf8, bad_line = False, lines
    lines = returns if newline == "\r" else lines
    lines += not last.endswith((b"\n", b"\n\0", b"\r"))
    if not utf8 and not wide and (bom or _mostly_utf8(bytes(high))):
        raise Refusal(
            N_("The file is UTF-8, but line %(line)s is not: save it again in one encoding."), line=bad_line
        )
    encoding = "utf-16" if wide else _name(bool(utf8), bom, bytes(high))
    return TextFacts(encoding, bom, size, lines, newline or "\n", digest.hexdigest())


def _undecodable(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> int | None:
    """Where in the block decoding fails; None when it does not."""
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError as problem:
        return problem.start
    return None


def _mostly_utf8(high: bytes) -> bool:
    """Whether bytes that failed as UTF-8 are nearly all two-byte UTF-8 letters: then one line is at fault."""
    return len(_PAIR.findall(high)) * 2 > 0.8 * len(high)


def _newline(block: bytes) -> str:
    for mark in (b"\r\n", b"\n", b"\r"):
        if mark in block:
            return mark.decode()
    return ""


def _name(utf8: bool, bom: bool, high: bytes) -> str:
    if utf8:
        return "utf-8-sig" if bom else ("utf-8" if high else "ascii")
    if len(high.translate(None, _LATIN_SPANISH)) > len(high.translate(None, _DOS_SPANISH)):
        return "cp850"
    has_c1 = len(high.translate(None, _C1)) < len(high)
    defined = len(high.translate(None, _UNDEFINED_IN_CP1252)) == len(high)
    return "cp1252" if has_c1 and defined else "latin-1"
