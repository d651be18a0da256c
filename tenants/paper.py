"""What every printed document of a tenant shares: issuer, paper, colours, page numbers."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from flask_babel import gettext as _

from saas.files import load
from tenants.context import Look
from tenants.loading import serving
from tenants.look import asset_index
from tenants.theme_packages import tokens_for


def palette(look: Look) -> dict[str, str]:
    """The colours that documents read; contrast on paper is corrected where they are printed."""
    return {"brand": tokens_for(look.package, look.tokens)["brand"]}


def frame(title: str, day: datetime.date, **words: str) -> dict[str, Any]:
    """The part of a document's data that does not depend on what it says."""
    tenant = serving()
    contact = [part for part in (tenant.support.phone, tenant.support.email) if part]
    return {
        "date": day.isoformat(),
        "lang": tenant.locale.replace("_", "-"),
        "paper": tenant.setting("documents.paper"),
        "title": title,
        "author": tenant.legal_name,
        "footer": " · ".join([tenant.legal_name, *contact]),
        "issuer": {
            "name": tenant.name,
            "legal_name": tenant.legal_name if tenant.legal_name != tenant.name else None,
            "logo": logo(tenant.look),
            "lines": [tenant.tax_number],
        },
        "words": {"page": _("Page {page} of {pages}"), **words},
    }


def logo(look: Look) -> bytes | None:
    """The logo's bytes: an uploaded file of the tenant, or a picture of its theme package."""
    name = look.tokens.get("logo")
    if not isinstance(name, str) or not name:
        return None
    if name.startswith("file:"):
        return load(uuid.UUID(name[5:])).content
    found = asset_index().get(name)
    return found[1].read_bytes() if found else None
