"""What is said of differences with a provider. Looked up here, translated by the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blueprints.payments.settlement_rules import AMOUNT, EXTRA, MISSING
from saas.languages import N_

KINDS: Final[Mapping[str, str]] = {
    MISSING: N_("The provider does not have it"),
    EXTRA: N_("Only the provider has it"),
    AMOUNT: N_("The amounts differ"),
}
