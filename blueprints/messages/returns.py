"""A message came back: its row says so, and an address that takes no mail gets none any more."""

from __future__ import annotations

import datetime

from sqlalchemy import select, update

from blueprints.messages import rules
from blueprints.messages.addresses import mark_dead, normal
from blueprints.messages.bounces import Bounce
from blueprints.messages.models import Message
from saas.database import db
from saas.languages import N_

GONE = N_("The address does not take mail: it came back.")
DELAYED = N_("The mail server of the address has not taken it yet; it goes on trying.")


def take_back(bounce: Bounce, moment: datetime.datetime) -> bool:
    """Write a bounce down in the active tenant's list. False when it is about none of its messages, or tells
    nothing new. A report about another address than the message went to is believed of nobody."""
    row = db.session.execute(
        select(Message.state, Message.recipient).where(Message.id == bounce.message_id).with_for_update()
    ).first()
    if row is None or row.state not in (rules.SENT, *rules.WAITING) or bounce.delivered:
        return False
    if bounce.recipient and bounce.recipient != normal(row.recipient):
        return False
    values: dict[str, object] = {"detail": bounce.said}
    if bounce.for_good:
        values |= {"state": rules.BOUNCED, "reason": GONE, "settled_at": moment, "sealed": None}
        mark_dead(row.recipient, bounce.said, bounce.message_id, moment)
    else:
        values |= {"reason": DELAYED}
    db.session.execute(
        update(Message)
        .where(Message.id == bounce.message_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return True
