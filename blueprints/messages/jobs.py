"""What runs later: messages leave."""

from __future__ import annotations

import uuid
from typing import Any

from blueprints.messages.leaving import leave
from blueprints.messages.services import LEAVE
from saas.clock import now
from saas.outbox import handler


@handler(LEAVE)
def let_leave(payload: dict[str, Any]) -> None:
    leave(uuid.UUID(payload["message"]), now())
