from __future__ import annotations

import re
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from saas import documents
from saas.document_images import PictureRefused, picture
from saas.documents import DocumentError, DocumentTooLarge, render_pdf
from saas.glyphs import printable
from saas.print_palette import contrast, print_palette
from saas.typesetter import FONTS, THEMES, Job, TypesettingFailed, typeset_apart
from tests.saas.document_data import LOGO, PALETTE, invoice, paid_invoice, receipt, statement

ALL = [
    pytest.param("invoice", invoice(), id="invoice"),
    pytest.param("invoice", paid_invoice(), id="paid-invoice"),
    pytest.param("receipt", receipt(), id="receipt"),
    pytest.param("statement", statement(8), id="statement"),
]


def read(template: str, data: dict[str, Any], **options: Any) -> PdfReader:
    return PdfReader(BytesIO(render_pdf(template, data, palette=PALETTE, **options)))


def words(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(("template", "data"), ALL)
def test_a_document_holds_every_text_of_its_data_on_one_page(template: str, data: dict[str, Any]) -> None:
    reader = read(template, data)
    assert len(reader.pages) == 1
    found = words(reader).replace(" ", "")
    hidden = {"date", "lang", "paper", "author", "title", "words"}
    due = data.get("due", {})
    missing = [
        text
        for key, value in data.items()
        if key not in hidden
        for text in texts(value)
        if text.replace(" ", "") not in found
        and text not in {"part", "minus", "total", "success", "danger", "QR", "Código QR para verificar"}
        and not text.startswith("https://")
        and not (
            data.get("status") and text in texts(due.get("dates", []))
        )  # a paid invoice has no due dates
        and text != "Aguas del Andino"  # in the logo's place when there is one
    ]
    assert missing == []
    assert "Página1de1" in found


@pytest.mark.parametrize(("template", "data"), ALL)
def test_a_document_is_tagged_titled_and_in_its_language(template: str, data: dict[str, Any]) -> None:
    reader = read(template, data)
    catalog: Any = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"] is True or catalog["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in catalog
    assert str(catalog["/Lang"]).startswith("es")
    assert "pdfuaid:part" in reader.xmp_metadata.stream.get_data().decode()  # type: ignore[union-attr]
    assert reader.metadata is not None
    assert reader.metadata.title == data["title"]
    assert str(reader.metadata.creation_date).startswith(data["date"])


def test_the_paper_is_the_one_asked_for() -> None:
    a4, letter = (read("invoice", data).pages[0].mediabox for data in (invoice(), paid_invoice()))
    assert (round(a4.width), round(a4.height)) == (595, 842)
    assert (round(letter.width), round(letter.height)) == (612, 792)


def test_only_our_font_is_used_and_it_is_embedded() -> None:
    fonts: Any = read("invoice", invoice()).pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    names = {str(fonts[name]["/BaseFont"]) for name in fonts}
    assert names and all("Inter" in name for name in names)
    assert len(render_pdf("invoice", invoice(), palette=PALETTE)) < 100_000


def test_the_same_data_gives_the_same_bytes() -> None:
    first, again = (render_pdf("invoice", invoice(), palette=PALETTE) for _ in range(2))
    assert first == again
    assert first != render_pdf("invoice", invoice(date="2026-10-04"), palette=PALETTE)


HOSTILE = [
    '<img src="file:///etc/passwd">',
    '#read("/etc/passwd")',
    '#image("/etc/passwd")',
    '#eval("1+1")',
    "*b* _i_ `c` $x$ @a <b>",
    "= Heading",
    "\\u{41} // note",
    "@import url(http://x.y)",
    '"; #panic("x") //',
    "{{ 7*7 }} {page} [x](y)",
    "]]]) #import \"x\": *",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_data_stays_the_letters_it_is_made_of(text: str) -> None:
    data = invoice(
        customer={"name": text, "lines": [text]},
        lines=[{"concept": text, "note": text, "amount": text}],
        title=text,
        footer=text,
    )
    reader = read("invoice", data)
    assert words(reader).replace(" ", "").count(text.replace(" ", "")) >= 5
    assert "root:" not in words(reader)


def test_addresses_that_are_not_of_the_web_become_no_link() -> None:
    def links(address: str) -> list[str]:
        data = invoice(fiscal=None)
        data["payment"]["link"] = address
        notes: Any = read("invoice", data).pages[0].get("/Annots", [])
        return [str(note.get_object()["/A"]["/URI"]) for note in notes]

    assert links("https://aguas.example/p/1") == ["https://aguas.example/p/1"]
    for address in ("javascript:alert(1)", "file:///etc/passwd", "/etc/passwd", "data:text/html,x"):
        assert links(address) == []


def test_the_payment_code_copies_without_spaces() -> None:
    assert "5277956320100000000" in read("invoice", invoice()).pages[0].extract_text()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Zoë 😀 王", "Zoë □ □"),
        ("a\u202eb\u200fc\x00d\x1b", "abcd"),
        ("Jose\u0301", "José"),
        ("\ud800x", "x"),
        ("", ""),
    ],
)
def test_a_name_that_the_font_lacks_letters_for_is_still_printed(name: str, shown: str) -> None:
    assert printable(name, FONTS / "Inter-Regular.ttf") == shown
    assert shown in words(read("invoice", invoice(customer={"name": name, "lines": []})))


def test_all_weights_print_the_same_letters() -> None:
    from saas.glyphs import _covered

    assert len({_covered(font) for font in FONTS.glob("*.ttf")}) == 1


def test_very_long_texts_are_cut_and_stay_on_the_page() -> None:
    reader = read("invoice", invoice(customer={"name": "N" * 100_000, "lines": []}))
    assert len(reader.pages) <= 2
    name = re.search(r"N[N\s\u200b]+…", reader.pages[0].extract_text())
    assert name is not None and "\n" in name[0]


def test_a_long_table_repeats_its_header_and_keeps_every_row() -> None:
    reader = read("statement", statement(120))
    assert len(reader.pages) > 2
    assert all("Saldo" in page.extract_text() and "Cargo" in page.extract_text() for page in reader.pages)
    found = words(reader)
    assert all(f"saldo-{row}" in found for row in range(120))
    assert f"Página {len(reader.pages)} de {len(reader.pages)}" in found


def test_an_empty_statement_says_so() -> None:
    assert "Sin movimientos en estas fechas" in words(read("statement", statement(0)))


def test_two_thousand_rows_are_set_in_a_child_within_the_time_limit() -> None:
    started = time.monotonic()
    pdf = render_pdf("statement", statement(2_000), palette=PALETTE)
    assert time.monotonic() - started < 20
    assert pdf[:5] == b"%PDF-"
    assert "saldo-1999" in PdfReader(BytesIO(pdf)).pages[-1].extract_text()


def test_too_many_rows_are_refused_not_cut() -> None:
    with pytest.raises(DocumentTooLarge):
        render_pdf("statement", statement(documents.MAX_ROWS + 1), palette=PALETTE)
    with pytest.raises(DocumentTooLarge):
        render_pdf("invoice", invoice(notes=["x" * 1_400] * 4_000), palette=PALETTE)


def test_a_document_in_a_child_is_the_same_as_here(monkeypatch: pytest.MonkeyPatch) -> None:
    here = render_pdf("receipt", receipt(), palette=PALETTE)
    monkeypatch.setattr(documents, "ROWS_AT_HAND", 0)
    assert render_pdf("receipt", receipt(), palette=PALETTE) == here


def test_a_document_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(TypesettingFailed, match="stopped after"):
        typeset_apart(Job("base/documents/invoice.typ", "{}", 0), seconds=0)


@pytest.mark.parametrize(
    "call",
    [
        {"template": "../../etc/passwd"},
        {"template": "nothing-of-the-kind"},
        {"package": "../base"},
        {"data": {}},
        {"data": invoice(date="yesterday")},
        {"data": invoice(lines=object())},
    ],
)
def test_wrong_calls_are_document_errors(call: dict[str, Any]) -> None:
    with pytest.raises(DocumentError):
        render_pdf(
            call.get("template", "invoice"),
            call.get("data", invoice()),
            palette=PALETTE,
            package=call.get("package", "base"),
        )


def test_an_error_names_no_customer() -> None:
    data = invoice()
    del data["totals"]
    with pytest.raises(DocumentError) as caught:
        render_pdf("invoice", data, palette=PALETTE)
    assert "Camila" not in str(caught.value)


def test_a_theme_package_overrides_the_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "sereno" / "documents"
    own.mkdir(parents=True)
    (own / "receipt.typ").write_text("")
    (tmp_path / "base" / "documents").mkdir(parents=True)
    (tmp_path / "base" / "documents" / "receipt.typ").write_text("")
    (tmp_path / "base" / "documents" / "invoice.typ").write_text("")
    monkeypatch.setattr(documents, "THEMES", tmp_path)
    assert documents._template_path("receipt", "sereno") == "sereno/documents/receipt.typ"
    assert documents._template_path("invoice", "sereno") == "base/documents/invoice.typ"
    assert documents._template_path("receipt", "base") == "base/documents/receipt.typ"


def test_templates_evaluate_read_and_fetch_nothing() -> None:
    for template in THEMES.glob("*/documents/*.typ"):
        source = "\n".join(line.split("//")[0] for line in template.read_text().splitlines())
        found = re.findall(r"\b(?:eval|read|plugin|csv|yaml|toml|xml)\(|@preview|@local", source)
        assert found == [], template


def png(width: int, height: int) -> bytes:
    content = BytesIO()
    Image.new("RGB", (width, height), "#7a3b2e").save(content, "PNG")
    return content.getvalue()


def test_a_logo_may_be_a_png_or_plain_shapes() -> None:
    for logo in (LOGO, png(600, 200)):
        data = invoice()
        data["issuer"]["logo"] = logo
        assert len(read("invoice", data).pages) == 1
    assert "png" in picture(png(4_000, 200))


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
        b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"/>',
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"/>',
        b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0" style="fill:url(http://x.y/z)"/></svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg"><linearGradient href="//x.y/z"/></svg>',
        b"<svg ",
        b"GIF89a",
        b"%PDF-1.7",
        b"",
        b"\x89PNG\r\n\x1a\n" + b"x" * 100,
        b"x" * 600_000,
    ],
)
def test_a_picture_that_is_more_than_a_picture_is_left_out(content: bytes) -> None:
    with pytest.raises(PictureRefused):
        picture(content)
    data = invoice()
    data["issuer"]["logo"] = content
    assert "Aguas del Andino" in words(read("invoice", data))


@pytest.mark.parametrize(
    "brand", ["#ffe600", "#25d366", "#ff6600", "#ffffff", "#000000", "#0b6e8f", "red; x", ""]
)
def test_any_brand_is_readable_on_paper(brand: str) -> None:
    colours = print_palette({"brand": brand, "ink": "#fff"})
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours.values())
    for name in ("brand_text", "success_text", "danger_text", "ink", "muted"):
        assert contrast(colours[name], "#ffffff") >= 4.5
        assert contrast(colours[name], colours["tint"]) >= 4.5
    assert contrast(colours["on_brand"], colours["brand"]) >= 4.5
