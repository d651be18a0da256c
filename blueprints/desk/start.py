"""The desk's first page: what waits for somebody, and today's figures."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from flask import g

from blueprints.cases.desk_queries import waiting as cases_waiting
from blueprints.desk.first_steps import first_steps
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
    without_login, dead = queries.counts(
        logins=sees_people and viewer.may(roles.INVITE), dead=viewer.may(roles.SETTINGS)
    )
    attempts, arrived = queries.begun_and_arrived(midnight) if sees_money else ({}, [])
    return render(
        "desk/start.html",
        waiting=waiting() if sees_money else {},
        payouts=waiting_payouts(now()) if _pays_owners() else {},
        cases=cases_waiting(viewer.user_id, today) if viewer.may(roles.CASES) else None,
        imports=queries.running_imports() if viewer.may(roles.IMPORTS) else [],
        without_login=without_login,
        many=queries.MANY,
        dead=dead,
        unusable=_unusable() if viewer.may(roles.SETTINGS) else [],
        arrived=arrived,
        attempts=attempts,
        sees_money=sees_money,
        sees_people=sees_people,
        steps=first_steps(g.tenant, queries.begun()) if viewer.may(roles.SETTINGS) else (),
    )


def _pays_owners() -> bool:
    return "payouts" in g.tenant.capabilities and g.viewer.may(roles.PAYOUTS)


def _unusable() -> list[AccountSheet]:
    """Accounts at payment providers that are switched on and do not work."""
    return [
        sheet for sheet in account_sheets() if sheet.enabled and (sheet.check_problem or not sheet.readable)
    ]
