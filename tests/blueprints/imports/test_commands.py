"""`flask import` as scripts use it: one JSON object, and an exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from tests.blueprints.imports.files import PACKS, put
from tests.blueprints.imports.test_loading import AGENCIA, WRONG_RENT
from tests.cast import TenantCast, make_agency, make_utility


@pytest.fixture
def agency(app: Flask) -> TenantCast:
    return make_agency()


def flask(app: Flask, *words: object) -> Result:
    return app.test_cli_runner().invoke(args=[str(word) for word in words])


def answer(app: Flask, *words: object, status: int = 0) -> dict[str, Any]:
    result = flask(app, *words, "--json")
    assert result.exit_code == status, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_whole_pack(app: Flask, agency: TenantCast) -> None:
    found = answer(app, "import", "agencia", PACKS / "agencia", "--tenant", "hogar", "--good-rows-only")
    assert {one["profile"]: one["created"] for one in found["files"]} == {
        name: numbers[0] for name, numbers in AGENCIA.items()
    }
    assert (found["created"], found["refused"], found["state"]) == (986, 5, "done")
    rent = found["files"][3]
    assert [one["row"] for one in rent["refusals"]] == [119, 140, 157, 198, 215, 215]
    assert rent["refusals"][0] == {
        "row": 119,
        "column": "contrato",
        "value": "CT-9999",
        "reason": "No existe la cuenta «CT-9999».",
    }


def test_one_file_with_its_bare_name_and_in_english(app: Flask, agency: TenantCast) -> None:
    for name in ("terceros.csv", "inmuebles.xlsx"):
        answer(app, "import", "agencia", PACKS / "agencia" / name, "--tenant", "hogar")
    answer(app, "import", "contratos", PACKS / "agencia" / "contratos.csv", "--tenant", "hogar")
    path = PACKS / "agencia" / "facturas_arrendamiento.csv"
    words = ("import", "facturas_arrendamiento", path, "--tenant", "hogar", "--language", "en")
    rehearsed = answer(app, *words, "--dry-run", "--good-rows-only")
    assert (rehearsed["state"], rehearsed["dry_run"], rehearsed["created"]) == ("done", True, 222)
    refused = answer(app, *words, status=1)
    assert (refused["state"], refused["created"], refused["refused"], refused["rows_read"]) == (
        "refused",
        0,
        5,
        227,
    )
    reasons: dict[int, list[str]] = {}
    for one in refused["refusals"]:
        reasons.setdefault(one["row"], []).append(one["reason"])
    assert reasons == WRONG_RENT
    taken = answer(app, *words, "--good-rows-only")
    assert (taken["state"], taken["created"], taken["unchanged"]) == ("done", 222, 0)
    assert set(taken) >= {
        "profile",
        "file",
        "rows_read",
        "updated",
        "refusals",
        "warnings",
        "batch",
        "dry_run",
    }
    listed = answer(app, "import-list", "--tenant", "hogar")["imports"]
    assert [one["state"] for one in listed] == ["done", "refused", "done", "done", "done", "done"]
    undone = answer(app, "import-undo", taken["batch"], "--tenant", "hogar")
    assert (undone["state"], undone["voided"]) == ("undone", 222)
    assert flask(app, "import-undo", taken["batch"], "--tenant", "hogar").exit_code == 1


def test_words_for_people(app: Flask) -> None:
    make_utility()
    text = flask(app, "import", "agua", PACKS / "agua", "--tenant", "aguas").output
    assert "created 12, updated 0, unchanged 0, refused 0" in text
    assert "row 101, nro_cuenta: No existe la cuenta «999-0000000-000-0»." in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "nothing", "x.csv", "--tenant", "hogar"), "nothing"),
        (("import", "terceros", "x.csv", "--tenant", "hogar"), "x.csv"),
        (("import", "terceros", PACKS / "agencia", "--tenant", "hogar"), "agencia"),
        (("import", "terceros", "x.csv", "--tenant", "nobody"), "nobody"),
        (("import", "terceros"), "Usage"),
    ],
)
def test_a_wrong_command_is_status_2(
    app: Flask, agency: TenantCast, words: tuple[object, ...], said: str
) -> None:
    result = flask(app, *words)
    assert result.exit_code == 2
    assert said in result.output


def test_a_file_that_cannot_be_read_is_refused_with_its_reason(
    app: Flask, agency: TenantCast, tmp_path: Path
) -> None:
    path = put(tmp_path, "a;b\n1;2\n", name="terceros.csv")
    found = answer(app, "import", "terceros", path, "--tenant", "hogar", status=1)
    assert (found["state"], found["refusals"]) == ("refused", [])
    assert "tipo_documento" in found["problem"]
