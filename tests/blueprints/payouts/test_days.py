"""Days and owners that changed meanwhile: an end before its beginning, a refund of rent that another owned."""

from __future__ import annotations

import datetime

from sqlalchemy import func, select

from blueprints.accounts.models import AccountParty
from blueprints.ledger.models import JournalEntry
from blueprints.payments.refunds import NewRefund, request_refund
from blueprints.payouts.answers import mark_by_hand, take_answer
from blueprints.payouts.models import PayoutAnswerLine
from blueprints.payouts.proposing import Scope, held
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from tests import cast
from tests.blueprints.payouts.test_runs import CSV, answer, refused
from tests.blueprints.payouts.world import Agency, approved, collect, lines_of, staff, sums, usable_account


def test_nothing_ends_before_it_began(agency: Agency):
    """A day of last year, in the bank's file or typed by hand, changes no statement that owners have read."""
    long_ago = agency.day - datetime.timedelta(days=400)
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency)
        usable_account(agency, 1, "22345678901")
        first, second = lines_of(approved(agency))
        bytes_ = answer(agency, [(first.key, 600_000, "OK")], on=long_ago)
        take_answer(bytes_, "r.csv", CSV, actor=staff(agency.ana), now=now())
        row = db.session.execute(select(PayoutAnswerLine)).scalar_one()
        assert (row.effect, row.done_on) == ("paid", agency.day)
        given = {"reference": "1", "note": "x", "actor": staff(agency.ana), "now": now()}
        assert "before" in refused(mark_by_hand, second.id, paid=False, on=long_ago, **given)
        early = select(func.count()).where(JournalEntry.occurred_on < agency.day)
        early = early.where(JournalEntry.business_key.startswith("payout"))
        assert db.session.execute(early).scalar_one() == 0
        yesterday = agency.day - datetime.timedelta(days=1)
        assert "before" in refused(mark_by_hand, first.id, paid=False, on=yesterday, **given)
        mark_by_hand(first.id, paid=False, on=agency.day, **given)
        assert sums() == (600_000, 400_000, 0)


def test_a_refund_is_kept_from_who_owned_when_the_rent_was_paid(agency: Agency):
    """The second owner sold a part to somebody after the rent came in; the refund will be taken from the second."""
    sold = agency.day - datetime.timedelta(days=3)
    with agency.unit():
        invoice, payment = collect(agency, 1_000_000, on=sold - datetime.timedelta(days=1))
        buyer = cast.add_customer("Compradora", document="333333")
        seller = select(AccountParty).where(AccountParty.customer_id == agency.owners[1])
        party = db.session.execute(seller).scalar_one()
        party.valid_until = sold - datetime.timedelta(days=1)
        part = {"account_id": agency.mandate, "role": "owner", "share": 400_000, "valid_from": sold}
        db.session.add(AccountParty(id=new_id(), customer_id=buyer, **part))
        db.session.flush()
        collect(agency, 500_000)
        request_refund(
            NewRefund(payment, [(invoice, 100_000)], "outside", "Error", "TR-1"),
            actor=staff(agency.ana),
            now=now(),
        )
        found = held(agency.day, "COP", Scope())
        kept = {owner: amounts.refunds for (_mandate, owner), amounts in found.items()}
        assert kept == {agency.owners[0]: 60_000, agency.owners[1]: 40_000, buyer: 0}
