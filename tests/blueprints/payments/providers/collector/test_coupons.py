"""Coupons: check digits, widths, and bars that another program reads back."""

from __future__ import annotations

import datetime
import re

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from blueprints.payments.providers.collector.check_digits import check_digit, with_check_digits
from blueprints.payments.providers.collector.coupons import (
    BadLayout,
    CouponFacts,
    coupon_layouts,
    digits_of,
    read_coupon_layout,
)
from saas.bars import HEIGHT, bars_svg
from saas.refusals import Refusal

LAYOUTS = coupon_layouts()
DRAWN = [layout for layout in LAYOUTS.values() if layout.symbol]
# The sample in public code of SIRO; worked out by two implementations; the help pages' own example.
SIRO = "04440000132671207300093700060098385000000000515000934600"
VECTORS = (
    SIRO,
    "123400150026263250000000001234500001001037",
    "197201234567260640000000000000100123451057",
)


def facts(layout_id: str = "ar-42-v1", **changes: object) -> CouponFacts:
    layout = LAYOUTS[layout_id]
    company = layout.field("company")
    values: dict[str, object] = {
        "company": "7709998000018"[: company.length] if company else "",
        "agreement": "5150009346",
        "reference": "1000016",
        "amount": 150_000,
        "currency": layout.currency or "ARS",
        "due": datetime.date(2026, 11, 21),
        **changes,
    }
    return CouponFacts(**values)  # type: ignore[arg-type]


def read_back(svg: str, scale: int = 2) -> list[zxingcpp.Barcode]:
    """The drawing as an eye sees it."""
    width = int(re.search(r'width="(\d+)"', svg)[1])  # type: ignore[index]
    picture = Image.new("L", (width * scale, HEIGHT * scale), 255)
    pen = ImageDraw.Draw(picture)
    for start, length in re.findall(r"M(\d+) 0h(\d+)v", svg.split('fill="#000"')[1]):
        pen.rectangle([int(start) * scale, 0, (int(start) + int(length)) * scale - 1, HEIGHT * scale], fill=0)
    return zxingcpp.read_barcodes(picture)


@pytest.mark.parametrize("digits", VECTORS)
def test_the_check_digits_of_known_coupons(digits: str):
    assert with_check_digits(digits[:-2], 2) == digits


def test_weights_begin_with_one_and_go_on_without_it():
    assert check_digit("1") == "0" and check_digit("2") == "1"
    assert check_digit("111111") == str((1 + 3 + 5 + 7 + 9 + 3) // 2 % 10)


@given(st.text("0123456789", min_size=20, max_size=40), st.data())
def test_most_wrong_digits_are_noticed(digits: str, data: st.DataObject):
    """The rule halves the sum, so it misses some; two digits together miss few, and never change in number."""
    right = with_check_digits(digits, 2)
    assert len(right) == len(digits) + 2 and right.isdigit() and right.startswith(digits)
    assert with_check_digits(digits, 1) == right[:-1]


def test_the_42_digits_field_by_field():
    made = digits_of(LAYOUTS["ar-42-v1"], facts(company="1234", amount=150_026, reference="12345"))
    assert len(made) == 42
    assert made[:40] == "1234" + "00150026" + "26325" + "00000000012345" + "0" + "000000" + "00"
    assert made == with_check_digits(made[:40], 2)


def test_the_56_digits_field_by_field():
    siro = facts("ar-siro-56-v1", company="0447", reference="13267", amount=93_700)
    made = digits_of(LAYOUTS["ar-siro-56-v1"], siro)
    assert len(made) == 56
    assert made[:54] == "0447" + "0" + "00013267" + "261121" + "0093700" + "0" * 18 + "5150009346"


def test_the_bill_of_colombia_element_by_element():
    made = digits_of(LAYOUTS["co-gs1-128-v1"], facts("co-gs1-128-v1"))
    assert made == "(415)7709998000018(8020)000001000016(3900)0000001500(96)20261121"


@pytest.mark.parametrize("day", [1, 59, 60, 365])
def test_the_day_of_the_year_counts_from_one(day: int):
    due = datetime.date(2026, 1, 1) + datetime.timedelta(days=day - 1)
    assert digits_of(LAYOUTS["ar-42-v1"], facts(due=due))[12:17] == f"26{day:03}"


@pytest.mark.parametrize("layout_id", [layout.id for layout in DRAWN])
def test_what_is_too_wide_is_refused_and_never_cut(layout_id: str):
    layout = LAYOUTS[layout_id]
    highest = layout.highest(layout.currency)
    assert digits_of(layout, facts(layout_id, amount=highest))
    step = highest // (10 ** (layout.field("amount").length) - 1)  # type: ignore[union-attr]
    for amount in (highest + step, 10 * highest, 0, -100):
        with pytest.raises(Refusal, match="does not fit the coupon"):
            digits_of(layout, facts(layout_id, amount=amount))
    width = layout.field("reference").length  # type: ignore[union-attr]
    assert digits_of(layout, facts(layout_id, reference="9" * width))
    for reference in ("9" * (width + 1), "", "12a", "١٢"):
        with pytest.raises(Refusal, match="used up"):
            digits_of(layout, facts(layout_id, reference=reference))


def test_widths_of_the_known_layouts():
    assert LAYOUTS["ar-42-v1"].highest("ARS") == 99_999_999
    assert LAYOUTS["ar-siro-56-v1"].highest("ARS") == 9_999_999
    assert LAYOUTS["co-gs1-128-v1"].highest("COP") == (10**10 - 1) * 100


def test_cents_that_the_bars_cannot_say_are_refused():
    with pytest.raises(Refusal, match="does not fit"):
        digits_of(LAYOUTS["co-gs1-128-v1"], facts("co-gs1-128-v1", amount=150_001))


@pytest.mark.parametrize("layout_id", [layout.id for layout in DRAWN])
def test_another_program_reads_the_bars(layout_id: str):
    layout = LAYOUTS[layout_id]
    text = digits_of(layout, facts(layout_id))
    (found,) = read_back(bars_svg(layout.symbol, text, "bars"))
    assert found.text == text
    expected = {"itf": zxingcpp.BarcodeFormat.ITF, "gs1-128": zxingcpp.BarcodeFormat.Code128}
    assert found.format == expected[layout.symbol]
    assert (found.content_type == zxingcpp.ContentType.GS1) is (layout.symbol == "gs1-128")


@pytest.mark.parametrize("digits", VECTORS)
def test_the_bars_of_known_coupons(digits: str):
    (found,) = read_back(bars_svg("itf", digits, "bars"))
    assert found.text == digits


def test_every_pair_of_digits_is_drawn_right():
    every = [f"{number:02}" for number in range(100)]
    for start in range(0, 100, 20):
        pairs = "".join(every[start : start + 20])
        assert [found.text for found in read_back(bars_svg("itf", pairs, "bars"))] == [pairs]
        element = f"(96){pairs}"
        assert [found.text for found in read_back(bars_svg("gs1-128", element, "bars"))] == [element]


@given(st.text("0123456789", min_size=1, max_size=25), st.integers(1, 10**9))
def test_elements_of_odd_length_stay_apart(reference: str, amount: int):
    text = f"(8020){reference}(3900){amount}(96)20261121"
    (found,) = read_back(bars_svg("gs1-128", text, "bars"))
    assert found.text == text


@pytest.mark.parametrize(
    ("symbol", "text"),
    [
        ("itf", "123"),
        ("itf", ""),
        ("itf", "12a4"),
        ("gs1-128", "4157709"),
        ("gs1-128", "(96)12x"),
        ("qr", "12"),
    ],
)
def test_no_bars_for_what_they_cannot_hold(symbol: str, text: str):
    with pytest.raises(ValueError, match=r"Interleaved|GS1|symbol"):
        bars_svg(symbol, text, "bars")


def test_the_title_cannot_break_the_drawing():
    assert "<script>" not in bars_svg("itf", "1234", "</title><script>")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('symbol = "itf"', 'symbol = "stars"'),
        ('name = "due"', 'name = "mood"'),
        ("length = 5", "length = 6"),
        ('value = "000000"', 'value = "0"'),
        ('symbol = "itf"', 'symbol = "gs1-128"'),
        ('name = "reference"', 'name = "agreement"'),
    ],
)
def test_a_layout_that_contradicts_itself_is_not_loaded(old: str, new: str):
    from blueprints.payments.providers.collector.coupons import FOLDER

    text = (FOLDER / "ar-42-v1.toml").read_text()
    assert old in text
    with pytest.raises(BadLayout):
        read_coupon_layout("broken-v1", text.replace(old, new, 1))
