"""What runs after the transaction: certificates on paper."""

from __future__ import annotations

import uuid
from typing import Any

from blueprints.cases.certificate import TOPIC, certificate
from saas.outbox import handler


@handler(TOPIC)
def draw_certificate(payload: dict[str, Any]) -> None:
    certificate(uuid.UUID(payload["case_id"]))
