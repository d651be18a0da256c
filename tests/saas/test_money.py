from __future__ import annotations

import re
from decimal import Decimal
from timeit import timeit

import pytest
from babel.core import Locale
from babel.numbers import format_currency, get_currency_precision
from hypothesis import given, settings
from hypothesis import strategies as st

from saas.money import (
    EXPONENTS,
    MAXIMUM,
    CurrencyMismatch,
    Money,
    as_decimal,
    format_money,
    from_decimal,
    parse_amount,
    split,
)
from saas.refusals import Refusal

NBSP = "\u00a0"


# ---- Money


def test_arithmetic_stays_within_a_currency() -> None:
    assert Money(150, "COP") + Money(50, "COP") == Money(200, "COP")
    assert Money(150, "COP") - Money(200, "COP") == Money(-50, "COP")
    assert -Money(150, "COP") * 2 == Money(-300, "COP")
    assert Money(1, "ARS") < Money(2, "ARS") >= Money(2, "ARS")
    assert Money(3, "ARS") > Money(2, "ARS") <= Money(2, "ARS")
    assert not Money(0, "COP") and Money(-1, "COP")
    assert sum([Money(1, "COP"), Money(2, "COP")], Money(0, "COP")) == Money(3, "COP")


def test_currencies_do_not_mix() -> None:
    pesos, dollars = Money(1, "COP"), Money(1, "USD")
    for clash in (
        lambda: pesos + dollars,
        lambda: pesos - dollars,
        lambda: pesos < dollars,
        lambda: pesos >= dollars,
    ):
        with pytest.raises(CurrencyMismatch):
            clash()
    assert pesos != dollars


@pytest.mark.parametrize("amount", [1.0, True, "1", Decimal(1)])
def test_only_whole_minor_units(amount: object) -> None:
    with pytest.raises(TypeError):
        Money(amount, "COP")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", ["XXX", "cop", ""])
def test_only_known_currencies(currency: str) -> None:
    with pytest.raises(ValueError):
        Money(1, currency)
    with pytest.raises(ValueError):
        format_money(1, currency, "es_CO")


# ---- How it is shown


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "shown"),
    [
        (123456750, "COP", "es_CO", "$1.234.567,50"),
        (123456700, "COP", "es_CO", "$1.234.567"),
        (-123400, "COP", "es_CO", "-$1.234"),
        (0, "COP", "es_CO", "$0"),
        (5, "COP", "es_CO", "$0,05"),
        (123456750, "ARS", "es_AR", "$1.234.567,50"),
        (123456700, "ARS", "es_AR", "$1.234.567,00"),
        (123456789, "VES", "es_VE", "Bs.1.234.567,89"),
        (-123456, "VES", "es_VE", "-Bs.1.234,56"),
        (123456789, "USD", "es_VE", "USD1.234.567,89"),
        (123456789, "USD", "es_419", "USD1,234,567.89"),
        (123456750, "USD", "es_CO", "US$1.234.567,50"),
        (123456750, "MXN", "es_MX", "$1,234,567.50"),
        (1234568, "CLP", "es_CL", "$1.234.568"),
        (-1234, "CLP", "es_CL", "-$1.234"),
        (1234568, "PYG", "es_PY", f"Gs.{NBSP}1.234.568"),
        (123456750, "PEN", "es_PE", f"S/{NBSP}1,234,567.50"),
        (123456750, "BRL", "pt_BR", f"R${NBSP}1.234.567,50"),
        (123456750, "EUR", "es_ES", f"1.234.567,50{NBSP}€"),
        (123456750, "CRC", "es_CR", f"₡1{NBSP}234{NBSP}567,50"),
        (12345678, "CLF", "es_CL", "CLF1.234,5678"),
        (123456750, "COP", "en", "$1,234,567.50"),
        (123456700, "COP", "en", "$1,234,567"),
        (123456700, "ARS", "en", "$1,234,567.00"),
        (123456700, "VES", "en", "Bs.1,234,567.00"),
        (123456700, "USD", "en", "US$1,234,567.00"),
        (123456700, "USD", "en_US", "$1,234,567.00"),
        (123456700, "USD", "es_EC", "$1.234.567,00"),
        (123456750, "COP", "es", "$1.234.567,50"),
        (123456750, "COP", "es-CO", "$1.234.567,50"),
        (123456750, "BRL", "pt", f"R${NBSP}1.234.567,50"),
    ],
)
def test_shown_as_the_table_says(amount: int, currency: str, locale: str, shown: str) -> None:
    assert format_money(amount, currency, locale) == shown


PAIRS = [
    ("es_CO", "COP"), ("es_CO", "USD"), ("es_AR", "ARS"), ("es_AR", "USD"), ("es_VE", "VES"), ("es_VE", "USD"),
    ("es_MX", "MXN"), ("es_CL", "CLP"), ("es_PY", "PYG"), ("es_PE", "PEN"), ("pt_BR", "BRL"), ("es_ES", "EUR"),
    ("es_CR", "CRC"), ("es_GT", "GTQ"), ("es_DO", "DOP"), ("es_BO", "BOB"), ("es_UY", "UYU"), ("en_US", "USD"),
]  # fmt: skip


@settings(deadline=None)
@given(st.sampled_from(PAIRS), st.integers(min_value=-MAXIMUM, max_value=MAXIMUM))
def test_agrees_with_babel(pair: tuple[str, str], amount: int) -> None:
    locale, currency = pair
    value = as_decimal(amount, currency)
    expected = format_currency(abs(value), currency, locale=locale).replace("Bs.S", "Bs.")
    if currency == "COP" and amount % 100 == 0:
        expected = expected.removesuffix(",00")
    assert format_money(amount, currency, locale) == ("-" if amount < 0 else "") + expected


def test_exponents_are_those_of_cldr() -> None:
    assert {code: get_currency_precision(code) for code in EXPONENTS} == EXPONENTS


def test_every_currency_is_shown_in_every_country_it_may_meet() -> None:
    for locale in ("es", "en", "pt", "es_CO", "es_AR", "es_VE", "es_MX", "es_CL"):
        for currency in EXPONENTS:
            assert re.search(r"1.234", format_money(1234 * 10 ** EXPONENTS[currency], currency, locale))


def test_is_quick_enough_for_forty_amounts_a_page() -> None:
    format_money(1, "COP", "es_CO")
    best = min(timeit(lambda: format_money(123456750, "COP", "es_CO"), number=2000) for _ in range(5))
    assert best / 2000 < 20e-6


# ---- Decimals for those who speak them


@settings(deadline=None)
@given(st.sampled_from(sorted(EXPONENTS)), st.integers(min_value=-(10**18), max_value=10**18))
def test_decimals_go_there_and_back(currency: str, amount: int) -> None:
    assert from_decimal(as_decimal(amount, currency), currency) == amount


@pytest.mark.parametrize("value", ["0.001", "NaN", "Infinity", "-Infinity", "1E-9"])
def test_decimals_finer_than_the_currency_are_an_error(value: str) -> None:
    with pytest.raises(ValueError):
        from_decimal(Decimal(value), "COP")


# ---- What people type


@pytest.mark.parametrize(
    ("text", "currency", "locale", "amount"),
    [
        ("1.234", "COP", "es_CO", 123400),
        ("1,234", "MXN", "es_MX", 123400),
        ("1,234", "COP", "en", 123400),
        ("1234", "COP", "es_CO", 123400),
        ("1.234,50", "COP", "es_CO", 123450),
        ("1234,5", "COP", "es_CO", 123450),
        ("1234.56", "COP", "es_CO", 123456),
        ("1,234.56", "COP", "es_CO", 123456),
        ("1.234,56", "MXN", "es_MX", 123456),
        ("1.234.567", "COP", "es_CO", 123456700),
        ("1.234.567", "MXN", "es_MX", 123456700),
        ("1'234.567", "COP", "es_CO", 123456700),
        ("1’234.567,89", "COP", "es_CO", 123456789),
        (" $ 50.000 ", "COP", "es_CO", 5000000),
        ("50.000 COP", "COP", "es_CO", 5000000),
        ("COP 50.000", "COP", "es_CO", 5000000),
        (f"S/{NBSP}1,234.50", "PEN", "es_PE", 123450),
        ("1 234 567,50", "CRC", "es_CR", 123456750),
        ("0,50", "COP", "es_CO", 50),
        ("1.234", "CLP", "es_CL", 1234),
        ("1234,5678", "CLF", "es_CL", 12345678),
        ("10000000000000", "COP", "es_CO", MAXIMUM),
    ],
)
def test_read_by_the_locale(text: str, currency: str, locale: str, amount: int) -> None:
    assert parse_amount(text, currency, locale) == amount


@pytest.mark.parametrize(
    ("text", "currency", "locale"),
    [
        ("1,234", "COP", "es_CO"),
        ("1.234", "MXN", "es_MX"),
        ("1.234", "COP", "en"),
        ("1.234", "CLF", "es_CL"),
        ("1,234", "CLF", "es_CL"),
    ],
)
def test_the_ambiguous_is_refused(text: str, currency: str, locale: str) -> None:
    with pytest.raises(Refusal, match="two ways") as caught:
        parse_amount(text, currency, locale, field="amount")
    assert caught.value.field == "amount"


BAD = [
    "", " ", "$", "0", "0,00", "-1", "\u22121", "-0", "+1", "0.001", "0,001", "1e309", "1e3", "NaN", "nan", "Infinity",
    "-Infinity", "inf", "99999999999999.99", "9" * 400, "١٢٣", "１２３", "1.23.456", "12.34.567", "1.2345,00",
    "1..234", "1,,5", ".5", "5.", ",5", "1.234,567", "1,234.567", "1.234,5,6", "007", "0.234.567", "1_000", "0x10",
    "1 2", "12 34", "1\n234", "1\x00", "1,234,5678", "1'234'56", "abc", "1.234 USD", "½", "1 000 0", "--1", "(100)",
    "1.234'567", "$$5", "1%", "5 $ 5",
]  # fmt: skip


@pytest.mark.parametrize("locale", ["es_CO", "es_MX", "en"])
@pytest.mark.parametrize("text", BAD)
def test_the_rest_is_refused(text: str, locale: str) -> None:
    with pytest.raises(Refusal):
        parse_amount(text, "COP", locale)


def test_cents_that_a_currency_lacks_are_refused() -> None:
    with pytest.raises(Refusal):
        parse_amount("1234,5", "CLP", "es_CL")


def test_zero_passes_where_it_means_something() -> None:
    assert parse_amount("0", "COP", "es_CO", zero=True) == 0
    with pytest.raises(Refusal):
        parse_amount("-1", "COP", "es_CO", zero=True)


@settings(deadline=None)
@given(st.sampled_from(PAIRS), st.integers(min_value=1, max_value=MAXIMUM))
def test_what_we_show_can_be_typed(pair: tuple[str, str], amount: int) -> None:
    locale, currency = pair
    assert parse_amount(format_money(amount, currency, locale), currency, locale) == amount


@settings(deadline=None)
@given(
    st.text(st.sampled_from("0123456789.,' "), max_size=18),
    st.sampled_from(PAIRS[:10] + [("en", "COP"), ("en", "ARS")]),
)
def test_a_reading_never_moves_the_decimal_point(text: str, pair: tuple[str, str]) -> None:
    """Whatever is accepted has the digits that were typed, and the locale's own reading if there is one."""
    locale, currency = pair
    try:
        amount = parse_amount(text, currency, locale, zero=True)
    except Refusal:
        return
    typed = re.sub("[^0-9]", "", text)
    shown = re.sub("[^0-9]", "", str(as_decimal(amount, currency)))
    assert shown.lstrip("0").startswith(typed.lstrip("0").rstrip("0"))
    marks = Locale.parse("es_CO" if locale == "es" else locale).number_symbols["latn"]
    plain = text.strip().replace(marks["group"], "").replace(marks["decimal"], ".")
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", plain) and marks["group"] not in text:
        assert as_decimal(amount, currency) == Decimal(plain)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    try:
        assert parse_amount(text, "COP", "es_CO") > 0
    except Refusal as refusal:
        assert str(refusal)


# ---- Dividing


def test_the_odd_cent_goes_to_the_largest_remainder() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(100, [1, 2]) == [33, 67]
    assert split(-100, [1, 1, 1]) == [-34, -33, -33]
    assert split(10, [5000, 0, 5000]) == [5, 0, 5]
    assert split(0, [1, 2]) == [0, 0]


@settings(deadline=None)
@given(
    st.integers(min_value=-MAXIMUM, max_value=MAXIMUM),
    st.lists(st.integers(min_value=0, max_value=10_000), min_size=1, max_size=12).filter(any),
)
def test_parts_sum_to_the_whole_and_are_fair(amount: int, shares: list[int]) -> None:
    parts = split(amount, shares)
    total = sum(shares)
    assert sum(parts) == amount
    for part, share in zip(parts, shares, strict=True):
        assert abs(part * total - amount * share) < total
        assert part == 0 or (share > 0 and (part > 0) == (amount > 0))


@pytest.mark.parametrize("shares", [[], [0], [0, 0], [1, -1], [3, -1]])
def test_shares_that_divide_nothing_are_an_error(shares: list[int]) -> None:
    with pytest.raises(ValueError):
        split(100, shares)
