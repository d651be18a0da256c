"""docs/bad-inputs.md is true: every id has one line, a line has tests or says why not, and every test exists."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

TESTS = Path(__file__).parent.parent
PAGE = TESTS.parent / "docs" / "bad-inputs.md"
# Of the list of bad inputs that the product was designed against.
IDS = [
    "A01",
    "A02",
    "A03",
    "A04",
    "A05",
    "A06",
    "A07",
    "A08",
    "A09",
    "A10",
    "A11",
    "A15",
    "A16",
    "A17",
    "A18",
    "A19",
    "F01",
    "F02",
    "F03",
    "F04",
    "F05",
    "F07",
    "F09",
    "F10",
    "F11",
    "F12",
    "F13",
    "F14",
    "F15",
    "F16",
    "J01",
    "J02",
    "J04",
    "J05",
    "J06",
    "J07",
    "J08",
    "J10",
    "J11",
    "J12",
    "J13",
    "J14",
    "J15",
    "J16",
    "J17",
    "K01",
    "K02",
    "K03",
    "K04",
    "K05",
    "K06",
    "K08",
    "L14",
    "L15",
]
LINE = re.compile(r"^\| ([A-L]\d\d) \| (.+?) \| (.*?)\s*\|$", re.MULTILINE)
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")


def lines() -> list[tuple[str, str, str]]:
    return LINE.findall(PAGE.read_text(encoding="utf-8"))


@lru_cache
def functions(path: str) -> frozenset[str]:
    file = TESTS / path
    if not file.exists():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_every_id_has_one_line():
    assert [row_id for row_id, _what, _tests in lines()] == IDS


def test_a_line_names_its_tests_or_says_why_there_is_none():
    silent = [row_id for row_id, what, tests in lines() if not TEST.search(tests) and "not yet" not in what]
    assert silent == []


def test_every_test_that_is_named_exists():
    named = TEST.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 80
    assert [f"{path}::{name}" for path, name in named if name not in functions(path)] == []
