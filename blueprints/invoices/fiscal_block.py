"""What makes an invoice a fiscal document, ready to be shown: name of the code, link, text of its QR."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from blueprints.invoices.fiscal import (
    ArcaDocument,
    arca_document_number,
    arca_qr_url,
    check_code,
    cufe_link,
    fiscal_rule,
)


@dataclass(frozen=True, slots=True)
class FiscalBlock:
    """`link` opens the document at the authority and is also what the QR holds; None when it cannot be made."""

    label: str
    authority: str
    code: str
    due_on: datetime.date | None
    link: str | None


def fiscal_block(
    *,
    kind: str | None,
    code: str | None,
    due_on: datetime.date | None,
    number: str,
    issued_on: datetime.date,
    total: int,
    currency: str,
    tax_number: str,
    trial: bool = False,
) -> FiscalBlock | None:
    """The block of one invoice; None when it carries no code, or one that is not of the authority's shape.

    `total` in minor units; `tax_number` is the issuer's, however it is written.
    """
    if not kind or not code or not check_code(kind, code, issued_on):
        return None
    rule = fiscal_rule(kind, issued_on)
    if kind == "cufe":
        # The authority's full QR needs fields that books do not carry (the hour); its link is enough to check.
        return FiscalBlock(rule.label, rule.authority, code, due_on, cufe_link(code, issued_on, trial=trial))
    try:
        letter, point_of_sale, count = arca_document_number(number)
        link = arca_qr_url(
            ArcaDocument(
                issued_on=issued_on,
                issuer_cuit=re.sub(r"[^0-9]", "", tax_number),
                point_of_sale=point_of_sale,
                document=f"invoice {letter}",
                number=count,
                amount=total,
                currency=currency,
                code=code,
            )
        )
    except ValueError:
        return FiscalBlock(rule.label, rule.authority, code, due_on, None)
    return FiscalBlock(rule.label, rule.authority, code, due_on, link)
