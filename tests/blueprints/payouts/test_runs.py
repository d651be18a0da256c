"""A run from proposal to what the bank answers: once, by two people, to the cent."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context

import pytest
from sqlalchemy import func, select

from blueprints.leases.models import Payout
from blueprints.ledger.queries import unbalanced_entries
from blueprints.payments.refunds import NewRefund, request_refund
from blueprints.payouts import queries, rules
from blueprints.payouts.answers import AlreadyTaken, mark_by_hand, resolve_line, take_answer
from blueprints.payouts.bank_accounts import freeze
from blueprints.payouts.layouts import ANSWER, ORDER, layouts
from blueprints.payouts.models import PayoutAnswer, PayoutAnswerLine, PayoutLine, PayoutRun
from blueprints.payouts.proposing import Scope
from blueprints.payouts.reading import read_file
from blueprints.payouts.runs import approve_run, drop_run, prepare_run, take_out
from blueprints.payouts.sending import file_of, make_file
from blueprints.payouts.writing import write_file
from saas.audit import first_broken
from saas.clock import now
from saas.database import db
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tests.blueprints.payouts.world import (
    Agency,
    add_mandate,
    approved,
    collect,
    enter,
    lines_of,
    prepared,
    setting,
    staff,
    sums,
    usable_account,
)
from tests.pages import checked_get

CSV, FIXED = "csv-generico-v1", "ancho-fijo-generico-v1"


def refused(what, *args, **given) -> str:
    with pytest.raises(Refusal) as found:
        what(*args, **given)
    return found.value.msgid


def answer(
    agency: Agency,
    lines: list[tuple[str, int, str]],
    *,
    layout: str = CSV,
    reference: str = "B-1",
    on: datetime.date | None = None,
) -> bytes:
    """What the bank would write: (key, amount, code)."""
    details = [
        {
            "key": key,
            "amount": amount,
            "code": code,
            "done_on": on or agency.day,
            "reference": reference,
            "words": "SALDO NO" if code.startswith("R") else "",
        }
        for key, amount, code in lines
    ]
    return write_file(layouts(ANSWER)[layout], {}, details)


def test_a_run_proposes_what_is_held_and_says_why_not(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_001)
        usable_account(agency)  # only the first owner has one
        run = prepared(agency)
        first, second = lines_of(run)
        assert (first.state, first.amount, first.held) == ("proposed", 600_001, 600_001)
        assert (second.state, second.reason, second.amount, second.kept) == (
            "left-out",
            rules.NO_ACCOUNT,
            0,
            400_000,
        )
        row = db.session.execute(select(PayoutRun)).scalar_one()
        assert (row.lines, row.total, row.state) == (1, 600_001, "prepared")
        assert sums() == (1_000_001, 0, 0), "a proposal books nothing"


def test_who_is_paid_stands_before_who_is_left_out(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency, 1, "22345678901")
        run = prepared(agency)
        found = queries.lines(run, "", None).rows
        assert [(row.owner, row.state, row.reason) for row in found] == [
            ("Beto Nuñez", rules.PROPOSED, None),
            ("Ana Dueñas", rules.LEFT_OUT, rules.NO_ACCOUNT),
        ]
        assert [row.state for row in queries.sums(run)] == [rules.PROPOSED, rules.LEFT_OUT]
    page = checked_get(agency.client(agency.ana), f"/desk/payouts/{run}").text
    assert page.index("Beto Nuñez") < page.index("Por fuera, y por qué") < page.index("Ana Dueñas")


def test_a_run_is_read_to_its_end_in_that_order(agency: Agency, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(queries, "SIZE", 1)
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency, 1, "22345678901")
        run = prepared(agency)
        first = queries.lines(run, "", None)
        second = queries.lines(run, "", first.older)
        assert [row.owner for row in (*first.rows, *second.rows)] == ["Beto Nuñez", "Ana Dueñas"]
        assert second.older is None


def test_what_came_after_the_cut_waits(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000, on=agency.day - datetime.timedelta(days=10))
        collect(agency, 500_000)
        usable_account(agency)
        cut = agency.day - datetime.timedelta(days=1)
        run = prepare_run(cut, agency.day, Scope(), actor=staff(agency.ana), now=now())
        line = lines_of(run)[0]
        assert (line.held, line.amount, line.kept, line.facts) == (
            900_000,
            600_000,
            300_000,
            {"after_cut": 300_000},
        )


def test_reserve_minimum_and_refunds_on_the_way_stay(agency: Agency):
    with agency.unit():
        setting("payouts.reserve", 10_000)
        setting("payouts.minimum", 350_000)
    with agency.unit():
        invoice, payment = collect(agency, 1_000_000)
        usable_account(agency)
        usable_account(agency, 1, "22345678901")
        request_refund(
            NewRefund(payment, [(invoice, 100_001)], "outside", "Error", "TR-1"),
            actor=staff(agency.ana),
            now=now(),
        )
        first, second = lines_of(prepared(agency))
        assert first.facts == {"refunds": 60_001, "reserve": 10_000}
        assert first.amount == 600_000 - 60_001 - 10_000
        assert (second.reason, second.facts["minimum"]) == (rules.BELOW_MINIMUM, 350_000)


def test_two_people_and_once(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency)
        usable_account(agency, 1, "22345678901")
        run = prepared(agency)
        assert "Somebody else" in refused(
            approve_run, run, may_approve=True, actor=staff(agency.ana), now=now()
        )
        assert "Somebody else" in refused(
            approve_run, run, may_approve=False, actor=staff(agency.luis), now=now()
        )
        assert approve_run(run, may_approve=True, actor=staff(agency.luis), now=now()) == 0
        assert sums() == (0, 1_000_000, 0)
        assert "already" in refused(approve_run, run, may_approve=True, actor=staff(agency.paz), now=now())
        assert "already" in refused(drop_run, run, "no", actor=staff(agency.paz), now=now())
        payouts = db.session.execute(select(Payout).order_by(Payout.amount.desc())).scalars().all()
        assert [(row.amount, row.state, row.void_at) for row in payouts] == [
            (600_000, "under-way", None),
            (400_000, "under-way", None),
        ]
        assert payouts[0].method == "Bancolombia ····8901"
    with agency.unit():
        again = prepared(agency)
        assert {line.reason for line in lines_of(again)} == {rules.NOTHING}
        assert first_broken() is None and unbalanced_entries() == []


def test_below_the_threshold_one_person_does_until_the_day_is_full(agency: Agency):
    with agency.unit():
        setting("payouts.second-person-above", 1_000_000)
    with agency.unit():
        usable_account(agency)
        usable_account(agency, 1, "22345678901")
        for amount in (600_000, 300_000):
            collect(agency, amount)
            run = prepared(agency)
            approve_run(run, may_approve=False, actor=staff(agency.ana), now=now())
        collect(agency, 200_000)
        run = prepared(agency)
        assert "Somebody else" in refused(
            approve_run, run, may_approve=False, actor=staff(agency.ana), now=now()
        ), "a large run cut into small ones still needs two"
        approve_run(run, may_approve=True, actor=staff(agency.luis), now=now())
        assert sums() == (0, 1_100_000, 0)


def test_two_who_approve_at_once_make_one_payout(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency)
        run = prepared(agency)

    def go(user) -> str:
        try:
            with agency.app.app_context(), unit_of_work(agency.tenant.id):
                approve_run(run, may_approve=True, actor=staff(user), now=now())
        except Refusal:
            return "refused"
        return "approved"

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(Context().run, go, user) for user in (agency.luis, agency.paz)]
        assert sorted(one.result(timeout=60) for one in done) == ["approved", "refused"]
    with agency.unit():
        assert db.session.execute(select(func.count()).select_from(Payout)).scalar_one() == 1
        assert sums() == (400_000, 600_000, 0)


def test_two_runs_with_the_same_money_pay_it_once(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency)
        one, two = prepared(agency), prepared(agency, by=agency.luis)
        approve_run(one, may_approve=True, actor=staff(agency.luis), now=now())
        assert "Nothing is left" in refused(
            approve_run, two, may_approve=True, actor=staff(agency.paz), now=now()
        )
    with agency.unit():
        assert sums() == (400_000, 600_000, 0)


def test_somebody_is_taken_out_with_a_reason(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency)
        usable_account(agency, 1, "22345678901")
        run = prepared(agency)
        line = lines_of(run)[0]
        assert "Say why" in refused(take_out, line.id, " ", actor=staff(agency.ana), now=now())
        take_out(line.id, "Pidió esperar", actor=staff(agency.ana), now=now())
        assert "already" in refused(take_out, line.id, "Otra vez", actor=staff(agency.ana), now=now())
        db.session.expire_all()
        row = db.session.execute(select(PayoutRun)).scalar_one()
        assert (row.lines, row.total) == (1, 400_000)
        approve_run(run, may_approve=True, actor=staff(agency.luis), now=now())
        assert sums() == (600_000, 400_000, 0)


def test_the_file_is_the_same_and_the_answer_counts_once(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_001)
        usable_account(agency)
        usable_account(agency, 1, "22345678901")
        run = approved(agency)
        make_file(run, CSV, actor=staff(agency.luis), now=now())
        name, content = file_of(run, actor=staff(agency.luis))
        assert name.endswith(".csv") and b"12345678901" in content and b"600000" not in content
        assert "6000.01" in content.decode() and "TOTAL;2;;10000.01" in content.decode()
    with agency.unit():
        assert make_file(run, FIXED, actor=staff(agency.ana), now=now()) == 0
        assert file_of(run, actor=staff(agency.ana)) == (name, content), "asked again it is the same"
        first, second = lines_of(run)
        bytes_ = answer(agency, [(first.key, 600_001, "OK"), (second.key, 400_000, "R03")])
        taken = take_answer(bytes_, "r.csv", CSV, actor=staff(agency.ana), now=now())
        assert sums() == (400_000, 0, 600_001)
    with agency.unit(), pytest.raises(AlreadyTaken):
        take_answer(bytes_, "r.csv", CSV, actor=staff(agency.ana), now=now())
    with agency.unit():
        row = db.session.get_one(PayoutAnswer, (agency.tenant.id, taken))
        assert row.outcome == {"paid": 1, "returned": 1} and row.kept == 0
        assert db.session.execute(select(PayoutRun.state)).scalar_one() == "done"
        paid, came_back = db.session.execute(select(Payout).order_by(Payout.amount.desc())).scalars()
        assert (paid.state, paid.reference, paid.void_at) == ("paid", "B-1", None)
        assert came_back.state == "returned" and came_back.void_at is not None
        # The same news in another file changes nothing; later the bank takes back what it had paid.
        same = answer(agency, [(first.key, 600_001, "00")], reference="B-2")
        take_answer(same, "s.csv", CSV, actor=staff(agency.ana), now=now())
        assert sums() == (400_000, 0, 600_001)
        back = answer(agency, [(first.key, 600_001, "DEVUELTO")])
        take_answer(back, "t.csv", CSV, actor=staff(agency.ana), now=now())
        assert sums() == (1_000_001, 0, 0)
        assert unbalanced_entries() == [] and first_broken() is None


def test_two_who_put_the_same_answer_in_book_it_once(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency)
        run = approved(agency)
        bytes_ = answer(agency, [(lines_of(run)[0].key, 600_000, "OK")], layout=CSV)

    def go() -> str:
        try:
            with agency.app.app_context(), unit_of_work(agency.tenant.id):
                take_answer(bytes_, "r.csv", CSV, actor=staff(agency.ana), now=now())
        except AlreadyTaken:
            return "known"
        return "taken"

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(Context().run, go) for _ in range(2)]
        assert sorted(one.result(timeout=60) for one in done) == ["known", "taken"]
    with agency.unit():
        assert sums() == (400_000, 0, 600_000)


def test_what_fits_nothing_waits_for_staff(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency)
        usable_account(agency, 1, "22345678901")
        run = approved(agency)
        first, second = lines_of(run)
        said = [
            ("9999999999", 5, "OK"),
            (first.key, 599_999, "OK"),
            (first.key, 600_000, "QUE"),
            (second.key, 400_000, "R1"),
            (second.key, 400_000, "OK"),
            (first.key.lstrip("0"), 600_000, "OK"),
        ]
        bytes_ = answer(agency, said)
        taken = take_answer(bytes_, "r.csv", CSV, actor=staff(agency.ana), now=now())
        rows = db.session.execute(select(PayoutAnswerLine).order_by(PayoutAnswerLine.number)).scalars().all()
        assert [row.effect for row in rows] == [
            rules.UNKNOWN_LINE,
            rules.WRONG_AMOUNT,
            rules.UNKNOWN_CODE,
            "returned",
            rules.CONTRADICTION,
            "paid",
        ]
        assert sums() == (400_000, 0, 600_000)
        assert db.session.get_one(PayoutAnswer, (agency.tenant.id, taken)).kept == 4
        resolve_line(rows[0].id, "No era nuestro", actor=staff(agency.ana), now=now())
        assert "already" in refused(resolve_line, rows[0].id, "x", actor=staff(agency.ana), now=now())
        db.session.expire_all()
        assert db.session.get_one(PayoutAnswer, (agency.tenant.id, taken)).kept == 3


def test_a_file_that_is_not_whole_is_refused(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency)
        run = approved(agency)
        good = answer(agency, [(lines_of(run)[0].key, 600_000, "OK")])
        for wrong in (
            good.replace(b"TOTAL;1;", b"TOTAL;2;"),
            good.replace(b"TOTAL;1;6000.00", b"TOTAL;1;6000.01"),
            good.split(b"TOTAL")[0],
            good.replace(b"clave", b"llave"),
            b"",
            good.replace(b"6000.00;OK", b"-6000.00;OK"),
        ):
            refused(take_answer, wrong, "r.csv", CSV, actor=staff(agency.ana), now=now())
        assert sums() == (400_000, 600_000, 0)


def test_by_hand_with_a_reference(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency)
        line = lines_of(approved(agency))[0]
        given = {"on": agency.day, "note": "Visto en el banco", "actor": staff(agency.ana), "now": now()}
        assert "reference" in refused(mark_by_hand, line.id, paid=True, reference="", **given)
        future = {**given, "on": agency.day + datetime.timedelta(days=1)}
        assert "future" in refused(mark_by_hand, line.id, paid=True, reference="1", **future)
        mark_by_hand(line.id, paid=True, reference="TR-9", **given)
        assert sums() == (400_000, 0, 600_000)
        assert "already" in refused(mark_by_hand, line.id, paid=True, reference="TR-9", **given)
        mark_by_hand(line.id, paid=False, reference="", **given)
        assert sums() == (1_000_000, 0, 0)
        assert "already" in refused(mark_by_hand, line.id, paid=True, reference="TR-9", **given)


def test_an_account_that_was_frozen_after_the_approval_stays_out_of_the_file(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        mine = usable_account(agency)
        usable_account(agency, 1, "22345678901")
        run = approved(agency)
        freeze(mine, actor=staff(agency.paz), now=now())
        assert make_file(run, FIXED, actor=staff(agency.luis), now=now()) == 1
        _name, content = file_of(run, actor=staff(agency.luis))
        assert b"22345678901" in content and b"12345678901" not in content
        assert sums() == (600_000, 400_000, 0), "the stopped payout is held for the owner again"
        stopped = db.session.execute(select(PayoutLine).where(PayoutLine.state == "returned")).scalar_one()
        assert stopped.reason == rules.ACCOUNT_FROZEN


@pytest.mark.parametrize("asked_only", [False, True], ids=["gone back", "asked for"])
def test_rent_that_goes_back_after_the_approval_keeps_its_payout_out_of_the_file(
    agency: Agency, asked_only: bool
):
    """Case F11: what was approved and has not left is held; the same owner's other contract is paid."""
    with agency.unit():
        usable_account(agency)
        usable_account(agency, 1, "22345678901")
        setting("refunds.second-person-above", 0 if asked_only else 10**9)
    with agency.unit():
        invoice, payment = collect(agency, 1_000_000)
        add_mandate(agency, "CT-2", [(agency.owners[1], 1_000_000)])
        collect(agency, 300_000)
        run = approved(agency)
        refund = NewRefund(payment, [(invoice, 100_000)], "outside", "Error", "TR-1")
        request_refund(refund, actor=staff(agency.ana), now=now())
        assert make_file(run, FIXED, actor=staff(agency.luis), now=now()) == 2
        read = read_file(layouts(ORDER)[FIXED], file_of(run, actor=staff(agency.luis))[1])
        assert read.total == 300_000
        states = {(line.amount, line.state, line.reason) for line in lines_of(run)}
        assert states == {
            (300_000, "under-way", None),
            (600_000, "returned", rules.WENT_BACK),
            (400_000, "returned", rules.WENT_BACK),
        }
        assert sums() == (1_000_000 if asked_only else 900_000, 300_000, 0)
        proposed = {line.amount for line in lines_of(prepared(agency)) if line.amount}
        assert proposed == {540_000, 360_000}, "what is left of it"


def test_money_that_makes_good_what_went_back_lets_the_payout_leave(agency: Agency):
    with agency.unit():
        usable_account(agency)
        usable_account(agency, 1, "22345678901")
        setting("refunds.second-person-above", 10**9)
    with agency.unit():
        invoice, payment = collect(agency, 1_000_000)
        run = approved(agency)
        refund = NewRefund(payment, [(invoice, 100_000)], "outside", "Error", "TR-1")
        request_refund(refund, actor=staff(agency.ana), now=now())
        assert "look at each line" in refused(make_file, run, FIXED, actor=staff(agency.luis), now=now())
        collect(agency, 100_000)
        assert make_file(run, FIXED, actor=staff(agency.luis), now=now()) == 0


def test_the_fixed_file_reads_back(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        usable_account(agency)
        usable_account(agency, 1, "22345678901")
        run = approved(agency)
        make_file(run, FIXED, actor=staff(agency.luis), now=now())
        _name, content = file_of(run, actor=staff(agency.luis))
        assert {len(line) for line in content.split(b"\r\n") if line} == {160}
        read = read_file(layouts(ORDER)[FIXED], content)
        assert read.total == 1_000_000 and read.header["company_document"] == "000000009001234567"[-15:]
        assert [line.values["holder_name"] for line in read.lines] == ["ANA DUENAS", "BETO NUNEZ"]


def test_an_owner_who_owes_is_left_out(agency: Agency):
    with agency.unit():
        usable_account(agency)
        usable_account(agency, 1, "22345678901")
        setting("refunds.second-person-above", 10**9)
    with agency.unit():
        invoice, payment = collect(agency, 1_000_000)
        run = approved(agency)
        for line in lines_of(run):
            mark_by_hand(
                line.id, paid=True, on=agency.day, reference="1", note="x", actor=staff(agency.ana), now=now()
            )
        request_refund(
            NewRefund(payment, [(invoice, 500_000)], "outside", "Error", "TR-1"),
            actor=staff(agency.ana),
            now=now(),
        )
    with agency.unit():
        again = lines_of(prepared(agency))
        assert {line.reason for line in again} == {rules.NEGATIVE}
        assert sums() == (-500_000, 0, 1_000_000)


def test_a_held_account_leaves_the_owner_out_and_the_old_one_goes_on(agency: Agency):
    with agency.unit():
        collect(agency, 1_000_000)
        enter(agency)
        first, _second = lines_of(prepared(agency))
        assert first.reason in (rules.ACCOUNT_WAITS, rules.NO_ACCOUNT)
        assert {line.reason for line in lines_of(prepared(agency))} == {rules.ACCOUNT_WAITS, rules.NO_ACCOUNT}
