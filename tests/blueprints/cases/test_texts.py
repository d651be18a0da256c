"""What people type is text and what they send is known by its content (J01, J02, J05, J07, J13, J16, I01–I07)."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from blueprints.cases import rules
from blueprints.cases.intake import accept, tidy_name
from blueprints.cases.wording import as_text
from saas.refusals import Refusal


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "javascript:alert(1)",
        "data:text/html,<b>",
        "vbscript:x",
        "![x](http://evil.example/pixel.png)",
        "<img src='https://evil.example/p.png'>",
        "https://good.example@evil.example/",
        'https://evil.example/"onmouseover="alert(1)',
        "{{7*7}} {{config}} {% x %} ${7*7} {0.__class__.__init__}",
    ],
)
def test_text_stays_text(hostile):
    shown = str(as_text(hostile))
    assert "<img" not in shown and "<script" not in shown
    assert 'href="javascript' not in shown and 'href="data' not in shown and " onmouseover=" not in shown
    assert "@evil" not in "".join(part.split('"')[0] for part in shown.split('href="')[1:])
    if "{{" in hostile:
        assert "{{7*7}}" in shown


def test_only_web_addresses_become_links():
    shown = str(as_text("Mire https://hogar.example/a?b=1&c=2. Gracias\nOtra línea\n\nOtro párrafo"))
    assert 'href="https://hogar.example/a?b=1&amp;c=2"' in shown and "noopener" in shown
    assert shown.count("<p>") == 2 and "<br>" in shown


@given(st.text(max_size=300))
def test_cleaning_is_done_once_and_for_all(text):
    try:
        once = rules.clean(text)
    except Refusal:
        return
    assert rules.clean(once) == once and "\x00" not in once
    assert not any(unicodedata.category(sign) in ("Cs",) for sign in once)
    once.encode()


def test_what_is_no_text_is_refused():
    with pytest.raises(Refusal):
        rules.clean("x" * 10_001)
    with pytest.raises(Refusal):
        rules.clean("a" + "\u0301\u0327" * 500)
    assert rules.clean("a\u202eb\x00c\r\nd") == "abc\nd"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("foto\u202egnp.exe", "fotognp.exe"),
        ("C:\\temp\\recibo.pdf ", "recibo.pdf"),
        ("", "file"),
    ],
)
def test_names_of_files(name, kept):
    assert tidy_name(name) == kept
    assert len(tidy_name(name + "y" * 300 + ".pdf")) <= 80


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>",
        b"MZ\x90",
        b"PK\x03\x04docx",
        b"<svg onload=x>",
        b"\x89PNG\r\n\x1a\nbroken",
        b"%!PS",
    ],
)
def test_files_that_are_not_taken(content):
    with pytest.raises(Refusal):
        accept(content, "foto.png", megabytes=5)


def test_a_picture_is_made_anew():
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "DONDE-VIVO"
    Image.new("RGB", (3000, 10), "red").save(out, "JPEG", exif=exif)
    taken = accept(out.getvalue() + b"<script>alert(1)</script>", "casa.png", megabytes=5)
    assert (taken.name, taken.media_type) == ("casa.jpg", "image/jpeg")
    assert b"DONDE-VIVO" not in taken.content and b"<script>" not in taken.content
    with Image.open(io.BytesIO(taken.content)) as made:
        assert made.width == 2400
    with pytest.raises(Refusal):
        accept(out.getvalue() + b"0" * (1024 * 1024), "casa.jpg", megabytes=1)


@given(
    st.sampled_from(rules.STATES),
    st.sampled_from(sorted(rules.DEEDS)),
    st.sampled_from(["customer", "staff"]),
)
def test_the_table_of_states(state, deed, by):
    if rules.allows(state, deed, by):
        assert rules.after(state, deed, by) in rules.STATES
    else:
        with pytest.raises(Refusal):
            rules.after(state, deed, by)
