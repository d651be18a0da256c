from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.invoices.fiscal import (
    ArcaDocument,
    arca_document_number,
    arca_qr_url,
    check_cae,
    check_code,
    check_cufe,
    cufe_link,
    cufe_qr_text,
    fiscal_kinds,
    fiscal_rule,
)

CUFE = "c257c6f561c5cb347611a3ce9d97dcbee500fe7ee5fc324bdb2e1142a21c402364f9572b85a8e48f687ab165c58ac583"
# The example of the authority's own specification.
EXAMPLE = ArcaDocument(
    issued_on=date(2020, 10, 13),
    issuer_cuit="30-00000000-7",
    point_of_sale=10,
    document="invoice A",
    number=94,
    amount=1_210_000,
    currency="USD",
    rate=Decimal(65),
    receiver_kind="CUIT",
    receiver_number="20000000001",
    code="70417054367476",
)


def payload(url: str) -> dict[str, object]:
    head, _, text = url.partition("?p=")
    assert head == "https://www.afip.gob.ar/fe/qr/"
    decoded: dict[str, object] = json.loads(b64decode(text), parse_float=Decimal)
    return decoded


def test_every_rule_names_its_source_and_date() -> None:
    assert set(fiscal_kinds()) >= {"cufe", "cae"}
    for kind in fiscal_kinds():
        rule = fiscal_rule(kind)
        assert rule.source and rule.link.startswith("https://")
        assert rule.values["qr_side_mm"] >= 20


def test_a_document_older_than_every_version_is_judged_by_the_first() -> None:
    assert fiscal_rule("cufe", date(2019, 1, 1)).kind == "cufe"


@pytest.mark.parametrize(
    ("code", "good"),
    [(CUFE, True), (CUFE[:-1], False), (CUFE + "0", False), (CUFE[:-1] + "g", False), (CUFE.upper(), False),
     ("", False), (CUFE + "\n", False)],
)  # fmt: skip
def test_a_cufe_is_96_lower_case_hexadecimal_digits(code: str, good: bool) -> None:
    assert check_cufe(code) is good


def test_an_unknown_kind_is_never_good() -> None:
    assert not check_code("nonsense", CUFE)


@pytest.mark.parametrize(
    ("code", "expires", "good"),
    [
        ("78381795014078", date(2025, 3, 7), True),
        ("78381795014078", date(2025, 2, 2), False),
        ("78381795014078", None, False),
        ("7838179501407", date(2025, 3, 7), False),
        ("7838179501407٣", date(2025, 3, 7), False),
    ],
)
def test_a_cae_is_14_digits_with_a_due_date_not_before_the_document(
    code: str, expires: date | None, good: bool
) -> None:
    assert check_cae(code, expires, date(2025, 2, 3)) is good


def test_the_link_of_a_cufe() -> None:
    assert cufe_link(CUFE) == f"https://catalogo-vpfe.dian.gov.co/document/searchqr?documentkey={CUFE}"
    assert cufe_link(CUFE, trial=True).startswith("https://catalogo-vpfe-hab.dian.gov.co/")
    with pytest.raises(ValueError, match="CUFE"):
        cufe_link('"><script>')


def test_the_text_of_a_cufe_code_has_the_lines_in_the_order_of_the_annex() -> None:
    fields = {
        "NumFac": "FV-10001", "FecFac": "2025-08-01", "HorFac": "10:53:10-05:00", "NitFac": "900412887",
        "DocAdq": "1089533637", "ValFac": "4670000.00", "ValIva": "887300.00", "ValOtroIm": "0.00",
        "ValTolFac": "5557300.00",
    }  # fmt: skip
    lines = cufe_qr_text(CUFE, fields).split("\n")
    assert [line.split(": ")[0] for line in lines] == [*fields, "CUFE", "QRCode"]
    assert lines[-1] == f"QRCode: {cufe_link(CUFE)}"
    with pytest.raises(ValueError, match="HorFac"):
        cufe_qr_text(CUFE, {name: value for name, value in fields.items() if name != "HorFac"})
    with pytest.raises(ValueError, match="one line"):
        cufe_qr_text(CUFE, {**fields, "NumFac": "1\nValTolFac: 0.00"})


def test_the_example_of_the_specification() -> None:
    assert payload(arca_qr_url(EXAMPLE)) == {
        "ver": 1, "fecha": "2020-10-13", "cuit": 30000000007, "ptoVta": 10, "tipoCmp": 1, "nroCmp": 94,
        "importe": 12100, "moneda": "DOL", "ctz": 65, "tipoDocRec": 80, "nroDocRec": 20000000001,
        "tipoCodAut": "E", "codAut": 70417054367476,
    }  # fmt: skip


def test_cents_are_exact_and_an_unknown_receiver_is_left_out() -> None:
    document = replace(EXAMPLE, amount=1_410_614, currency="ARS", rate=Decimal(1), receiver_kind=None)
    found = payload(arca_qr_url(document))
    assert found["importe"] == Decimal("14106.14")
    assert found["moneda"] == "PES"
    assert "tipoDocRec" not in found and "nroDocRec" not in found


@given(amount=st.integers(0, 10**15), number=st.integers(1, 99_999_999))
def test_every_amount_comes_back(amount: int, number: int) -> None:
    url = arca_qr_url(replace(EXAMPLE, amount=amount, number=number))
    assert "+" not in url and "/" not in url.partition("?p=")[2]  # safe in an address as it is
    found = payload(url)
    assert Decimal(str(found["importe"])) * 100 == amount
    assert found["nroCmp"] == number


@pytest.mark.parametrize(
    "wrong",
    [{"code": "1"}, {"issuer_cuit": "1"}, {"amount": -1}, {"document": "invoice Z"}, {"currency": "COP"},
     {"receiver_kind": "passport"}, {"receiver_number": "A1"}, {"rate": Decimal(0)}],
)  # fmt: skip
def test_what_does_not_fit_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        arca_qr_url(replace(EXAMPLE, **wrong))  # type: ignore[arg-type]


def test_the_parts_of_a_document_number() -> None:
    assert arca_document_number("B-0012-00000088") == ("B", 12, 88)
    with pytest.raises(ValueError, match="point of sale"):
        arca_document_number("FV-10001")
