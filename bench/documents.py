"""PDFs per second, in one process, against a page of one line by the same compiler."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import typst

from bench.report import Figure, of_rounds
from saas.barcodes import qr_svg
from saas.documents import render_pdf
from saas.typesetter import FONTS

FISCAL_URL = "https://www.afip.gob.ar/fe/qr/?p=" + "eyJ2ZXIiOjEsImZlY2hhIjoiMjAyMC0xMC0xMyIsImN1aXQi" * 6


def measure(*, rounds: int, seconds: float) -> Figure:
    """One worker's invoices (two pages' worth of data on one A4: lines, QR code, tagged PDF/UA) by bare pages."""
    data = invoice()
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder, "bare.typ")
        bare.write_text('#set document(title: "Bare")\nOne line.\n')

        # Prepared once, as the product does: looking for the machine's fonts would be most of the bare page's time.
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])

        def product() -> None:
            render_pdf("invoice", data, palette={"brand": "#0b6e8f"})

        def floor() -> None:
            typst.compile(str(bare), font_paths=fonts)

        for once in (product, floor):
            _rate(once, 0.5)
        ratios, rates = [], []
        for _ in range(rounds):
            under, over = _rate(floor, seconds), _rate(product, seconds)
            ratios.append(over / under)
            rates.append((over, under))
    words = f"{median(over for over, _ in rates):.0f} : {median(under for _, under in rates):.0f} a second, one process"
    return of_rounds("invoice PDF : bare page of one line", ratios, orientation=words)


def _rate(action: Callable[[], None], seconds: float) -> float:
    began = time.perf_counter()
    done = 0
    while (spent := time.perf_counter() - began) < seconds:
        action()
        done += 1
    return done / spent


def _facts(**pairs: str) -> list[dict[str, str]]:
    return [{"label": label, "value": value} for label, value in pairs.items()]


def invoice() -> dict[str, object]:
    """A utility's invoice as customers get it, with all the parts that the template knows."""
    return {
        "date": "2026-10-03",
        "lang": "es-AR",
        "paper": "a4",
        "title": "Factura B-0012-00000088",
        "author": "Aguas del Andino",
        "footer": "Aguas del Andino S.A. · 0800 222 2482",
        "words": {
            "page": "Página {page} de {pages}", "customer": "Titular", "account": "Suministro",
            "consumption": "Consumo", "concept": "Concepto", "quantity": "Cantidad", "unit_price": "Precio",
            "amount": "Importe", "pay": "Cómo pagar", "fiscal": "Comprobante autorizado",
        },
        "issuer": {"name": "Aguas del Andino", "lines": ["CUIT 30-70812345-6", "Mendoza"]},
        "invoice": {"kind": "Factura B", "number": "B-0012-00000088", "facts": _facts(Emisión="03/10/2026")},
        "due": {
            "label": "Total a pagar", "amount": "$ 14.106,14", "note": "hasta el 18 de octubre de 2026",
            "dates": [
                {"label": "1.er vencimiento", "date": "18/10/2026", "amount": "$ 14.106,14"},
                {"label": "2.º vencimiento", "date": "02/11/2026", "amount": "$ 14.360,05"},
            ],
        },
        "customer": {"name": "Camila González", "lines": ["DNI 19.261.266"]},
        "account": {"facts": _facts(Cuenta="061-0100000-625-0", Domicilio="Diagonal 5 N.º 3848")},
        "consumption": {
            "value": "22 m³", "detail": "Lectura 1.204 → 1.226",
            "history": [{"label": f"2026/{n}", "value": str(14 + n), "share": n / 6} for n in range(1, 7)],
        },
        "lines": [
            {"concept": f"Cargo {n}", "quantity": "2", "unit_price": "$ 1.100,00", "amount": "$ 2.200,00"}
            for n in range(1, 7)
        ],
        "totals": [
            {"label": "Subtotal", "amount": "$ 11.657,97", "kind": "part"},
            {"label": "IVA", "note": "21 %", "amount": "$ 2.448,17", "kind": "part"},
            {"label": "Total", "amount": "$ 14.106,14", "kind": "total"},
        ],
        "payment": {
            "code": "5277956320100000000", "code_label": "Código de pago electrónico",
            "lines": ["En la oficina virtual."],
        },
        "fiscal": {
            "label": "CAE", "code": "78381795014078", "facts": _facts(Vence="07/11/2026"),
            "qr": qr_svg(FISCAL_URL, "QR").encode(), "qr_alt": "Código QR para verificar",
        },
    }  # fmt: skip
