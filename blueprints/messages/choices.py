"""What a customer wants to be told, and how. Every wish is a row; the newest of a kind and channel counts."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from blueprints.messages.kinds import CHANNELS, KINDS, MAIL, PHONE, WHATSAPP, Kind, kind_of
from blueprints.messages.models import Choice
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.refusals import NotFound
from tenants.people import User

PROFILE, LINK, STAFF = "profile", "link", "staff"
Wishes = Mapping[tuple[str, str], bool]


@dataclass(frozen=True, slots=True)
class Wish:
    """One line of the history of wishes."""

    kind: str
    channel: str
    wanted: bool
    source: str
    made_at: datetime.datetime
    made_by: str | None


def switchable() -> list[Kind]:
    """The kinds that somebody can switch off."""
    return [kind for kind in KINDS.values() if not kind.mandatory]


def wishes_of(customer_id: uuid.UUID) -> Wishes:
    """What a customer said, kind and channel; what they never spoke about is missing. One statement."""
    rows = db.session.execute(
        select(Choice.kind, Choice.channel, Choice.wanted)
        .where(Choice.customer_id == customer_id)
        .ext(distinct_on(Choice.kind, Choice.channel))
        .order_by(Choice.kind, Choice.channel, Choice.id.desc())
    )
    return {(row.kind, row.channel): row.wanted for row in rows}


def wanted(kind: str, channel: str, wishes: Wishes) -> bool:
    """Whether a kind may come on a channel. Mandatory mail always may; mail may until somebody says no, any other
    channel only after they have said yes. Who allows WhatsApp allows a call: both go to the telephone."""
    found = kind_of(kind)
    if channel == MAIL:
        return found.mandatory or wishes.get((found.code, MAIL), True)
    if channel in (WHATSAPP, PHONE):
        # A telephone that is called about a service is no contact that the law limits.
        return wishes.get((found.code, WHATSAPP), not found.limited)
    return True


def choose(
    customer_id: uuid.UUID,
    asked: Iterable[tuple[str, str, bool]],
    *,
    source: str,
    actor: Actor,
) -> int:
    """Note wishes as (kind, channel, wanted); those that change nothing are left out. Returns how many changed.

    Raises NotFound for a kind that cannot be switched or does not know the channel.
    """
    standing = wishes_of(customer_id)
    moment, changed = now(), []
    for kind, channel, wish in asked:
        known = KINDS.get(kind)
        if known is None or channel not in CHANNELS or channel not in known.channels:
            raise NotFound()
        if known.mandatory and channel == MAIL:
            raise NotFound()
        if wanted(kind, channel, standing) != wish:
            changed.append({"kind": kind, "channel": channel, "wanted": wish})
    if not changed:
        return 0
    db.session.execute(
        insert(Choice),
        [
            {
                "id": new_id(),
                "customer_id": customer_id,
                "source": source,
                "made_at": moment,
                "made_by": actor.user_id,
                **row,
            }
            for row in changed
        ],
    )
    audit.record(
        "message-wishes.changed",
        actor=actor,
        subject=("customer", customer_id),
        customer_id=customer_id,
        data={"wishes": changed, "source": source},
    )
    return len(changed)


def history(customer_id: uuid.UUID, limit: int = 20) -> Sequence[Wish]:
    """The newest wishes of a customer, with who said so."""
    rows = db.session.execute(
        select(
            Choice.kind,
            Choice.channel,
            Choice.wanted,
            Choice.source,
            Choice.made_at,
            User.name.label("made_by"),
        )
        .outerjoin(User, and_(User.tenant_id == Choice.tenant_id, User.id == Choice.made_by))
        .where(Choice.customer_id == customer_id)
        .order_by(Choice.id.desc())
        .limit(limit)
    )
    return [Wish(*row) for row in rows]
