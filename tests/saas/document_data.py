"""Data of three documents, complete as the head comments of the templates list it."""

from __future__ import annotations

from typing import Any

from saas.barcodes import qr_svg

PALETTE = {"brand": "#0b6e8f"}
FISCAL_URL = "https://www.afip.gob.ar/fe/qr/?p=" + "eyJ2ZXIiOjEsImZlY2hhIjoiMjAyMC0xMC0xMyIsImN1aXQi" * 6
CUFE = "c257c6f561c5cb347611a3ce9d97dcbee500fe7ee5fc324bdb2e1142a21c402364f9572b85a8e48f687ab165c58ac583"
LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40">'
    b'<path d="M4 36 24 6l20 30z" fill="#7a3b2e"/></svg>'
)


def facts(**pairs: str) -> list[dict[str, str]]:
    return [{"label": label.replace("_", " "), "value": value} for label, value in pairs.items()]


def _frame(title: str, **words: str) -> dict[str, Any]:
    return {
        "date": "2026-10-03",
        "lang": "es-AR",
        "paper": "a4",
        "title": title,
        "author": "Aguas del Andino",
        "footer": "Aguas del Andino S.A. · 0800 222 2482",
        "issuer": {
            "name": "Aguas del Andino",
            "legal_name": None,
            "lines": ["CUIT 30-70812345-6", "Mendoza"],
        },
        "words": {"page": "Página {page} de {pages}", **words},
    }


def invoice(**changes: object) -> dict[str, Any]:
    return {
        **_frame(
            "Factura B-0012-00000088", customer="Titular", account="Suministro", consumption="Consumo",
            concept="Concepto", quantity="Cantidad", unit_price="Precio", amount="Importe", pay="Cómo pagar",
            fiscal="Comprobante autorizado",
        ),
        "invoice": {"kind": "Factura B", "number": "B-0012-00000088", "facts": facts(Emisión="03/10/2026")},
        "due": {
            "label": "Total a pagar", "amount": "$ 14.106,14", "note": "hasta el 18 de octubre de 2026",
            "dates": [
                {"label": "1.er vencimiento", "date": "18/10/2026", "amount": "$ 14.106,14"},
                {"label": "2.º vencimiento", "date": "02/11/2026", "amount": "$ 14.360,05"},
            ],
        },
        "customer": {"name": "Camila Santino González", "lines": ["DNI 19.261.266"]},
        "account": {"facts": facts(Cuenta="061-0100000-625-0", Domicilio="Diagonal 5 N.º 3848")},
        "consumption": {
            "value": "22 m³", "detail": "Lectura 1.204 → 1.226",
            "history": [
                {"label": "2026/4", "value": "18", "share": 0.6},
                {"label": "2026/5", "value": "22", "share": 1},
            ],
        },
        "lines": [
            {"concept": "Cargo fijo", "quantity": "2 meses", "unit_price": "$ 2.310,00", "amount": "$ 4.620,00"},
            {"concept": "Consumo medido", "note": "Tarifa residencial", "amount": "$ 7.037,97"},
        ],
        "totals": [
            {"label": "Subtotal", "amount": "$ 11.657,97", "kind": "part"},
            {"label": "Retención", "note": "La practica el cliente", "amount": "− $ 100,00", "kind": "minus"},
            {"label": "Total", "amount": "$ 14.106,14", "kind": "total"},
        ],
        "payment": {
            "code": "5277956320100000000", "code_label": "Código de pago electrónico",
            "lines": ["En la oficina virtual."], "link": "https://aguas.example/p/1", "link_label": "Pagar en línea",
        },
        "fiscal": {
            "label": "CAE", "code": "78381795014078", "facts": facts(Vence="07/11/2026"),
            "qr": qr_svg(FISCAL_URL, "QR").encode(), "qr_alt": "Código QR para verificar",
            "link": FISCAL_URL, "link_label": "Verificar en ARCA",
        },
        **changes,
    }  # fmt: skip


def paid_invoice() -> dict[str, Any]:
    data = invoice(
        paper="us-letter", lang="es-CO", payment=None, consumption=None,
        status={"label": "PAGADA", "note": "el 4 de agosto de 2025", "tone": "success"},
        fiscal={"label": "CUFE", "code": CUFE, "qr": qr_svg(CUFE, "QR").encode(), "qr_alt": "QR"},
    )  # fmt: skip
    data["issuer"]["logo"] = LOGO
    return data


def receipt() -> dict[str, Any]:
    return {
        **_frame(
            "Recibo R-0003-00000123", payer="Pagó", payment="El pago", invoices="Facturas pagadas", invoice="Factura",
            concept="Concepto", amount="Importe", total="Total", verify="Verificar este recibo",
        ),
        "receipt": {"kind": "Recibo de pago", "number": "R-0003-00000123", "facts": facts(Fecha="04/10/2026")},
        "paid": {"label": "Recibimos", "amount": "$ 28.466,19", "note": None},
        "status": {"label": "PAGADO", "note": "4 de octubre de 2026", "tone": "success"},
        "payer": {"name": "Camila Santino González", "lines": ["DNI 19.261.266"]},
        "payment": {"facts": facts(Medio="Débito", Referencia="BP-99120-AX41")},
        "invoices": [{"number": "B-0012-00000088", "concept": "Agua 2026/5", "amount": "$ 14.106,14"}],
        "total": "$ 28.466,19",
        "verify": {
            "code": "7K4MQ2XV9TRD", "code_label": "Código de verificación", "lines": ["Cualquiera puede comprobarlo."],
            "qr": qr_svg("https://aguas.example/v/7K4MQ2XV9TRD", "QR").encode(), "qr_alt": "QR",
        },
    }  # fmt: skip


def statement(rows: int) -> dict[str, Any]:
    return {
        **_frame(
            "Estado de cuenta CT-2000", customer="Arrendatario", account="Inmueble", movements="Movimientos",
            date="Fecha", concept="Concepto", charge="Cargo", payment="Pago", balance="Saldo", ageing="Antigüedad",
            empty="Sin movimientos en estas fechas",
        ),
        "statement": {"kind": "Estado de cuenta", "number": "CT-2000", "facts": facts(Desde="01/01/2026")},
        "closing": {"label": "Saldo al 30 de septiembre", "amount": "$ 10.787.700", "note": "2 pendientes"},
        "summary": [{"label": "Saldo inicial", "amount": "$ 0"}],
        "customer": {"name": "Mariana Restrepo", "lines": ["CC 1.089.533.637"]},
        "account": {"facts": facts(Contrato="CT-2000")},
        "opening": {"date": "01/01/2026", "concept": "Saldo inicial", "balance": "$ 0"},
        "ageing": [{"label": "1 a 30 días", "amount": "$ 5.393.850", "share": 0.5, "tone": "danger"}],
        "movements": [
            {"date": "01/01/2026", "concept": f"Canon {row}", "charge": "$ 5.393.850", "balance": f"saldo-{row}"}
            for row in range(rows)
        ],
    }  # fmt: skip
