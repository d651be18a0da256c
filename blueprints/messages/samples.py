"""What a text looks like with real data: a real name and real invoices, and made-up facts where none are at hand."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import and_, desc, or_, select

from blueprints.accounts.models import AccountParty
from blueprints.invoices.models import Invoice, InvoiceType
from blueprints.messages.addresses import Person, person_of
from blueprints.messages.composing import INVOICES, put_into_words
from blueprints.messages.kinds import KINDS, Kind
from blueprints.messages.models import Message
from blueprints.messages.office import BLOT
from blueprints.messages.owed import asked_for
from blueprints.messages.texts import TEXTS
from saas.clock import now
from saas.database import db
from saas.mail import Letter
from saas.money import Money
from tenants.letter_fields import DATE, FIELDS, MOMENT, MONEY, MONTH
from tenants.letter_texts import LetterText, Wording
from tenants.letters import speaking
from tenants.loading import serving
from tenants.worded_letters import Content, compose_worded

SHOWN = 2
CODE = "482 913"


def letter_to_look_at(
    text: LetterText, language: str, wording: Wording, customer_id: uuid.UUID | None
) -> Letter | None:
    """The letter as somebody would get it now; None where there is nothing to show it with."""
    if text.code in TEXTS:
        return _of_messages(KINDS[text.code], language, wording, customer_id)
    with speaking(language):
        values: dict[str, Any] = {code: _sample(code) for code in text.fields}
        written = _("Here stands what your staff wrote.")
    values["organisation"] = serving().name
    if customer_id is not None and "customer" in values:
        values["customer"] = person_of(customer_id).name
    home = serving().canonical_url
    content = Content(
        url=f"{home}/{BLOT}" if text.button else "",
        code=CODE if "code" in text.fields else "",
        message=written if "message" in text.fields else "",
        alarm_url=f"{home}/{BLOT}" if text.alarm else "",
    )
    return compose_worded(text, "", values, lambda: content, language=language, wording=wording)


def _of_messages(kind: Kind, language: str, wording: Wording, customer_id: uuid.UUID | None) -> Letter | None:
    if customer_id is None:
        return None
    person = replace(person_of(customer_id), language=language)
    facts = {**_made_up(kind), **_last_facts(kind, person)}
    if INVOICES in kind.fields:
        facts[INVOICES] = _open_invoices(person)
    worded = put_into_words(kind, person, facts, wording=wording)
    return worded.letter if worded else None


def _last_facts(kind: Kind, person: Person) -> dict[str, Any]:
    found = db.session.execute(
        select(Message.facts)
        .where(Message.kind == kind.code, Message.customer_id == person.customer_id)
        .order_by(desc(Message.id))
        .limit(1)
    ).scalar()
    return dict(found or {})


def _made_up(kind: Kind) -> dict[str, Any]:
    return {
        code: _sample(code)
        for code in kind.fields
        if code not in ("customer", "organisation", "count", "total", "due")
    }


def _sample(code: str) -> Any:
    """What stands for a value that nobody has yet."""
    tenant, field = serving(), FIELDS[code]
    samples: dict[str, Any] = {
        MONEY: Money(1_250_000_00, tenant.currency),
        DATE: tenant.today(),
        MONTH: f"{tenant.today():%Y-%m}",
        MOMENT: now(),
    }
    return samples.get(field.kind) or _(field.sample)


def _open_invoices(person: Person) -> list[str]:
    """The person's own open invoices; where they owe nothing, somebody's, so that there is something to see."""
    theirs = _invoices(person.customer_id) or _invoices(None)
    return [str(one) for one in theirs]


def _invoices(customer_id: uuid.UUID | None) -> list[uuid.UUID]:
    query = (
        select(Invoice.id)
        .join(
            InvoiceType,
            and_(InvoiceType.tenant_id == Invoice.tenant_id, InvoiceType.code == Invoice.type_code),
        )
        .where(*asked_for())
        .order_by(desc(Invoice.id))
        .limit(SHOWN)
    )
    if customer_id is not None:
        query = query.join(
            AccountParty,
            and_(AccountParty.tenant_id == Invoice.tenant_id, AccountParty.account_id == Invoice.account_id),
        ).where(
            AccountParty.customer_id == customer_id,
            or_(AccountParty.valid_from.is_(None), AccountParty.valid_from <= Invoice.issued_on),
            or_(AccountParty.valid_until.is_(None), AccountParty.valid_until >= Invoice.issued_on),
        )
    return list(db.session.execute(query).scalars())
