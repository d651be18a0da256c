"""Letters of a tenant: one mail in two parts, in the tenant's colours and the reader's language.

Only outbox handlers compose: what is said is what is true when the letter leaves.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from flask import current_app, g
from flask_babel import force_locale
from flask_babel import gettext as _

from saas.config import Config
from saas.mail import Attachment, Letter
from tenants.context import TenantContext
from tenants.loading import serving
from tenants.look import render
from tenants.palette import palette
from tenants.theme_packages import tokens_for


def compose_letter(
    to: str,
    subject: str,
    template: str,
    *,
    language: str | None = None,
    attachments: Sequence[Attachment] = (),
    kind: str = "other",
    user_id: uuid.UUID | None = None,
    customer_id: uuid.UUID | None = None,
    about: str = "",
    secrets: Sequence[str] = (),
    **context: Any,
) -> Letter:
    """A letter to one person, ready for `saas.mail.deliver`.

    `subject` is a msgid (marked with `N_`) whose placeholders `context` fills; `template` names two templates
    without their ending: `layout/letter` stands for `….html`, which extends `layout/mail.html`, and `….txt`,
    which extends `layout/mail.txt`. `language` is the reader's ("es", "en"), None the tenant's. Templates also
    get `subject`, `sender`, `footer`, `colours` (roles of the light palette) and `address(endpoint, **values)`.

    `kind`, whom it is for and what it is `about` tell the customer's list of messages where it belongs; `secrets` are
    the tokens in it that open something: they are not kept with its text.
    """
    tenant = serving()
    with speaking(language):
        said = _(subject, **context) if context else _(subject)
        facts = {
            **context,
            "subject": said,
            "sender": sender_name(tenant),
            "footer": tenant.setting("mail.footer"),
            "colours": _colours(*_look(tenant)),
            "address": address_of,
        }
        html = render(f"{template}.html", **facts)
        text = render(f"{template}.txt", **facts)
    return Letter(
        to=to,
        subject=said,
        text=text.strip() + "\n",
        html=html,
        sender_name=sender_name(tenant),
        sender_address=sender_address(),
        reply_to=tenant.support.email or None,
        attachments=tuple(attachments),
        tenant=tenant.slug,
        kind=kind,
        user_id=user_id,
        customer_id=customer_id,
        about=about,
        secrets=tuple(secret for secret in secrets if secret),
    )


def sender_name(tenant: TenantContext) -> str:
    """Who a letter comes from: the tenant's chosen name, else its own."""
    return str(tenant.setting("mail.sender_name") or tenant.name)


def sender_address() -> str:
    """The installation's address: the domain whose mail records allow it to send."""
    config: Config = current_app.extensions["ventanilla_config"]
    return config.mail_from


def address_of(endpoint: str, **values: Any) -> str:
    """The full address of a page on the tenant's canonical host, also where there is no request."""
    path = current_app.url_map.bind("canonical").build(endpoint, values)
    return f"{serving().canonical_url}{path}"


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Words, money and dates in a reader's language, whoever's turn it is now."""
    tenant = serving()
    locale = tenant.locale if language in (None, "", tenant.language) else str(language)
    before = g.get("language")
    g.language = locale
    try:
        with force_locale(locale):
            yield
    finally:
        g.language = before


def _look(tenant: TenantContext) -> tuple[str, tuple[tuple[str, Any], ...]]:
    return tenant.look.package, tuple(sorted(tenant.look.tokens.items()))


@lru_cache(maxsize=256)
def _colours(package: str, tokens: tuple[tuple[str, Any], ...]) -> dict[str, str]:
    """The roles of a look by day: programs that read mail know no custom properties."""
    return palette(tokens_for(package, dict(tokens)), "light")
