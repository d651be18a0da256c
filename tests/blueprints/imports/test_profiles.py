from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blueprints.imports.profile import BadProfile, Profile, profile_from
from blueprints.imports.reading.detect import detect
from blueprints.imports.recognise import Pack, files_of, recognise, resolve_profile, shipped_profiles
from saas.refusals import Refusal
from tests.blueprints.imports.files import PACKS, put, receipt, receipts


@pytest.mark.parametrize("name", list(shipped_profiles()))
def test_a_profile_answers_to_its_id_its_underscores_and_its_bare_name(name: str) -> None:
    profile = shipped_profiles()[name]
    for spelling in (
        name,
        name.replace("-", "_"),
        name.upper(),
        profile.name,
        profile.name.replace("-", "_"),
    ):
        assert resolve_profile(spelling) is profile
    assert set(profile.title) == {"es", "en"}


def test_a_pack_answers_to_its_name() -> None:
    choice = resolve_profile("agua")
    assert isinstance(choice, Pack)
    assert [profile.id for profile in choice.profiles] == ["agua-cuentas", "agua-facturas"]


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(Refusal, match="agencia-recibos-caja"):
        resolve_profile("nada")


def test_one_file_of_a_pack_is_recognised_by_its_header_whatever_its_name(tmp_path: Path) -> None:
    path = receipts(tmp_path, receipt(1), name="export.csv")
    ((profile, found),) = files_of(resolve_profile("agencia"), path)
    assert (profile.id, found) == ("agencia-recibos-caja", path)


def test_every_file_is_recognised_among_all_profiles() -> None:
    for path in sorted(PACKS.glob("*/*.*")):
        profile = recognise(detect(path), shipped_profiles().values())
        assert profile.name.replace("-", "_") == path.stem
        assert profile.pack == path.parent.name


def test_what_is_not_recognised_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="not recognised"):
        files_of(resolve_profile("agencia"), put(tmp_path, "a;b\n1;2\n"))


@pytest.mark.parametrize("choice", ["agencia", "recibos_caja"])
def test_folders_that_do_not_fit(tmp_path: Path, choice: str) -> None:
    with pytest.raises(Refusal):
        files_of(resolve_profile(choice), tmp_path)
    with pytest.raises(Refusal, match="There is no file"):
        files_of(resolve_profile(choice), tmp_path / "gone.csv")


def test_two_files_of_one_kind(tmp_path: Path) -> None:
    receipts(tmp_path, receipt(1), name="one.csv")
    receipts(tmp_path, receipt(2), name="two.csv")
    with pytest.raises(Refusal, match=r"one\.csv and two\.csv"):
        files_of(resolve_profile("agencia"), tmp_path)


GOOD: dict[str, Any] = {
    "id": "x-y",
    "pack": "x",
    "order": 1,
    "title": {"es": "Y", "en": "Y"},
    "target": "receipts",
    "key": ["number"],
    "columns": [
        {"from": "n", "to": "number", "kind": "text"},
        {"from": "f", "to": "invoice_number", "kind": "text"},
        {"from": "d", "to": "received_on", "kind": "date"},
        {"from": "v", "to": "amount", "kind": "money"},
    ],
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"target": "cats"}, "no target cats"),
        ({"columns": GOOD["columns"][:3]}, "nothing gives amount"),
        ({"columns": [*GOOD["columns"], {"from": "z", "to": "cats", "kind": "text"}]}, "has no cats"),
        ({"columns": [*GOOD["columns"], {"from": "z", "to": "method", "kind": "cat"}]}, "no kind cat"),
        ({"columns": [*GOOD["columns"], {"from": "z", "to": "number", "kind": "text"}]}, "same field"),
        ({"columns": [{"from": "n", "to": "number", "kind": "text", "sice": 3}]}, "sice"),
        ({"checks": [{"kind": "cat"}]}, "no check cat"),
        ({"checks": [{"kind": "positive", "field": "total"}]}, "names total"),
        ({"key": ["nummer"]}, "names nummer"),
        ({"kolumns": []}, "unknown entries kolumns"),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(change: dict[str, Any], reason: str) -> None:
    assert isinstance(profile_from(GOOD), Profile)
    with pytest.raises(BadProfile, match=reason):
        profile_from(GOOD | change)
