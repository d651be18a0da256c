"""What is said of a payment link. Looked up here, translated by the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blueprints.payments.links import EXPIRED, REVOKED, USABLE
from saas.languages import N_

# State of a link -> (words, tone).
STATES: Final[Mapping[str, tuple[str, str]]] = {
    USABLE: (N_("Can be used"), "success"),
    REVOKED: (N_("Taken back"), "neutral"),
    EXPIRED: (N_("Expired"), "neutral"),
}
