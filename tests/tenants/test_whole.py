from __future__ import annotations

import pytest
from markupsafe import Markup

from tenants.whole import whole


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Calle 9 # 27-17, local", 'Calle 9 # <span class="whole">27-17</span>, local'),
        ("Factura FV-20209", 'Factura <span class="whole">FV-20209</span>'),
        ("Petición 2026-000001", 'Petición <span class="whole">2026-000001</span>'),
        (
            "IVA 19 %, ReteICA 3,5 %",
            'IVA <span class="whole">19 %</span>, ReteICA <span class="whole">3,5 %</span>',
        ),
    ],
)
def test_a_number_is_held_together(text: str, shown: str) -> None:
    assert whole(text) == f"<span>{shown}</span>"


def test_text_is_escaped_once() -> None:
    assert whole("<b> & 1-2") == '<span>&lt;b&gt; &amp; <span class="whole">1-2</span></span>'
    assert whole(Markup("A &amp; 1-2")) == '<span>A &amp; <span class="whole">1-2</span></span>'


@pytest.mark.parametrize(
    "same", ["bien-estar siempre", "FV-20209", "", 5, None, Markup('<a href="/1-2">x</a>')]
)
def test_what_has_no_such_number_stays(same: object) -> None:
    assert whole(same) is same
