"""Every list that goes on over pages can be taken along as CSV, XLSX and PDF (cases J04, L12)."""

from __future__ import annotations

import html
import re

import pytest

from saas.sheets import CSV_TYPE, XLSX_TYPE
from tests.rules.asking import Answer, host_of, keeping_nothing, nothing, request, rightful
from tests.rules.manifest import Route
from tests.rules.source import ROOT
from tests.rules.world import World

TYPES = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE, "pdf": "application/pdf"}
DRAWS = ("themes/base/templates/components/", "_parts.html")  # where pagers are drawn and no list is shown
GOES_ON = re.compile(r"\bpager\(|\bfurther\(|rel=\"next\"")
OFFERS = re.compile(r"\bexports\(|\bfile=true\b")
OFFERED = re.compile(r'href="([^"]*[?&](?:amp;)?format=(csv|xlsx|pdf))"')

WITHOUT = {
    "blueprints/cases/templates/cases/desk/find.html": "customers to choose one of; their own list has files"
}
"""Template -> why nobody wants its list as a file."""
OTHERWISE = {
    "/statement": "its PDF is a document of its own, with the tenant's words and a balance carried over"
}
"""Page -> why one of the formats is somewhere else."""


def lists() -> dict[str, str]:
    """Every template that leads on to a next page of rows, with its text."""
    found = {}
    for root in ("blueprints", "themes"):
        for path in sorted((ROOT / root).rglob("*.html")):
            name, text = path.relative_to(ROOT).as_posix(), path.read_text()
            if GOES_ON.search(text) and not (name.startswith(DRAWS[0]) or name.endswith(DRAWS[1])):
                found[name] = text
    return found


def test_each_list_that_goes_on_offers_files():
    found = lists()
    assert len(found) > 30
    silent = {name for name, text in found.items() if not OFFERS.search(text)}
    nothing([f"{name} offers no files" for name in silent - set(WITHOUT)])
    nothing([f"{name} is an exception and no list" for name in WITHOUT if name not in found])


def offers_of(readings: list[tuple[Route, Answer]]) -> list[tuple[Route, dict[str, str]]]:
    """Pages with links to files: format -> address."""
    found = []
    for route, answer in readings:
        links = {
            match[2]: html.unescape(match[1])
            for match in OFFERED.finditer(answer.body.decode(errors="replace"))
        }
        if links:
            found.append((route, links))
    return found


def test_every_page_that_offers_a_file_offers_all_three(readings: list[tuple[Route, Answer]]):
    found = offers_of(readings)
    assert len(found) > 30
    short = {route.rule for route, links in found if set(links) != set(TYPES)}
    nothing([f"{rule} offers less than {', '.join(TYPES)}" for rule in short - set(OTHERWISE)])
    nothing([f"{rule} is an exception and offers all" for rule in set(OTHERWISE) - short])


@pytest.mark.parametrize("format", TYPES)
def test_the_files_come(world: World, readings: list[tuple[Route, Answer]], format: str):
    found: list[str] = []
    with keeping_nothing():
        for route, links in offers_of(readings):
            if (path := links.get(format)) is None:
                continue
            person = rightful(world, route).person
            if path.startswith("?"):
                path = route.rule + path
            response = request(world.app, "GET", host_of(route, world.victim), path, person)
            told = (response.status_code, response.mimetype)
            if told != (200, TYPES[format]):
                found.append(f"{path} -> {told}")
            elif "attachment" not in response.headers["Content-Disposition"]:
                found.append(f"{path} is shown instead of kept")
            response.close()
    nothing(found)
