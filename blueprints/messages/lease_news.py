"""What the people of a lease are told: a new rent, and papers that are about to expire."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, or_, select

from blueprints.accounts.models import AccountParty
from blueprints.leases.models import Lease, LeaseDocument
from blueprints.messages.services import send
from saas.database import db
from tenants.loading import serving

AHEAD = datetime.timedelta(days=30)  # how long before a paper expires
CAUGHT_UP = datetime.timedelta(days=7)  # for a server that was down, and papers that came late
OLD_NEWS = datetime.timedelta(days=31)  # who brings old adjustments in tells nobody of them


def tell_of_adjustment(
    lease_id: uuid.UUID,
    lease_account_id: uuid.UUID,
    mandate_account_id: uuid.UUID,
    valid_from: datetime.date,
    facts: Mapping[str, Any],
    **_more: Any,
) -> None:
    """Write to renters and owners that the rent changes. Once for each day from which a rent counts."""
    if valid_from < serving().today() - OLD_NEWS:
        return
    for customer_id in _people([lease_account_id, mandate_account_id]):
        send(
            "rent-adjustment",
            customer_id=customer_id,
            facts={
                "contract": facts["number"],
                "amount": {"amount": facts["rent"], "currency": facts["currency"]},
                "before": {"amount": facts["before"], "currency": facts["currency"]},
                "percent": str(facts.get("percent", "")).strip(" %") or "–",
                "date": valid_from.isoformat(),
                "link": f"/contracts/{lease_id}",
            },
            key=f"rent:{lease_id}:{valid_from.isoformat()}:{customer_id}",
            about=f"lease:{lease_id}",
        )


def tell_of_expiring_papers(today: datetime.date) -> int:
    """Write to whoever may see a paper that it expires in a month. Each version of a paper once. Returns how many."""
    last = today + AHEAD
    papers = db.session.execute(
        select(
            LeaseDocument.id,
            LeaseDocument.lease_id,
            LeaseDocument.title,
            LeaseDocument.expires_on,
            LeaseDocument.for_renter,
            LeaseDocument.for_owner,
            Lease.number,
            Lease.lease_account_id,
            Lease.mandate_account_id,
        )
        .join(Lease, and_(Lease.tenant_id == LeaseDocument.tenant_id, Lease.id == LeaseDocument.lease_id))
        .where(
            LeaseDocument.current,
            LeaseDocument.expires_on > last - CAUGHT_UP,
            LeaseDocument.expires_on <= last,
            Lease.status == "active",
        )
        .order_by(LeaseDocument.expires_on, LeaseDocument.id)
    ).all()
    told = 0
    for paper in papers:
        accounts = [
            account
            for account, sees in (
                (paper.lease_account_id, paper.for_renter),
                (paper.mandate_account_id, paper.for_owner),
            )
            if sees
        ]
        for customer_id in _people(accounts):
            told += bool(
                send(
                    "document-expiring",
                    customer_id=customer_id,
                    facts={
                        "title": paper.title,
                        "contract": paper.number,
                        "date": paper.expires_on.isoformat() if paper.expires_on else "",
                        "link": f"/contracts/{paper.lease_id}",
                    },
                    key=f"paper:{paper.id}:{customer_id}",
                    about=f"lease:{paper.lease_id}",
                )
            )
    return told


def _people(account_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Who stands behind these accounts today."""
    today = serving().today()
    return list(
        db.session.execute(
            select(AccountParty.customer_id)
            .where(
                AccountParty.account_id.in_(account_ids),
                or_(AccountParty.valid_from.is_(None), AccountParty.valid_from <= today),
                or_(AccountParty.valid_until.is_(None), AccountParty.valid_until >= today),
            )
            .distinct()
            .order_by(AccountParty.customer_id)
        ).scalars()
    )
