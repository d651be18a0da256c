"""Which account a page speaks of: the one chosen to work with, or all of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import g, request

from blueprints.accounts.queries import AccountLine, my_accounts
from blueprints.accounts.reach import reach_of
from tenants.context import Reach

ALL = "all"


@dataclass(frozen=True, slots=True)
class Working:
    """The accounts at hand (the chosen one leads), how many there are in all, and the chosen one, if one is."""

    accounts: list[AccountLine]
    known: int
    chosen: AccountLine | None

    @property
    def account_id(self) -> uuid.UUID | None:
        return self.chosen.id if self.chosen else None

    @property
    def several(self) -> bool:
        return self.known > 1

    def name_of(self, account_id: uuid.UUID, otherwise: str) -> str:
        """The person's name for an account among those at hand."""
        return next((line.name for line in self.accounts if line.id == account_id), otherwise)


def working_on(only: AccountLine) -> Working:
    """What `working` says of who has one account."""
    return Working([only], 1, only)


def wanted_account() -> uuid.UUID | None:
    """The account asked for: by the address (`?account=`, also for staff who look on), else by the session."""
    asked = request.args.get("account", "")
    if asked == ALL:
        return None
    try:
        return uuid.UUID(asked)
    except ValueError:
        return None if g.viewer.viewing_customer_id else g.viewer.account_id


def working(reach: Reach | None = None) -> Working:
    """The viewer's accounts with the chosen one first; one statement. One out of reach counts as none chosen."""
    wanted = wanted_account()
    lines, known = my_accounts(reach or reach_of(g.viewer, g.tenant), first=wanted)
    chosen = lines[0] if lines and lines[0].id == wanted else None
    return working_on(lines[0]) if known == 1 else Working(lines, known, chosen)
