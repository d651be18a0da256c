"""How long texts are kept. What was sent, when and what became of it stays: it is evidence."""

from __future__ import annotations

import datetime

from sqlalchemy import CursorResult, update

from blueprints.messages.models import Message
from blueprints.messages.rules import WAITING
from saas.database import db
from tenants.loading import serving

KEEP = "messages.keep-months"
MONTH = datetime.timedelta(days=31)


def forget_texts(moment: datetime.datetime) -> int:
    """Forget what messages said that are older than the tenant keeps them. Returns how many."""
    edge = moment - MONTH * int(serving().setting(KEEP))
    done = db.session.execute(
        update(Message)
        .where(
            Message.created_at < edge,
            Message.body.is_not(None),
            Message.state.not_in(WAITING),
        )
        .values(body=None, sealed=None, attachments=[], facts={}, detail=None)
        .execution_options(synchronize_session=False)
    )
    return done.rowcount if isinstance(done, CursorResult) else 0
