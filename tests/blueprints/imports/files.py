"""Small files as back offices write them, made where a test needs one."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from blueprints.imports.intake import read_rows
from blueprints.imports.problems import RowProblem
from blueprints.imports.recognise import shipped_profiles
from blueprints.imports.table import open_table

PACKS = Path(__file__).parents[2] / "packs"
RENT_HEADER = "factura;contrato;periodo;concepto;valor;iva;retencion;total;emision;vencimiento;estado;cufe"
RECEIPT_HEADER = "recibo;factura;fecha;valor;medio;referencia"


def put(folder: Path, text: str | bytes, name: str = "file.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def receipt(number: int, amount: str = "1.234,50", day: str = "31/01/2026", reference: str = "ref") -> str:
    return f"RC-{number};FV-{number};{day};{amount};PSE;{reference}"


def receipts(folder: Path, *rows: str, header: str = RECEIPT_HEADER, **options: str) -> Path:
    return put(folder, "\r\n".join((header, *rows)) + "\r\n", **options)


def read(
    path: Path, profile: str = "agencia-recibos-caja", size: int = 400
) -> tuple[list[dict[str, Any]], list[RowProblem]]:
    """All good records (with their row numbers under "row") and all problems."""
    records, problems = [], []
    for rows in read_rows(open_table(path, shipped_profiles()[profile]), size=size):
        records += [{"row": number, **record} for number, record in rows.records()]
        problems += rows.problems
    return records, problems


SHEET = "xl/worksheets/sheet1.xml"
WORKBOOK_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
    'officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    'relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def workbook(
    folder: Path,
    cells: dict[str, str | float],
    name: str = "file.xlsx",
    parts: dict[str, bytes] | None = None,
) -> Path:
    """An XLSX with the given cells ("A1": value); `parts` adds entries to the ZIP."""
    rows: dict[int, list[str]] = {}
    for reference, value in cells.items():
        number = int(reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        cell = (
            f'<c r="{reference}" t="inlineStr"><is><t>{value}</t></is></c>'
            if isinstance(value, str)
            else f'<c r="{reference}"><v>{value!r}</v></c>'
        )
        rows.setdefault(number, []).append(cell)
    sheet = "".join(f'<row r="{number}">{"".join(row)}</row>' for number, row in sorted(rows.items()))
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in WORKBOOK_PARTS.items():
            archive.writestr(entry, content)
        archive.writestr(
            SHEET,
            '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            f"<sheetData>{sheet}</sheetData></worksheet>",
        )
        for entry, extra in (parts or {}).items():
            archive.writestr(entry, extra)
    return path
