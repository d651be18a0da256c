"""How months are called."""

from __future__ import annotations

from saas.dates import format_period
from tenants.loading import serving
from tenants.page_context import locale


def month_name(period: str) -> str:
    """A period in the language that is spoken now; one that is no month stays as it is."""
    serving()  # whose locale it is, also in a job
    return format_period(period, locale())
