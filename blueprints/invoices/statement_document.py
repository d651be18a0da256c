"""A statement of account on paper. Made afresh each time: it says what the books say of the days asked for."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from blueprints.accounts.queries import parties
from blueprints.invoices import wording
from blueprints.invoices.statement import Entry, Statement
from saas.dates import format_long, format_short
from saas.documents import render_pdf
from saas.identity_numbers import written_document
from saas.money import format_money
from tenants.loading import serving
from tenants.paper import frame, palette


def statement_pdf(found: Statement, later: int = 0) -> bytes:
    """The statement in the tenant's look, in the language that is active. Raises DocumentError.

    `later` is what second due dates have added and the books do not hold yet, in minor units.
    """
    look = serving().look
    return render_pdf("statement", statement_data(found, later), palette=palette(look), package=look.package)


def later_words(found: Statement, later: int, locale: str) -> str:
    """Why the amount to pay today is more than the balance of the books; empty when it is not."""
    if not later:
        return ""
    return str(
        _(
            "Paid today it is %(amount)s: the second due date adds %(added)s, which is booked with the payment.",
            amount=format_money(found.closing + later, found.currency, locale),
            added=format_money(later, found.currency, locale),
        )
    )


def statement_data(found: Statement, later: int = 0) -> dict[str, Any]:
    """What themes/base/documents/statement.typ prints of a statement."""
    tenant, account = serving(), found.account
    key = "account" if account.kind == "supply" else account.kind
    named = tenant.word(key, tenant.language).capitalize()
    behind = parties(account.id, min(found.last, account.until or found.last))
    return {
        **frame(
            _("Statement of account %(number)s", number=account.number),
            found.last,
            customer=_("Customer"),
            account=named,
            movements=_("Movements"),
            date=_("Date"),
            concept=_("Concept"),
            charge=_("Charge"),
            payment=_("Payment"),
            balance=_("Balance"),
            ageing=_("How old the debt is"),
            empty=_("Nothing moved in these days"),
        ),
        "statement": {
            "kind": _("Statement of account"),
            "number": account.number,
            "facts": _facts(
                (_("First day"), format_short(found.first)), (_("Last day"), format_short(found.last))
            ),
        },
        "closing": {
            "label": _("Balance on %(date)s", date=format_long(found.last, tenant.locale)),
            "amount": _money(found, found.closing),
        },
        "summary": [
            {"label": _("Opening balance"), "amount": _money(found, found.opening)},
            {"label": _("Charges"), "amount": _money(found, found.charged)},
            {"label": _("Payments and reductions"), "amount": _money(found, found.paid)},
        ],
        "customer": {
            "name": ", ".join(party.name for party in behind) or account.number,
            "lines": [written_document(party.document_kind, party.document_number) for party in behind],
        },
        "account": {
            "facts": _facts(
                (named, account.number),
                (_("Address"), ", ".join(part for part in (account.address, account.city) if part)),
            )
        },
        "opening": {
            "date": format_short(found.first),
            "concept": _("Opening balance"),
            "balance": _money(found, found.opening),
        },
        "movements": [_movement(found, entry) for entry in found.entries],
        "ageing": _ages(found),
        "notes": [note] if (note := later_words(found, later, tenant.locale)) else [],
    }


def entry_words(entry: Entry, locale: str) -> tuple[str, str]:
    """What a movement was, and of which invoice."""
    of = wording.title(entry.type_name or "", entry.period or "", locale) if entry.number else ""
    number = _("Invoice %(number)s", number=entry.number) if entry.number else ""
    return wording.movement_words(entry.kind, entry.amount), " · ".join(part for part in (of, number) if part)


def _movement(found: Statement, entry: Entry) -> dict[str, Any]:
    concept, note = entry_words(entry, serving().locale)
    return {
        "date": format_short(entry.occurred_on),
        "concept": concept,
        "note": note or None,
        "charge": _money(found, entry.amount) if entry.amount > 0 else None,
        "payment": _money(found, -entry.amount) if entry.amount < 0 else None,
        "balance": _money(found, entry.balance),
    }


def _ages(found: Statement) -> list[dict[str, Any]]:
    """Parts of the closing balance; nothing when nothing is owed."""
    if found.closing <= 0:
        return []
    return [
        {
            "label": wording.age_words(age),
            "amount": _money(found, amount),
            "share": max(0.0, min(1.0, amount / found.closing)),
            "tone": None if age == "not-due" else "danger",
        }
        for age, amount in found.ages.items()
    ]


def _money(found: Statement, amount: int) -> str:
    return format_money(amount, found.currency, serving().locale)


def _facts(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"label": label, "value": value} for label, value in pairs if value]
