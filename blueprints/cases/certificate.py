"""The filing certificate: what was filed, when, under which number, and a fingerprint of every word of it (feature 84).

Issued in the transaction that opens the case, drawn once, checked by anybody on the public page.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import and_, select

from blueprints.accounts.models import Account, Customer, Property
from blueprints.cases import rules
from blueprints.cases.catalogue import catalogue
from blueprints.cases.channels import AREA, CAME_BY, WEB, came_by
from blueprints.cases.models import Case, CaseEvent, CaseFile
from blueprints.cases.persons import person_of
from blueprints.invoices.models import Invoice
from saas.database import db
from saas.dates import format_datetime, format_long
from saas.documents import render_pdf
from saas.files import StoredFile
from saas.identity_numbers import written_document
from saas.languages import N_
from saas.outbox import enqueue
from saas.refusals import NotFound
from tenants.issued_documents import Fact, Issued, check_block, declare_kind, file_of, issue, issued
from tenants.letters import speaking
from tenants.loading import serving
from tenants.paper import frame, palette

KIND = "case-filing"
TOPIC = "cases.certificate"  # blueprints/cases/jobs.py
declare_kind(KIND, N_("Filing certificate"))

_EXCERPT = 900  # characters of the text on paper; the fingerprint covers all of it


def issue_certificate(case_id: uuid.UUID, *, now: datetime.datetime) -> Issued:
    """Give a case its certificate, once. The public page says its number, when it came in and what class it is of."""
    tenant = serving()
    row = db.session.execute(
        select(Case.number, Case.received_at, Case.class_code, Case.channel).where(Case.id == case_id)
    ).one()
    by_staff = [Fact(N_("Written down"), text=stamp(now, tenant.time_zone))] if row.channel in CAME_BY else []
    facts = [
        Fact(N_("Received"), text=stamp(row.received_at, tenant.time_zone)),
        *by_staff,
        Fact(N_("Classification"), text=catalogue().class_name(row.class_code, tenant.language)),
        Fact(N_("Fingerprint of what was filed (SHA-256)"), text=fingerprint(case_id)),
    ]
    made = issue(KIND, key=str(case_id), subject=("case", case_id), number=row.number, facts=facts, now=now)
    enqueue(TOPIC, {"case_id": str(case_id)}, key=str(case_id))
    return made


def certificate(case_id: uuid.UUID) -> StoredFile:
    """The certificate's PDF: always the same bytes. Whoever asks has found the case in reach. Raises NotFound."""
    found = issued(KIND, str(case_id))
    if found is None:
        raise NotFound()
    with speaking(None):  # a document is the tenant's, so it speaks the tenant's language
        return file_of(
            found.id,
            lambda document: _draw(case_id, document),
            f"{_('Filing certificate')} {found.number}.pdf",
        )


def stamp(moment: datetime.datetime, zone: str) -> str:
    """A moment to the second on the tenant's clocks, with the offset: "2026-11-22 09:41:07 -05:00"."""
    local = moment.astimezone(ZoneInfo(zone)).replace(microsecond=0)
    return local.isoformat(sep=" ")[:19] + " " + local.isoformat()[19:]


def fingerprint(case_id: uuid.UUID) -> str:
    """SHA-256 over what was filed: JSON of number, moment, class, subject, since, text, details and the files' own
    fingerprints as they were at that moment; of what came by another way than the customer area also the channel, why
    it was filed later, and who is not in the books. Keys sorted, UTF-8, no spaces."""
    row = db.session.execute(
        select(
            Case.number,
            Case.received_at,
            Case.since,
            Case.description,
            Case.details,
            Case.channel,
            Case.person,
        ).where(Case.id == case_id)
    ).one()
    opened = db.session.execute(
        select(CaseEvent.id, CaseEvent.data).where(CaseEvent.case_id == case_id, CaseEvent.number == 1)
    ).one()
    files = db.session.execute(
        select(CaseFile.sha256).where(CaseFile.event_id == opened.id).order_by(CaseFile.position)
    ).scalars()
    filed = {
        "number": row.number,
        "received_at": row.received_at.astimezone(datetime.UTC).isoformat(),
        "class": opened.data["class"],
        "subject": opened.data["subject"],
        "since": row.since.isoformat() if row.since else None,
        "description": row.description,
        "details": row.details,
        "files": list(files),
    }
    if row.channel != AREA:
        filed |= {"channel": row.channel, "late_why": opened.data.get("late_why", ""), "person": row.person}
    text = json.dumps(filed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _draw(case_id: uuid.UUID, document: Issued) -> bytes:
    tenant = serving()
    data = paper(case_id, document)
    return render_pdf("filing", data, palette=palette(tenant.look), package=tenant.look.package)


def paper(case_id: uuid.UUID, document: Issued) -> dict[str, Any]:
    """What themes/base/documents/filing.typ prints, every text ready."""
    tenant = serving()
    row = _filed(case_id)
    words = catalogue()
    opened = db.session.execute(
        select(CaseEvent.id, CaseEvent.at, CaseEvent.data, CaseEvent.actor_name).where(
            CaseEvent.case_id == case_id, CaseEvent.number == 1
        )
    ).one()
    files = db.session.execute(
        select(CaseFile.name, CaseFile.sha256)
        .where(CaseFile.event_id == opened.id)
        .order_by(CaseFile.position)
    ).all()
    text = " ".join(row.description.split())
    about = [
        (_("Classification"), words.class_name(opened.data["class"], tenant.language)),
        (_("Subject"), words.subject_name(opened.data["subject"], tenant.language)),
        (_("Since when"), format_long(row.since, tenant.locale) if row.since else ""),
        (_("Property"), row.property_address or ""),
        (tenant.word(_word_of(row.account_kind), tenant.language).capitalize(), row.account_number or ""),
        (_("Invoice"), row.invoice_number or ""),
    ]
    if row.channel == WEB:
        about += [(_("How it came in"), came_by(row.channel))]
    if row.channel in CAME_BY:
        about += [
            (_("How it came in"), came_by(row.channel)),
            (_("Written down by"), opened.actor_name),
            (_("Written down"), format_datetime(opened.at, tenant.time_zone, tenant.locale)),
            (_("Why it was filed later"), opened.data.get("late_why", "")),
        ]
    due = format_long(row.due_on, tenant.locale) if row.due_on and row.state in rules.OPEN_STATES else ""
    return {
        **frame(
            f"{_('Filing certificate')} {row.number}",
            opened.at.astimezone(ZoneInfo(tenant.time_zone)).date(),
            who=_("Filed by"),
            about=_("What it is about"),
            text=_("What was written"),
            files=_("Files"),
            fingerprint=_("Fingerprint of what was filed (SHA-256)"),
            verify=_("Check this certificate"),
        ),
        "filing": {
            "kind": _("Filing certificate"),
            "number": row.number,
            "facts": [
                {
                    "label": _("Received"),
                    "value": stamp(row.received_at, tenant.time_zone),
                }
            ],
        },
        "received": {
            "label": _("We received it on"),
            "moment": format_datetime(row.received_at, tenant.time_zone, tenant.locale),
            "note": _("We must answer by %(date)s at the latest.", date=due) if due else None,
        },
        "who": _who(row, opened.actor_name),
        "about": [{"label": label, "value": value} for label, value in about if value],
        "text": text if len(text) <= _EXCERPT else text[:_EXCERPT].rstrip() + "…",
        "files": [{"name": one.name, "sha256": one.sha256} for one in files],
        "fingerprint": fingerprint(case_id),
        "verify": check_block(document.code),
    }


def _who(row: Any, filer: str) -> dict[str, Any]:
    """Whose case it is: as the books say, else as they said themselves."""
    if row.customer_name:
        return {
            "name": row.customer_name,
            "lines": [written_document(row.document_kind, row.document_number)],
        }
    person = person_of(row.person)
    if person is not None:
        unproved = _("As they say themselves, without logging in") if row.channel == WEB else ""
        lines = (person.document, person.email, person.phone, person.address, unproved)
        return {"name": person.name, "lines": [line for line in lines if line]}
    if row.channel == WEB:
        return {"name": _("Anonymous"), "lines": []}
    return {"name": filer if row.channel == AREA else _("Nobody named"), "lines": []}


def _word_of(kind: str | None) -> str:
    return "account" if kind in (None, "supply") else str(kind)


def _filed(case_id: uuid.UUID) -> Any:
    row = db.session.execute(
        select(
            Case.number,
            Case.state,
            Case.received_at,
            Case.since,
            Case.due_on,
            Case.description,
            Case.channel,
            Case.person,
            Customer.name.label("customer_name"),
            Customer.document_kind,
            Customer.document_number,
            Account.kind.label("account_kind"),
            Account.number.label("account_number"),
            Property.address.label("property_address"),
            Invoice.number.label("invoice_number"),
        )
        .outerjoin(Customer, and_(Customer.tenant_id == Case.tenant_id, Customer.id == Case.customer_id))
        .outerjoin(Account, and_(Account.tenant_id == Case.tenant_id, Account.id == Case.account_id))
        .outerjoin(Property, and_(Property.tenant_id == Case.tenant_id, Property.id == Case.property_id))
        .outerjoin(Invoice, and_(Invoice.tenant_id == Case.tenant_id, Invoice.id == Case.invoice_id))
        .where(Case.id == case_id)
    ).first()
    if row is None:
        raise NotFound()
    return row
