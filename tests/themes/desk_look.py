"""The desk's fixed variables, worked out of themes/base/desk.toml; run as a module it writes them into desk.css."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tenants.palette import css_variables

BASE = Path(__file__).resolve().parents[2] / "themes" / "base"
STYLE = BASE / "assets" / "desk.css"


def desk_variables() -> str:
    table = tomllib.loads((BASE / "desk.toml").read_text(encoding="utf-8"))
    flat = {name: value for name, value in table.items() if isinstance(value, str)}
    for mode in ("light", "dark"):
        flat.update({f"{mode}.{role}": color for role, color in table[mode].items()})
    return css_variables(flat)


def write() -> None:
    lines = STYLE.read_text(encoding="utf-8").splitlines(keepends=True)
    if lines[0].startswith(":root{"):
        lines = lines[1:]
    STYLE.write_text(desk_variables() + "\n" + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    write()
