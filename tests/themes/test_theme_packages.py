"""Theme packages are checked before use; a wrong one never reaches a page; tenants' values cannot reach the CSS raw."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tinycss2  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from tenants.stylesheets import css_problems, minified, transferred_kb, with_assets
from tenants.theme_packages import (
    THEMES,
    check_package,
    check_tokens,
    known_packages,
    load_package,
    resolved,
    stylesheet,
    tokens_for,
)
from tests.themes.desk_look import STYLE, desk_variables

HOSTILE = [
    "red;}body{display:none", "url(//evil)", "expression(alert(1))", "\\75rl(x)", "</style><script>alert(1)</script>",
    "#GGG", "#fff", "#" + "0" * 10_000, '"x"; @import "//evil"', "#12345g", "#ffffff\n", "#ffffff}", "６６６６６６", "",
    None, 7, ["#ffffff"], {"a": 1}, True,
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_is_refused_and_leaves_the_stylesheet_as_it_was(value: object) -> None:
    for name in ("brand", "accent", "font", "radius", "density", "header", "neutral"):
        clean, problems = check_tokens({name: value})
        assert clean == {}
        assert [problem.token for problem in problems] == [name]
        assert stylesheet("base", {name: value}) == stylesheet("base", {})


@given(
    st.dictionaries(
        st.text(max_size=20), st.one_of(st.text(max_size=30), st.none(), st.integers()), max_size=4
    )
)
def test_any_tokens_give_the_usual_stylesheet(tokens: dict[str, object]) -> None:
    assert stylesheet("base", tokens) == stylesheet("base", {})


def test_tenants_set_only_what_is_theirs() -> None:
    clean, problems = check_tokens(
        {"brand": "#FF6600", "radius": "0", "display": "book", "ink": "#000000", "logo": "x.png"}
    )
    assert clean == {"brand": "#ff6600", "radius": "0"}
    assert {problem.token for problem in problems} == {"display", "ink", "logo"}
    assert "--brand:#ff6600" in stylesheet("portada", {"brand": "#ff6600", "logo": "portada/logo.svg"})


def test_every_package_is_sound_and_within_budget() -> None:
    assert set(known_packages()) >= {"base", "portada", "caudal"}
    for package in known_packages():
        assert check_package(package) == []
        css = stylesheet(package, {})
        assert transferred_kb(css) <= 10, package
        rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
        assert [rule.message for rule in rules if rule.type == "error"] == []
        assert "asset:" not in css
        assert "http" not in css.replace("http://www.w3.org/2000/svg", "")


def test_packages_differ_in_more_than_colour() -> None:
    portada, caudal = tokens_for("portada", {}), tokens_for("caudal", {})
    for token in ("brand", "accent", "neutral", "radius", "header", "display", "scale"):
        assert portada[token] != caudal[token], token


def test_grounds_follow_the_neutral_tone() -> None:
    warm = resolved(load_package("base"), {"neutral": "warm"})
    cool = resolved(load_package("base"), {"neutral": "cool"})
    assert warm["light.ground"] != cool["light.ground"]


@pytest.fixture
def themes(tmp_path: Path) -> Path:
    shutil.copytree(THEMES / "base", tmp_path / "base")
    return tmp_path


def make(
    themes: Path, name: str = "odd", about: str = "", files: dict[str, str] | None = None, **changes: str
) -> str:
    keys = {
        "schema": "1",
        "id": f'"{name}"',
        "version": '"1.0.0"',
        "parent": '"base"',
        "requires": '">=1.0,<2"',
    }
    lines = [f"{key} = {value}" for key, value in {**keys, **changes}.items() if value]
    folder = themes / name
    folder.mkdir()
    (folder / "theme.toml").write_text("\n".join([*lines, about]), encoding="utf-8")
    for path, text in (files or {}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return name


def test_a_plain_package_inherits_everything(themes: Path) -> None:
    make(themes, files={"tokens.toml": '[values]\nbrand = "#7a1f3d"\n[light.warm]\nink = "#221100"\n'})
    assert check_package("odd", themes) == []
    package = load_package("odd", themes)
    assert package.chain == ("odd", "base")
    assert package.values["brand"] == "#7a1f3d"
    assert package.values["radius"] == "6px"
    assert package.grounds["light.warm"]["ink"] == "#221100"
    assert package.grounds["light.warm"]["ground"] == "#f8f4ed"


HEADER = "templates/portal/_header.html"
OVERRIDES = 'overrides = ["portal/_header.html"]'
BROKEN: dict[str, dict[str, object]] = {
    "bad TOML": {"about": "overrides = ["},
    "unknown key": {"about": 'colour = "x"'},
    "another schema": {"schema": "2"},
    "another id": {"id": '"other"'},
    "a version too old": {"requires": '">=0.1,<1"'},
    "a version too new": {"requires": '">=3"'},
    "no version range": {"requires": '"soon"'},
    "no parent": {"parent": ""},
    "unknown parent": {"parent": '"nobody"'},
    "itself as parent": {"parent": '"odd"'},
    "a way out of the folder": {"parent": '"../base"'},
    "a token of another type": {"about": '[tokens]\nwidth = { type = "css" }'},
    "a colour that is none": {"files": {"tokens.toml": '[values]\nbrand = "red"\n'}},
    "a ground that is none": {"files": {"tokens.toml": '[light.warm]\nshadow = "#000000"\n'}},
    "a section that is none": {"files": {"tokens.toml": '[night]\nink = "#000000"\n'}},
    "not UTF-8": {"files": {"tokens.toml": "[values]\n"}, "latin": True},
    "an import": {"files": {"css/theme.css": "@import 'x.css';"}},
    "another address": {"files": {"css/theme.css": "a{background:url(https://evil.example/x)}"}},
    "a missing asset": {"files": {"css/theme.css": 'a{background:url("asset:gone.svg")}'}},
    "a fixed box": {"files": {"css/theme.css": "a{position:fixed}"}},
    "a spy on fields": {"files": {"css/theme.css": 'input[value^="a"]{color:red}'}},
    "a web font": {"files": {"css/theme.css": "@font-face{font-family:x}"}},
    "an open brace": {"files": {"css/theme.css": "a{color:red"}},
    "too much": {
        "files": {
            "css/theme.css": "".join(
                f".c{n * 7919 % 99991}{{top:{n * 104729 % 9973}px}}" for n in range(9000)
            )
        }
    },
    "a template not declared": {"files": {HEADER: "x"}},
    "a template that is fixed": {
        "about": 'overrides = ["portal/_footer.html"]',
        "files": {"templates/portal/_footer.html": "x"},
    },
    "a template that is missing": {"about": OVERRIDES},
    "a syntax error": {"about": OVERRIDES, "files": {HEADER: "{% if %}"}},
    "an endless loop": {"about": OVERRIDES, "files": {HEADER: "{% for a in range(999999999) %}{% endfor %}"}},
    "a loop around itself": {"about": OVERRIDES, "files": {HEADER: '{% include "portal/_header.html" %}'}},
    "a macro that calls itself": {
        "about": OVERRIDES,
        "files": {HEADER: "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"},
    },
    "who looks on": {"about": OVERRIDES, "files": {HEADER: "{{ viewer.name }}"}},
    "text marked safe": {"about": OVERRIDES, "files": {HEADER: "{{ tenant.name|safe }}"}},
}


@pytest.mark.parametrize("case", BROKEN, ids=list(BROKEN))
def test_a_broken_package_is_named_and_replaced_by_the_base(themes: Path, case: str) -> None:
    how = dict(BROKEN[case])
    latin = how.pop("latin", False)
    make(themes, **how)  # type: ignore[arg-type]
    if latin:
        (themes / "odd" / "tokens.toml").write_bytes(b'[values]\nbrand = "\xe9"\n')
    assert check_package("odd", themes) != []
    assert load_package("odd", themes).id == "base"
    assert "odd" not in known_packages(themes)


def test_an_unknown_package_is_the_base() -> None:
    for name in ("nobody", "../../etc", "", "BASE", "a" * 500):
        assert load_package(name).id == "base"
        assert stylesheet(name, {}) == stylesheet("base", {})


def test_text_in_quotes_survives_shrinking() -> None:
    css = 'a::after{content:"a  ;  /* b */ }";color : red}/* gone */ @media (min-width: 40rem) '
    css += "{ a b , i { top:calc(1px + 2px) ; } }"
    small = minified(css)
    assert '"a  ;  /* b */ }"' in small
    assert "gone" not in small
    assert "calc(1px + 2px)" in small
    assert "a b,i{" in small


def test_a_picture_becomes_part_of_the_sheet(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><path fill="#fff"/></svg>')
    css = with_assets('a{mask:url("asset:a.svg")}', tmp_path)
    picture = "%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3Cpath fill='%23fff'/%3E%3C/svg%3E"
    assert css == f'a{{mask:url("data:image/svg+xml,{picture}")}}'
    assert css_problems('a{mask:url("asset:a.svg")}') == []


def test_the_desk_keeps_its_own_colours() -> None:
    assert STYLE.read_text(encoding="utf-8").splitlines()[0] == desk_variables(), (
        "run python -m tests.themes.desk_look"
    )
