"""The one browser of a worker: two drivers in one process would quarrel over the event loop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from saas.local.chromium import find_chromium, launch_arguments


@pytest.fixture(scope="session")
def _playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(_playwright: Playwright) -> Iterator[Browser]:
    """The system's Chromium; playwright would otherwise want one of its own."""
    opened = _playwright.chromium.launch(executable_path=str(find_chromium()), args=launch_arguments())
    yield opened
    opened.close()
