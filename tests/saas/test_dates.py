from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date
from hypothesis import given, settings
from hypothesis import strategies as st

from saas.dates import (
    format_datetime,
    format_long,
    format_month,
    format_period,
    format_short,
    parse_date,
    parse_time,
)
from saas.refusals import Refusal

DAY = date(2026, 3, 4)
DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31))
LOCALES = st.sampled_from(["es_CO", "es_AR", "es", "en", "pt_BR"])


def test_shown_day_first() -> None:
    assert format_long(DAY, "es_CO") == "4 de marzo de 2026"
    assert format_long(DAY, "es-AR") == "4 de marzo de 2026"
    assert format_long(DAY, "pt_BR") == "4 de março de 2026"
    assert format_long(DAY, "en") == "4 March 2026"
    assert format_short(DAY) == "04/03/2026"


def test_a_period_is_shown_as_a_month() -> None:
    assert format_month("2026-03", "es_CO") == "marzo de 2026"
    assert format_month("2026-12", "en") == "December 2026"
    for wrong in ("2026-13", "2026-00", "2026-3", "26-03", "٢٠٢٦-03", ""):
        with pytest.raises(ValueError):
            format_month(wrong, "es_CO")


def test_a_period_that_is_no_month_stays_as_the_tenant_writes_it() -> None:
    assert format_period("2026-03", "es_CO") == "marzo de 2026"
    assert format_period("2026/2", "es_CO") == "2026/2"


def test_a_moment_is_shown_on_the_zones_clocks() -> None:
    moment = datetime(2026, 3, 5, 2, 7, tzinfo=UTC)
    assert format_datetime(moment, "America/Bogota", "es_CO") == "4 de marzo de 2026, 21:07"
    assert format_datetime(moment, "America/Argentina/Mendoza", "es_AR", short=True) == "04/03/2026 23:07"
    assert (
        format_datetime(moment.astimezone(ZoneInfo("Asia/Tokyo")), "America/Caracas", "en")
        == "4 March 2026, 22:07"
    )
    with pytest.raises(ValueError):
        format_datetime(datetime(2026, 3, 5), "America/Bogota", "es_CO")


@settings(deadline=None)
@given(DAYS)
def test_long_dates_agree_with_babel(day: date) -> None:
    assert format_long(day, "es_CO") == format_date(day, "d 'de' MMMM 'de' y", locale="es_CO")


@pytest.mark.parametrize(
    "text",
    ["4-3-26", "04/03/2026", "2026-03-04", "4.3.2026", "4 3 2026", " 04/03/26 ", "2026/3/4", "4 de marzo de 2026",
     "4 de Marzo del 2026", "4 mar 2026", "4 marzo 2026"],
)  # fmt: skip
def test_read_day_first(text: str) -> None:
    assert parse_date(text, "es_CO") == DAY
    if "mar" not in text.lower():
        assert parse_date(text, "en") == DAY


def test_names_of_months_are_the_locales() -> None:
    assert parse_date("4 March 2026", "en") == DAY
    assert parse_date("4 de março de 2026", "pt_BR") == DAY
    assert parse_date("15 de septiembre de 2026", "es_CO") == date(2026, 9, 15)
    for unknown in ("4 ma 2026", "4 xyz 2026", "4 March 2026"):
        with pytest.raises(Refusal):
            parse_date(unknown, "es_CO")


def test_two_digit_years_have_a_fixed_century() -> None:
    assert parse_date("1/1/69", "es") == date(2069, 1, 1)
    assert parse_date("1/1/70", "es") == date(1970, 1, 1)


@pytest.mark.parametrize(
    "text", ["31/02/2026", "29/02/2026", "2026-02-30", "0/1/2026", "1/0/2026", "04/13/2026", "1/1/0000"]
)
def test_a_day_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="does not exist") as caught:
        parse_date(text, "es_CO", field="due")
    assert caught.value.field == "due"


@pytest.mark.parametrize(
    "text",
    ["", " ", "hoy", "4/3", "4/3-2026", "4/3/206", "4/3/20266", "٤/٣/٢٠٢٦", "4//3/2026", "-4/3/2026", "2026-W10-3",
     "1772582400", "4/3/2026 10:00", "1" * 10_000, "4/3/1899", "4/3/2200", "NaN", "4/3/2026\x00"],
)  # fmt: skip
def test_no_date_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        parse_date(text, "es_CO")


@settings(deadline=None)
@given(DAYS, LOCALES)
def test_what_we_show_can_be_typed(day: date, locale: str) -> None:
    for shown in (format_short(day), format_long(day, locale), day.isoformat()):
        assert parse_date(shown, locale) == day


@settings(deadline=None)
@given(st.text(max_size=40), LOCALES)
def test_no_text_breaks_it(text: str, locale: str) -> None:
    try:
        assert isinstance(parse_date(text, locale), date)
    except Refusal as refusal:
        assert str(refusal)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("9", time(9)),
        ("14:30", time(14, 30)),
        (" 14.30 ", time(14, 30)),
        ("1430", time(14, 30)),
        ("2:30 p. m.", time(14, 30)),
        ("12 am", time(0)),
        ("12:05 pm", time(12, 5)),
        ("8:00 h", time(8)),
    ],
)
def test_an_hour_as_people_type_it(text: str, read: time) -> None:
    assert parse_time(text) == read


@pytest.mark.parametrize("text", ["", "24:00", "9:60", "13 pm", "0 am", "-1", "mañana", "9:3", "9" * 40])
def test_no_hour_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_time(text, field="hour")
    assert refused.value.field == "hour"
