"""Where owners are paid: two channels, 72 hours, and one press that stops it."""

from __future__ import annotations

import datetime

import pytest
from sqlalchemy import select

from blueprints.accounts.models import AccountParty, ContactChange
from blueprints.payouts import bank_accounts as verbs
from blueprints.payouts import rules
from blueprints.payouts.bank_accounts import BadLink, chosen_accounts, confirm_by_link, enter_account
from blueprints.payouts.models import OwnerBankAccount
from blueprints.payouts.tokens import ALARM, LINK, make_token
from saas import outbox
from saas.audit import AuditRow, first_broken, record
from saas.clock import now
from saas.database import db
from saas.refusals import NotFound, Refusal
from saas.scope import tenant_scope
from tests import cast
from tests.blueprints.payouts.world import (
    Agency,
    an_account,
    change_email,
    code_of,
    collect,
    confirm,
    enter,
    later,
    lines_of,
    owner_actor,
    prepared,
    staff,
    usable_account,
)

HOUR = datetime.timedelta(hours=1)


def state(account_id) -> str:
    return db.session.execute(
        select(OwnerBankAccount.state).where(OwnerBankAccount.id == account_id)
    ).scalar_one()


def paid_where(agency: Agency, which: int = 0, *, at=None):
    owner = agency.owners[which]
    return chosen_accounts([owner], at or now())[owner]


def refused(what, *args, **given) -> str:
    with pytest.raises(Refusal) as found:
        what(*args, **given)
    return found.value.msgid


def letters(agency: Agency, mailbox) -> dict[str, list[str]]:
    """Subjects by recipient."""
    with agency.app.app_context():
        outbox.drain()
    found: dict[str, list[str]] = {}
    for _name, letter in mailbox.letters(200):
        found.setdefault(letter["To"], []).append(letter["Subject"])
    return found


def test_two_channels_then_72_hours(agency: Agency):
    with agency.unit():
        account = enter(agency)
        assert state(account) == "waiting" and paid_where(agency).reason == rules.ACCOUNT_WAITS
        assert confirm(account)
        assert state(account) == "confirmed"
        assert paid_where(agency).reason == rules.ACCOUNT_WAITS, "not before the 72 hours"
        assert paid_where(agency, at=now() + rules.HOLD - HOUR).account_id is None
        assert paid_where(agency, at=now() + rules.HOLD + HOUR).account_id == account
        row = db.session.execute(select(OwnerBankAccount)).scalar_one()
        assert "12345678901" not in (row.sealed_number + row.last_four + row.number_fingerprint)
        assert verbs.number_of(row.id, row.sealed_number) == "12345678901"


def test_a_used_link_a_wrong_code_and_a_strangers_link_do_nothing(agency: Agency):
    with agency.unit():
        account = enter(agency)
        token = make_token(LINK, account)
    for _ in range(rules.WRONG_CODES):
        with agency.unit():
            assert "not the code" in refused(confirm_by_link, token, "AAAA-AAAA", now=now())
    with agency.unit():
        assert "Too many" in refused(confirm_by_link, token, code_of(account), now=now())
        with pytest.raises(BadLink):
            confirm_by_link("x" * 43, code_of(account), now=now())
    with agency.unit():
        again = enter(agency, number="99988877766")
        with pytest.raises(BadLink):  # a newer one took its place
            confirm_by_link(token, "AAAA-AAAA", now=now())
        code = code_of(again)
        assert confirm_by_link(make_token(LINK, again), code.lower().replace("-", " "), now=now())
        with pytest.raises(BadLink):  # replayed
            confirm_by_link(make_token(LINK, again), code, now=now())
        with pytest.raises(BadLink):  # lapsed
            late = enter(agency, 1, "55555111112")
            confirm_by_link(make_token(LINK, late), code_of(late), now=now() + rules.CONFIRM_WITHIN + HOUR)


def test_during_the_hold_the_old_account_is_paid(agency: Agency):
    with agency.unit():
        old = usable_account(agency)
        new = enter(agency, number="99988877766")
        assert paid_where(agency).account_id == old
        confirm(new)
        assert paid_where(agency).account_id == old, "whoever changes it without right gains nothing"
        collect(agency, 1_000_000)
        assert lines_of(prepared(agency))[0].bank_account_id == old
        later(new, 73)
        assert paid_where(agency).account_id == new


def test_it_was_not_me_stops_everything_until_staff_decide(agency: Agency):
    with agency.unit():
        old = usable_account(agency)
        new = enter(agency, number="99988877766")
        alarm = make_token(ALARM, new)
        assert verbs.freeze_by_alarm(alarm, now=now())
        assert not verbs.freeze_by_alarm(alarm, now=now()), "pressed twice it is the same"
        assert paid_where(agency).reason == rules.ACCOUNT_FROZEN
        with pytest.raises(BadLink):
            confirm_by_link(make_token(LINK, new), "AAAA-AAAA", now=now())
        assert "frozen" in refused(enter, agency, number="33333333334")
        verbs.reject(new, "Llamé: no fue ella", actor=staff(agency.luis), now=now())
        assert paid_where(agency).account_id == old
        with pytest.raises(BadLink):
            verbs.freeze_by_alarm(make_token(ALARM, old), now=now() + rules.ALARM_WITHIN)
        assert first_broken() is None


def test_a_released_account_begins_its_hold_again(agency: Agency):
    with agency.unit():
        account = usable_account(agency)
        verbs.freeze(account, actor=owner_actor(agency), now=now())
        assert paid_where(agency).reason == rules.ACCOUNT_FROZEN
        assert "Somebody else" in refused(verbs.release, account, "x", actor=owner_actor(agency), now=now())
        verbs.release(account, "Llamé al número de siempre", actor=staff(agency.luis), now=now())
        assert paid_where(agency).reason == rules.ACCOUNT_WAITS
        assert paid_where(agency, at=now() + rules.HOLD + HOUR).account_id == account


def test_a_change_can_be_taken_back_before_it_counts(agency: Agency):
    with agency.unit():
        old = usable_account(agency)
        new = enter(agency, number="99988877766")
        confirm(new)
        verbs.withdraw(new, actor=owner_actor(agency), now=now())
        assert paid_where(agency, at=now() + rules.HOLD + HOUR).account_id == old
        assert "already" in refused(verbs.withdraw, new, actor=owner_actor(agency), now=now())
        assert "already" in refused(verbs.withdraw, old, actor=owner_actor(agency), now=now())


def test_another_holder_needs_staff(agency: Agency):
    with agency.unit():
        account = enter_account(
            agency.owners[0],
            an_account(holder_name="Su hermano", holder_document_number="333.333"),
            actor=owner_actor(agency),
            by_staff=False,
            now=now(),
        )
        assert not confirm(account)
        assert state(account) == "waiting"
        assert verbs.approve_holder(account, "Carta autenticada", actor=staff(agency.luis), now=now())
        assert state(account) == "confirmed"
        mine = enter_account(
            agency.owners[0],
            an_account("99988877766", holder_document_number="111.111"),
            actor=owner_actor(agency),
            by_staff=False,
            now=now(),
        )
        assert confirm(mine), "dots in a document are the same document"


def test_staff_enter_one_with_the_same_hold_and_somebody_else_calls(agency: Agency):
    with agency.unit():
        change_email(agency.owners[0], None)
        account = enter_account(
            agency.owners[0], an_account(), actor=staff(agency.ana), by_staff=True, now=now()
        )
        assert not confirm_by_link(make_token(LINK, account), "", now=now())
        assert "Somebody else" in refused(verbs.vouch, account, "yo", actor=staff(agency.ana), now=now())
        assert verbs.vouch(account, "Llamé al 300…", actor=staff(agency.luis), now=now())
        assert paid_where(agency).reason == rules.ACCOUNT_WAITS
        assert paid_where(agency, at=now() + rules.HOLD + HOUR).account_id == account


def test_every_other_contact_is_warned(agency: Agency, mailbox):
    with agency.unit():
        record(
            "email.changed",
            actor=staff(agency.logins[1]),
            subject=("user", agency.logins[1]),
            data={"before": "beto@antes.example", "after": "beto@casa.example"},
        )
        db.session.add(
            ContactChange(
                customer_id=agency.owners[1],
                field="email",
                before="beto@libros.example",
                after="beto@nunez.example",
                source="customer",
                changed_by="Beto",
                changed_at=now(),
            )
        )
        account = enter(agency, 1)
    found = letters(agency, mailbox)
    assert len(found["beto@casa.example"]) == len(found["beto@nunez.example"]) == 1
    assert len(found["beto@antes.example"]) == len(found["beto@libros.example"]) == 1
    bodies = {letter["To"]: str(letter) for _name, letter in mailbox.letters(50)}
    assert "/bank-account/confirm/" in bodies["beto@casa.example"]
    with agency.unit():
        code = code_of(account)
        assert code in bodies["beto@nunez.example"] and code not in bodies["beto@casa.example"]
        assert code not in bodies["beto@antes.example"]
        assert all("/bank-account/not-me/" in body for body in bodies.values())
        assert all("12345678901" not in body for body in bodies.values())
        confirm(account)
    assert len(letters(agency, mailbox)["beto@antes.example"]) == 2, "and once more when the hold begins"


def test_what_cannot_be_an_account(agency: Agency):
    with agency.unit():
        given = {"actor": owner_actor(agency), "by_staff": False, "now": now()}
        owner = agency.owners[0]
        for wrong, part in (
            (an_account("12a45"), "only figures"),
            (an_account("12345"), "figures"),
            (an_account(bank="9999"), "Choose the bank"),
            (an_account(bank="1507"), "no such kind"),
            (an_account("1234567890"), "another length"),
            (an_account("11111111111"), "over and over"),
        ):
            assert part in refused(enter_account, owner, wrong, **given)
        enter_account(owner, an_account("1234567890", sure=True), **given)
        with pytest.raises(NotFound):
            enter_account(db.session.execute(_renter()).scalar_one(), an_account(), **given)
        usable_account(agency, 1, "22345678901")
        assert "used already" in refused(enter, agency, 1, "22345678901")


def _renter():
    return select(AccountParty.customer_id).where(AccountParty.role == "renter").limit(1)


def test_too_many_changes_a_day(agency: Agency):
    for number in range(verbs.CHANGES_A_DAY):
        with agency.unit():
            enter(agency, number=f"1234567890{number}")
    with agency.unit():
        assert "too often" in refused(enter, agency, number="99988877766")
        waiting = select(OwnerBankAccount.id).where(OwnerBankAccount.state == "waiting")
        assert len(db.session.execute(waiting).all()) == 1


def test_evidence_holds_no_number(agency: Agency):
    with agency.unit():
        confirm(enter(agency))
        rows = db.session.execute(
            select(AuditRow.action, AuditRow.data).where(AuditRow.customer_id == agency.owners[0])
        ).all()
        assert [row.action for row in rows] == [
            "bank-account.entered",
            "bank-account.link-confirmed",
            "bank-account.confirmed",
        ]
        assert "12345678901" not in str(rows)


def test_another_tenants_keys_open_nothing(agency: Agency):
    with agency.unit():
        account = enter(agency)
        token = make_token(LINK, account)
    other = cast.make_agency("vecino", canary="CANARIO-VECINO")
    with agency.app.app_context(), tenant_scope(other.id), pytest.raises(BadLink):
        confirm_by_link(token, "AAAA-AAAA", now=now())
