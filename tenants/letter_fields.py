"""What the words of a letter may name, and how a name is filled in. Pure.

One list for the whole product: a name means the same in every letter.

A tenant's text is text: names in braces are looked up in this list and nowhere else, values are never looked at again,
and whatever else stands in braces stays as it was typed (case J07).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from saas.languages import N_
from saas.refusals import Refusal

TEXT, MONEY, DATE, MONTH, MOMENT, BLOCK = "text", "money", "date", "month", "moment", "block"


@dataclass(frozen=True, slots=True)
class Field:
    """`names` are what it is called in each language; any of them is understood. A block stands alone in a
    paragraph. `sample` (a msgid) stands for the value where a text is looked at without a real one."""

    code: str
    names: Mapping[str, str]
    title: str
    kind: str = TEXT
    sample: str = "…"


FIELDS: dict[str, Field] = {
    field.code: field
    for field in (
        Field(
            "customer", {"es": "cliente", "en": "customer"}, N_("Name of the customer"), sample="Ana Ejemplo"
        ),
        Field("organisation", {"es": "organizacion", "en": "organisation"}, N_("Name of the organisation")),
        Field("invoices", {"es": "facturas", "en": "invoices"}, N_("List of the invoices"), BLOCK),
        Field("button", {"es": "boton", "en": "button"}, N_("Button to the page"), BLOCK),
        Field("count", {"es": "cantidad", "en": "count"}, N_("How many invoices")),
        Field("total", {"es": "total", "en": "total"}, N_("Sum of the invoices"), MONEY),
        Field("due", {"es": "vence", "en": "due"}, N_("First due date"), DATE),
        Field("number", {"es": "numero", "en": "number"}, N_("Number"), sample="2026-000123"),
        Field("title", {"es": "asunto", "en": "title"}, N_("What it is about")),
        Field("until", {"es": "plazo", "en": "until"}, N_("Until when it is answered"), DATE),
        Field("amount", {"es": "valor", "en": "amount"}, N_("Amount"), MONEY),
        Field("before", {"es": "valor_anterior", "en": "before"}, N_("Amount before"), MONEY),
        Field("percent", {"es": "porcentaje", "en": "percent"}, N_("Change in per cent"), sample="5,1"),
        Field("period", {"es": "periodo", "en": "period"}, N_("Month"), MONTH),
        Field("date", {"es": "fecha", "en": "date"}, N_("Date"), DATE),
        Field(
            "contract", {"es": "contrato", "en": "contract"}, N_("Number of the contract"), sample="CT-4001"
        ),
        # Blocks that the product fills.
        Field("details", {"es": "datos", "en": "details"}, N_("Table with the data"), BLOCK),
        Field("code", {"es": "codigo", "en": "code"}, N_("Code to type"), BLOCK),
        # Payments.
        Field("receipt", {"es": "recibo", "en": "receipt"}, N_("Receipt"), sample="R-2026-000123"),
        Field("reference", {"es": "referencia", "en": "reference"}, N_("Reference"), sample="7F4K-22MQ"),
        Field("method", {"es": "medio", "en": "method"}, N_("Method"), sample="Visa •••• 4242"),
        Field("paid_on", {"es": "pagado_el", "en": "paid_on"}, N_("Paid on"), DATE),
        Field("paid", {"es": "pagado", "en": "paid"}, N_("Amount paid"), MONEY),
        Field("credit", {"es": "saldo_a_favor", "en": "credit"}, N_("Credit"), MONEY),
        Field(
            "reason", {"es": "motivo", "en": "reason"}, N_("Reason"), sample=N_("It paid another invoice.")
        ),
        Field("collector", {"es": "recaudador", "en": "collector"}, N_("Where"), sample="Pago Ejemplo"),
        Field("pay_until", {"es": "pagar_hasta", "en": "pay_until"}, N_("Pay until"), DATE),
        Field("concept", {"es": "concepto", "en": "concept"}, N_("Concept"), sample=N_("Rent")),
        Field("holds_until", {"es": "valor_hasta", "en": "holds_until"}, N_("This amount holds until"), DATE),
        Field(
            "link_until", {"es": "enlace_hasta", "en": "link_until"}, N_("Until when the link opens"), MOMENT
        ),
        # Cases and repairs.
        Field("property", {"es": "inmueble", "en": "property"}, N_("Property"), sample="Calle Ejemplo 12"),
        Field(
            "vendor", {"es": "contratista", "en": "vendor"}, N_("Who would do it"), sample="Taller Ejemplo"
        ),
        Field("quote_until", {"es": "cotizacion_hasta", "en": "quote_until"}, N_("Valid until"), DATE),
        Field("days_left", {"es": "dias_restantes", "en": "days_left"}, N_("Business days left"), sample="2"),
        Field(
            "assigned", {"es": "responsable", "en": "assigned"}, N_("Who answers it"), sample="Ana Ejemplo"
        ),
        Field("received", {"es": "recibido", "en": "received"}, N_("Received"), MOMENT),
        Field("news", {"es": "novedad", "en": "news"}, N_("What is new"), sample=N_("Our answer")),
        Field("message", {"es": "mensaje", "en": "message"}, N_("What your staff wrote"), BLOCK),
        Field("last_day", {"es": "ultimo_dia", "en": "last_day"}, N_("Last day to send it"), DATE),
        # Payouts.
        Field("bank", {"es": "banco", "en": "bank"}, N_("Bank"), sample="Banco Ejemplo"),
        Field(
            "last_four", {"es": "ultimas_cifras", "en": "last_four"}, N_("Last four digits"), sample="6789"
        ),
        Field(
            "bank_account",
            {"es": "cuenta_bancaria", "en": "bank_account"},
            N_("Bank account"),
            sample="Banco Ejemplo · 6789",
        ),
        Field("hour", {"es": "hora", "en": "hour"}, N_("Hour"), sample="09:30"),
        Field("payout", {"es": "giro", "en": "payout"}, N_("Payout"), sample="G-2026-000012"),
        # Access.
        Field(
            "new_email", {"es": "correo_nuevo", "en": "new_email"}, N_("New e-mail"), sample="ana@example.org"
        ),
        Field(
            "codes_left",
            {"es": "codigos_restantes", "en": "codes_left"},
            N_("Codes that are left"),
            sample="9",
        ),
    )
}
_CODES = {name: field.code for field in FIELDS.values() for name in field.names.values()}
_NAMED = re.compile(r"(?<!\{)\{([a-z_]{1,30})\}(?!\})")
_ADDRESS = re.compile(
    r"(?:https?:)?//([^\s/?#<>\"']+)|\bwww\.([^\s/?#<>\"']+)|\b(?:javascript|data|vbscript):", re.I
)

LONGEST_SUBJECT = 150
LONGEST_BODY = 5000


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph with its values filled in; or a block, by its code."""

    text: str = ""
    block: str = ""


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its names filled in, once: a value that looks like a name stays as it is. A name without a
    value stays too."""

    def value(found: re.Match[str]) -> str:
        code = _CODES.get(found[1])
        return values.get(code, found[0]) if code else found[0]

    return _NAMED.sub(value, text)


def paragraphs(body: str, values: Mapping[str, str]) -> list[Paragraph]:
    """What stands between empty lines. One that is nothing but the name of a block is that block."""
    found = []
    for part in re.split(r"\n\s*\n", body.replace("\r\n", "\n").replace("\r", "\n")):
        text = part.strip()
        if not text:
            continue
        alone = _NAMED.fullmatch(text)
        code = _CODES.get(alone[1]) if alone else None
        if code and FIELDS[code].kind == BLOCK:
            found.append(Paragraph(block=code))
        else:
            found.append(Paragraph(text=fill(text, values)))
    return found


def spelled(text: str, language: str) -> str:
    """The text with every name as that language has it."""

    def name(found: re.Match[str]) -> str:
        code = _CODES.get(found[1])
        return "{" + FIELDS[code].names.get(language, code) + "}" if code else found[0]

    return _NAMED.sub(name, text)


def names_for(codes: Iterable[str], language: str) -> list[tuple[str, str]]:
    """The names that a text may use, as they are typed, with what they stand for (a msgid)."""
    return [
        ("{" + FIELDS[code].names.get(language, FIELDS[code].names["en"]) + "}", FIELDS[code].title)
        for code in codes
    ]


def check_words(
    subject: str, body: str, *, allowed: Iterable[str], host: str, demanded: Iterable[str] = ()
) -> tuple[str, str]:
    """What was typed, tidied. Raises Refusal that names the field at fault.

    Refused: an empty part, too long a part, a name that this kind does not have, a block inside a sentence, a body
    without a name that is `demanded`, and an address that leads elsewhere than to `host`, the tenant's own (case J17).
    """
    subject = " ".join(_visible(subject).split())
    body = _visible(body).strip()
    codes = frozenset(allowed)
    for part, field, longest in ((subject, "subject", LONGEST_SUBJECT), (body, "body", LONGEST_BODY)):
        if not part:
            raise Refusal(N_("Fill in this field."), field=field)
        if len(part) > longest:
            raise Refusal(N_("Use at most %(most)s characters."), field=field, most=longest)
        for found in _NAMED.finditer(part):
            code = _CODES.get(found[1])
            if code is None or code not in codes:
                raise Refusal(
                    N_("There is nothing called %(name)s in this message."), field=field, name=found[0]
                )
            if FIELDS[code].kind == BLOCK and (field == "subject" or not _alone(part, found)):
                raise Refusal(N_("%(name)s needs a paragraph of its own."), field=field, name=found[0])
        for address in _ADDRESS.finditer(part):
            if (address[1] or address[2] or "").rpartition("@")[2].lower() != host.lower():
                raise Refusal(N_("Links may lead to %(host)s only."), field=field, host=host)
    named = {_CODES.get(found[1]) for found in _NAMED.finditer(body)}
    if missing := [code for code in demanded if code not in named]:
        names = " / ".join("{" + name + "}" for name in FIELDS[missing[0]].names.values())
        raise Refusal(N_("This message must contain %(name)s."), field="body", name=names)
    return subject, body


def _alone(text: str, found: re.Match[str]) -> bool:
    before, after = text[: found.start()], text[found.end() :]
    return bool(re.search(r"(?:^|\n[ \t]*\n)[ \t]*$", before)) and bool(
        re.match(r"[ \t]*(?:$|\n[ \t]*\n)", after)
    )


def _visible(text: str) -> str:
    """Without what cannot be seen; lines stay lines."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in plain if sign.isprintable() or sign == "\n")
