"""An owner's statement on paper. Made afresh each time: it says what the books say of the month."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from blueprints.accounts.models import Customer
from blueprints.owners import statement_rules as rules
from blueprints.owners.months import month_name
from blueprints.owners.statements import Statement
from blueprints.owners.wording import line_words, share_words
from saas.database import db
from saas.dates import format_short
from saas.documents import render_pdf
from saas.identity_numbers import written_document
from saas.money import format_money
from tenants.loading import serving
from tenants.paper import frame, palette


def statement_pdf(found: Statement) -> bytes:
    """The statement in the tenant's look, in the language that is active. Raises DocumentError."""
    look = serving().look
    return render_pdf("certificate", statement_data(found), palette=palette(look), package=look.package)


def statement_data(found: Statement) -> dict[str, Any]:
    """What themes/base/documents/certificate.typ prints of a statement."""
    tenant = serving()
    owner = db.session.execute(
        select(Customer.name, Customer.document_kind, Customer.document_number).where(
            Customer.id == found.owner_id
        )
    ).one()
    place = ", ".join(part for part in (found.mandate.address, found.mandate.city) if part)
    share = share_words(found.share)
    facts = [
        (_("Owner"), f"{owner.name}, {written_document(owner.document_kind, owner.document_number)}"),
        (_("Property"), place),
        (_("Contract"), found.mandate.number),
        (_("Your part"), share),
    ]
    return {
        **frame(_("Statement of %(month)s", month=month_name(found.month)), found.last, verify=""),
        "certificate": {
            "kind": _("Owner's statement"),
            "number": found.mandate.number,
            "facts": [
                {"label": _("First day"), "value": format_short(found.first)},
                {"label": _("Last day"), "value": format_short(found.last)},
                {"label": _("Made on"), "value": format_short(tenant.today())},
            ],
        },
        "heading": _("Statement of %(month)s", month=month_name(found.month)),
        "paragraphs": [],
        "facts": [{"label": label, "value": value} for label, value in facts if value],
        "figure": {
            "label": _("Net of the month"),
            "amount": format_money(found.sheet.net(found.owner_id), found.currency, tenant.locale),
            "note": None,
        },
        "tables": [_summary(found), _lines(found)],
        "notes": [_("Every figure is in your area, with the document that it comes from.")],
        "verify": None,
    }


def summary_rows(found: Statement) -> list[tuple[str, int | None, int]]:
    """The statement in figures: (what, whole, own), signed as the owner feels them. Rows of nothing are left out; the
    whole is None where it is not the owner's to know."""
    sheet, all_, owner = found.sheet, found.whole, found.owner_id
    balances = found.whole_balances
    rows: list[tuple[str, int | None, int]]

    def pair(section: str, figure: str) -> tuple[int, int]:
        return getattr(all_.section(section), figure), getattr(sheet.section(section, owner), figure)

    rows = [(_("Balance before"), sheet.opens() if balances else None, sheet.opens(owner))]
    for title, section, figure, sign in (
        (_("Rent received"), rules.RENT, "net", 1),
        (_("Tax on the rent"), rules.RENT, "tax", 1),
        (_("Withheld by the renter"), rules.RENT, "withholding", -1),
        (_("Commission"), rules.COMMISSION, "net", 1),
        (_("Tax on the commission"), rules.COMMISSION, "tax", 1),
        (_("Withheld on the commission"), rules.COMMISSION, "withholding", -1),
        (_("Repairs and other charges"), rules.CHARGE, "total", 1),
        (_("Other movements"), rules.OTHER, "total", 1),
    ):
        whole, own = pair(section, figure)
        if whole or own or (section, figure) == (rules.RENT, "net"):
            rows.append((title, sign * whole, sign * own))
    rows.append((_("Net of the month"), all_.net(), sheet.net(owner)))
    rows.append((_("Paid out"), *pair(rules.PAYOUT, "total")))
    rows.append((_("Balance after"), sheet.closes() if balances else None, sheet.closes(owner)))
    return rows


def _summary(found: Statement) -> dict[str, Any]:
    rows = [_row(found, [title], whole, own) for title, whole, own in summary_rows(found)]
    return {
        "title": _("The month in figures"),
        "heads": _heads(found, [_("Concept")]),
        "rows": rows[:-1],
        "total": rows[-1],
    }


def _lines(found: Statement) -> dict[str, Any]:
    rows = []
    for line in found.whole.lines:
        own, whole = line.of(found.owner_id).total, line.whole.total
        if not own and not (whole and found.sees_whole):
            continue
        what, number, _page = line_words(found, line)
        others = line.section == rules.PAYOUT and not own
        rows.append(_row(found, [what, number, format_short(line.day)], whole, None if others else own))
    return {
        "title": _("Where the figures come from"),
        "heads": _heads(found, [_("Concept"), _("Document"), _("Date")]),
        "rows": rows,
    }


def _heads(found: Statement, titles: list[str]) -> list[dict[str, Any]]:
    heads = [{"title": title, "right": False} for title in titles]
    if found.sees_whole and not found.alone:
        heads.append({"title": _("Whole property"), "right": True})
    return [*heads, {"title": _("Yours"), "right": True}]


def _row(found: Statement, texts: list[str], whole: int | None, own: int | None) -> list[str]:
    amounts = [whole, own] if found.sees_whole and not found.alone else [own]
    return [*texts, *(_money(found, amount) for amount in amounts)]


def _money(found: Statement, amount: int | None) -> str:
    return "–" if amount is None else format_money(amount, found.currency, serving().locale)
