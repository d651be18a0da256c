"""The desk's first page: what waits for somebody, and today's figures."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from flask import g

from blueprints.cases.desk_queries import waiting as cases_waiting
from blueprints.desk.pages import pages
from blueprints.desk.queries import start as queries
from blueprints.payments.refund_queries import waiting
from blueprints.payouts.queries import waiting as waiting_payouts
from saas.clock import now
from saas.permissions import SIGNED_IN, allow
from saas.refusals import NotFound
from tenants import roles
from tenants.look import render
from tenants.provider_account_sheets import AccountSheet, account_sheets


@pages.get("")
@allow(SIGNED_IN)
def start() -> str:
    """Every role has a desk, so no single permission opens it; customers are told that it is not there."""
    viewer = g.viewer
    if not viewer.is_staff:
        raise NotFound()
    today = g.tenant.today()
    midnight = datetime.datetime.combine(today, datetime.time.min, ZoneInfo(g.tenant.time_zone))
    sees_money, sees_people = viewer.may(roles.PAYMENTS), viewer.may(roles.CUSTOMERS)
    return render(
        "desk/start.html",
        waiting=waiting() if sees_money else {},
        payouts=waiting_payouts(now()) if _pays_owners() else {},
        cases=cases_waiting(viewer.user_id, today) if viewer.may(roles.CASES) else None,
        imports=queries.running_imports() if viewer.may(roles.IMPORTS) else [],
        without_login=queries.customers_without_login() if sees_people and viewer.may(roles.INVITE) else 0,
        many=queries.MANY,
        dead=queries.dead_outbox_rows() if viewer.may(roles.SETTINGS) else 0,
        unusable=_unusable() if viewer.may(roles.SETTINGS) else [],
        arrived=queries.online_payments_since(midnight) if sees_money else [],
        attempts=queries.attempts_since(midnight) if sees_money else {},
        sees_money=sees_money,
        sees_people=sees_people,
    )


def _pays_owners() -> bool:
    return "payouts" in g.tenant.capabilities and g.viewer.may(roles.PAYOUTS)


def _unusable() -> list[AccountSheet]:
    """Accounts at payment providers that are switched on and do not work."""
    return [
        sheet for sheet in account_sheets() if sheet.enabled and (sheet.check_problem or not sheet.readable)
    ]
