from __future__ import annotations

from pathlib import Path

import pytest

from saas.local.chromium import NoChromium, find_chromium


def test_the_named_one_is_taken(tmp_path: Path) -> None:
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_chromium({"CHROMIUM": str(program)}) == program


def test_a_wrong_name_is_said() -> None:
    with pytest.raises(NoChromium, match="CHROMIUM=/nowhere/browser"):
        find_chromium({"CHROMIUM": "/nowhere/browser"})
