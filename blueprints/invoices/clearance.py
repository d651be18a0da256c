"""The certificate that an account owes nothing: "paz y salvo", "libre deuda" (feature 40).

It speaks of one day: no invoice that was issued until then was open. It is issued at once to whoever reaches the
account, once a day, and taken back when money that had settled one of its invoices leaves again.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from blueprints.accounts.queries import AccountLine, account
from blueprints.accounts.reach import days_of
from blueprints.invoices import queries
from blueprints.invoices.models import Invoice
from blueprints.invoices.queries import InvoiceLine
from saas import audit
from saas.audit import Actor
from saas.counters import take_numbers
from saas.database import db
from saas.languages import N_
from saas.refusals import NotFound, Refusal
from tenants import issued_documents
from tenants.context import Reach
from tenants.issued_documents import Fact, Issued
from tenants.loading import serving

KIND = "clearance"
SERIES = "clearances"
BILLED = frozenset(
    {"lease", "supply"}
)  # a mandate's invoices are kept from the rent: nobody is asked for a proof


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account's certificate depends on, today. `open` are invoices that hinder it, the oldest first."""

    account: AccountLine
    open: Sequence[InvoiceLine]
    more: bool  # than are shown
    issued: Sequence[Issued]  # the newest first

    @property
    def clear(self) -> bool:
        return not self.open


def standing(reach: Reach, account_id: uuid.UUID, *, language: str) -> Standing:
    """Whether the account is clear, and what was certified before. Raises NotFound outside the reach."""
    found = account(reach, account_id)
    if found.kind not in BILLED:
        raise NotFound()
    pending = queries.pending(reach, language=language, account_id=account_id)
    days = days_of(reach, account_id)
    return Standing(
        account=found,
        open=pending.rows,
        more=pending.older is not None,
        issued=[
            one for one in issued_documents.issued_for(KIND, ("account", account_id)) if _day(one) in days
        ],
    )


def issue_clearance(reach: Reach, account_id: uuid.UUID, *, actor: Actor, now: datetime.datetime) -> Issued:
    """Certify that the account owes nothing today; once a day, a repeat returns the day's certificate.

    Locks the account's invoices, so that no money leaves while it is written. Raises NotFound outside the reach and
    Refusal while anything is open, whether it is due or not.
    """
    found = account(reach, account_id)
    if found.kind not in BILLED or found.until is not None:
        raise NotFound()
    owed = db.session.execute(
        select(Invoice.number, Invoice.open_amount)
        .where(Invoice.account_id == account_id, Invoice.void_at.is_(None))
        .order_by(Invoice.id)
        .with_for_update()
    ).all()
    if any(row.open_amount for row in owed):
        raise Refusal(N_("Something is still to be paid, so this cannot be certified today."))
    if not owed:
        raise Refusal(N_("Nothing has been invoiced on it yet, so there is nothing to certify."))
    key = f"{account_id}:{reach.today.isoformat()}"
    todays = [
        one for one in issued_documents.issued_for(KIND, ("account", account_id)) if one.key.startswith(key)
    ]
    for again in todays:
        if again.state != issued_documents.REVOKED:
            return again
    number = take_numbers(SERIES)[0]
    document = issued_documents.issue(
        KIND,
        # After one was taken back on the same day another may be issued: the number keeps them apart.
        key=f"{key}:{number}" if todays else key,
        subject=("account", account_id),
        number=f"{number:06d}",
        facts=[
            Fact(N_("Account"), text=found.number),
            Fact(N_("Owes nothing until"), day=reach.today),
        ],
        now=now,
    )
    audit.record(
        "clearance.issued",
        actor=actor,
        subject=("account", account_id),
        data={"number": document.number, "account": found.number, "until": reach.today.isoformat()},
    )
    return document


def clearance(reach: Reach, document_id: uuid.UUID) -> tuple[Issued, AccountLine, datetime.date]:
    """One certificate, its account and the day that it speaks of. Raises NotFound outside the reach."""
    document = issued_documents.issued_document(document_id)
    if document.kind != KIND:
        raise NotFound()
    account_id, day = uuid.UUID(document.key.split(":")[0]), _day(document)
    found = account(reach, account_id)
    if day not in days_of(reach, account_id):
        raise NotFound()
    return document, found, day


def _day(document: Issued) -> datetime.date:
    return datetime.date.fromisoformat(document.key.split(":")[1])


def take_back_clearances(invoice_ids: Sequence[uuid.UUID], *, now: datetime.datetime) -> None:
    """Money that had settled these invoices left again: what was certified since they were issued is not true."""
    rows = db.session.execute(
        select(Invoice.account_id, Invoice.issued_on).where(Invoice.id.in_(invoice_ids))
    ).all()
    for row in rows:
        for document in issued_documents.issued_for(KIND, ("account", row.account_id)):
            day = _day(document)
            if document.state == issued_documents.GENUINE and day >= row.issued_on:
                issued_documents.revoke(document.id, reason="payment-returned", now=now)
                audit.record(
                    "clearance.taken-back",
                    actor=audit.SYSTEM,
                    subject=("account", row.account_id),
                    data={"number": document.number},
                )


def file_name(document: Issued) -> str:
    """The name of the file, in the tenant's own word for the certificate."""
    tenant = serving()
    word = tenant.word("clearance", tenant.language)
    return str(_("%(word)s %(number)s.pdf", word=word, number=document.number))


issued_documents.declare_kind(KIND, N_("Certificate that nothing is owed"))
