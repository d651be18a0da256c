"""What a telephone reads off our pages and papers."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import pytest
import typst
import zxingcpp
from PIL import Image

from saas import documents
from saas.barcodes import qr_svg
from saas.typesetter import THEMES, Job, _fonts
from tests.saas.document_data import CUFE, FISCAL_URL, PALETTE, invoice, paid_invoice, receipt

CUFE_LINK = "https://catalogo-vpfe.dian.gov.co/document/searchqr?documentkey=" + CUFE
DPI = 200


def drawn(svg: str) -> Image.Image:
    """Return the SVG as a picture 8 cm wide, through the same renderer that prints it."""
    source = b"#set page(width: 8cm, height: 8cm, margin: 0pt)\n#image(bytes(sys.inputs.svg), width: 8cm)"
    content = typst.compile(source, format="png", ppi=200, sys_inputs={"svg": svg})
    return Image.open(BytesIO(content)).convert("L")


def printed(monkeypatch: pytest.MonkeyPatch, template: str, data: dict[str, Any]) -> Image.Image:
    """Return the first page as a picture of 200 dpi."""
    jobs: list[Job] = []

    def caught(job: Job) -> bytes:
        jobs.append(job)
        return b""

    monkeypatch.setattr(documents, "typeset", caught)
    documents.render_pdf(template, data, palette=PALETTE)
    content = typst.compile(
        str(THEMES / jobs[0].template), root=str(THEMES), font_paths=_fonts(),
        sys_inputs={"document": jobs[0].document}, format="png", ppi=DPI,
    )  # fmt: skip
    return Image.open(BytesIO(content[0] if isinstance(content, list) else content)).convert("L")


@pytest.mark.parametrize("text", [FISCAL_URL, CUFE_LINK, "NumFac: FV-1\nFecFac: 2025-08-01\nñ", "x" * 1_500])
def test_a_code_on_a_page_is_read_back(text: str) -> None:
    found = zxingcpp.read_barcodes(drawn(qr_svg(text, "QR")))
    assert [code.text for code in found] == [text]


def test_a_code_on_a_page_obeys_the_content_security_policy_and_has_a_name() -> None:
    svg = qr_svg(CUFE_LINK, 'Consultar <la> "factura"')
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    assert root[0].text == 'Consultar <la> "factura"'
    assert "style" not in svg and "<script" not in svg
    assert len(svg) < 20_000


def test_a_code_needs_text() -> None:
    with pytest.raises(ValueError, match="text"):
        qr_svg("", "QR")
    with pytest.raises(ValueError):
        qr_svg("x" * 3_000, "QR")


@pytest.mark.parametrize(
    ("template", "data", "text"),
    [
        ("invoice", invoice(), FISCAL_URL),
        ("invoice", paid_invoice(), CUFE),
        ("receipt", receipt(), "https://aguas.example/v/7K4MQ2XV9TRD"),
    ],
)
def test_a_printed_code_is_read_back_and_at_least_two_centimetres(
    monkeypatch: pytest.MonkeyPatch, template: str, data: dict[str, Any], text: str
) -> None:
    (code,) = zxingcpp.read_barcodes(printed(monkeypatch, template, data))
    assert code.text == text
    width = code.position.top_right.x - code.position.top_left.x
    assert width / DPI * 2.54 >= 2.0
