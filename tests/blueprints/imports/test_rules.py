"""What makes a row good."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.imports.problems import Fault
from blueprints.imports.reading.amounts import money_converter, percent_parse
from blueprints.imports.reading.cells import Wrong
from blueprints.imports.reading.dates import period_bounds, period_parse
from blueprints.imports.reading.formats import Formats
from blueprints.imports.rules import as_written
from tests.blueprints.imports.files import RENT_HEADER, put, read, receipt, receipts

LEASE_HEADER = (
    "contrato;inmueble;documento_inquilino;documentos_propietarios;participacion;canon;"
    "inicio;fin;dia_pago;comision_pct"
)
BILL_HEADER = (
    "comp_nro;codigo_pago_electronico;nro_cuenta;periodo;emision;vto1;importe1;vto2;importe2;"
    "consumo_m3;cae;vto_cae;estado;fecha_pago"
)


def rent(number: int, **changes: str) -> str:
    row = {
        "factura": f"FV-{number}",
        "contrato": "CT-1",
        "periodo": "2026-01",
        "concepto": "Canon",
        "valor": "1.000.000,00",
        "iva": "190.000,00",
        "retencion": "35.000,00",
        "total": "1.155.000,00",
        "emision": "01/01/2026",
        "vencimiento": "31/01/2026",
        "estado": "PENDIENTE",
        "cufe": "",
    }
    return ";".join((row | changes).values())


def reasons(folder: Path, header: str, rows: list[str], profile: str) -> list[tuple[int, str | None, str]]:
    _, problems = read(put(folder, "\n".join([header, *rows])), profile)
    return [(one.row_number, one.column, str(one)) for one in problems]


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        (
            {"total": "1.155.000,01"},
            "total",
            "It does not add up: valor + iva - retencion is 1.155.000,00, not 1.155.000,01.",
        ),
        ({"vencimiento": "31/12/2025"}, "vencimiento", "It is earlier than emision, 01/01/2026."),
        ({"estado": "MORA"}, "estado", "“MORA” is unknown here; known are: PAGADA, PENDIENTE."),
        ({"periodo": "2026-13"}, "periodo", "“2026-13” is not a billing period."),
        ({"cufe": "abc"}, "cufe", "“abc” is not written as expected here."),
        ({"factura": ""}, "factura", "It is empty."),
        ({"concepto": "a\x07b"}, "concepto", "It has characters that are not text."),
        ({"concepto": "x" * 201}, "concepto", "It is longer than 200 characters."),
        (
            {"valor": "0,00", "iva": "0,00", "retencion": "0,00", "total": "0,00"},
            "total",
            "It is not more than zero.",
        ),
        ({"valor": "1.000.000,005"}, "valor", "“1.000.000,005” has more decimals than the currency."),
        ({"valor": "1.00.000,00"}, "valor", "“1.00.000,00” is not an amount of money."),
        ({"valor": "9" * 18}, "valor", f"“{'9' * 18}” is too large."),
    ],
)
def test_one_wrong_row_among_good_ones(
    tmp_path: Path, changes: dict[str, str], column: str, reason: str
) -> None:
    rows = [rent(1), rent(2, **changes), rent(3)]
    assert reasons(tmp_path, RENT_HEADER, rows, "agencia-facturas-arrendamiento") == [(3, column, reason)]


def test_of_two_rows_with_one_number_the_second_is_refused_across_chunks(tmp_path: Path) -> None:
    path = receipts(tmp_path, *(receipt(n) for n in range(1, 12)), receipt(4))
    for size in (3, 400):
        records, problems = read(path, size=size)
        assert len(records) == 11
        assert [(one.row_number, str(one)) for one in problems] == [(13, "“RC-4” is already in row 5.")]


def test_a_refused_row_does_not_take_the_number(tmp_path: Path) -> None:
    records, problems = read(receipts(tmp_path, receipt(1, amount="x"), receipt(1)))
    assert [record["row"] for record in records] == [3]
    assert [one.row_number for one in problems] == [2]


def test_a_bad_address_is_a_warning_and_the_person_is_kept(tmp_path: Path) -> None:
    header = "tipo_documento;numero_documento;nombre;correo;celular"
    path = put(tmp_path, f"{header}\nCC;12.345.678;Ana;ana(at)example;+57 300 000 0000\n")
    records, problems = read(path, "agencia-terceros")
    assert (records[0]["document_number"], records[0]["email"], records[0]["address"]) == (
        "12345678",
        None,
        None,
    )
    assert [(one.column, one.refuses) for one in problems] == [("correo", False)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("CT-1;A;1;1001|1002;60|40;1;01/01/2026;31/12/2026;5;9", None),
        ("CT-1;A;1001;1002|1003;60|30;1;01/01/2026;31/12/2026;5;9", "Its parts do not add up to 100 %."),
        (
            "CT-1;A;1001;1002|1003;100;1;01/01/2026;31/12/2026;5;9",
            "It does not have as many places as documentos_propietarios.",
        ),
        ("CT-1;A;1001;1002|1002;50|50;1;01/01/2026;31/12/2026;5;9", "It names somebody twice."),
        ("CT-1;A;1001;1002|;50|50;1;01/01/2026;31/12/2026;5;9", "The list has an empty place."),
        ("CT-1;A;1001;1002;100;1;01/01/2026;31/12/2025;5;9", "It is earlier than inicio, 01/01/2026."),
        ("CT-1;A;1001;1002;100;1;01/01/2026;31/12/2026;32;9", "It is more than 31."),
        ("CT-1;A;1001;1002;100;1;01/01/2026;31/12/2026;5;101", None),
    ],
)
def test_leases(tmp_path: Path, row: str, reason: str | None) -> None:
    found = [text for _, _, text in reasons(tmp_path, LEASE_HEADER, [row], "agencia-contratos")]
    if reason is None:
        assert found[0].endswith(("is not a document number.", "two decimals at most."))
    else:
        assert found == [reason]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (
            "B-1;1;A;2026/7;01/02/2026;15/02/2026;10,00;28/02/2026;11,00;5;;;IMP;",
            "periodo",
            "“2026/7” is not a billing period.",
        ),
        (
            "B-1;1;A;2026/1;01/02/2026;15/02/2026;10,00;14/02/2026;11,00;5;;;IMP;",
            "vto2",
            "It is earlier than vto1, 15/02/2026.",
        ),
        (
            "B-1;1;A;2026/1;01/02/2026;15/02/2026;10,00;28/02/2026;9,99;5;;;IMP;",
            "importe2",
            "It is less than importe1, 10,00.",
        ),
        (
            "B-1;1;A;2026/1;01/02/2026;15/02/2026;10,00;28/02/2026;11,00;5;;;PAG;",
            "fecha_pago",
            "It is empty.",
        ),
        (
            "B-1;1;A;2026/1;01/02/2026;15/02/2026;10,00;28/02/2026;11,00;5,5;;;IMP;",
            "consumo_m3",
            "“5,5” is not a whole number.",
        ),
        (
            "B-1;1;A;2026/1;01/02/2026;15/02/2026;10,00;28/02/2026;11,00;-5;;;IMP;",
            "consumo_m3",
            "It is negative.",
        ),
    ],
)
def test_bills(tmp_path: Path, row: str, column: str, reason: str) -> None:
    assert reasons(tmp_path, BILL_HEADER, [row], "agua-facturas") == [(2, column, reason)]


def test_a_second_unique_field_refuses_too(tmp_path: Path) -> None:
    row = "{};77;A;2026/1;01/02/2026;15/02/2026;10,00;28/02/2026;11,00;5;;;IMP;"
    found = reasons(tmp_path, BILL_HEADER, [row.format("B-1"), row.format("B-2")], "agua-facturas")
    assert found == [(3, "codigo_pago_electronico", "“77” is already in row 2.")]


class TestMoney:
    @given(st.integers(-(10**15), 10**15), st.sampled_from([",", "."]), st.sampled_from([0, 2, 3]))
    def test_what_is_written_is_read_back(self, amount: int, decimal: str, exponent: int) -> None:
        shown = as_written(amount, Formats(decimal, "dmy"), exponent)
        assert money_converter(decimal, exponent)([shown]) == [amount]

    @given(st.text(alphabet="0123456789.,-() $\n", max_size=12))
    def test_the_quick_way_and_the_slow_way_agree(self, cell: str) -> None:
        convert = money_converter(",", 2)
        # A wrong neighbour makes the whole column take the slow way.
        alone, beside = convert([cell]), convert([cell, "x"])[:1]
        assert alone == beside

    @pytest.mark.parametrize(
        ("cell", "amount"),
        [
            ("$ 1.234,50", 123450),
            ("COP 1.234", 123400),
            ("1 234,50", 123450),
            ("1\u00a0234,50", 123450),
            ("-5,00", -500),
            ("(5,00)", -500),
            ("5,00-", -500),
            ("0", 0),
            ("", None),
            (1234.5, 123450),
            (0.1 + 0.2, 30),
            (7, 700),
        ],
    )
    def test_notations(self, cell: str | float, amount: int | None) -> None:
        assert money_converter(",", 2)([cell]) == [amount]

    @pytest.mark.parametrize(
        "cell", ["12 34", "1.23", "1,2,3", "mil", "1e5", "--5", "٣", "1.234,5678", True, float("nan"), 1.005]
    )
    def test_what_is_no_amount(self, cell: str | float) -> None:
        assert isinstance(money_converter(",", 2)([cell])[0], Fault)


def test_periods() -> None:
    monthly, bimonthly = period_parse(12), period_parse(6)
    assert [monthly(text) for text in ("2025-08", "2025-8", "08/2025", "2025/08", "202508")] == [
        "2025-08"
    ] * 5
    assert bimonthly("2025/6") == "2025/6"
    assert [day.isoformat() for day in period_bounds("2025-12", 12)] == ["2025-12-01", "2025-12-31"]
    assert [day.isoformat() for day in period_bounds("2026/1", 6)] == ["2026-01-01", "2026-02-28"]
    with pytest.raises(Wrong):
        bimonthly("2025/7")


def test_percentages_are_basis_points() -> None:
    parse = percent_parse(",")
    assert [parse(cell) for cell in ("9", "9,5", "33,33 %", 60.0)] == [900, 950, 3333, 6000]
    for cell in ("-1", "100,01", "1,234"):
        with pytest.raises(Wrong):
            parse(cell)
