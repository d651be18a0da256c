"""The words of the home page."""

from __future__ import annotations

import pytest
from flask import Flask

from blueprints.home.wording import hello


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Renata Ochoa Luna", "Hola, Renata"),
        ("Sánchez, Niño y Puentes", "Hola, Sánchez, Niño y Puentes"),
        ("  ", "Hola"),
    ],
)
def test_people_are_greeted_by_their_first_name_and_companies_whole(app: Flask, name: str, said: str) -> None:
    with app.test_request_context("/"):
        assert hello(name) == said
