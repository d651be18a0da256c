"""Each kind of the agency's files, damaged (K01) and naming what another tenant has (K02)."""

from __future__ import annotations

import uuid
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from saas.refusals import Refusal
from tests.blueprints.imports.files import PACKS, put, read
from tests.blueprints.imports.loads import good, numbers, one, reasons
from tests.cast import make_agency
from tests.database import DatabaseUrls

FOLDER = PACKS / "agencia"
PEOPLE_AND_PLACES = ("terceros.csv", "inmuebles.xlsx")
NAMING = (
    "contratos.csv",
    "facturas_arrendamiento.csv",
    "facturas_comision.csv",
    "recibos_caja.csv",
    "egresos_propietarios.csv",
)
EVERY = (*PEOPLE_AND_PLACES, *NAMING)


def profile_of(name: str) -> str:
    return f"agencia-{Path(name).stem.replace('_', '-')}"


def rows_of(database: DatabaseUrls, tenant_id: uuid.UUID) -> dict[str, tuple[int, str]]:
    """How many rows each table has of a tenant, and a digest of them, read past every filter."""
    columns = (
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'tenant_id'"
    )
    digest = "md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
    rows = f"SELECT count(*), {digest} FROM {{}} t WHERE tenant_id = %s"
    with psycopg.connect(database.superuser) as connection:
        tables = [name for (name,) in connection.execute(columns)]
        return {name: connection.execute(rows.format(name), (tenant_id,)).fetchone() for name in tables}


def damages(content: bytes, name: str) -> dict[str, bytes]:
    """What becomes of files on their way; those of spreadsheets are archives."""
    found = {"empty": b"", "every byte": bytes(range(256)) * 40, "cut": content[: len(content) // 3]}
    if name.endswith(".csv"):
        head, _end, rest = content.partition(b"\r\n" if b"\r\n" in content else b"\n")
        separator = b";" if head.count(b";") > head.count(b",") else b","
        found |= {
            "heading twice": head + separator + head + b"\n" + rest,
            "another separator": content.replace(separator, b"|"),
            "NUL": content.replace(separator, b"\x00" + separator),
            "an open quote": content + b'"' + rest[:200],
        }
    return found


@pytest.mark.parametrize("name", EVERY)
def test_a_damaged_file_is_refused_in_words(tmp_path: Path, name: str) -> None:
    """Whole, or row by row with the reason; what is read of it is what stands there, and nothing fails."""
    whole = {record["row"]: record for record in read(FOLDER / name, profile_of(name))[0]}
    for kind, content in damages((FOLDER / name).read_bytes(), name).items():
        path = put(tmp_path, content, name=f"{kind} {name}")
        try:
            records, problems = read(path, profile_of(name))
        except Refusal as refusal:
            assert refusal.msgid
            continue
        assert kind in ("cut", "NUL", "another separator", "an open quote"), f"{kind} {name} was read"
        wrong = {problem.row_number for problem in problems}
        kept = [record for record in records if record["row"] not in wrong]
        assert all(whole.get(record["row"]) == record for record in kept), f"{kind} {name}: another reading"


def test_a_row_names_nothing_of_another_tenant(app: Flask, database: DatabaseUrls) -> None:
    """The files of one agency, put in by another: whoever and whatever they name is not known there."""
    theirs, mine = make_agency("otra", canary="CANARIO-OTRA"), make_agency()
    good(theirs.id, "agencia")
    before = rows_of(database, theirs.id)
    for name in NAMING:
        outcome = one(good(mine.id, profile_of(name), FOLDER / name))
        created, updated, unchanged, refused = numbers(outcome)
        assert (created, updated, unchanged) == (0, 0, 0) and refused > 10, name
        assert all(why for why in reasons(outcome).values())
    # The same people and places under the same numbers are each tenant's own.
    for name in PEOPLE_AND_PLACES:
        created, updated, unchanged, _refused = numbers(one(good(mine.id, profile_of(name), FOLDER / name)))
        assert created > 10 and (updated, unchanged) == (0, 0), name
    assert rows_of(database, theirs.id) == before
