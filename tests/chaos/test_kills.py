"""kill -9 while customers pay (cases M01, M02, M03): a short run of what `bin/chaos` does five hundred times."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.report import printed
from chaos.run import endure


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_when_processes_are_killed(tmp_path: Path):
    report = endure(tmp_path, kills=15, seed=7, payers=5, redis=True, say=print)
    print(printed(report))
    assert report.clean, printed(report)
    assert report.kills >= 15
