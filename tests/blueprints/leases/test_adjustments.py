"""The yearly adjustment at the desk: previewed, chosen, written once, never above the law."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select

from blueprints.leases.adjustments import apply, proposals
from blueprints.leases.contracts import change_rent, end_lease
from blueprints.leases.daily import attend
from blueprints.leases.models import Lease, LeaseRent, PriceIndex
from blueprints.leases.terms import RENT_SEGMENTS, RentFrom, segments
from saas import clock
from saas.audit import SYSTEM, AuditRow
from saas.database import db
from saas.events import _handlers, subscribe
from saas.outbox import OutboxRow
from saas.refusals import Refusal
from saas.scope import current_tenant_id, leaving_the_net, unit_of_work
from tests.blueprints.leases.village import Village, lease, make_village, write_lease
from tests.pages import checked_get
from tests.signed_in import post, signed_in

DECEMBER = datetime.date(2026, 12, 1)
TODAY = datetime.date(2026, 11, 21)
PAGE = "/desk/leases/adjustments"


@pytest.fixture
def village(app: Flask) -> Village:
    return make_village()


@pytest.fixture
def desk(app: Flask, village: Village) -> FlaskClient:
    return signed_in(app, village.tenant, village.staff)


@contextmanager
def heard(name: str) -> Iterator[list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []
    before = list(_handlers.get(name, []))
    subscribe(name, lambda **facts: told.append(facts))
    yield told
    _handlers[name] = before


def test_the_preview_shows_rent_index_cap_and_new_rent(village: Village):
    with unit_of_work(village.tenant.id):
        home, office = proposals(DECEMBER, None, step=100).rows
        assert (home.rent, home.index, home.period) == (2_000_000_00, 51_000, "2025-12")
        assert home.new is not None
        assert (home.new.rent, home.new.limit, home.day) == (2_102_000_00, 2_102_000_00, DECEMBER)
        assert office.new is not None
        assert office.new.limit is None
        assert not proposals(datetime.date(2026, 11, 1), None, step=100).rows


def test_chosen_rents_rise_once_from_the_anniversary(village: Village):
    with heard("lease.rent-adjusted") as told, unit_of_work(village.tenant.id):
        chosen = [(village.home, 2_102_000_00)]
        done = apply(DECEMBER, chosen, step=100, today=TODAY, actor=SYSTEM)
        assert (done.done, done.skipped) == (1, ())
        assert apply(DECEMBER, chosen, step=100, today=TODAY, actor=SYSTEM).done == 0
    assert [fact["facts"]["rent"] for fact in told] == [2_102_000_00]
    assert told[0]["facts"]["source"] == "Ley 820 de 2003, artículo 20"
    with unit_of_work(village.tenant.id):
        row = lease(village.home)
        assert (row.rent, row.rent_since) == (2_000_000_00, DECEMBER), "it rises on its day, not before"
        newest = db.session.execute(
            select(LeaseRent)
            .where(LeaseRent.lease_id == village.home)
            .order_by(LeaseRent.valid_from.desc())
            .limit(1)
        ).scalar_one()
        assert (newest.valid_from, newest.rent, newest.reason, newest.index_code) == (
            DECEMBER, 2_102_000_00, "index", "co-ipc",
        )  # fmt: skip
        assert newest.facts["before"] == 2_000_000_00
        assert [one.number for one in proposals(DECEMBER, None, step=100).rows] == ["CT-2"]
        actions = db.session.scalars(select(AuditRow.action).where(AuditRow.subject_id == village.home)).all()
        assert actions == ["lease.rent-adjusted"]


def test_figures_that_changed_meanwhile_are_not_applied(village: Village):
    with unit_of_work(village.tenant.id):
        done = apply(DECEMBER, [(village.home, 2_500_000_00)], step=100, today=TODAY, actor=SYSTEM)
        assert (done.done, done.skipped) == (0, ("CT-1",))


def test_without_the_index_nothing_rises(village: Village):
    with unit_of_work(village.tenant.id):
        db.session.execute(delete(PriceIndex).where(PriceIndex.period == "2025-12"))
        assert [one.missing for one in proposals(DECEMBER, None, step=100).rows] == ["2025-12", "2025-12"]
        assert apply(DECEMBER, [(village.home, 2_102_000_00)], step=100, today=TODAY, actor=SYSTEM).done == 0


def test_a_rent_that_may_have_risen_already_is_not_chosen_for_anybody(village: Village):
    with unit_of_work(village.tenant.id):
        known = write_lease(
            "CT-3", "A3", "Calle 3", [village.renter], [(village.owner, 1_000_000)],
            rent=900_000_00, scenario="vivienda", starts_on=datetime.date(2023, 12, 1),
        )  # fmt: skip
        row = db.session.execute(select(LeaseRent).where(LeaseRent.lease_id == known)).scalar_one()
        row.facts = {"since": "unknown"}
        db.session.flush()
        assert [(one.number, one.doubtful) for one in proposals(DECEMBER, None, step=1).rows] == [
            ("CT-3", True), ("CT-1", False), ("CT-2", False),
        ]  # fmt: skip


def test_an_agreed_rise_of_housing_keeps_to_the_law_too(village: Village):
    def rise(lease_id: object, rent: int, day: datetime.date) -> None:
        change_rent(lease_id, rent, day, reason="agreed", note="", today=TODAY, actor=SYSTEM)  # type: ignore[arg-type]

    with unit_of_work(village.tenant.id):
        with pytest.raises(Refusal, match="may not rise before"):
            rise(village.home, 2_000_001_00, datetime.date(2026, 11, 30))
        with pytest.raises(Refusal, match="at most 5,1"):
            rise(village.home, 2_102_000_01, DECEMBER)
        rise(village.home, 2_102_000_00, DECEMBER)
        rise(village.office, 9_000_000_00, datetime.date(2026, 6, 1))
        assert lease(village.office).rent == 9_000_000_00


def test_the_day_begins_rents_renews_terms_and_ends_leases(
    app: Flask, village: Village, monkeypatch: pytest.MonkeyPatch
):
    with unit_of_work(village.tenant.id):
        apply(DECEMBER, [(village.home, 2_102_000_00)], step=100, today=TODAY, actor=SYSTEM)
        end_lease(village.office, datetime.date(2026, 12, 31), "Entrega", today=TODAY, actor=SYSTEM)
        over = write_lease(
            "CT-3", "A3", "Calle 3", [village.renter], [(village.owner, 1_000_000)],
            rent=900_000_00, scenario="vivienda", renews=False,
        )  # fmt: skip
    moment = datetime.datetime(2027, 1, 1, 15, tzinfo=datetime.UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    monkeypatch.setattr("saas.clock.now", lambda: moment)
    with unit_of_work(village.tenant.id):
        attend({})
        assert lease(village.home).rent == 2_102_000_00
        assert lease(village.home).term_until == datetime.date(2027, 11, 30)
        assert lease(village.office).status == "ended"
        assert (lease(over).status, lease(over).ended_on) == ("ended", datetime.date(2026, 11, 30))
        attend({})
        planned = db.session.execute(
            select(func.count()).select_from(OutboxRow).where(OutboxRow.topic == "leases.day")
        ).scalar_one()
        assert planned >= 1


def test_the_set_based_segments_are_the_pure_ones(village: Village):
    from sqlalchemy import text

    with unit_of_work(village.tenant.id):
        apply(DECEMBER, [(village.home, 2_102_000_00)], step=100, today=TODAY, actor=SYSTEM)
        change_rent(
            village.office,
            1_000_00,
            datetime.date(2026, 12, 11),
            reason="agreed",
            note="",
            today=TODAY,
            actor=SYSTEM,
        )
        end_lease(village.office, datetime.date(2026, 12, 20), "Entrega", today=TODAY, actor=SYSTEM)
        first, last = DECEMBER - datetime.timedelta(days=5), datetime.date(2026, 12, 31)
        with leaving_the_net("the statement under test names the tenant"):
            rows = db.session.execute(
                text(RENT_SEGMENTS), {"tenant": current_tenant_id(), "first_day": first, "last_day": last}
            ).all()
        found = sorted((row.number, row.first_day, row.last_day, row.rent) for row in rows)
        pure = []
        for one in db.session.scalars(select(Lease)).all():
            rents = db.session.execute(
                select(LeaseRent.valid_from, LeaseRent.rent).where(LeaseRent.lease_id == one.id)
            ).all()
            pure += [
                (one.number, *cut) for cut in segments(one, [RentFrom(*row) for row in rents], first, last)
            ]
        assert found == sorted(pure)
        assert len(found) == 4


def test_the_page_proposes_and_applies(desk: FlaskClient, village: Village):
    page = checked_get(desk, f"{PAGE}?month=2026-12")
    assert "Ley 820 de 2003" in page.text
    assert "5,1 %" in page.text
    with unit_of_work(village.tenant.id):
        shown = {one.lease_id: one.new.rent for one in proposals(DECEMBER, None, step=100).rows if one.new}
    fields = {
        "month": "2026-12",
        "lease": str(village.home),
        f"rent-{village.home}": str(shown[village.home]),
    }
    assert post(desk, f"{PAGE}?month=2026-12", PAGE, fields).status_code == 303
    assert "Cánones reajustados: 1." in desk.get(f"{PAGE}?month=2026-12").get_data(as_text=True)
    with unit_of_work(village.tenant.id):
        assert lease(village.home).rent_since == DECEMBER
    for bad in ("2026-13", "9999-01", "x"):
        assert desk.get(f"{PAGE}?month={bad}").status_code == 200


def test_indexes_are_typed_and_taken_from_files(desk: FlaskClient, village: Village):
    here = "/desk/leases/indexes"
    one = {
        "code": "co-ipc",
        "period": "12/2026",
        "value": "4,87",
        "source": "DANE",
        "published_on": "08/01/2027",
    }
    assert post(desk, here, here, {**one, "value": "cinco"}).status_code == 422
    assert post(desk, here, here, one).status_code == 303
    good = b"code;period;value;source;published_on\nco-ipc;2020-12;1,61;DANE;05/01/2021\n"

    def send(content: bytes) -> int:
        fields: Any = {"file": (BytesIO(content), "ipc.csv")}
        return post(desk, here, f"{here}/file", fields).status_code

    assert send(b"code;period\n") == 422
    assert send(good.replace(b"1,61", b"=1+1")) == 422
    assert send(b"\x00\x01\x02") == 422
    assert send(good) == 303
    assert send(good) == 303
    with unit_of_work(village.tenant.id):
        found = dict(
            db.session.execute(
                select(PriceIndex.period, PriceIndex.value).where(
                    PriceIndex.period.in_(["2026-12", "2020-12"])
                )
            ).all()
        )
        assert found == {"2026-12": 48_700, "2020-12": 16_100}
    checked_get(desk, here)
