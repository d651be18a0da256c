"""The bank's files: what is written reads back, lines have their width, totals agree, nothing is a formula."""

from __future__ import annotations

import contextlib
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.payouts.layouts import ANSWER, ORDER, BadLayout, layouts, read_layout
from blueprints.payouts.reading import read_file
from blueprints.payouts.writing import sanitised, write_file
from saas.refusals import Refusal

DAY = datetime.date(2026, 11, 22)
days = st.dates(datetime.date(2000, 1, 1), datetime.date(2090, 12, 31))
orders = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.integers(1, 10**10 - 1).map(lambda number: f"{number:010d}"),
            "amount": st.integers(1, 10**12),
            "holder_name": st.text(max_size=80),
            "holder_document_kind": st.sampled_from(["CC", "NIT", "CE"]),
            "holder_document_number": st.from_regex("[0-9]{5,15}", fullmatch=True),
            "bank_code": st.from_regex("[0-9]{4}", fullmatch=True),
            "account_kind": st.sampled_from(["savings", "checking", "wallet", "cbu"]),
            "account_number": st.from_regex("[0-9]{5,22}", fullmatch=True),
            "concept": st.text(max_size=60),
        }
    ),
    max_size=8,
)
heads = st.fixed_dictionaries(
    {
        "company": st.text(max_size=60),
        "company_document": st.from_regex("[0-9]{0,15}", fullmatch=True),
        "company_code": st.from_regex("[A-Z0-9]{0,10}", fullmatch=True),
        "source_account": st.from_regex("[0-9]{0,22}", fullmatch=True),
        "made_on": days,
        "pay_on": days,
        "run": st.from_regex("[0-9]{5}", fullmatch=True),
        "currency": st.sampled_from(["COP", "ARS"]),
    }
)


@pytest.mark.parametrize("layout_id", sorted(layouts(ORDER)))
@given(head=heads, details=orders)
def test_orders_read_back(layout_id, head, details):
    layout = layouts(ORDER)[layout_id]
    content = write_file(layout, head, details)
    assert content == write_file(layout, head, details), "the same values make the same bytes"
    if layout.fixed:
        lines = content.split(b"\r\n")
        assert lines.pop() == b"" and {len(line) for line in lines} == {layout.length}
    read = read_file(layout, content)
    assert len(read.lines) == len(details) and read.total == sum(one["amount"] for one in details)
    for line, detail in zip(read.lines, details, strict=True):
        for name in ("key", "amount", "account_kind", "account_number", "holder_document_number"):
            assert line.values[name] == detail[name]
        column = layout.records["detail"].column("holder_name")
        assert (
            line.values["holder_name"] == sanitised(layout, detail["holder_name"])[: column.length].rstrip()
        )


@pytest.mark.parametrize("layout_id", sorted(layouts(ANSWER)))
@given(
    details=st.lists(
        st.fixed_dictionaries(
            {
                "key": st.integers(0, 10**10 - 1).map(lambda number: f"{number:010d}"),
                "amount": st.integers(0, 10**14),
                "code": st.sampled_from(["00", "R01", "90", "R"]),
                "done_on": days,
                "reference": st.from_regex("[A-Z0-9]{0,20}", fullmatch=True),
                "words": st.from_regex("[A-Z0-9 ]{0,41}", fullmatch=True),
            }
        ),
        max_size=8,
    ),
    other=st.integers(1, 10**6),
)
def test_answers_read_back_and_false_totals_are_refused(layout_id, details, other):
    layout = layouts(ANSWER)[layout_id]
    content = write_file(layout, {}, details)
    read = read_file(layout, content)
    assert [line.values["code"] for line in read.lines] == [one["code"] for one in details]
    assert [line.values["done_on"] for line in read.lines] == [one["done_on"] for one in details]
    body = content.decode(layout.encoding).split("\r\n")
    total = sum(one["amount"] for one in details)
    false = write_file(layout, {}, [{**one} for one in details] + [{**_one(), "amount": other}])
    last = false.decode(layout.encoding).split("\r\n")[-2]
    with pytest.raises(Refusal):
        read_file(layout, "\r\n".join([*body[:-2], last, ""]).encode(layout.encoding))
    with pytest.raises(Refusal):
        read_file(layout, "\r\n".join(body[:-2]).encode(layout.encoding))
    assert read.total == total


def _one():
    return {"key": "0000000001", "amount": 1, "code": "00", "done_on": DAY, "reference": "", "words": ""}


@given(st.binary(max_size=400))
def test_whatever_bytes_come_they_are_read_or_refused(content):
    for layout in layouts(ANSWER).values():
        with contextlib.suppress(Refusal):
            read_file(layout, content)


@given(st.text(max_size=120))
def test_names_stay_in_the_banks_alphabet_and_run_nowhere(text):
    for layout in layouts(ORDER).values():
        made = sanitised(layout, text)
        assert set(made) <= set(layout.alphabet)
        assert not made.startswith(("=", "+", "-", "@", "\t", "\r"))
        made.encode(layout.encoding)


def test_what_does_not_fit_is_refused_and_names_are_cut():
    layout = layouts(ORDER)["ancho-fijo-generico-v1"]
    head = {"company": "X", "made_on": DAY, "pay_on": DAY, "run": "1", "currency": "COP"}
    good = {
        **_one(),
        "holder_name": "Ñ" * 200,
        "holder_document_number": "1",
        "account_number": "1" * 34,
        "account_kind": "savings",
    }
    assert b"N" * 30 in write_file(layout, head, [good])
    for wrong in (
        {"account_number": "1" * 35},
        {"amount": 10**17},
        {"amount": -1},
        {"account_kind": "gold"},
        {"key": "12345678901"},
        {"key": "12A"},
    ):
        with pytest.raises(Refusal):
            write_file(layout, head, [{**good, **wrong}])


def test_codes_of_the_bank():
    layout = layouts(ANSWER)["ancho-fijo-generico-v1"]
    found = [layout.outcome(code) for code in ("00", " 00 ", "r7", "90", "12", "")]
    assert found == ["paid", "paid", "returned", "returned", None, None]


GOOD = """
title = "X"
use = "answer"
kind = "fixed"
encoding = "ascii"
length = 30
[codes]
paid = ["00"]
returned = ["R*"]
[[record]]
is = "detail"
fields = [ { name = "key", length = 10, kind = "digits" },
  { name = "amount", length = 18, kind = "amount", decimals = 2 },
  { name = "code", length = 2, kind = "text" } ]
[[record]]
is = "trailer"
fields = [ { name = "tag", length = 1, kind = "constant", value = "T" },
  { name = "count", length = 9, kind = "number" },
  { name = "total", length = 20, kind = "amount", decimals = 2 } ]
"""


@pytest.mark.parametrize(
    "change",
    [
        ("length = 30", "length = 31"),
        ('encoding = "ascii"', 'encoding = "utf-8"'),
        ('kind = "text" }', 'kind = "verse" }'),
        ('name = "code"', 'name = "kode"'),
        ('name = "total"', 'name = "sum"'),
        ('value = "T"', 'value = "TT"'),
        ('paid = ["00"]', 'done = ["00"]'),
        ('use = "answer"', 'use = "letter"'),
        ('encoding = "ascii"', 'encoding = "ascii"\nalphabet = "Ñ"'),
    ],
)
def test_a_layout_that_contradicts_itself_is_refused(change):
    read_layout("x", GOOD)
    with pytest.raises(BadLayout):
        read_layout("x", GOOD.replace(*change, 1))
