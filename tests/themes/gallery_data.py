"""Invented data of the gallery: a water utility's household and an agency's renter and owner."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from tenants.palette import palette
from tenants.theme_packages import tokens_for

D = datetime.date
TODAY = D(2026, 11, 12)


def _agency(package: str) -> bool:
    return package == "portada"


def invoices(package: str) -> list[dict[str, Any]]:
    """Three pending invoices: one overdue, one due today, one to come. Amounts in minor units."""
    if _agency(package):
        rows = (
            ("1187", "Arriendo de octubre", D(2026, 10, 10), 2_150_000_00, "overdue"),
            ("1240", "Administración de noviembre", D(2026, 11, 12), 318_500_00, "due_today"),
            ("1241", "Arriendo de noviembre", D(2026, 11, 20), 2_150_000_00, "to_pay"),
        )
    else:
        rows = (
            ("0004-00183021", "Agua y cloacas, julio y agosto", D(2026, 10, 14), 28_745_90, "overdue"),
            (
                "0004-00196477",
                "Agua y cloacas, septiembre y octubre",
                D(2026, 11, 12),
                31_209_35,
                "due_today",
            ),
            ("0004-00196478", "Plan de pago, cuota 3 de 6", D(2026, 11, 28), 9_880_00, "to_pay"),
        )
    keys = ("number", "title", "due", "amount", "state")
    return [dict(zip(keys, row, strict=True)) for row in rows]


def accounts(package: str) -> list[dict[str, Any]]:
    if _agency(package):
        return [
            {
                "label": "Calle 10 n.º 43-20, apto. 702",
                "note": "Contrato 2024-118 · vivo aquí",
                "url": "#a",
                "current": True,
            },
            {
                "label": "Carrera 35 n.º 7-64, casa",
                "note": "Administración A-57 · soy propietaria",
                "url": "#b",
                "current": False,
            },
        ]
    return [
        {
            "label": "San Martín 1450, Godoy Cruz",
            "note": "Cuenta 061-0048213-7",
            "url": "#a",
            "current": True,
        },
        {"label": "Olascoaga 322, Ciudad", "note": "Cuenta 061-0091102-2", "url": "#b", "current": False},
    ]


def home(package: str) -> dict[str, Any]:
    rows = invoices(package)
    return {
        "invoices": rows,
        "accounts": accounts(package),
        "total": sum(row["amount"] for row in rows),
        "nav_current": "Inicio",
    }


def home_owner(_package: str) -> dict[str, Any]:
    return {
        "accounts": list(reversed(accounts("portada"))),
        "nav_current": "Inicio",
        "currency": "COP",
        "statement": [
            {"label": "Arriendos recaudados", "amount": 3_400_000_00, "note": "2 de 2 inmuebles al día"},
            {"label": "Comisión de administración, 9 %", "amount": -306_000_00, "note": ""},
            {"label": "IVA de la comisión, 19 %", "amount": -58_140_00, "note": ""},
            {"label": "Reparación de la bomba de agua", "amount": -240_000_00, "note": "Carrera 35 n.º 7-64"},
        ],
        "net": 2_795_860_00,
    }


def pending(package: str) -> dict[str, Any]:
    rows = invoices(package)
    return {
        "invoices": rows,
        "total": sum(row["amount"] for row in rows[:2]),
        "accounts": accounts(package),
        "nav_current": "Facturas",
    }


def invoice(package: str) -> dict[str, Any]:
    if _agency(package):
        lines = [
            {"label": "Canon de arrendamiento", "note": "1 al 31 de octubre de 2026", "amount": 2_150_000_00},
            {"label": "Descuento por pago puntual", "note": "Hasta el 5 de octubre", "amount": 0},
        ]
    else:
        lines = [
            {"label": "Agua, 38 m³", "note": "Tarifa residencial, zona 2", "amount": 17_802_40},
            {"label": "Cloacas", "note": "60 % del servicio de agua", "amount": 6_954_30},
            {"label": "IVA, 21 %", "note": "", "amount": 3_989_20},
        ]
    return {
        "row": invoices(package)[0],
        "lines": lines,
        "total": sum(line["amount"] for line in lines),
        "nav_current": "Facturas",
    }


def pay_summary(package: str) -> dict[str, Any]:
    rows = invoices(package)[:2]
    lines = [
        {"label": row["title"], "note": f"Factura {row['number']}", "amount": row["amount"]} for row in rows
    ]
    return {"lines": lines, "total": sum(row["amount"] for row in rows)}


def history(package: str) -> dict[str, Any]:
    months = ("agosto", "julio", "junio", "mayo", "abril", "marzo", "febrero", "enero")
    base = 2_150_000_00 if _agency(package) else 24_310_75
    rows = [
        {
            "number": f"{1100 - 9 * n}" if _agency(package) else f"0004-00{171900 - 9311 * n}",
            "title": f"{'Arriendo' if _agency(package) else 'Agua y cloacas'}, {month}",
            "paid": D(2026, 8 - n, 9 + n % 3),
            "amount": base + (0 if _agency(package) else (n * 137_731) % 900_000),
            "state": "void" if n == 3 else "partial" if n == 5 else "paid",
        }
        for n, month in enumerate(months)
    ]
    return {"rows": rows, "accounts": accounts(package), "nav_current": "Pagos"}


def sessions(_package: str) -> dict[str, Any]:
    return {"nav_current": "Cuenta"}


def desk_customers(_package: str) -> dict[str, Any]:
    names = (
        (
            "Restrepo Gaviria, Marta Lucía",
            "CC 43.118.902",
            2,
            "Inquilina y propietaria",
            4_618_500_00,
            "overdue",
        ),
        ("Ospina Duque, Julián", "CC 71.334.010", 1, "Inquilino", 0, "paid"),
        ("Inversiones La Ceja S.A.S.", "NIT 900.412.338-1", 6, "Propietario", 0, "paid"),
        ("Cano Londoño, Beatriz Elena", "CC 32.410.556", 1, "Propietaria", 318_500_00, "to_pay"),
        ("Álvarez Múnera, Camilo", "CC 1.037.622.114", 1, "Inquilino", 1_780_000_00, "due_today"),
        ("Zapata Ríos, Luz Dary", "CC 43.902.771", 1, "Inquilina", 0, "paid"),
        ("Uribe Posada, Hernán", "CC 70.551.320", 3, "Propietario", 0, "paid"),
    )
    keys = ("name", "document", "accounts", "role", "owed", "state")
    return {
        "rows": [dict(zip(keys, row, strict=True)) for row in names],
        "currency": "COP",
        "desk_current": "Clientes",
    }


def desk_import(_package: str) -> dict[str, Any]:
    refused = (
        (14, "Inmueble", "IN-0093", "El código del inmueble está repetido en la fila 9."),
        (87, "Contrato", "2024-1O2", "El número de contrato lleva una letra «O» donde se espera un cero."),
        (203, "Factura", "1187", "El 31/02/2026 no existe."),
        (418, "Factura", "1352", "El valor «1.234» puede leerse de dos maneras: escriba 1234 o 1,234."),
    )
    return {"refused": refused, "desk_current": "Importaciones"}


def plain(_package: str) -> dict[str, Any]:
    return {}


class _Flags:
    optional = False


class _Label:
    def __init__(self, text: str) -> None:
        self.text = text


class SampleField:
    """As much of a WTForms field as the macros use."""

    def __init__(
        self, kind: str, name: str, label: str, data: str = "", error: str = "", hint: str = ""
    ) -> None:
        self.type, self.name, self.id, self.label = kind, name, name, _Label(label)
        self.data, self.description, self.errors, self.flags = data, hint, [error] if error else [], _Flags()

    def _value(self) -> str:
        return self.data


class SampleChoice(SampleField):
    def __init__(
        self, kind: str, name: str, label: str, choices: list[tuple[str, Any]], chosen: str = ""
    ) -> None:
        super().__init__(kind, name, label)
        self.choices, self.chosen = choices, chosen

    def __iter__(self) -> Any:
        for number, (value, text) in enumerate(self.choices):
            option = SampleField("_Option", self.name, text, value)
            option.id, option.checked = f"{self.name}-{number}", value == self.chosen  # type: ignore[attr-defined]
            yield option

    def iter_choices(self) -> Any:
        return ((value, text, value == self.chosen, {}) for value, text in self.choices)


class SampleForm:
    form_errors: tuple[str, ...] = ()

    def __init__(self, *fields: SampleField) -> None:
        self.fields = fields
        self.errors = {field.name: field.errors for field in fields if field.errors}

    def __iter__(self) -> Any:
        return iter(self.fields)

    def __getattr__(self, name: str) -> SampleField:
        for field in self.__dict__.get("fields", ()):
            if field.name == name:
                return field
        raise AttributeError(name)


def mail_receipt(package: str) -> dict[str, Any]:
    return {
        **pay_summary(package),
        "subject": "Recibimos su pago",
        "sender": "Hogar & Raíz" if _agency(package) else "Aguas del Piedemonte",
        "footer": "Este correo se envía solo a quien paga.",
        "colours": palette(tokens_for(package, {}), "light"),
    }


def form_errors(_package: str) -> dict[str, Any]:
    document = SampleField(
        "StringField",
        "document",
        "Número de documento",
        "43118902A",
        "El número de documento lleva solo cifras.",
    )
    email = SampleField(
        "EmailField",
        "email",
        "Correo electrónico",
        "marta@example",
        "Falta el final del correo, por ejemplo «.com».",
    )
    kind = SampleChoice("RadioField", "kind", "¿Qué relación tiene con el inmueble?", [
        ("renter", ("Vivo aquí", "El contrato de arrendamiento está a mi nombre")),
        ("owner", ("Es mío", "La inmobiliaria lo administra por mí")),
        ("other", ("Pago por otra persona", "Podrá ver y pagar, no reclamar")),
    ], "renter")  # fmt: skip
    city = SampleChoice(
        "SelectField",
        "city",
        "Ciudad",
        [("mde", "Medellín"), ("env", "Envigado"), ("ceja", "La Ceja")],
        "env",
    )
    since = SampleField("DateField", "since", "Fecha del contrato", "", hint="Por ejemplo, 27/3/2026")
    notes = SampleField("TextAreaField", "notes", "Algo que debamos saber")
    notes.flags.optional = True
    terms = SampleField("BooleanField", "terms", "Acepto recibir las facturas por correo electrónico")
    return {"form": SampleForm(document, email, kind, city, since, notes, terms)}


PAGES: dict[str, Callable[[str], dict[str, Any]]] = {
    "login": plain,
    "home": home,
    "home_owner": home_owner,
    "home_clear": home,
    "pending": pending,
    "invoice": invoice,
    "pay_summary": pay_summary,
    "pending_payment": pay_summary,
    "receipt": pay_summary,
    "history": history,
    "empty": history,
    "sessions": sessions,
    "form_errors": form_errors,
    "error": plain,
    "desk_customers": desk_customers,
    "desk_import": desk_import,
    "platform": plain,
    "gateway": pay_summary,
    "mail_receipt": mail_receipt,
}
