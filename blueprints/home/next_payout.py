"""When what is held for an owner is paid out, and if it is not, why: one sentence and where to do something."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import g, url_for
from flask_babel import gettext

from blueprints.payouts.account_queries import Account, accounts_of
from blueprints.payouts.proposing import MINIMUM, RESERVE
from saas.clock import now
from saas.dates import format_datetime
from saas.money import format_money
from tenants.page_context import locale


def _(msgid: str, **facts: str) -> str:
    return str(gettext(msgid, **facts))


@dataclass(frozen=True, slots=True)
class NextPayout:
    """`words` say when, or why not. `url` leads to what the owner has to do (empty: nothing), `label` names it;
    `first`: without it nothing can be paid out, so it is what the page leads to."""

    words: str
    url: str = ""
    label: str = ""
    first: bool = False


def next_payout(owner_id: uuid.UUID, held: int, currency: str) -> NextPayout:
    """`held` in minor units, below zero when more was paid out than stayed. One statement."""
    found: dict[str, Account] = {}
    for account in accounts_of(owner_id, now()):
        found.setdefault(account.state, account)
    page = url_for("payouts.bank_account")
    if "frozen" in found:
        return NextPayout(
            _("Stopped until we have cleared up with you whose bank account it is. Your money is safe here."),
            page,
            _("See what happened"),
        )
    if "used" in found:
        return NextPayout(_paid_to(found["used"], held, currency))
    if "held" in found:
        moment = format_datetime(found["held"].row.usable_from, g.tenant.time_zone, locale(), short=True)
        return NextPayout(
            _("It can be paid out from %(moment)s on: your new bank account waits 72 hours.", moment=moment)
        )
    if "waiting" in found:
        return NextPayout(
            _("It is paid out once your bank account is confirmed."),
            page,
            _("Confirm the bank account"),
            True,
        )
    return NextPayout(
        _("It cannot be paid out yet: we do not know your bank account."),
        page if g.viewer.viewing_customer_id else url_for("payouts.ask_bank_account"),
        _("Enter a bank account"),
        g.viewer.viewing_customer_id is None,
    )


def _paid_to(account: Account, held: int, currency: str) -> str:
    """Where it goes. The settings are of each property, so what is said holds for the sum of several too."""
    reserve, least = int(g.tenant.setting(RESERVE)), int(g.tenant.setting(MINIMUM))
    if held < 0:
        return _("It is kept from the rent that comes in next.")
    if held == 0:
        return _(
            "Nothing is waiting. The next rent goes to your account ending in %(last_four)s.",
            last_four=account.row.last_four,
        )
    if held <= reserve:
        return _(
            "It stays as the reserve of your property, up to %(amount)s.", amount=_money(reserve, currency)
        )
    if held < least:
        return _("It is paid out when it comes to %(amount)s.", amount=_money(least, currency))
    words = _(
        "It goes to your account ending in %(last_four)s with the next payouts.",
        last_four=account.row.last_four,
    )
    if reserve:
        words += " " + _("Of each property %(amount)s stays as a reserve.", amount=_money(reserve, currency))
    return words


def _money(amount: int, currency: str) -> str:
    return format_money(amount, currency, locale())
