from __future__ import annotations

from timeit import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.identity_numbers import (
    normalise_document,
    normalise_email,
    normalise_phone,
    warn_document,
    written_document,
)

KINDS = [("CO", "NIT"), ("CO", "CC"), ("CO", "CE"), ("CO", "TI"), ("AR", "DNI"), ("AR", "CUIT"), ("VE", "RIF"),
         ("XX", "YY")]  # fmt: skip

# ---- Documents


@pytest.mark.parametrize(
    ("country", "kind", "number"),
    [
        ("CO", "NIT", "800197268-4"),
        ("CO", "NIT", "800.197.268-4"),
        ("CO", "NIT", "800197268"),
        ("CO", "CC", "1.036.123.456"),
        ("CO", "CC", "333946139"),
        ("CO", "CE", "412345"),
        ("AR", "DNI", "19.261.266"),
        ("AR", "DNI", " 5.123.456 "),
        ("AR", "CUIT", "20-05536168-2"),
        ("AR", "CUIL", "20055361682"),
        ("VE", "RIF", "V-11470283-4"),
        ("VE", "RIF", "v114702834"),
        ("CO", "PPT", "whatever"),
        ("PE", "DNI", "1"),
    ],
)
def test_a_right_number_passes_in_silence(country: str, kind: str, number: str) -> None:
    assert warn_document(country, kind, number) is None


@pytest.mark.parametrize(
    ("country", "kind", "number", "words"),
    [
        ("CO", "NIT", "800197268-5", "check digit"),
        ("CO", "NIT", "1234", "length"),
        ("CO", "NIT", "", "length"),
        ("CO", "CC", "12345678901", "length"),
        ("CO", "CC", "12", "length"),
        ("CO", "CC", "12A45678", "only figures"),
        ("CO", "CC", "", "only figures"),
        ("CO", "CC", "١٢٣٤٥٦٧", "only figures"),
        ("CO", "CC", "12345678\x00", "only figures"),
        ("AR", "DNI", "123456", "length"),
        ("AR", "CUIT", "20-05536168-3", "check digit"),
        ("AR", "CUIT", "25055361682", "begins"),
        ("AR", "CUIT", "2005536168", "length"),
        ("VE", "RIF", "V-11470283-3", "check digit"),
        ("VE", "RIF", "C-11470283-4", "begins"),
        ("VE", "RIF", "V-1147028-3", "length"),
        ("VE", "RIF", "V-11470283-4" + "0" * 100, "length"),
    ],
)
def test_a_wrong_number_is_warned_about(country: str, kind: str, number: str, words: str) -> None:
    assert words in (warn_document(country, kind, number) or "")


@pytest.mark.parametrize(
    ("country", "kind", "number", "normal"),
    [
        ("CO", "CC", " 12-345.678 ", "12345678"),
        ("CO", "CC", "0012345678", "12345678"),
        ("CO", "CC", "１２３４５６７８", "12345678"),
        ("CO", "NIT", "800.197.268", "8001972684"),
        ("CO", "NIT", "800197268-4", "8001972684"),
        ("CO", "NIT", "213.123.432-1", "2131234321"),
        ("AR", "CUIT", "20-05536168-2", "20055361682"),
        ("VE", "RIF", "j-00012345-6", "J000123456"),
        ("CO", "PASSPORT", "ab 001234", "AB001234"),
        ("CO", "CC", "000", "0"),
        ("CO", "CC", "", ""),
    ],
)
def test_one_number_has_one_form(country: str, kind: str, number: str, normal: str) -> None:
    assert normalise_document(country, kind, number) == normal


@given(st.sampled_from(KINDS), st.text(max_size=80))
def test_no_number_breaks_it_and_normal_is_final(kind: tuple[str, str], number: str) -> None:
    warn_document(*kind, number)
    normal = normalise_document(*kind, number)
    assert normalise_document(*kind, normal) == normal


# ---- E-mail


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Ana@Example.COM", "ana@example.com"),
        (" ana@example.com \n", "ana@example.com"),
        ("ana.maria+agua@example.com", "ana.maria+agua@example.com"),
        ("ana@agua.test", "ana@agua.test"),
        ("ana@peñalolen.example", "ana@xn--pealolen-e3a.example"),
        ("ana@PEN\u0303ALOLEN.example", "ana@xn--pealolen-e3a.example"),
    ],
)
def test_an_address_has_one_form(text: str, normal: str) -> None:
    assert normalise_email(text) == normal


def test_a_look_alike_domain_is_another_address() -> None:
    assert normalise_email("ana@ex\u0430mple.com") not in (None, "ana@example.com")


@pytest.mark.parametrize(
    "text",
    ["", "ana", "@", "ana@", "@example.com", "ana@localhost", "ana@test", "ana@@example.com", "ana@example..com",
     "a b@example.com",
     "ana@exa mple.com", "ana@example.com,eva@example.com", "ana@example.com\nBcc: x@y.z", "an\u0430@example.com",
     "ñandu@example.com", "Ana <ana@example.com>", "ana\x00@example.com", "ana\u200b@example.com", "a@[127.0.0.1]",
     "mailto:ana@example.com", "a" * 70 + "@example.com", "a@" + "b" * 300 + ".com", "\ud800@example.com", "a@-.com"],
)  # fmt: skip
def test_no_address_is_none(text: str) -> None:
    assert normalise_email(text) is None


@given(st.text(max_size=60) | st.emails())
def test_no_text_breaks_it_and_normal_is_final_too(text: str) -> None:
    normal = normalise_email(text)
    assert normal is None or (normalise_email(normal) == normal == normal.lower() and normal.isascii())


# ---- Phones


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("300 123 4567", "CO", "+573001234567"),
        ("+57-300-123-4567", "CO", "+573001234567"),
        ("(300) 123-4567", "CO", "+573001234567"),
        ("573001234567", "CO", "+573001234567"),
        ("601 123 4567", "CO", "+576011234567"),
        ("0261 15 412-3456", "AR", "+5492614123456"),
        ("+54 9 261 412 3456", "AR", "+5492614123456"),
        ("0412-1234567", "VE", "+584121234567"),
        ("+1 415 555 2671", "CO", "+14155552671"),
    ],
)
def test_phones_become_e164(text: str, country: str, number: str) -> None:
    assert normalise_phone(text, country) == number
    assert normalise_phone(number, country) == number


@pytest.mark.parametrize(
    "text",
    ["", "1234567", "abc", "300 123 456", "300 123 4567 ext 5", "+", "+999 1234", "0" * 60, "3" * 9999],
)
def test_no_phone_is_none(text: str) -> None:
    assert normalise_phone(text, "CO") is None


@given(st.text(max_size=64), st.sampled_from(["CO", "AR", "VE", "XX", ""]))
def test_no_phone_text_breaks_it(text: str, country: str) -> None:
    normalise_phone(text, country)


@pytest.mark.parametrize(
    "text", ["a@" + "a." * 500_000, "1-" * 500_000, "(" * 1_000_000, "a" * 1_000_000 + "@"]
)
def test_hostile_texts_are_quick(text: str) -> None:
    for check in (
        lambda: normalise_email(text),
        lambda: normalise_phone(text, "CO"),
        lambda: warn_document("CO", "NIT", text),
        lambda: normalise_document("VE", "RIF", text),
    ):
        assert min(timeit(check, number=1) for _ in range(3)) < 0.1


@pytest.mark.parametrize(
    ("kind", "number", "written"),
    [
        ("CC", "43111222", "CC 43.111.222"),
        ("DNI", "5123456", "DNI 5.123.456"),
        ("NIT", "8001972684", "NIT 800.197.268-4"),
        ("NIT", "80019726", "NIT 80019726"),
        ("CUIT", "20055361682", "CUIT 20-05536168-2"),
        ("RIF", "V114702834", "RIF V-11470283-4"),
        ("PP", "AB123", "PP AB123"),
        ("TI", "01021234567", "TI 01021234567"),
        (None, "123", "123"),
        ("CC", None, "CC"),
    ],
)
def test_a_number_is_written_as_people_write_it(kind: str | None, number: str | None, written: str) -> None:
    assert written_document(kind, number) == written


@given(st.sampled_from(KINDS), st.from_regex(r"[1-9][0-9]{2,10}", fullmatch=True))
def test_what_is_written_is_read_as_the_same_number(kind: tuple[str, str], number: str) -> None:
    normal = normalise_document(*kind, number)
    assert normalise_document(*kind, written_document(kind[1], normal).removeprefix(kind[1])) == normal
