"""The two packs: every row is read, the wrong ones are named, nothing else is lost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from blueprints.imports.recognise import Pack, files_of, resolve_profile
from blueprints.imports.table import open_table
from tests.blueprints.imports.files import PACKS, read

# What a database is needed for, the unknown contract in row 119 and the unknown account in row 101, is not here.
EXPECTED = {
    "agencia-terceros": (26, {}),
    "agencia-inmuebles": (12, {}),
    "agencia-contratos": (12, {}),
    "agencia-facturas-arrendamiento": (
        223,
        {
            140: ["“31/09/2026” is not a day of the calendar."],
            157: ["It does not add up: valor + iva - retencion is 1.000.000,00, not 1.100.000,00."],
            198: ["“FV-10006” is already in row 7."],
            215: ["It is negative.", "It is not more than zero."],
        },
    ),
    "agencia-facturas-comision": (213, {}),
    "agencia-recibos-caja": (213, {}),
    "agencia-egresos-propietarios": (288, {}),
    "agua-cuentas": (12, {}),
    "agua-facturas": (
        133,
        {
            72: ["“30/02/2026” is not a day of the calendar."],
            108: ["“B-0012-00000004” is already in row 5."],
            135: ["“mil” is not an amount of money."],
        },
    ),
}


def whole(pack: str) -> list[tuple[str, Path]]:
    choice = resolve_profile(pack)
    assert isinstance(choice, Pack)
    return [(profile.id, path) for profile, path in files_of(choice, PACKS / pack)]


def test_a_pack_is_a_folder_whose_files_are_recognised_and_put_in_order() -> None:
    assert [name for pack in ("agencia", "agua") for name, _ in whole(pack)] == list(EXPECTED)


@pytest.mark.parametrize(("profile", "path"), [pair for pack in ("agencia", "agua") for pair in whole(pack)])
def test_exactly_the_wrong_rows_are_refused(profile: str, path: Path) -> None:
    records, problems = read(path, profile)
    good, reasons = EXPECTED[profile]
    found: dict[int, list[str]] = {}
    for problem in problems:
        assert problem.refuses
        found.setdefault(problem.row_number, []).append(str(problem))
    assert found == reasons
    assert len(records) == good
    assert not {record["row"] for record in records} & set(reasons)


def test_what_a_file_is_is_detected_and_shown() -> None:
    people = open_table(PACKS / "agencia/terceros.csv", resolve_profile("terceros")).detected  # type: ignore[arg-type]
    assert (people.encoding, people.bom, people.delimiter, people.newline) == ("latin-1", False, ";", "\r\n")
    rent = open_table(PACKS / "agencia/facturas_arrendamiento.csv", resolve_profile("facturas_arrendamiento"))  # type: ignore[arg-type]
    assert (rent.detected.encoding, rent.detected.bom, rent.detected.lines) == ("utf-8-sig", True, 227)
    assert (rent.formats.decimal, rent.formats.date_order, rent.formats.assumed) == (",", "dmy", frozenset())
    receipts = open_table(PACKS / "agencia/recibos_caja.csv", resolve_profile("recibos_caja"))  # type: ignore[arg-type]
    assert (receipts.detected.delimiter, receipts.formats.decimal) == (",", ",")
    sheet = open_table(PACKS / "agencia/inmuebles.xlsx", resolve_profile("inmuebles")).detected  # type: ignore[arg-type]
    assert (sheet.kind, sheet.sheet, sheet.lines) == ("xlsx", "Inmuebles", 12)


def test_values_become_what_the_records_need() -> None:
    lease = read(PACKS / "agencia/contratos.csv", "agencia-contratos")[0][0]
    assert lease == {
        "row": 2,
        "number": "CT-2000",
        "property_code": "A1000",
        "renter_document": "847709585-4",
        "owner_documents": ("1089533637", "631931211"),
        "owner_shares": (6000, 4000),
        "rent": 467000000,
        "starts_on": date(2025, 8, 1),
        "ends_on": date(2026, 7, 31),
        "payment_day": 10,
        "commission": 900,
    }
    bill = read(PACKS / "agua/facturas.csv", "agua-facturas")[0][0]
    assert (bill["total"], bill["second_total"], bill["period"], bill["state"]) == (
        1410614,
        1436005,
        "2025/1",
        "paid",
    )
    assert bill["payment_code"] == "5277956320100000000"
    account = read(PACKS / "agua/cuentas.csv", "agua-cuentas")[0][0]
    assert (account["latitude"], account["metered"]) == (Decimal("-32.809787"), True)
    home = read(PACKS / "agencia/inmuebles.xlsx", "agencia-inmuebles")[0][0]
    assert (home["code"], home["stratum"], home["latitude"]) == ("A1000", 6, Decimal("6.175768"))
    person = read(PACKS / "agencia/terceros.csv", "agencia-terceros")[0][0]
    assert person["document_type"] in ("CC", "NIT")
    assert person["city"] in ("Medellín", "Itagüí", "Bello", "Envigado", "Sabaneta")
