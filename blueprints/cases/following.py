"""Which case this browser may see without a login, and how often somebody without one may ask."""

from __future__ import annotations

import datetime

from flask import request

from blueprints.cases.follow_codes import Ticket, ticket_of
from saas.clock import now
from saas.limits import count_attempt, network_of
from tenants.frame import client_address, cookie_name

TICKET_COOKIE = "ventanilla-case"
HOUR = datetime.timedelta(hours=1)
AN_HOUR = 60  # from one network, of each kind: a code has 80 bits, so this only keeps noise away


def ticket() -> Ticket | None:
    """What this browser opened a while ago."""
    return ticket_of(request.cookies.get(cookie_name(TICKET_COOKIE), ""), now())


def asked_too_often(kind: str) -> bool:
    """Count one more question of this kind from the visitor's network."""
    return count_attempt(kind, network_of(client_address()), window=HOUR) > AN_HOUR
