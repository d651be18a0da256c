"""How months are called."""

from __future__ import annotations

from saas.dates import format_month
from tenants.loading import serving


def month_name(period: str) -> str:
    """A period as people read it; one that is no month stays as it is."""
    try:
        return format_month(period, serving().locale)
    except ValueError:
        return period
