"""Daily files: what is written is read, and what is wrong anywhere refuses the whole file."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.payments.providers.collector.coupons import BadLayout
from blueprints.payments.providers.collector.daily_files import FOLDER, file_layouts, read_file_layout
from blueprints.payments.providers.collector.reading import read_lines, records_of
from saas.refusals import Refusal
from tests.blueprints.payments.providers.collector.layouts import DAY, GIVEN, daily_file, layout, payment

FIXED, TABLE, BANK = "ar-fixed-100-v1", "csv-v1", "co-asobancaria-2001-v1"
NAMES = sorted(file_layouts())
MOST = {FIXED: 10**10 - 1, TABLE: 10**15 - 1, BANK: 10**14 - 1}


def read(name: str, content: bytes, company: str = "4207"):
    return read_lines(layout(name), content, company=company)


payments = st.lists(
    st.tuples(
        st.text("0123456789", min_size=1, max_size=21),
        st.integers(1, 10**10 - 1),
        st.dates(datetime.date(2000, 1, 1), datetime.date(2068, 12, 31)),
        st.integers(0, 10**8 - 1),
    ),
    max_size=30,
)


@pytest.mark.parametrize("name", NAMES)
@given(payments)
def test_what_is_written_is_read(name: str, wanted: list[tuple[str, int, datetime.date, int]]):
    currency = layout(name).currency or "ARS"
    made = [
        payment(
            reference,
            amount,
            number % 10**5,
            paid_on=day,
            processed_on=day,
            currency=currency,
            operation=str(number % 10 ** (6 if name == BANK else 8)),
        )
        for reference, amount, day, number in wanted
    ]
    lines = read(name, daily_file(name, made))
    assert [line.amount for line in lines] == [amount for _reference, amount, _day, _number in wanted]
    assert [line.reference.lstrip("0") for line in lines] == [one[0].lstrip("0") for one in wanted]
    assert {line.currency for line in lines} <= {currency}
    days = [day for _reference, _amount, day, _number in wanted]
    assert [line.paid_on for line in lines] == ([DAY] * len(days) if name == BANK else days)
    assert [line.number for line in lines] == sorted({line.number for line in lines})


@pytest.mark.parametrize("name", NAMES)
def test_records_are_read_as_they_were_written(name: str):
    made = payment("123", 4_567, 8, currency=layout(name).currency or "ARS")
    found = [
        values for _n, kind, values in records_of(layout(name), daily_file(name, [made])) if kind == "detail"
    ]
    given = {**GIVEN, **made}
    for key, value in found[0].items():
        if key == "return_cause":
            continue
        text = value.lstrip("0") if isinstance(value, str) else value
        expected = given[key].lstrip("0") if isinstance(given[key], str) else given[key]
        assert text == expected, key


@pytest.mark.parametrize("name", NAMES)
def test_a_day_without_payments_is_a_file_too(name: str):
    assert list(read(name, daily_file(name, []))) == []


def test_keys_are_the_collectors_own():
    lines = read(FIXED, daily_file(FIXED, [payment("1", 100, 1), payment("1", 100, 2)]))
    assert [line.key for line in lines] == [
        "000001|000002|2026-11-20|00000001",
        "000001|000002|2026-11-20|00000002",
    ]
    (line,) = read(BANK, daily_file(BANK, [payment("1", 100, 9)]))
    assert line.key == "2026-11-20|007|0001|0001|9"


def test_windows_ends_lines_otherwise_and_dos_ends_files():
    content = daily_file(FIXED, [payment("1", 100)])
    plain = read(FIXED, content)
    assert read(FIXED, content.replace(b"\r\n", b"\n")) == plain
    assert read(FIXED, content.rstrip()) != [] if content.endswith(b" \r\n") is False else True
    assert read(FIXED, content + b"\x1a") == plain
    assert read(TABLE, b"\xef\xbb\xbf" + daily_file(TABLE, [payment("1", 100)])) != []


def refused(name: str, content: bytes, company: str = "4207") -> str:
    with pytest.raises(Refusal) as refusal:
        read(name, content, company)
    return str(refusal.value)


@pytest.mark.parametrize("name", NAMES)
class TestWrong:
    def content(self, name: str) -> bytes:
        currency = layout(name).currency or "ARS"
        return daily_file(name, [payment(str(n), 100 * n, n, currency=currency) for n in range(1, 6)])

    def test_cut_off_at_any_byte(self, name: str):
        """Nothing shorter than the file is the file; only its last line break may be missing."""
        whole = self.content(name).removesuffix(b"\r\n")
        for end in range(0, len(whole), 7):
            refused(name, whole[:end])

    def test_cut_off_at_any_line(self, name: str):
        lines = self.content(name).splitlines(keepends=True)
        for end in range(len(lines)):
            refused(name, b"".join(lines[:end]))

    def test_any_line_missing(self, name: str):
        lines = self.content(name).splitlines(keepends=True)
        for place in range(len(lines)):
            refused(name, b"".join(lines[:place] + lines[place + 1 :]))

    def test_any_line_twice(self, name: str):
        lines = self.content(name).splitlines(keepends=True)
        for place in range(len(lines)):
            refused(name, b"".join(lines[: place + 1] + lines[place:]))

    def test_a_line_from_elsewhere(self, name: str):
        lines = self.content(name).splitlines(keepends=True)
        sentence = refused(name, b"".join([*lines[:2], b"hello\r\n", *lines[2:]]))
        assert "3" in sentence

    def test_an_amount_one_cent_off(self, name: str):
        lines = daily_file(name, [payment("77", 987_65, 1, currency=layout(name).currency or "ARS")])
        wrong = b"987.66" if name == TABLE else b"98766"
        right = b"987.65" if name == TABLE else b"98765"
        place = lines.index(right)
        sentence = refused(name, lines[:place] + wrong + lines[place + len(right) :])
        assert "come to" in sentence

    def test_nothing_and_binary(self, name: str):
        assert "empty" in refused(name, b"") and "empty" in refused(name, b"\r\n \r\n")
        refused(name, bytes(range(256)))
        refused(name, b"\xff\xfe" + self.content(name).decode("latin-1").encode("utf-16-le"))

    def test_more_after_the_end(self, name: str):
        content = self.content(name)
        refused(name, content + content)


@pytest.mark.parametrize("name", [FIXED, BANK])
def test_a_file_for_another_company(name: str):
    assert "another company" in refused(name, daily_file(name, []), company="4208")


def test_a_column_that_cannot_be():
    content = daily_file(FIXED, [payment("123", 100)])
    assert "2026" in content.decode()
    line = content.splitlines()[1]
    for old, new, column in (
        (b"20261120", b"20261320", "processed_on"),
        (b"0000000100", b"00000-0100", "amount"),
        (b"0000000100", b"0000000000", "amount"),
        (b"ARS", b"XXX", "currency"),
    ):
        sentence = refused(FIXED, content.replace(line, line.replace(old, new, 1)))
        assert "Line 2" in sentence and column in sentence


def test_a_table_with_other_headings_or_columns():
    content = daily_file(TABLE, [payment("123", 100)]).decode()
    assert "heading" in refused(TABLE, content.replace("fecha", "dia").encode())
    assert "columns" in refused(TABLE, content.replace(";ARS", "").encode())
    assert "2026-11-20" in content
    assert "paid_on" in refused(TABLE, content.replace("2026-11-20", "20/11/2026").encode())
    for amount in ("1,00", "1.001", "-1.00", "1.", "1e2", "٣"):
        assert "amount" in refused(TABLE, content.replace(";1.00;ARS", f";{amount};ARS").encode())


def test_batches_have_their_own_totals():
    lines = daily_file(BANK, [payment("1", 100), payment("2", 200, 2)]).splitlines(keepends=True)
    total = lines[4]
    assert total.startswith(b"08")
    assert "4" not in refused(BANK, b"".join([*lines[:4], lines[5]]))[:5]
    other = total.replace(b"0001" + b" " * 129, b"0002" + b" " * 129)
    assert "batch" in refused(BANK, b"".join([*lines[:4], other, lines[5]]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('kind = "fixed"', 'kind = "loose"'),
        ("length = 100", "length = 99"),
        ('"operation"]', '"nothing"]'),
        ('name = "total"', 'name = "sum"'),
        ('value = "9"', 'value = "5"'),
        ('name = "reference"', 'name = "whose"'),
        ('kind = "digits"', 'kind = "runes"'),
    ],
)
def test_a_layout_that_contradicts_itself_is_not_loaded(old: str, new: str):
    text = (FOLDER / f"{FIXED}.toml").read_text()
    assert old in text
    with pytest.raises(BadLayout):
        read_file_layout("broken-v1", text.replace(old, new, 1))
