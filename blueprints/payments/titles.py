"""What invoices and payments are called, in the words of the tenant and the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from blueprints.invoices import wording
from blueprints.payments.registry import PAYU, STRIPE

_ONLINE = {PAYU: "PayU", STRIPE: "Stripe"}


def invoice_title(type_names: Mapping[str, Any], period: str, language: str, locale: str) -> str:
    """“Rent, March 2026”: the type's name for one invoice, and its period as people say it."""
    names: Mapping[str, Any] = type_names.get(language) or next(iter(type_names.values()), {})
    return wording.title(str(names.get("one", "")), period, locale)


def method_title(method: str) -> str:
    """How somebody paid. What the tenant's own books call it stays as it is."""
    if method == "collector":
        return str(_("In cash, with a coupon"))
    if method in _ONLINE:
        return str(_("Online, with %(provider)s", provider=_ONLINE[method]))
    return str(_("Online, at the bank")) if method == "bank-simulator" else method
