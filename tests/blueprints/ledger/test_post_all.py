"""Many entries at once are the same entries as one by one."""

from __future__ import annotations

import datetime

import pytest
from flask import Flask

from blueprints.ledger import rules
from blueprints.ledger.queries import balance, unbalanced_entries
from blueprints.ledger.services import post, post_all
from saas.ids import new_id
from saas.scope import unit_of_work
from tests import cast

DAY = datetime.date(2026, 11, 5)


def test_many_entries_post_once_each_and_balance(app: Flask):
    tenant = cast.make_agency()
    with unit_of_work(tenant.id):
        owners = [cast.add_customer(f"Dueño {number}", document=str(number)) for number in range(3)]
        mandate = cast.add_account("M-1", kind="mandate")
        entries = [
            (
                f"payout:{number}:ordered",
                "payout-ordered",
                rules.order_payout(mandate_account_id=mandate, owner_id=owner, amount=100 + number),
            )
            for number, owner in enumerate(owners)
        ]
        assert post(*entries[0], currency="COP", occurred_on=DAY)
        assert post_all(entries, currency="COP", occurred_on=DAY) == {key for key, *_rest in entries[1:]}
        assert post_all(entries, currency="COP", occurred_on=DAY) == set()
    with unit_of_work(tenant.id):
        assert balance(rules.OWNER_PAYABLE) == 303
        assert [balance(rules.PAYOUTS_UNDER_WAY, customer_id=owner) for owner in owners] == [-100, -101, -102]
        assert unbalanced_entries() == []


def test_receivables_are_not_posted_in_bulk(app: Flask):
    tenant = cast.make_agency()
    with unit_of_work(tenant.id), pytest.raises(ValueError, match="receivable"):
        lines = rules.settle(source=rules.CLEARING, account_id=new_id(), invoice_id=new_id(), amount=1)
        post_all([("x", "y", lines)], currency="COP", occurred_on=DAY)
