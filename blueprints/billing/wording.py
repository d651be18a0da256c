"""What stands on the lines of rent invoices, in the tenant's language: an invoice is written once, for everybody."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_decimal
from flask_babel import force_locale
from flask_babel import gettext as _

from blueprints.billing.months import Month
from blueprints.billing.rules import Wording
from saas.dates import format_month


def wording_of(month: Month, locale: str) -> Wording:
    """The sentences of a month's lines. `locale` is the tenant's, such as es_CO."""
    with force_locale(locale):
        said = format_month(month.period, locale)
        return Wording(
            whole=_("Rent, %(month)s", month=said),
            part=_(
                "Rent, %(first)s to %(last)s %(month)s (%(days)s of %(whole)s days)",
                first="{first}",
                last="{last}",
                month=said,
                days="{days}",
                whole="{whole}",
            ),
            brought=_("%(what)s (brought forward)", what="{what}"),
        )


def tax_text(name: str, rate: int, locale: str) -> str:
    """A tax by name and rate: "IVA 19 %". A name that tells its rate already stays as it is. `rate` in millionths."""
    if any(letter.isdigit() for letter in name):
        return name
    return f"{name} {format_decimal(Decimal(rate) / 10_000, locale=locale)} %"
